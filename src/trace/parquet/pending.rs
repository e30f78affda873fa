//! A file that appears under its name only once it is whole.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::WriteError;

/// A file under a temporary name. Dropped, it goes away without a trace.
#[derive(Debug)]
pub struct PendingFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl PendingFile {
    /// Creates an empty file beside `path`, named after it: `.000012.parquet.Kx3a9Q.tmp`.
    ///
    /// # Errors
    ///
    /// The directory does not exist or can't be written.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let file = tempfile::Builder::new()
            .prefix(&format!(".{name}."))
            .suffix(".tmp")
            // Unlike a usual temporary file, this one ends up as everybody's to read.
            .make_in(directory, |name| File::create_new(name))
            .map_err(|source| WriteError::Io { path: path.to_owned(), source })?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// The file's final name.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file, to write to.
    #[must_use]
    pub fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Gives the file its final name, in place of what had it before.
    ///
    /// # Errors
    ///
    /// The contents can't be brought to disk, or the file can't be renamed.
    pub fn finish(self) -> Result<(), WriteError> {
        let path = self.path;
        let error = |source: io::Error| WriteError::Io { path: path.clone(), source };
        // Else a power cut could leave the name without the contents.
        self.file.as_file().sync_all().map_err(error)?;
        self.file.persist(&path).map_err(|failed| error(failed.error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_name_appears_at_the_end_and_only_the_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.txt");
        let names = || {
            let entries = std::fs::read_dir(directory.path()).unwrap();
            entries
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect::<Vec<_>>()
        };
        let pending = PendingFile::create(&path).unwrap();
        pending.file().write_all(b"whole").unwrap();
        let [name] = names().try_into().unwrap();
        assert!(name.starts_with(".a.txt.") && name.ends_with(".tmp"), "{name}");
        pending.finish().unwrap();
        assert_eq!(names(), ["a.txt"]);
        drop(PendingFile::create(&path).unwrap());
        assert_eq!(names(), ["a.txt"]);
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
    }

    #[test]
    fn others_may_read_it_as_they_may_read_any_new_file() {
        let directory = tempfile::tempdir().unwrap();
        let (usual, path) = (directory.path().join("usual"), directory.path().join("ours"));
        File::create(&usual).unwrap();
        PendingFile::create(&path).unwrap().finish().unwrap();
        let permissions = |path: &Path| std::fs::metadata(path).unwrap().permissions();
        assert_eq!(permissions(&path), permissions(&usual));
    }
}
