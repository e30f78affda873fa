//! The texts that an experiment comes from: its file, the overrides of the command line, and presets.
//!
//! All texts share one range of positions, one behind the other. A position therefore says which
//! text it is in, and a value may be moved anywhere without forgetting where it was written.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::error::{ConfigError, Error};
use super::presets;

/// The texts.
#[derive(Debug, Clone)]
pub struct Sources {
    path: PathBuf,
    /// Where each text comes from, where it begins, and what it says: the file, the overrides, the presets.
    texts: Vec<(String, usize, String)>,
    /// How many overrides there are.
    overrides: usize,
}

impl Sources {
    /// Reads the experiment file, and takes the overrides (`key=value`) as they are.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn read(path: &Path, overrides: &[String]) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::at(path))?;
        Ok(Self::new(path, text, overrides))
    }

    /// The same for a text that is at hand.
    #[must_use]
    pub fn new(path: &Path, text: String, overrides: &[String]) -> Self {
        let mut sources =
            Self { path: path.to_owned(), texts: Vec::new(), overrides: overrides.len() };
        sources.add(path.display().to_string(), text);
        for text in overrides {
            sources.add("--set".to_owned(), text.clone());
        }
        sources.add(presets::BUILT_IN_NAME.to_owned(), presets::BUILT_IN.to_owned());
        sources
    }

    fn add(&mut self, origin: String, text: String) {
        let start = self.texts.last().map_or(0, |(_, start, text)| start + text.len() + 1);
        self.texts.push((origin, start, text));
    }

    /// The same with another file of presets.
    pub(super) fn with_presets(&self, path: &Path, text: String) -> Self {
        let mut sources = self.clone();
        sources.add(path.display().to_string(), text);
        sources
    }

    /// The experiment file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text of the file.
    #[must_use]
    pub fn file_text(&self) -> &str {
        &self.texts[0].2
    }

    /// Begin and text of each override.
    pub fn overrides(&self) -> impl Iterator<Item = (usize, &str)> {
        self.texts[1..=self.overrides].iter().map(|(_, start, text)| (*start, text.as_str()))
    }

    /// Begin and text of each file of presets; a later one goes before an earlier one.
    pub(super) fn presets(&self) -> impl Iterator<Item = (usize, &str)> {
        self.texts[self.overrides + 1..].iter().map(|(_, start, text)| (*start, text.as_str()))
    }

    /// An error about what stands at `span`.
    #[must_use]
    pub fn error(&self, span: Range<usize>, message: impl Into<String>) -> ConfigError {
        let after = self.texts.partition_point(|(_, start, _)| *start <= span.start);
        let (origin, start, text) = &self.texts[after.max(1) - 1];
        let mut at = (span.start - start).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
        let mut end = (at + span.len()).clamp(at, line_end);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        ConfigError {
            origin: origin.clone(),
            line: text[..line_start].matches('\n').count() + 1,
            column: text[line_start..at].chars().count() + 1,
            width: text[at..end].trim_end().chars().count().max(1),
            text: text[line_start..line_end].trim_end().to_owned(),
            message: message.into(),
            help: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_lead_back_to_their_text() {
        let text = "# µ\nab = 'cd'\r\n".to_owned();
        let sources =
            Sources::new(Path::new("x.toml"), text, &["e=1".to_owned(), "f=2".to_owned()]);
        let place = |span: Range<usize>| {
            let error = sources.error(span, "");
            (error.origin, error.line, error.column, error.width, error.text)
        };
        let file = || "x.toml".to_owned();
        assert_eq!(place(2..4), (file(), 1, 3, 1, "# µ".to_owned()));
        assert_eq!(place(10..14), (file(), 2, 6, 4, "ab = 'cd'".to_owned()));
        // A position beyond the end, as of something that is missing.
        assert_eq!(place(16..16), (file(), 3, 1, 1, String::new()));
        assert_eq!(place(17..18), ("--set".to_owned(), 1, 1, 1, "e=1".to_owned()));
        assert_eq!(place(23..24), ("--set".to_owned(), 1, 3, 1, "f=2".to_owned()));
    }
}
