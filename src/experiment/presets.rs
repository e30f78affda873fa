//! Presets: machines and interpreters by name, with the origin of their values.
//!
//! A presets file has tables `[machines."NAME"]` and `[interpreters."NAME"]`. Each has the key `origin`, a text, and
//! one more: what a machine or a policy is in an experiment, with the keys that differ from the
//! defaults. Some come along ([`BUILT_IN`]); the key `presets` of an experiment adds others.
//!
//! In an experiment, `preset = "NAME"` stands for the machine or the policy. Keys beside it replace
//! the preset's. The names are replaced by the values once a point of the sweep has all of its own,
//! so that a preset can be swept, and values of a swept preset too.

use std::path::Path;

use gilsim_policies::PolicySpec;
use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::{Document, Value, merge};
use super::error::{ConfigError, Error};
use super::path::parse_override;
use super::source::Sources;
use super::spec::{check_machine, check_policy};
use crate::machine::MachineSpec;
use crate::names::{did_you_mean, list};
use crate::workload::{KeyPath, Part, SpecError};

/// The file of the presets that come along.
pub const BUILT_IN: &str = include_str!("presets.toml");
/// What messages call it.
pub const BUILT_IN_NAME: &str = "built-in presets";

/// The key that names a preset.
pub(super) const PRESET: &str = "preset";
/// The key of an experiment that adds presets.
const PRESETS: &str = "presets";

/// Presets with all their values. Serialized, they are a presets file.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Presets {
    /// Machines by name.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub machines: IndexMap<String, Preset<MachineSpec>>,
    /// Policies by the name of an interpreter that has them.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub interpreters: IndexMap<String, Preset<PolicySpec>>,
}

/// A preset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preset<T> {
    /// Where the values come from.
    pub origin: String,
    /// The values.
    #[serde(flatten)]
    pub spec: T,
}

impl Presets {
    /// The presets of a file; those that come along if none is named.
    ///
    /// # Errors
    /// The file can't be read, or is no presets file.
    pub fn load(file: Option<&Path>) -> Result<Self, Error> {
        let (path, text) = match file {
            Some(path) => (path, std::fs::read_to_string(path).map_err(Error::at(path))?),
            None => (Path::new(BUILT_IN_NAME), BUILT_IN.to_owned()),
        };
        let sources = Sources::new(path, text, &[]);
        let document = Document::of_text(&sources, 0, sources.file_text())?;
        let mut library = Library::default();
        library.add(&document)?;
        Ok(library.named(&document, |_| true)?)
    }

    /// Leaves out the prose.
    pub(super) fn clear_origins(&mut self) {
        self.machines.values_mut().for_each(|preset| preset.origin.clear());
        self.interpreters.values_mut().for_each(|preset| preset.origin.clear());
    }
}

/// The texts of an experiment with that of the presets file that it names.
pub(super) fn with_file(sources: &Sources) -> Result<Sources, ConfigError> {
    let document = Document::of_text(sources, 0, sources.file_text())?;
    let at = KeyPath::default().key(PRESETS);
    let mut named = document.get(&at).cloned();
    for (start, text) in sources.overrides() {
        let given = parse_override(sources, start, text)?;
        if given.path == at {
            named = Some(given.value);
        }
    }
    let Some(named) = named else { return Ok(sources.clone()) };
    let Some(file) = named.get_ref().as_str() else { return Ok(sources.clone()) };
    let path = sources.path().parent().unwrap_or(Path::new("")).join(file);
    let text = std::fs::read_to_string(&path).map_err(|error| {
        sources.error(named.span(), format!("can't read {}: {error}", path.display()))
    })?;
    Ok(sources.with_presets(&path, text))
}

/// Presets as they were written.
#[derive(Debug, Default)]
pub(super) struct Library<'s> {
    machines: IndexMap<String, Entry<'s>>,
    interpreters: IndexMap<String, Entry<'s>>,
}

/// A preset as it was written.
#[derive(Debug)]
struct Entry<'s> {
    origin: String,
    /// A table with one key, which says what it is.
    value: Value<'s>,
}

/// The shape of a presets file, for its errors.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    #[expect(dead_code, reason = "its type is checked")]
    machines: IndexMap<String, toml::Table>,
    #[serde(default)]
    #[expect(dead_code, reason = "its type is checked")]
    interpreters: IndexMap<String, toml::Table>,
}

impl<'s> Library<'s> {
    /// Reads the presets that an experiment can name.
    pub fn read(document: &Document<'s>) -> Result<Self, Error> {
        let mut library = Self::default();
        for (start, text) in document.sources().presets() {
            library.add(&Document::of_text(document.sources(), start, text)?)?;
        }
        let own = document.get(&KeyPath::default().key(PRESETS));
        if let Some(own) = own.filter(|own| own.get_ref().as_str().is_none()) {
            library.add(&document.part(own.clone()))?;
        }
        Ok(library)
    }

