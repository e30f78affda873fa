//! From swept keys to points: every combination, lock-step, and conditions.

use std::ops::Range;

use gilsim_policies::Span;
use toml::de::DeValue;

use super::condition;
use super::document::{Document, Value};
use super::error::ConfigError;
use super::path::parse_path;
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
    /// The paths, and the values.
    pub swept: Vec<(KeyPath, toml::Value)>,
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
                for axis in axes {
                    point.set(axis, place)?;
                }
                finer.push(point);
            }
        }
        points = finer;
    }

    let conditions = sweep.key("where");
    let mut kept = Vec::new();
    for point in points {
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
    fn set(&mut self, axis: &Axis<'s>, place: usize) -> Result<(), ConfigError> {
        let value = &axis.values[place];
        self.swept.push((axis.path.clone(), self.document.read_value(value.clone())?));
        self.document.set(&axis.path, axis.span.clone(), value.clone())
    }
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
        let fixed = ["schema", "name", "seed", "sweep", "cases", "measured", "question", "expect"];
        if matches!(&path.0[..], [Part::Key(key), ..] if fixed.contains(&key.as_str())) {
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
        let places = axes.first().map_or(0, |axis| axis.values.len());
        let texts = |place: usize| -> Vec<String> {
            axes.iter().map(|axis| text(document, &axis.values[place])).collect()
        };
        let twice = (0..places).find(|&place| (0..place).any(|other| texts(other) == texts(place)));
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

/// The point's values in short: each path cut down to as few parts as tell the paths apart.
pub(super) fn label(swept: &[(KeyPath, toml::Value)]) -> String {
    let shorts = short_names(swept.iter().map(|(path, _)| path));
    let settings = swept.iter().zip(shorts).map(|((_, value), short)| match value {
        toml::Value::String(text) => format!("{short}={text}"),
        value => format!("{short}={value}"),
    });
    settings.collect::<Vec<_>>().join(" ")
}

/// The values that are numbers or durations, with the names of their columns.
pub(super) fn numbers(swept: &[(KeyPath, toml::Value)]) -> Vec<(String, f64)> {
    let shorts = short_names(swept.iter().map(|(path, _)| path));
    let number = |((_, value), short): (&(KeyPath, toml::Value), String)| {
        let name = format!("{SWEEP_PREFIX}{}", short.replace(['.', ' ', '"'], "_"));
        match value {
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
