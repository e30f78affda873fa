//! The directory of an experiment's results: what is in it, and whose it is.
//!
//! While runs go on there is a journal; once all are done, the tables and the manifest. Whole files
//! appear by a rename, and the journal goes last, so that a kill at any moment loses only the runs in
//! flight.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::Error;
use super::journal::{self, Identity, Journal};
use super::manifest::{self, MANIFEST, Manifest};
use super::plan::Plan;
use crate::analysis::measured::MEASURED_FILE;
use crate::trace::parquet::PendingFile;
use crate::trace::tables::SCHEMA_VERSION;

const JOURNAL: &str = "journal.jsonl";
/// The directories of tables that each run writes for itself.
const TRACES: [&str; 3] = ["ops", "intervals", "events"];
/// The files that tables, manifest and measured values are in.
const FILES: [&str; 4] = ["runs.parquet", "threads.parquet", MEASURED_FILE, MANIFEST];
/// Where figures are drawn.
const FIGURES: &str = "figures";

/// A directory of results, ready for runs.
#[derive(Debug)]
pub struct Store<R> {
    dir: PathBuf,
    identity: Identity,
    /// What came of the runs so far; `None` if everything is done and written.
    pub journal: Option<Journal<R>>,
    /// Where other results went that were in the directory.
    pub moved: Option<PathBuf>,
}

impl<R: Serialize + DeserializeOwned> Store<R> {
    /// Opens or makes the directory. Results of another identity are moved aside, and if `fresh`, all.
    ///
    /// # Errors
    /// The directory can't be made, read or moved.
    pub fn open(dir: &Path, plan: &Plan, fresh: bool) -> Result<Self, Error> {
        let identity = Identity {
            schema: SCHEMA_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            hash: plan.hash.clone(),
        };
        let complete = manifest::read(dir)?.map(|manifest| manifest.identity);
        let path = dir.join(JOURNAL);
        let mut store = Self { dir: dir.to_owned(), identity, journal: None, moved: None };
        if complete.as_ref() == Some(&store.identity) && !fresh {
            // It is there if `finish` was killed before its last step.
            let _ = fs::remove_file(path);
            return Ok(store);
        }
        fs::create_dir_all(dir).map_err(Error::at(dir))?;
        // Before anything is touched: whoever has it may be writing.
        let mut file = journal::lock(&path)?;
        let old = complete.or_else(|| journal::identity(&path));
        if let Some(old) = old.filter(|old| fresh || *old != store.identity) {
            store.moved = Some(move_aside(dir, &old.hash)?);
            file = journal::lock(&path)?;
        }
        store.journal = Some(Journal::open(&path, file, &store.identity, unix_s())?);
        remove_pending(dir, false).map_err(Error::at(dir))?;
        Ok(store)
    }

    /// Writes the manifest of so many runs and removes the journal. `files` are the tables, which must be whole.
    ///
    /// # Errors
    /// A file can't be written.
    pub fn finish(&self, plan: &Plan, runs: usize, files: &[PathBuf]) -> Result<PathBuf, Error> {
        let now = unix_s();
        let relative = |file: &PathBuf| file.strip_prefix(&self.dir).unwrap_or(file).to_owned();
        let started = self.journal.as_ref().map_or(now, |journal| journal.started_unix_s);
        let files: Vec<_> = files.iter().map(relative).collect();
        let manifest =
            Manifest::of(plan, runs, &self.dir, self.identity.clone(), (started, now), files)?;
        let path = self.dir.join(MANIFEST);
        let mut text =
            serde_json::to_vec_pretty(&manifest).map_err(|error| Error::file(&path, error))?;
        text.push(b'\n');
        write_whole(&path, &text)?;
        let journal = self.dir.join(JOURNAL);
        fs::remove_file(&journal).map_err(Error::at(&journal))?;
        Ok(path)
    }
}

/// Moves the results in a directory, and nothing else, to one beside it that has their name.
fn move_aside(dir: &Path, hash: &str) -> Result<PathBuf, Error> {
    // A path such as `.` has no name; what it leads to does.
    let dir = fs::canonicalize(dir).map_err(Error::at(dir))?;
    let name = dir.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let short = hash.get(..8).unwrap_or(hash);
    let free = (1_u32..)
        .map(|copy| match copy {
            1 => dir.with_file_name(format!("{name}-{short}")),
            copy => dir.with_file_name(format!("{name}-{short}-{copy}")),
        })
        .find(|path| !path.exists());
    let target = free.unwrap_or_else(|| dir.clone());
    fs::create_dir(&target).map_err(Error::at(&target))?;
    for name in FILES.into_iter().chain(TRACES).chain([FIGURES, JOURNAL]) {
        let (from, to) = (dir.join(name), target.join(name));
        match fs::rename(&from, to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::file(&from, error));
            }
            _ => {}
        }
    }
    if target.join(MANIFEST).exists() {
        // Made a moment ago, to keep others out.
        let _ = fs::remove_file(target.join(JOURNAL));
    }
    Ok(target)
}