    /// Adds the presets of a document, which go before those of the same name.
    fn add(&mut self, document: &Document<'s>) -> Result<(), Error> {
        document.read::<File>()?;
        self.machines.extend(entries(document, "machines", check_machine)?);
        self.interpreters.extend(entries(document, "interpreters", check_policy)?);
        Ok(())
    }

    /// The presets that can stand at a path, and what they are called.
    fn at(&self, at: &KeyPath) -> Option<(&IndexMap<String, Entry<'s>>, &'static str)> {
        let Some(Part::Key(first)) = at.0.first() else { return None };
        match (first.as_str(), at.0.len()) {
            ("machine", 1) => Some((&self.machines, "machines")),
            ("policies", 2) => Some((&self.interpreters, "interpreters")),
            _ => None,
        }
    }

    /// What the table at a path is: its keys, or what its preset is.
    pub fn kinds<'t>(&'t self, at: &KeyPath, table: &'t DeTable<'_>) -> Vec<&'t str> {
        let preset = table.get(PRESET).and_then(|name| name.get_ref().as_str());
        let preset = preset.zip(self.at(at)).and_then(|(name, (presets, _))| presets.get(name));
        let keys = table.keys().map(|key| key.get_ref().as_ref());
        preset.map(Entry::kind).into_iter().chain(keys.filter(|key| *key != PRESET)).collect()
    }

    /// Puts the values of the preset in its place, if the table at a path names one.
    pub fn fill(
        &self,
        document: &Document<'s>,
        at: &KeyPath,
        value: &mut Value<'s>,
    ) -> Result<(), ConfigError> {
        let span = value.span();
        let (Some((presets, what)), DeValue::Table(table)) = (self.at(at), value.get_mut()) else {
            return Ok(());
        };
        let Some(named) = table.remove(PRESET) else { return Ok(()) };
        let name: String = document.read_value(named.clone())?;
        let Some(entry) = presets.get(&name) else {
            let names = || presets.keys().map(String::as_str);
            let near = did_you_mean(&name, names());
            let message = format!("unknown preset `{name}`{near}");
            let help = Some(format!("{what}: {}", list(names())));
            return Err(ConfigError { help, ..document.error(named.span(), message) });
        };
        let kind = entry.kind();
        if let Some(key) = table.keys().find(|key| key.get_ref().as_ref() != kind) {
            let other = key.get_ref();
            let message = format!("the preset `{name}` is `{kind}`, so `{other}` can't be here");
            let help =
                format!("beside a preset stand values that replace its own: `{kind} = {{ ... }}`");
            return Err(ConfigError { help: Some(help), ..document.error(key.span(), message) });
        }
        let beside = Spanned::new(span, DeValue::Table(std::mem::take(table)));
        *value = entry.value.clone();
        merge(self, value, beside, &KeyPath::default());
        Ok(())
    }

    /// The presets of certain names, with all their values.
    pub fn named(
        &self,
        document: &Document<'s>,
        wanted: impl Fn(&String) -> bool,
    ) -> Result<Presets, ConfigError> {
        let mut found = Presets::default();
        for (name, entry) in self.machines.iter().filter(|(name, _)| wanted(name)) {
            found.machines.insert(name.clone(), entry.preset(document)?);
        }
        for (name, entry) in self.interpreters.iter().filter(|(name, _)| wanted(name)) {
            found.interpreters.insert(name.clone(), entry.preset(document)?);
        }
        Ok(found)
    }
}

impl<'s> Entry<'s> {
    fn kind(&self) -> &str {
        let table = self.value.get_ref().as_table();
        table.and_then(|table| table.keys().next()).map_or("", |key| key.get_ref().as_ref())
    }

    fn preset<T: DeserializeOwned>(
        &self,
        document: &Document<'s>,
    ) -> Result<Preset<T>, ConfigError> {
        Ok(Preset { origin: self.origin.clone(), spec: document.read_value(self.value.clone())? })
    }
}

/// The presets in a table of a document.
fn entries<'s, T: DeserializeOwned>(
    document: &Document<'s>,
    table: &str,
    check: fn(&T) -> Result<(), SpecError>,
) -> Result<Vec<(String, Entry<'s>)>, Error> {
    #[derive(Deserialize)]
    struct Origin {
        origin: String,
    }
    let at = KeyPath::default().key(table);
    let mut entries = Vec::new();
    for (name, _, value) in document.entries(&at) {
        let mut value = value.clone();
        let Origin { origin } = document.read_value(value.clone())?;
        if let DeValue::Table(table) = value.get_mut() {
            table.remove("origin");
        }
        let spec = document.read_value(value.clone())?;
        check(&spec).map_err(|error| document.spec_error(&at.key(name), error))?;
        entries.push((name.to_owned(), Entry { origin, value }));
    }
    Ok(entries)
}
