//! From swept keys to points: every combination, lock-step, and conditions.

use std::ops::Range;

use gilsim_policies::Span;
use toml::de::DeValue;

use super::condition;
use super::document::{Document, Value};
use super::error::ConfigError;
use super::path::parse_path;
use super::presets::PRESET;
use super::spec::SweepSpec;
use crate::trace::tables::run::SWEEP_PREFIX;
use crate::workload::{KeyPath, Part};

/// A swept key.
#[derive(Debug, Clone)]
struct Axis<'s> {
    path: KeyPath,
    /// Where the key was written.
    span: Range<usize>,
    values: Vec<Value<'s>>,
}

/// A point of a sweep.
#[derive(Debug, Clone)]
pub(super) struct SweptDocument<'s> {
    /// The document with the point's values.
    pub document: Document<'s>,
    /// The swept values.
    pub swept: Vec<Setting>,
}

/// A swept value.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    /// The path.
    pub path: KeyPath,
    /// The value.
    pub value: toml::Value,
    /// Its place among the values of its sweep, from 0.
    place: usize,
    /// Whether the label needs it: of keys in lock-step, the first often says it all.
    labelled: bool,
}

impl Setting {
    /// A value of a path that is varied alone.
    pub fn new(path: KeyPath, value: toml::Value) -> Self {
        Self { path, value, place: 0, labelled: true }
    }
}

/// Whether a path leads to what can't be varied.
pub(super) fn is_fixed(path: &KeyPath) -> bool {
    const FIXED: [&str; 10] = [
        "schema",
        "name",
        "presets",
        "seed",
        "sweep",
        "sensitivity",
        "cases",
        "measured",
        "question",
        "expect",
    ];
    matches!(&path.0[..], [Part::Key(key), ..] if FIXED.contains(&key.as_str()))
}

/// The paths that a document sweeps, in order.
pub(super) fn swept_paths(document: &Document<'_>) -> Result<Vec<KeyPath>, ConfigError> {
    let groups = [axes(document, "product")?, axes(document, "together")?];
    Ok(groups.into_iter().flatten().map(|axis| axis.path).collect())
}

/// The points of a document's sweep: the first key of `product` varies slowest, `together` fastest.
pub(super) fn expand<'s>(document: &Document<'s>) -> Result<Vec<SweptDocument<'s>>, ConfigError> {
    let sweep = KeyPath::default().key("sweep");
    let product = axes(document, "product")?;
    let together = axes(document, "together")?;
    if let Some(value) = document.get(&sweep) {
        document.read_value::<SweepSpec>(value.clone())?;
    }
    check(document, &product, &together)?;

    let mut points = vec![SweptDocument { document: document.clone(), swept: Vec::new() }];
    let steps = product.iter().map(std::slice::from_ref);
    for axes in steps.chain((!together.is_empty()).then_some(&together[..])) {
        let mut finer = Vec::new();
        for point in &points {
            for place in 0..axes[0].values.len() {
                let mut point = point.clone();
                for (number, axis) in axes.iter().enumerate() {
                    let labelled = number < telling(document, axes);
                    point.set(axis, place, labelled)?;
                }
                finer.push(point);
            }
        }
        points = finer;
    }

    let conditions = sweep.key("where");
    let mut kept = Vec::new();
    for mut point in points {
        point.document = point.document.with_presets()?;
        if meets_all(&point.document, &conditions)? {
            kept.push(point);
        }
    }
    if kept.is_empty() {
        return Err(document.error_at(&conditions, "an empty sweep: no point meets the conditions"));
    }
    Ok(kept)
}

impl<'s> SweptDocument<'s> {
    fn set(&mut self, axis: &Axis<'s>, place: usize, labelled: bool) -> Result<(), ConfigError> {
        let value = &axis.values[place];
        let read = self.document.read_value(value.clone())?;
        self.swept.push(Setting { path: axis.path.clone(), value: read, place, labelled });
        self.document.set(&axis.path, axis.span.clone(), value.clone())
    }
}