/// Writes a file that is either whole or not there.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let pending = PendingFile::create(path)?;
    pending.file().write_all(bytes).map_err(Error::at(path))?;
    Ok(pending.finish()?)
}

/// Removes what a kill has left of files that were being written. Nobody else may be writing.
fn remove_pending(dir: &Path, all_ours: bool) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && TRACES.contains(&&*name) {
            remove_pending(&path, true)?;
        } else if let Some(pending) = name.strip_prefix('.').filter(|n| n.ends_with(".tmp"))
            && (all_ours || FILES.iter().any(|file| pending.starts_with(file)))
        {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn unix_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::super::Sources;
    use super::super::tests::FILE;
    use super::*;

    fn plan(seed: u32) -> Plan {
        let set = [format!("seed={seed}")];
        Plan::from_sources(&Sources::new(Path::new("x.toml"), FILE.to_owned(), &set)).unwrap()
    }

    fn open(dir: &Path, seed: u32, fresh: bool) -> Store<String> {
        Store::open(dir, &plan(seed), fresh).unwrap()
    }

    #[test]
    fn what_was_done_is_carried_on() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("results").join("x");
        let record = |store: &mut Store<String>, run| {
            store.journal.as_mut().unwrap().record(run, format!("run {run}")).unwrap();
        };
        record(&mut open(&dir, 1, false), 2);
        fs::create_dir(dir.join("ops")).unwrap();
        let torn = dir.join("ops").join(".000001.parquet.x.tmp");
        fs::write(&torn, "").unwrap();
        let mut store = open(&dir, 1, false);
        assert_eq!(store.journal.as_ref().unwrap().records[&2], "run 2");
        assert!(!torn.exists());
        fs::remove_dir(dir.join("ops")).unwrap();
        record(&mut store, 0);
        let table = dir.join("runs.parquet");
        fs::write(&table, "rows").unwrap();
        store.finish(&plan(1), 4, std::slice::from_ref(&table)).unwrap();
        fs::remove_file(table).unwrap();
        drop(store);

        assert!(open(&dir, 1, false).journal.is_none());
        let manifest = manifest::read(&dir).unwrap().unwrap();
        assert_eq!(manifest.files, [Path::new("runs.parquet")]);
        assert_eq!((manifest.name.as_str(), manifest.runs, manifest.seed), ("x", 4, 1));
        let names: Vec<_> =
            fs::read_dir(&dir).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(names, [MANIFEST]);
    }

    #[test]
    fn other_results_are_moved_aside() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("x");
        let first = open(&dir, 1, false);
        first.finish(&plan(1), 4, &[]).unwrap();
        let aside = |copy: &str| {
            let name = format!("x-{}{copy}", &plan(1).hash[..8]);
            Some(fs::canonicalize(root.path()).unwrap().join(name))
        };
        assert_eq!(open(&dir, 2, false).moved, aside(""));
        // An unfinished experiment counts too.
        assert!(open(&dir, 1, false).moved.is_some());
        assert_eq!(open(&dir, 1, true).moved, aside("-2"));
    }

    #[test]
    fn nothing_of_others_is_moved() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("x");
        fs::create_dir(&dir).unwrap();
        let thesis = dir.join("thesis.tex");
        fs::write(&thesis, "").unwrap();
        open(&dir, 1, false).finish(&plan(1), 4, &[]).unwrap();
        let moved = open(&dir, 2, false).moved.unwrap();
        assert!(thesis.exists() && moved.join(MANIFEST).exists());
        assert_eq!(fs::read_dir(moved).unwrap().count(), 1);
    }

    #[test]
    fn nobody_moves_what_is_being_written() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("x");
        let running = open(&dir, 1, false);
        for (seed, fresh) in [(1, false), (2, false), (1, true)] {
            let error = Store::<String>::open(&dir, &plan(seed), fresh).unwrap_err();
            assert!(error.to_string().contains("another process"), "{error}");
        }
        running.finish(&plan(1), 4, &[]).unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "").unwrap();
        let error = Store::<String>::open(&file.join("x"), &plan(1), false).unwrap_err();
        assert!(error.to_string().starts_with(&file.display().to_string()), "{error}");
        assert_eq!(error.exit_code(), 1);
    }
}
