//! A value that is varied, and the range over which it is.

use std::ops::Range;

use gilsim_policies::Span;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::DeValue;

use super::SensitivitySpec;
use crate::experiment::document::{Document, Value};
use crate::experiment::error::{ConfigError, Error};
use crate::experiment::path::parse_path;
use crate::experiment::spec::ExperimentSpec;
use crate::experiment::sweep::{is_fixed, overlaps, short_names};
use crate::workload::{KeyPath, Part};

/// A range as written: two numbers, or two durations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeSpec {
    /// Its lower end, which belongs to it.
    pub from: toml::Value,
    /// Its upper end, which belongs to it.
    pub to: toml::Value,
    /// How values spread over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
}

/// How values spread over a range. Durations are logarithmic if nothing else is said: what is known of a latency or an interval
/// is mostly within which factor it lies, and half of it is as far off as twice of it. Numbers are linear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Evenly.
    Linear,
    /// Their logarithms evenly.
    Logarithmic,
}

/// A value that is varied.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its path, cut down to as few parts as tell the paths apart.
    pub name: String,
    pub(super) path: KeyPath,
    /// Where it was written, and the ends of its range.
    pub(super) span: Range<usize>,
    spans: [Range<usize>; 2],
    /// What it is in the file; `None` if it has no single value there.
    pub as_it_is: Option<toml::Value>,
    ends: Ends,
    scale: Scale,
}

/// The ends of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ends {
    Whole(i64, i64),
    Real(f64, f64),
    Time(Span, Span),
}

impl Ends {
    /// Whole numbers are the ends of a real range, if the value that is varied is real.
    const fn as_real_as(self, value: Option<&toml::Value>) -> Self {
        match (self, value) {
            (Self::Whole(from, to), Some(toml::Value::Float(_))) => {
                Self::Real(from as f64, to as f64)
            }
            _ => self,
        }
    }
}

impl Parameter {
    /// The lower end, as a file writes it.
    #[must_use]
    pub fn low(&self) -> String {
        match self.ends {
            Ends::Whole(from, _) => from.to_string(),
            Ends::Real(from, _) => format!("{from:?}"),
            Ends::Time(from, _) => from.to_string(),
        }
    }

    /// The upper end, as a file writes it.
    #[must_use]
    pub fn high(&self) -> String {
        match self.ends {
            Ends::Whole(_, to) => to.to_string(),
            Ends::Real(_, to) => format!("{to:?}"),
            Ends::Time(_, to) => to.to_string(),
        }
    }

    /// What it is in the file, as a file writes it.
    #[must_use]
    pub fn text_as_it_is(&self) -> Option<String> {
        self.as_it_is.as_ref().map(|value| match value {
            toml::Value::String(text) => text.clone(),
            value => value.to_string(),
        })
    }

    /// The value at a share of the range from 0 to below 1, as a file writes it. All whole numbers of a linear range are equally
    /// likely, its ends as well.
    pub(super) fn at(&self, share: f64) -> String {
        let between = |from: f64, to: f64| match self.scale {
            Scale::Linear => from + share * (to - from),
            Scale::Logarithmic => from * (to / from).powf(share),
        };
        match self.ends {
            Ends::Whole(from, to) => {
                (between(from as f64, to as f64 + 1.0).floor() as i64).clamp(from, to).to_string()
            }
            Ends::Real(from, to) => format!("{:?}", between(from, to)),
            Ends::Time(from, to) => {
                Span::from_ns_f64(between(from.ns() as f64, to.ns() as f64)).to_string()
            }
        }
    }

    /// What is written as a value of the document, at the place of the range.
    pub(super) fn value<'t>(&self, text: &'t str) -> Value<'t> {
        let number = match self.ends {
            Ends::Time(..) => None,
            Ends::Whole(..) | Ends::Real(..) => DeValue::parse(text).ok(),
        };
        let value = number.map_or_else(|| DeValue::String(text.into()), Spanned::into_inner);
        let [low, high] = &self.spans;
        let written = match text {
            _ if text == self.low() => low,
            _ if text == self.high() => high,
            _ => &self.span,
        };
        Spanned::new(written.clone(), value)
    }
}

/// The values that are varied, their ranges checked.
pub(super) fn parameters(
    document: &Document<'_>,
    experiment: &ExperimentSpec,
    spec: &SensitivitySpec,
) -> Result<Vec<Parameter>, Error> {
    let at = KeyPath::default().key("sensitivity").key("parameters");
    let resolved = toml::Value::try_from(experiment);
    let resolved = resolved.map_err(|error| Error::Text(error.to_string()))?;
    let mut parameters: Vec<Parameter> = Vec::new();
    for ((key, span, written), range) in document.entries(&at).zip(spec.parameters.values()) {
        let refuse = |message: String| Err(document.error(span.clone(), message).into());
        let Some(path) = parse_path(key) else { return refuse(format!("`{key}` is no path")) };
        if let Some(why) = why_fixed(&path) {
            return refuse(format!("`{path}` can't be varied: {why}"));
        }
        if parameters.iter().any(|earlier| overlaps(&earlier.path, &path)) {
            return refuse(format!("`{path}` is varied twice"));
        }
        let as_it_is = find(&resolved, &path).filter(|value| quantity(value).is_some()).cloned();
        if written.get_ref().is_array() {
            let message = "a range has two ends, as in { from = 1, to = 4 }";
            return Err(document.error(written.span(), message).into());
        }
        let at = at.key(key);
        let (ends, scale) = ends(document, &at, range)?;
        let ends = ends.as_real_as(as_it_is.as_ref());
        if let (Ends::Real(..), Some(toml::Value::Integer(_))) = (&ends, &as_it_is) {
            let end = if range.from.is_float() { "from" } else { "to" };
            let message = format!("`{path}` is a whole number, and so are the ends of its range");
            return Err(document.error_at(&at.key(end), message).into());
        }
        let name = String::new();
        let spans = ["from", "to"].map(|end| document.span(&at.key(end)));
        parameters.push(Parameter { name, path, span, spans, as_it_is, ends, scale });
    }
    let names = short_names(parameters.iter().map(|parameter| &parameter.path));
    parameters.iter_mut().zip(names).for_each(|(parameter, name)| parameter.name = name);
    Ok(parameters)
}