/// Prepares a resolved document for the presets that are swept: at their places it has what was written
/// there, since every other value comes from the preset. Gives the texts that may name presets.
pub(super) fn keep_presets(
    document: &Document<'_>,
    resolved: &mut toml::Table,
) -> Result<Vec<String>, ConfigError> {
    let mut texts = Vec::new();
    for axis in [axes(document, "product")?, axes(document, "together")?].into_iter().flatten() {
        for value in &axis.values {
            texts_within(&document.read_value(value.clone())?, &mut texts);
        }
        let Some((Part::Key(last), above)) = axis.path.0.split_last() else { continue };
        let above = KeyPath(above.to_vec());
        if let (PRESET, Some(written)) = (last.as_str(), document.get(&above)) {
            let written = document.read_value(written.clone())?;
            texts_within(&written, &mut texts);
            // A machine or a policy: the only places of presets.
            match &above.0[..] {
                [Part::Key(machine)] => drop(resolved.insert(machine.clone(), written)),
                [Part::Key(policies), Part::Key(name)] => {
                    let policies = resolved.get_mut(policies).and_then(toml::Value::as_table_mut);
                    policies.map(|policies| policies.insert(name.clone(), written));
                }
                _ => {}
            }
        }
    }
    Ok(texts)
}

/// The texts in a value, however deep.
fn texts_within(value: &toml::Value, texts: &mut Vec<String>) {
    match value {
        toml::Value::String(text) => texts.push(text.clone()),
        toml::Value::Array(values) => values.iter().for_each(|value| texts_within(value, texts)),
        toml::Value::Table(table) => table.values().for_each(|value| texts_within(value, texts)),
        _ => {}
    }
}

/// How many of the first keys in lock-step it takes to tell their values apart.
fn telling(document: &Document<'_>, axes: &[Axis<'_>]) -> usize {
    let tells = |first: &usize| {
        let texts = texts(document, &axes[..*first]);
        texts.iter().enumerate().all(|(place, text)| !texts[..place].contains(text))
    };
    (1..axes.len()).find(tells).unwrap_or(axes.len())
}

/// The values of keys in lock-step, place by place.
fn texts(document: &Document<'_>, axes: &[Axis<'_>]) -> Vec<Vec<String>> {
    let places = axes.first().map_or(0, |axis| axis.values.len());
    let at = |place: usize| axes.iter().map(|axis| text(document, &axis.values[place])).collect();
    (0..places).map(at).collect()
}

/// The swept keys in a table of the sweep.
fn axes<'s>(document: &Document<'s>, table: &str) -> Result<Vec<Axis<'s>>, ConfigError> {
    let at = KeyPath::default().key("sweep").key(table);
    let mut axes = Vec::new();
    for (key, span, value) in document.entries(&at) {
        if matches!(value.get_ref(), DeValue::Table(_)) {
            let message = "a swept path stands in quotes, as in \"groups.io.threads\" = [1, 2]";
            return Err(document.error(span, message));
        }
        let path = parse_path(key)
            .ok_or_else(|| document.error(span.clone(), format!("`{key}` is no path")))?;
        let Some(values) = value.get_ref().as_array() else {
            let message = "a sweep is an array of values, as in [1, 2, 4]";
            return Err(document.error(value.span(), message));
        };
        if values.is_empty() {
            return Err(
                document.error(value.span(), format!("an empty sweep: `{path}` has no values"))
            );
        }
        axes.push(Axis { path, span, values: values.to_vec() });
    }
    Ok(axes)
}

