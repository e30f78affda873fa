//! The manifest of a results directory: where the results came from, and what they must look like.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::Error;
use super::journal::Identity;
use super::plan::Plan;
use super::sensitivity::Choice;
use crate::analysis::ReadError;
use crate::trace::fingerprint;

/// The manifest's name in a results directory.
pub const MANIFEST: &str = "manifest.json";

/// How random numbers come about, named so that a change can be told.
pub const STREAMS: &str =
    "xoshiro256++, seeded with SplitMix64 of seed, replication, group, thread and step";
/// Which of several events at one instant is taken first.
pub const TIES: &str = "threads by number, then cores, then groups that receive requests";

/// Where the results came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The experiment's name.
    pub name: String,
    /// Whose results these are.
    pub identity: Identity,
    /// The commit that the program was built from, if that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The processor and system that the program was built for.
    #[serde(default)]
    pub target: String,
    /// The seed.
    pub seed: u64,
    /// How random numbers come about: [`STREAMS`].
    #[serde(default)]
    pub streams: String,
    /// Which of several events at one instant is taken first: [`TIES`].
    #[serde(default)]
    pub ties: String,
    /// How fingerprints are made: [`fingerprint::METHOD`].
    #[serde(default)]
    pub fingerprint: String,
    /// Of which series this is a sensitivity analysis, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study: Option<Choice>,
    /// Number of runs.
    pub runs: usize,
    /// When the first run began \[seconds since 1970\].
    pub started_unix_s: u64,
    /// When everything was written \[seconds since 1970\].
    pub ended_unix_s: u64,
    /// The tables, relative to the manifest.
    pub files: Vec<PathBuf>,
    /// SHA-256 of each of them, in hexadecimal digits.
    #[serde(default)]
    pub sha256: IndexMap<PathBuf, String>,
    /// The folder that the experiment's files are relative to, seen from here, if it draws from any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// The files that the experiment's laws draw from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
    /// The resolved configuration: an experiment file that gives these results.
    pub config: String,
}

/// A file that results depend on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// As the experiment names it, relative to its own file.
    pub file: PathBuf,
    /// SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    /// The manifest of results that this program has written just now. `files` are relative to `dir`; `times` are begin
    /// and end \[seconds since 1970\].
    ///
    /// # Errors
    /// A file can't be read.
    pub(super) fn of(
        plan: &Plan,
        runs: usize,
        dir: &Path,
        identity: Identity,
        times: (u64, u64),
        files: Vec<PathBuf>,
    ) -> Result<Self, Error> {
        let mut sums = IndexMap::new();
        for file in &files {
            sums.insert(file.clone(), file_sha256(&dir.join(file))?);
        }
        let folder = if plan.inputs.is_empty() { None } else { seen_from(dir, &plan.folder) };
        Ok(Self {
            name: plan.name.clone(),
            identity,
            commit: commit().map(str::to_owned),
            target: format!("{} {}", std::env::consts::ARCH, std::env::consts::OS),
            seed: plan.seed(),
            streams: STREAMS.to_owned(),
            ties: match plan.study {
                None => TIES.to_owned(),
                Some(_) => format!("{TIES}; in random order where the runs have a tie_order"),
            },
            study: plan.study.clone(),
            fingerprint: fingerprint::METHOD.to_owned(),
            runs,
            started_unix_s: times.0,
            ended_unix_s: times.1,
            files,
            sha256: sums,
            folder,
            inputs: plan.inputs.clone(),
            config: plan.resolved.clone(),
        })
    }
}

/// The manifest in a directory of results; `None` if there is none, and so no complete results.
///
/// # Errors
/// There is one that can't be read.
pub fn read(dir: &Path) -> Result<Option<Manifest>, Error> {
    if dir.is_file() {
        return Err(Error::Text(ReadError::File(dir.to_owned()).to_string()));
    }
    let path = dir.join(MANIFEST);
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            Error::file(&path, format!("is no manifest of this program ({error}); move it away"))
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file(&path, error)),
    }
}

/// The commit that the program was built from, if that was known.
#[must_use]
pub const fn commit() -> Option<&'static str> {
    option_env!("GILSIM_COMMIT")
}

/// SHA-256 in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of a file, of which only a little is in memory at a time.
pub(super) fn file_sha256(path: &Path) -> Result<String, Error> {
    let mut file = fs::File::open(path).map_err(Error::at(path))?;
    let mut hasher = Sha256::new();
    let mut bytes = vec![0; 1 << 16];
    loop {
        match io::Read::read(&mut file, &mut bytes).map_err(Error::at(path))? {
            0 => return Ok(hexadecimal(&hasher.finalize())),
            read => hasher.update(&bytes[..read]),
        }
    }
}

/// The way from one folder to another, which still holds when both are moved together; `None` if either is not there.
fn seen_from(dir: &Path, folder: &Path) -> Option<PathBuf> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let (dir, folder) = (fs::canonicalize(dir).ok()?, fs::canonicalize(folder).ok()?);
    let (from, to): (Vec<_>, Vec<_>) = (dir.components().collect(), folder.components().collect());
    let same = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    let up = from[same..].iter().map(|_| Component::ParentDir);
    Some(up.chain(to[same..].iter().copied()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_folder() {
        let root = tempfile::tempdir().unwrap();
        let (dir, folder) = (root.path().join("results/x"), root.path().join("experiments"));
        fs::create_dir_all(&dir).unwrap();
        assert_eq!(seen_from(&dir, &folder), None);
        fs::create_dir(&folder).unwrap();
        assert_eq!(seen_from(&dir, &folder).unwrap(), Path::new("../../experiments"));
        assert_eq!(seen_from(&dir, &dir).unwrap(), Path::new(""));
    }

    #[test]
    fn files_have_the_sum_of_their_bytes() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("x");
        fs::write(&path, "abc").unwrap();
        // The example of FIPS 180.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(
            (file_sha256(&path).unwrap(), sha256(b"abc")),
            (known.to_owned(), known.to_owned())
        );
    }
}
