//! Where two runs part: the first event that differs, and the settings that do.

mod stream;
mod words;

use indexmap::{IndexMap, IndexSet};
use serde::Serialize;

use super::error::Error;
use super::plan::PlannedRun;
use super::reproduce::Recorded;
use crate::trace::EventRow;
use crate::trace::fingerprint::Fingerprint;
use crate::trace::tables::RunRow;
use crate::workload::KeyPath;
use stream::{Parting, part};

pub use words::{event, instant};

/// Keys of an experiment that change no event of a run: prose, what is written down, and what other runs do.
const SILENT: [&str; 15] = [
    "schema",
    "name",
    "presets",
    "question",
    "expect",
    "replications",
    "level",
    "trace_window",
    "focus",
    "metric",
    "baseline",
    "architectures",
    "policies",
    "sweep",
    "measured",
];

/// What two results directories have in common.
#[derive(Debug)]
pub struct Matched<'a> {
    /// Runs of the same case, point, policy and replication.
    pub pairs: Vec<(&'a RunRow, &'a RunRow)>,
    /// Number of runs that only the first has.
    pub only_first: usize,
    /// Number of runs that only the second has.
    pub only_second: usize,
}

/// How two runs differ.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// The runs' fingerprints, as this program makes them.
    pub fingerprints: (Fingerprint, Fingerprint),
    /// Number of events before the first that differs; of all events if none does.
    pub same_events: u64,
    /// When the first of the two events happens \[ns\]; `None` if no event differs.
    pub at_ns: Option<u64>,
    /// The few events before, oldest first, in words.
    pub before: Vec<String>,
    /// The first events that differ, in words; `None` where a run has ended.
    pub events: (Option<String>, Option<String>),
    /// The settings that differ, by their path: the first run's and the second's, if it has any.
    pub settings: IndexMap<String, (Option<String>, Option<String>)>,
}

/// Matches the runs of two results directories.
///
/// # Errors
/// They have no run in common.
pub fn matched<'a>(first: &'a Recorded, second: &'a Recorded) -> Result<Matched<'a>, Error> {
    let key =
        |row: &RunRow| (row.case.clone(), row.point.clone(), row.policy.clone(), row.replication);
    let mut others: IndexMap<_, _> = second.runs.iter().map(|row| (key(row), row)).collect();
    let mut pairs = Vec::new();
    for row in &first.runs {
        // In the order of the second, what is left over does not matter.
        pairs.extend(others.swap_remove(&key(row)).map(|other| (row, other)));
    }
    if pairs.is_empty() {
        let (one, other) = (first.dir.display(), second.dir.display());
        return Err(Error::Text(format!(
            "{one} and {other} have no run in common: no case, point, policy and replication of the same names; \
             --runs I J compares the first's run I with the second's run J"
        )));
    }
    let only_first = first.runs.len() - pairs.len();
    Ok(Matched { pairs, only_first, only_second: others.len() })
}

/// Does two runs side by side up to the first event that differs.
#[must_use]
pub fn difference(first: &PlannedRun, second: &PlannedRun) -> Difference {
    let runs = [first, second];
    let Parting { fingerprints, same, before, events } = part(runs.map(PlannedRun::run_spec));
    let word = |run: &PlannedRun, row: &EventRow| {
        format!("{} {}", words::instant(row.at), words::event(row, &run.workload))
    };
    let at = events.iter().flatten().map(|row| row.at).min();
    let [one, other] = [0, 1].map(|side| events[side].as_ref().map(|row| word(runs[side], row)));
    Difference {
        fingerprints: fingerprints.into(),
        same_events: same,
        at_ns: at.map(|at| at.ns()),
        before: before.iter().map(|row| word(first, row)).collect(),
        events: (one, other),
        settings: differing_settings(first, second),
    }
}

/// The settings that differ, in the order of the first.
fn differing_settings(
    first: &PlannedRun,
    second: &PlannedRun,
) -> IndexMap<String, (Option<String>, Option<String>)> {
    let (first, second) = (settings(first), settings(second));
    let keys: IndexSet<_> = first.keys().chain(second.keys()).collect();
    let values = |key: &String| (first.get(key).cloned(), second.get(key).cloned());
    let pairs = keys.into_iter().map(|key| (key.clone(), values(key)));
    pairs.filter(|(_, (one, other))| one != other).collect()
}

/// Everything that decides a run, by its path.
fn settings(run: &PlannedRun) -> IndexMap<String, String> {
    let mut settings = IndexMap::new();
    let mut table = toml::Table::try_from(&run.point.experiment).unwrap_or_default();
    SILENT.iter().for_each(|key| drop(table.remove(*key)));
    let mut add = |key: &str, value: Result<toml::Value, toml::ser::Error>| {
        value.into_iter().for_each(|value| drop(table.insert(key.to_owned(), value)));
    };
    add("policy", toml::Value::try_from(run.policy_spec));
    if let Some(architecture) = &run.architecture {
        add("architecture", toml::Value::try_from(architecture));
    }
    add("replication", Ok(i64::from(run.replication).into()));
    flatten(&KeyPath::default(), &toml::Value::Table(table), &mut settings);
    settings
}

fn flatten(at: &KeyPath, value: &toml::Value, settings: &mut IndexMap<String, String>) {
    match value {
        toml::Value::Table(table) if !table.is_empty() => {
            table.iter().for_each(|(key, value)| flatten(&at.key(key), value, settings));
        }
        toml::Value::Array(values) if !values.is_empty() => {
            let places = values.iter().enumerate();
            places.for_each(|(place, value)| flatten(&at.index(place), value, settings));
        }
        value => {
            settings.insert(at.to_string(), value.to_string());
        }
    }
}

#[cfg(test)]
mod tests;