/// Checks what the types cannot.
fn check<'s>(
    document: &Document<'s>,
    product: &[Axis<'s>],
    together: &[Axis<'s>],
) -> Result<(), ConfigError> {
    let all = || product.iter().chain(together);
    for (place, axis) in all().enumerate() {
        let Axis { path, span, .. } = axis;
        if all().take(place).any(|earlier| overlaps(&earlier.path, path)) {
            let message = format!("`{path}` is swept twice");
            return Err(document.error(span.clone(), message));
        }
        if is_fixed(path) {
            return Err(document.error(span.clone(), format!("`{path}` can't be swept")));
        }
    }
    if let [first, others @ ..] = together {
        let lengths = |axis: &Axis<'_>| axis.values.len();
        if let Some(other) = others.iter().find(|other| lengths(other) != lengths(first)) {
            let message = format!(
                "`together` needs equally many values: `{}` has {}, `{}` has {}",
                first.path,
                lengths(first),
                other.path,
                lengths(other)
            );
            return Err(document.error(other.span.clone(), message));
        }
    }
    for axes in product.iter().map(std::slice::from_ref).chain([together]) {
        let texts = texts(document, axes);
        let twice = (0..texts.len()).find(|&place| texts[..place].contains(&texts[place]));
        if let Some(place) = twice {
            return Err(document.error(axes[0].values[place].span(), "the same value twice"));
        }
    }
    Ok(())
}

fn text<'s>(document: &Document<'s>, value: &Value<'s>) -> String {
    document
        .read_value::<toml::Value>(value.clone())
        .map_or_else(|_| String::new(), |v| v.to_string())
}

/// Whether one path leads through the other.
pub(super) fn overlaps(one: &KeyPath, other: &KeyPath) -> bool {
    one.0.iter().zip(&other.0).all(|(one, other)| one == other)
}

fn meets_all(document: &Document<'_>, at: &KeyPath) -> Result<bool, ConfigError> {
    let conditions = document.get(at).and_then(|value| value.get_ref().as_array());
    for value in conditions.into_iter().flatten() {
        let condition = value.get_ref().as_str().unwrap_or_default();
        let holds = condition::holds(condition, document)
            .map_err(|message| document.error(value.span(), message))?;
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The point's values in short: each path cut down to as few parts as tell the paths apart, and
/// values that are not single by their place.
pub(super) fn label(swept: &[Setting]) -> String {
    let labelled = || swept.iter().filter(|setting| setting.labelled);
    let shorts = short_names(labelled().map(|setting| &setting.path));
    let settings =
        labelled().zip(shorts).map(|(Setting { value, place, .. }, short)| match value {
            toml::Value::String(text) => format!("{short}={text}"),
            toml::Value::Array(_) | toml::Value::Table(_) => format!("{short}=#{}", place + 1),
            value => format!("{short}={value}"),
        });
    settings.collect::<Vec<_>>().join(" ")
}

/// The values that are numbers or durations, with the names of their columns.
pub(super) fn numbers(swept: &[Setting]) -> Vec<(String, f64)> {
    let shorts = short_names(swept.iter().map(|setting| &setting.path));
    let number = |(setting, short): (&Setting, String)| {
        let name = format!("{SWEEP_PREFIX}{}", short.replace(['.', ' ', '"'], "_"));
        match &setting.value {
            toml::Value::Integer(number) => Some((name, *number as f64)),
            toml::Value::Float(number) => Some((name, *number)),
            toml::Value::String(text) => {
                text.parse::<Span>().ok().map(|span| (format!("{name}_ns"), span.ns() as f64))
            }
            _ => None,
        }
    };
    swept.iter().zip(shorts).filter_map(number).collect()
}

/// Each path cut down to as few of its last parts as tell the paths apart.
pub(super) fn short_names<'p>(paths: impl Iterator<Item = &'p KeyPath> + Clone) -> Vec<String> {
    let cut = |path: &KeyPath, parts: usize| {
        KeyPath(path.0[path.0.len().saturating_sub(parts)..].to_vec()).to_string()
    };
    let longest = paths.clone().map(|path| path.0.len()).max().unwrap_or(0);
    let names = paths.clone().map(|path| {
        let unique = |parts: &usize| {
            paths.clone().filter(|other| cut(other, *parts) == cut(path, *parts)).count() == 1
        };
        cut(path, (1..longest).find(unique).unwrap_or(longest))
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_short_as_they_can_be() {
        let names = |paths: &[&str]| {
            let paths: Vec<_> = paths.iter().map(|path| parse_path(path).unwrap()).collect();
            short_names(paths.iter())
        };
        assert_eq!(names(&["groups.io.threads"]), ["threads"]);
        assert_eq!(
            names(&["groups.io.threads", "groups.cpu.threads", "machine.linux.cores"]),
            ["io.threads", "cpu.threads", "cores"]
        );
    }
}
