//! `gilsim presets`: the machines and interpreters that experiments can name.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::json;

use super::{Format, json_text};
use crate::experiment::Error;
use crate::experiment::presets::{Preset, Presets};

#[derive(Debug, Args)]
pub struct PresetsArgs {
    /// A file of presets; those that come along if not given.
    file: Option<PathBuf>,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub fn presets(args: &PresetsArgs) -> Result<String, Error> {
    let presets = Presets::load(args.file.as_deref())?;
    if let Format::Json = args.format {
        return Ok(json_text(&json!(presets)));
    }
    let mut text = String::new();
    list(&mut text, "machine", &presets.machines)?;
    list(&mut text, "interpreter", &presets.interpreters)?;
    let _ = writeln!(
        text,
        "in an experiment: machine = {{ preset = \"NAME\" }}, or the same at a policy"
    );
    Ok(text)
}

fn list<T: Serialize>(
    text: &mut String,
    title: &str,
    presets: &IndexMap<String, Preset<T>>,
) -> Result<(), Error> {
    for (name, Preset { origin, spec }) in presets {
        let _ = writeln!(text, "{name} ({title})");
        for line in wrap(origin, usize::from(super::width()) - 4) {
            let _ = writeln!(text, "    {line}");
        }
        let table = toml::Table::try_from(spec)
            .map_err(|error| Error::file(Path::new("presets"), error))?;
        for (kind, values) in table {
            let _ = writeln!(text, "    {kind}");
            for (key, value) in values.as_table().into_iter().flatten() {
                let _ = writeln!(text, "        {:<20}{value}", format!("{key} ="));
            }
        }
        text.push('\n');
    }
    Ok(())
}

/// Lines of at most so many letters, if no word is longer.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_wrapped() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one two three", 6), ["one", "two", "three"]);
    }

    #[test]
    fn every_value_is_listed() {
        let text = presets(&PresetsArgs { file: None, format: Format::Table }).unwrap();
        for part in [
            "linux-6.18-hz250-2core (machine)",
            "cores =             2",
            "check_spacing =     \"8ns\"",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
