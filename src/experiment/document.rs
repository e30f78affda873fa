//! A parsed experiment file that can be changed, and whose values know where they were written.

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::error::ConfigError;
use super::explain::{explain, other_form};
use super::path::shift;
use super::presets::{Library, PRESET};
use super::source::Sources;
use crate::names::{did_you_mean, list};
use crate::workload::{KeyPath, Part, SpecError};

/// A value with its place in the [`Sources`].
pub(super) type Value<'s> = Spanned<DeValue<'s>>;

/// The document. Its root is a table.
#[derive(Debug, Clone)]
pub(super) struct Document<'s> {
    sources: &'s Sources,
    root: Value<'s>,
    /// What its presets stand for.
    pub presets: Rc<Library<'s>>,
}

impl<'s> Document<'s> {
    /// Parses the experiment file and the presets.
    pub fn parse(sources: &'s Sources) -> Result<Self, super::Error> {
        let document = Self::of_text(sources, 0, sources.file_text())?;
        let presets = Rc::new(Library::read(&document)?);
        Ok(Self { presets, ..document })
    }

    /// Parses one of the texts, which begins at `start`; without presets.
    pub fn of_text(sources: &'s Sources, start: usize, text: &'s str) -> Result<Self, ConfigError> {
        let root = DeTable::parse(text).map_err(|error| {
            let (message, help) = explain(error.message());
            let span = error.span().unwrap_or(0..0);
            let span = span.start + start..span.end + start;
            ConfigError { help, ..sources.error(span, message) }
        })?;
        let root = Spanned::new(root.span(), DeValue::Table(root.into_inner()));
        Ok(Self { sources, root: shift(root, start), presets: Rc::default() })
    }

    /// A part of the document as a document.
    pub fn part(&self, root: Value<'s>) -> Self {
        Self { root, ..self.clone() }
    }

    /// The texts.
    pub const fn sources(&self) -> &'s Sources {
        self.sources
    }

    /// The document with the values of its presets in their places.
    pub fn with_presets(&self) -> Result<Self, ConfigError> {
        let mut document = self.clone();
        let root = KeyPath::default();
        let DeValue::Table(table) = document.root.get_mut() else { return Ok(document) };
        if let Some(machine) = table.get_mut("machine") {
            self.presets.fill(self, &root.key("machine"), machine)?;
        }
        let policies = table.get_mut("policies").map(Spanned::get_mut);
        if let Some(DeValue::Table(policies)) = policies {
            for (name, policy) in policies.iter_mut() {
                let at = root.key("policies").key(name.get_ref().as_ref());
                self.presets.fill(self, &at, policy)?;
            }
        }
        Ok(document)
    }

    /// Reads the document as a `T`.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        self.read_value(self.root.clone())
    }

    /// Reads a value as a `T`.
    pub fn read_value<T: DeserializeOwned>(&self, value: Value<'s>) -> Result<T, ConfigError> {
        let whole = value.span();
        T::deserialize(ValueDeserializer::from(value)).map_err(|error| {
            let (message, help) = explain(error.message());
            let span = error.span().unwrap_or(whole);
            let example = key_of(&self.root, &span).and_then(|key| other_form(&message, key));
            let help =
                [help, example].into_iter().flatten().reduce(|help, more| help + "; " + &more);
            ConfigError { help, ..self.error(span, message) }
        })
    }

    /// The value at a path.
    pub fn get(&self, path: &KeyPath) -> Option<&Value<'s>> {
        path.0.iter().try_fold(&self.root, |value, part| child(value.get_ref(), part))
    }

    /// The keys of a table with their places, and its values.
    pub fn entries(
        &self,
        path: &KeyPath,
    ) -> impl Iterator<Item = (&str, Range<usize>, &Value<'s>)> {
        self.get(path)
            .and_then(|value| value.get_ref().as_table())
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.get_ref().as_ref(), key.span(), value))
    }

    /// Takes a key of the root out of the document.
    pub fn take(&mut self, key: &str) {
        if let DeValue::Table(table) = self.root.get_mut() {
            table.remove(key);
        }
    }

    /// Where a value was written; where it is not, where the table is that would hold it.
    pub fn span(&self, path: &KeyPath) -> Range<usize> {
        let mut value = &self.root;
        for part in &path.0 {
            match child(value.get_ref(), part) {
                Some(child) => value = child,
                None => break,
            }
        }
        value.span()
    }

    /// An error about what stands at `span`.
    pub fn error(&self, span: Range<usize>, message: impl Into<String>) -> ConfigError {
        self.sources.error(span, message)
    }

    /// An error about the value at a path.
    pub fn error_at(&self, path: &KeyPath, message: impl Into<String>) -> ConfigError {
        self.error(self.span(path), message)
    }

    /// An error of a specification that stands at `at`.
    pub fn spec_error(&self, at: &KeyPath, error: SpecError) -> super::Error {
        match error.under(at) {
            SpecError::Value { at, message } => {
                let name = at.to_string();
                self.error_at(&at, format!("`{name}` {message}")).into()
            }
            SpecError::File { file, message } => super::Error::File { path: file, message },
        }
    }

    /// Puts a value at a path. `span` is where the path was written.
    ///
    /// Keys that users choose, such as the names of groups, must exist. Other keys need not be written
    /// in the file, since they may have a default: reading the document finds out.
    pub fn set(
        &mut self,
        path: &KeyPath,
        span: Range<usize>,
        value: Value<'s>,
    ) -> Result<(), ConfigError> {
        let error = |message| Err(self.sources.error(span.clone(), message));
        let mut here = &mut self.root;
        for (depth, part) in path.0.iter().enumerate() {
            let above = KeyPath(path.0[..depth].to_vec());
            if let Some(missing) = missing(&self.presets, here.get_ref(), &above, part) {
                return error(missing);
            }
            here = match (here.get_mut(), part) {
                (DeValue::Table(table), Part::Key(key)) => table
                    .entry(Spanned::new(span.clone(), Cow::Owned(key.clone())))
                    .or_insert_with(|| Spanned::new(span.clone(), DeValue::Table(DeTable::new()))),
                (DeValue::Array(array), part) => match index(part).and_then(|at| array.get_mut(at))
                {
                    Some(value) => value,
                    None => return error(format!("there is no `{path}`")),
                },
                _ => return error(format!("there is no `{path}`")),
            };
        }
        *here = value;
        Ok(())
    }

    /// Lays a table over the document: what it has replaces what was there, tables go on to merge.
    pub fn merge(&mut self, patch: Value<'s>) {
        merge(&self.presets, &mut self.root, patch, &KeyPath::default());
    }
}