/// Why a value can't be varied, if it can't.
fn why_fixed(path: &KeyPath) -> Option<&'static str> {
    match path.to_string().as_str() {
        "seed" | "replications" => {
            Some("replications draw other numbers, and stand beside the values as \"replication\"")
        }
        "duration" => Some(
            "it says for how long the same is looked at; run the experiment with --set duration=... instead",
        ),
        _ => is_fixed(path).then_some("it does not say what happens in a run"),
    }
}

/// A number or a duration \[ns\].
#[derive(Debug, Clone, Copy, PartialEq)]
enum Quantity {
    Whole(i64),
    Real(f64),
    Time(Span),
}

fn quantity(value: &toml::Value) -> Option<Quantity> {
    match value {
        toml::Value::Integer(number) => Some(Quantity::Whole(*number)),
        toml::Value::Float(number) => Some(Quantity::Real(*number)),
        toml::Value::String(text) => text.parse().ok().map(Quantity::Time),
        _ => None,
    }
}

fn ends(
    document: &Document<'_>,
    at: &KeyPath,
    range: &RangeSpec,
) -> Result<(Ends, Scale), ConfigError> {
    let refuse = |key: &str, message: &str| Err(document.error_at(&at.key(key), message));
    use Quantity::{Real, Time, Whole};
    let (ends, low, high) = match (quantity(&range.from), quantity(&range.to)) {
        (Some(Whole(from)), Some(Whole(to))) => (Ends::Whole(from, to), from as f64, to as f64),
        (Some(Time(from)), Some(Time(to))) => {
            (Ends::Time(from, to), from.ns() as f64, to.ns() as f64)
        }
        (Some(Real(from)), Some(Real(to))) => (Ends::Real(from, to), from, to),
        (Some(Real(from)), Some(Whole(to))) => (Ends::Real(from, to as f64), from, to as f64),
        (Some(Whole(from)), Some(Real(to))) => (Ends::Real(from as f64, to), from as f64, to),
        (from, _) => {
            let key = if from.is_none() { "from" } else { "to" };
            let message = "a range is from a number to a number, or from a duration to a duration, as in \
                           { from = \"1ms\", to = \"20ms\" }";
            return refuse(key, message);
        }
    };
    for (key, end) in [("from", low), ("to", high)] {
        if !end.is_finite() {
            return refuse(key, "an end of a range must be finite");
        }
    }
    if low >= high {
        return refuse("to", "a range ends above where it begins");
    }
    let scale = range.scale.unwrap_or(match ends {
        Ends::Time(..) => Scale::Logarithmic,
        Ends::Whole(..) | Ends::Real(..) => Scale::Linear,
    });
    if scale == Scale::Logarithmic && low <= 0.0 {
        let message = "a logarithmic range, as that of durations is, begins above 0: begin later, or write \
                       `scale = \"linear\"`";
        return refuse("from", message);
    }
    Ok((ends, scale))
}

/// The value at a path.
fn find<'v>(value: &'v toml::Value, path: &KeyPath) -> Option<&'v toml::Value> {
    path.0.iter().try_fold(value, |value, part| match (value, part) {
        (toml::Value::Array(values), Part::Key(key)) => values.get(key.parse::<usize>().ok()?),
        (value, Part::Key(key)) => value.get(key),
        (value, Part::Index(index)) => value.get(index),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(ends: Ends, scale: Scale) -> Parameter {
        let (path, name) = (KeyPath::default(), String::new());
        let spans = [0..0, 0..0];
        Parameter { name, path, span: 0..0, spans, as_it_is: None, ends, scale }
    }

    #[test]
    fn ranges_are_covered_evenly() {
        let (three, one) = (Span::from_ms(1_000), Span::from_ms(1));
        let times = parameter(Ends::Time(one, three), Scale::Logarithmic);
        assert_eq!([0.0, 0.5].map(|at| times.at(at)), ["1ms", "31622777ns"]);
        assert_eq!([times.low(), times.high()], ["1ms", "1s"]);
        let linear = parameter(Ends::Time(one, three), Scale::Linear);
        assert_eq!(linear.at(0.5), "500500us");
        let real = parameter(Ends::Real(0.5, 2.0), Scale::Linear);
        assert_eq!([real.at(0.5), real.low(), real.high()], ["1.25", "0.5", "2.0"]);
        let whole = parameter(Ends::Whole(1, 4), Scale::Linear);
        let mut counts = [0; 4];
        for at in 0..1_000 {
            counts[whole.at(f64::from(at) / 1_000.0).parse::<usize>().unwrap() - 1] += 1;
        }
        assert_eq!(counts, [250; 4]);
        let powers = parameter(Ends::Whole(1, 7), Scale::Logarithmic);
        assert_eq!([0.0, 0.34, 0.67, 0.9999].map(|at| powers.at(at)), ["1", "2", "4", "7"]);
    }
}
