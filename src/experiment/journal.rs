//! The journal: what came of each run, written down the moment the run ends.
//!
//! A text file: a line that says whose results these are, then a line for each run, in the order
//! in which they ended. A line that a kill has torn is cut off when the journal is opened again.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::Error;

/// Whose results these are. Results of another identity can't be carried on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The version of the tables.
    pub schema: u32,
    /// The program's version.
    pub version: String,
    /// The configuration's hash.
    pub hash: String,
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    identity: Identity,
    /// When the first run began \[seconds since 1970\].
    started_unix_s: u64,
}

/// A line for a run.
#[derive(Debug, Serialize, Deserialize)]
struct Entry<R> {
    run: u32,
    record: R,
}

/// An open journal. Nobody else can open it meanwhile.
#[derive(Debug)]
pub struct Journal<R> {
    path: PathBuf,
    file: File,
    /// What came of each run, by its number.
    pub records: BTreeMap<u32, R>,
    /// When the first run began \[seconds since 1970\].
    pub started_unix_s: u64,
}

/// Whose results a journal holds; `None` if there is no journal, or nothing in it.
pub(super) fn identity(path: &Path) -> Option<Identity> {
    let text = std::fs::read_to_string(path).ok()?;
    let header: Header = serde_json::from_str(text.lines().next()?).ok()?;
    Some(header.identity)
}

/// Opens a journal, or makes an empty one, for this process alone.
///
/// # Errors
/// The file can't be opened, or another process has it.
pub(super) fn lock(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = options.open(path).map_err(Error::at(path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Error::file(path, "another process is running an experiment in this directory"))
        }
        Err(TryLockError::Error(error)) => Err(Error::file(path, error)),
    }
}

impl<R: Serialize + DeserializeOwned> Journal<R> {
    /// Carries on with a journal that `lock` has given. One of another identity is begun anew.
    ///
    /// # Errors
    /// The file can't be read or written.
    pub fn open(
        path: &Path,
        mut file: File,
        identity: &Identity,
        now_unix_s: u64,
    ) -> Result<Self, Error> {
        let at = || Error::at(path);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(at())?;
        let mut journal = Self {
            path: path.to_owned(),
            file,
            records: BTreeMap::new(),
            started_unix_s: now_unix_s,
        };
        let valid = journal.replay(&bytes, identity);
        journal.file.set_len(valid as u64).map_err(at())?;
        journal.file.seek(SeekFrom::End(0)).map_err(at())?;
        if valid == 0 {
            journal.append(&Header { identity: identity.clone(), started_unix_s: now_unix_s })?;
        }
        Ok(journal)
    }

    /// Reads lines up to the first that is torn; returns where it begins.
    fn replay(&mut self, bytes: &[u8], identity: &Identity) -> usize {
        let mut valid = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !line.ends_with(b"\n") {
                break;
            }
            if valid == 0 {
                match serde_json::from_slice::<Header>(line) {
                    Ok(header) if header.identity == *identity => {
                        self.started_unix_s = header.started_unix_s;
                    }
                    _ => break,
                }
            } else {
                let Ok(Entry { run, record }) = serde_json::from_slice(line) else { break };
                self.records.insert(run, record);
            }
            valid += line.len();
        }
        valid
    }

    /// Writes down what came of a run.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn record(&mut self, run: u32, record: R) -> Result<(), Error> {
        let entry = Entry { run, record };
        self.append(&entry)?;
        self.records.insert(run, entry.record);
        Ok(())
    }

    fn append(&mut self, line: &impl Serialize) -> Result<(), Error> {
        let mut text = serde_json::to_vec(line).map_err(|error| Error::file(&self.path, error))?;
        text.push(b'\n');
        // One call for the whole line: a kill between two would tear it.
        self.file.write_all(&text).map_err(Error::at(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity_of(hash: &str) -> Identity {
        Identity { schema: 1, version: "0".to_owned(), hash: hash.to_owned() }
    }

    fn open(path: &Path, hash: &str, now: u64) -> Journal<Vec<f64>> {
        Journal::open(path, lock(path).unwrap(), &identity_of(hash), now).unwrap()
    }

    #[test]
    fn a_torn_line_is_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.jsonl");
        let mut journal = open(&path, "a", 5);
        journal.record(3, vec![0.1]).unwrap();
        journal.record(1, vec![1.0 / 3.0]).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        for lost in 1..30 {
            std::fs::write(&path, &whole[..whole.len() - lost]).unwrap();
            let mut journal = open(&path, "a", 9);
            assert_eq!(journal.started_unix_s, 5);
            assert_eq!(journal.records, BTreeMap::from([(3, vec![0.1])]), "{lost}");
            journal.record(1, vec![1.0 / 3.0]).unwrap();
            drop(journal);
            assert_eq!(std::fs::read(&path).unwrap(), whole);
        }
        std::fs::write(&path, &whole[..10]).unwrap();
        let journal = open(&path, "a", 9);
        assert_eq!((journal.started_unix_s, journal.records.len()), (9, 0));
    }

    #[test]
    fn only_one_process_writes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.jsonl");
        let _open = open(&path, "a", 0);
        let error = lock(&path).unwrap_err();
        let message = "another process is running an experiment in this directory";
        assert_eq!(error.to_string(), format!("{}: {message}", path.display()));
    }

    #[test]
    fn another_identity_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.jsonl");
        assert_eq!(identity(&path), None);
        open(&path, "a", 0).record(0, vec![]).unwrap();
        assert_eq!(identity(&path), Some(identity_of("a")));
        assert!(open(&path, "b", 0).records.is_empty());
    }
}
