//! Where a value stands in an experiment file, and what is wrong with it.

use std::fmt;
use std::path::PathBuf;

/// One part of a [`KeyPath`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    /// A key of a table.
    Key(String),
    /// A place in an array, from 0.
    Index(usize),
}

/// The way to a value: `groups.io.program.0.compute`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct KeyPath(pub Vec<Part>);

impl KeyPath {
    /// This path, and from there to `key`.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.join([Part::Key(key.into())])
    }

    /// This path, and from there to the entry `index` of an array.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.join([Part::Index(index)])
    }

    fn join<const N: usize>(&self, parts: [Part; N]) -> Self {
        Self(self.0.iter().cloned().chain(parts).collect())
    }
}

impl fmt::Display for KeyPath {
    /// Writes the path as `--set` and sweeps take it: keys that are not plain words in quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, part) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(".")?;
            }
            match part {
                Part::Key(key) if is_bare(key) => f.write_str(key)?,
                Part::Key(key) => write!(f, "{key:?}")?,
                Part::Index(index) => write!(f, "{index}")?,
            }
        }
        Ok(())
    }
}

fn is_bare(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Why a specification can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// A value makes no sense.
    #[error("`{at}` {message}")]
    Value {
        /// The value.
        at: KeyPath,
        /// What is wrong with it, as the rest of a sentence that begins with its name.
        message: String,
    },
    /// A file that the specification names can't be used.
    #[error("{}: {message}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        message: String,
    },
}

impl SpecError {
    /// The value at `at` makes no sense.
    pub fn value(at: KeyPath, message: impl Into<String>) -> Self {
        Self::Value { at, message: message.into() }
    }

    /// The same error, where the value stands below `at`.
    #[must_use]
    pub fn under(self, at: &KeyPath) -> Self {
        match self {
            Self::Value { at: below, message } => {
                Self::Value { at: KeyPath(at.0.iter().cloned().chain(below.0).collect()), message }
            }
            Self::File { .. } => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_quote_only_what_they_must() {
        let path = KeyPath::default().key("policies").key("CPython 3.13").key("pick").index(2);
        assert_eq!(path.to_string(), "policies.\"CPython 3.13\".pick.2");
    }
}
