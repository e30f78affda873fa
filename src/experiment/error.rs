//! What can go wrong with an experiment, and how it is told.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::trace::parquet::WriteError;

/// Why an experiment can't be read, run or stored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The experiment file, or an override, says something that makes no sense. Nothing was written.
    #[error("{0}")]
    Config(Box<ConfigError>),
    /// A file can't be read or written. Files that were complete before still are.
    #[error("{}: {message}", path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A table can't be written. The tables that were complete before still are.
    #[error(transparent)]
    Table(WriteError),
    /// Something else can't be read, and the text says what.
    #[error("{0}")]
    Text(String),
    /// What was asked for makes no sense, and the text says why.
    #[error("{0}")]
    Usage(String),
    /// A run broke an invariant of the simulator. The runs that ended before are kept.
    #[error("{0}")]
    Broken(String),
}

impl Error {
    /// A file or directory can't be read or written.
    pub fn file(path: &Path, error: impl fmt::Display) -> Self {
        Self::File { path: path.to_owned(), message: error.to_string() }
    }

    /// The same, as a closure for `map_err`.
    pub(crate) fn at(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        move |error| match error.kind() {
            io::ErrorKind::NotFound => Self::file(path, "there is no such file"),
            io::ErrorKind::IsADirectory => Self::file(path, "is a directory"),
            _ => Self::file(path, error),
        }
    }

    /// What the program returns: 2 for what the user wrote, 1 for everything else.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Usage(_) => 2,
            Self::File { .. } | Self::Table(_) | Self::Text(_) | Self::Broken(_) => 1,
        }
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::Config(Box::new(error))
    }
}

/// Something that makes no sense, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, or `--set`.
    pub origin: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// How many characters of the line are meant.
    pub width: usize,
    /// The line.
    pub text: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, line, column, width, text, message, help } = self;
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(f, "{origin}:{line}:{column}: {message}")?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {text}")?;
        // Tabs stay tabs, so that the carets stand below what they mean.
        let indent: String = text
            .chars()
            .take(column - 1)
            .map(|letter| if letter == '\t' { '\t' } else { ' ' })
            .collect();
        write!(f, "{margin} | {indent}{}", "^".repeat(*width))?;
        match help {
            Some(help) => write!(f, "\n{margin} = {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_point_at_their_place() {
        let error = ConfigError {
            origin: "a.toml".to_owned(),
            line: 12,
            column: 2,
            width: 6,
            text: "\tthread = 3".to_owned(),
            message: "unknown key `thread`".to_owned(),
            help: Some("allowed: `threads`".to_owned()),
        };
        let expected = "a.toml:12:2: unknown key `thread`\n   |\n12 | \tthread = 3\n   | \t^^^^^^\n   = allowed: `threads`";
        assert_eq!(error.to_string(), expected);
    }
}