/// The key of the value that stands at `span`.
fn key_of<'v>(value: &'v Value<'_>, span: &Range<usize>) -> Option<&'v str> {
    match value.get_ref() {
        DeValue::Table(table) => {
            table.iter().find_map(|(key, value)| match value.span() == *span {
                true => Some(key.get_ref().as_ref()),
                false => key_of(value, span),
            })
        }
        DeValue::Array(values) => values.iter().find_map(|value| key_of(value, span)),
        _ => None,
    }
}

fn child<'d, 's>(value: &'d DeValue<'s>, part: &Part) -> Option<&'d Value<'s>> {
    match (value, part) {
        (DeValue::Table(table), Part::Key(key)) => table.get(key.as_str()),
        (DeValue::Array(array), part) => array.get(index(part)?),
        _ => None,
    }
}

/// A place in an array. Paths that people write have it as a key.
fn index(part: &Part) -> Option<usize> {
    match part {
        Part::Index(index) => Some(*index),
        Part::Key(key) => key.parse().ok(),
    }
}

/// Lays a value over another that stands at `at`.
pub(super) fn merge<'s>(
    presets: &Library<'s>,
    base: &mut Value<'s>,
    patch: Value<'s>,
    at: &KeyPath,
) {
    let span = patch.span();
    match (base.get_mut(), patch.into_inner()) {
        (DeValue::Table(base), DeValue::Table(patch)) => {
            let kinds = presets.kinds(at, base);
            let other_kind = presets.kinds(at, &patch).iter().any(|kind| !kinds.contains(kind));
            if is_kind(at) && other_kind {
                *base = patch;
                return;
            }
            for (key, value) in patch {
                let at = at.key(key.get_ref().as_ref());
                match base.get_mut(key.get_ref().as_ref()) {
                    Some(base) => merge(presets, base, value, &at),
                    None => drop(base.insert(key, value)),
                }
            }
        }
        (_, patch) => *base = Spanned::new(span, patch),
    }
}

/// Whether the table at a path has a single key that says what it is: a machine, an architecture, a policy, a law.
fn is_kind(path: &KeyPath) -> bool {
    let keys: Vec<_> = path
        .0
        .iter()
        .map(|part| match part {
            Part::Key(key) => key.as_str(),
            Part::Index(_) => "",
        })
        .collect();
    matches!(
        keys[..],
        ["machine"]
            | ["policies" | "architectures", _]
            | ["architectures", _, _, "lock"]
            | ["groups", _, "arrivals"]
            | [.., "gap"]
    )
}

/// The tables whose keys users choose.
const CHOSEN: [&str; 4] = ["groups", "objects", "architectures", "policies"];

/// Why a path can't go on from the value at `above` to `part`, if it can't.
fn missing(
    presets: &Library<'_>,
    value: &DeValue<'_>,
    above: &KeyPath,
    part: &Part,
) -> Option<String> {
    match (value, part) {
        (DeValue::Table(table), Part::Key(key)) => {
            let keys = || table.keys().map(|key| key.get_ref().as_ref());
            let chosen = matches!(&above.0[..], [Part::Key(key)] if CHOSEN.contains(&&**key));
            let kinds = presets.kinds(above, table);
            let fits = |key: &str| key == PRESET || kinds.contains(&key);
            // What is not written has a default, of one kind or none; reading finds out.
            let free = !is_kind(above) || table.is_empty() || fits(key);
            if table.contains_key(key.as_str()) || (!chosen && free) {
                None
            } else if chosen && table.is_empty() {
                Some(format!("there is no `{above}`; to add some, set the whole of `{above}`"))
            } else if chosen {
                let near = did_you_mean(key, keys());
                let near = if near.is_empty() { ";" } else { &near };
                Some(format!(
                    "there is no `{}`{near} `{above}` has {}",
                    above.key(key),
                    list(keys())
                ))
            } else {
                Some(format!(
                    "`{above}` is {}, not `{key}`; to change that, set the whole of `{above}`",
                    list(kinds.iter().copied())
                ))
            }
        }
        (DeValue::Array(array), part) if index(part).is_some_and(|at| at < array.len()) => None,
        (DeValue::Array(array), _) => Some(format!(
            "`{above}` is an array whose entries are numbered from 0 to {}",
            array.len().saturating_sub(1)
        )),
        _ => {
            let kind = value.type_str();
            Some(format!("`{above}` is a single value ({kind}), so there is nothing below it"))
        }
    }
}
