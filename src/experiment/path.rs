//! Paths and overrides as people write them.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::Value;
use super::error::ConfigError;
use super::explain::explain;
use super::source::Sources;
use crate::workload::{KeyPath, Part};

/// Reads `groups.io.threads` or `policies."CPython 3.13".timed_wait`; `None` if it is no path.
pub(super) fn parse_path(text: &str) -> Option<KeyPath> {
    // The TOML reader knows best what a key is.
    let line = format!("{text} = 0");
    let mut table = DeTable::parse(&line).ok()?.into_inner();
    let mut parts = Vec::new();
    loop {
        let [(key, value)] = &table.into_iter().collect::<Vec<_>>()[..] else { return None };
        parts.push(Part::Key(key.get_ref().to_string()));
        match value.get_ref() {
            DeValue::Table(below) => table = below.clone(),
            DeValue::Integer(_) => return Some(KeyPath(parts)),
            _ => return None,
        }
    }
}

/// A value for one key, from the command line.
#[derive(Debug, Clone)]
pub(super) struct Override<'s> {
    /// The key.
    pub path: KeyPath,
    /// Where the key was written.
    pub span: Range<usize>,
    /// The value.
    pub value: Value<'s>,
}

/// Reads `key=value`. What is no TOML value is a text, so that `duration=5ms` needs no quotes.
pub(super) fn parse_override<'s>(
    sources: &'s Sources,
    start: usize,
    text: &'s str,
) -> Result<Override<'s>, ConfigError> {
    let whole = start..start + text.len();
    let refuse = || sources.error(whole.clone(), "an override is key=value, as in duration=5ms");
    let mut in_quotes = false;
    let equals = text.find(|letter| {
        in_quotes ^= letter == '"';
        letter == '=' && !in_quotes
    });
    let (key, written) = text.split_at_checked(equals.ok_or_else(refuse)?).ok_or_else(refuse)?;
    let path = parse_path(key).ok_or_else(refuse)?;
    let written = written[1..].trim();
    let value_start = start + text.len() - text[key.len() + 1..].trim_start().len();
    let value = match DeValue::parse(written) {
        Ok(value) => shift(value, value_start),
        // Brackets that do not close are a mistake; everything else is a text.
        Err(error) if written.starts_with(['[', '{', '"', '\'']) => {
            let span = error.span().unwrap_or(0..written.len());
            let (message, help) = explain(error.message());
            let span = span.start + value_start..span.end + value_start;
            return Err(ConfigError { help, ..sources.error(span, message) });
        }
        Err(_) => Spanned::new(
            value_start..value_start + written.len(),
            DeValue::String(Cow::Borrowed(written)),
        ),
    };
    Ok(Override { path, span: start..start + key.len(), value })
}

/// Moves the places of a value that was read on its own.
pub(super) fn shift(value: Value<'_>, by: usize) -> Value<'_> {
    let moved = |span: Range<usize>| span.start + by..span.end + by;
    let span = moved(value.span());
    let inner = match value.into_inner() {
        DeValue::Table(table) => DeValue::Table(
            table
                .into_iter()
                .map(|(key, value)| {
                    (Spanned::new(moved(key.span()), key.into_inner()), shift(value, by))
                })
                .collect(),
        ),
        DeValue::Array(array) => {
            DeValue::Array(array.into_iter().map(|value| shift(value, by)).collect())
        }
        single => single,
    };
    Spanned::new(span, inner)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn paths_are_toml_keys() {
        let path = parse_path("policies.\"CPython 3.13\".timed_wait").unwrap();
        assert_eq!(path.to_string(), "policies.\"CPython 3.13\".timed_wait");
        for text in ["", "a b", "a.", "a = 1\nb", "a.b = {}"] {
            assert_eq!(parse_path(text), None, "{text}");
        }
    }

    #[test]
    fn overrides_are_values_or_texts() {
        for (text, path, kind) in [
            ("duration=5ms", "duration", "string"),
            ("groups.io.threads = 3", "groups.io.threads", "integer"),
            ("machine={ ideal = {} }", "machine", "table"),
            ("policies.\"a=b\".tick.tick=1", "policies.\"a=b\".tick.tick", "integer"),
        ] {
            let sources = Sources::new(Path::new("x"), String::new(), &[text.to_owned()]);
            let (start, text) = sources.overrides().next().unwrap();
            let read = parse_override(&sources, start, text).unwrap();
            assert_eq!(
                (read.path.to_string().as_str(), read.value.get_ref().type_str()),
                (path, kind)
            );
        }
    }

    #[test]
    fn broken_overrides_are_located() {
        for (text, place) in [
            ("duration", "--set:1:1: an override is key=value, as in duration=5ms"),
            ("=3", "--set:1:1: an override is key=value, as in duration=5ms"),
            ("a=[1, 2", "--set:1:8: "),
        ] {
            let sources = Sources::new(Path::new("x"), String::new(), &[text.to_owned()]);
            let (start, text) = sources.overrides().next().unwrap();
            let error = parse_override(&sources, start, text).unwrap_err().to_string();
            assert!(error.starts_with(place), "{error}");
        }
    }
}
