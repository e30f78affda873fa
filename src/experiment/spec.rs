//! An experiment as its file writes it.

use std::path::PathBuf;

use gilsim_policies::{PolicySpec, Span};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::output_analysis::{OutputAnalysis, WarmUp};
use super::precision::Precision;
use super::sensitivity::SensitivitySpec;
use crate::architecture::ArchitectureSpec;
use crate::machine::MachineSpec;
use crate::names::{did_you_mean, list};
use crate::trace::Level;
use crate::trace::tables::RunRow;
use crate::workload::law::check_span;
use crate::workload::{GroupSpec, KeyPath, LONGEST_RUN, PopulationSpec, SpecError, StepSpec};

/// The version of the file format.
pub const SCHEMA: u32 = 1;

/// The most replications.
const MOST_REPLICATIONS: u32 = 100_000;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExperimentSpec {
    /// The version of the format: 1.
    pub schema: u32,
    /// Names the directory of the results; the file's name without its ending if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A file of presets, relative to the experiment file, or the presets themselves; those with the names of
    /// built-in ones replace them. The resolved configuration has their values instead, and here
    /// those alone that are swept.
    #[serde(default, skip_serializing)]
    pub presets: Option<toml::Value>,
    /// What the experiment asks.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub question: String,
    /// What is expected.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub expect: String,
    /// When each run is cut off.
    pub duration: Span,
    /// How often each point is run, with other random numbers each time.
    #[serde(default = "ten")]
    pub replications: u32,
    /// What all random numbers come from.
    #[serde(default = "one")]
    pub seed: u64,
    /// What of a run its statistics are about.
    #[serde(default, skip_serializing_if = "OutputAnalysis::is_terminating")]
    pub analysis: OutputAnalysis,
    /// Adds replications until a metric is known well enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
    /// Which tables the runs write.
    #[serde(default = "runs_only")]
    pub level: Level,
    /// The stretch of each run that `intervals` and `events` cover; the whole run if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_window: Option<Window>,
    /// The group whose throughput and latency are reported; the first that lets the lock go for its
    /// own affairs, or else the first, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<String>,
    /// The column of the table of runs that figures show over the sweep; `ops_per_s` if not given.
    #[serde(default = "throughput")]
    pub metric: String,
    /// The series, named as in figures, by which figures divide the metric, run by run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// Where the threads run: a machine, or `preset = "NAME"` and beside it what differs from the preset.
    pub machine: MachineSpec,
    /// What they do, by the group's name.
    pub groups: IndexMap<String, GroupSpec>,
    /// The objects that they touch, by the population's name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub objects: IndexMap<String, PopulationSpec>,
    /// How the workload is run, by the name in tables and figures; as threads that exist from the start if none is given.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub architectures: IndexMap<String, ArchitectureSpec>,
    /// Who may have the lock, by the name in tables and figures: a policy, or a preset as for the machine. May be left
    /// out if no architecture has a global lock.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub policies: IndexMap<String, PolicySpec>,
    /// Values to vary.
    #[serde(default, skip_serializing_if = "SweepSpec::is_empty")]
    pub sweep: SweepSpec,
    /// Values whose influence `gilsim sensitivity` looks at; no run of the experiment depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitivity: Option<SensitivitySpec>,
    /// Measured values to draw beside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// Variants of the experiment: keys that replace those above.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub cases: IndexMap<String, toml::Table>,
}

const fn ten() -> u32 {
    10
}

const fn one() -> u64 {
    1
}

const fn runs_only() -> Level {
    Level::Runs
}

fn throughput() -> String {
    "ops_per_s".to_owned()
}

/// A stretch of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Its begin.
    pub from: Span,
    /// Its end.
    pub to: Span,
}

/// Values to vary. Paths are dotted, as in `groups.io.threads`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepSpec {
    /// Every combination of these.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub product: IndexMap<String, Vec<toml::Value>>,
    /// These in lock-step: first values, second values, and so on.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub together: IndexMap<String, Vec<toml::Value>>,
    /// Only points for which all of these hold.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
}

impl SweepSpec {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Measured values: a CSV file with the columns policy, point, metric, repetition, value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The file, relative to the experiment file.
    pub file: PathBuf,
}

impl ExperimentSpec {
    /// Fills in what is derived from other values.
    pub(super) fn complete(&mut self, name: &str) {
        self.name.get_or_insert_with(|| name.to_owned());
        let lets_go = |group: &GroupSpec| {
            let test = |step: &StepSpec| matches!(step, StepSpec::Block(_) | StepSpec::CRelease(_));
            group.program.iter().any(|step| step.any(&test))
        };
        let focus = self.groups.iter().find(|(_, group)| lets_go(group)).or(self.groups.first());
        if let (None, Some((focus, _))) = (&self.focus, focus) {
            self.focus = Some(focus.clone());
        }
    }

    /// Checks what the types cannot, but for the groups, and for what architectures ask of them.
    pub(super) fn validate(&self) -> Result<(), SpecError> {
        let root = KeyPath::default();
        let refuse = |at: KeyPath, message: &str| Err(SpecError::value(at, message));
        if self.schema != SCHEMA {
            return refuse(
                root.key("schema"),
                &format!("must be {SCHEMA}, which this program reads"),
            );
        }
        if let Some(name) = &self.name {
            let plain = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
            if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
                let message = "names a directory: letters, digits, -, _ and . only";
                return refuse(root.key("name"), message);
            }
        }
        if self.duration.is_zero() {
            return refuse(root.key("duration"), "must be longer than 0ns");
        }
        if self.duration > LONGEST_RUN {
            return refuse(root.key("duration"), "must not exceed 72h, the longest run");
        }
        if !(1..=MOST_REPLICATIONS).contains(&self.replications) {
            return refuse(root.key("replications"), "must lie between 1 and 100000");
        }
        if let Some(WarmUp::Fixed(warm_up)) = self.analysis.warm_up()
            && warm_up >= self.duration
        {
            let message = format!(
                "has a warm-up of {warm_up}, which must end before the run does, after {}",
                self.duration
            );
            return refuse(root.key("analysis"), &message);
        }
        if self.analysis.is_of_one_run() {
            if self.replications > 1 {
                let message = "by batch means is about one long run: write `replications = 1`";
                return refuse(root.key("analysis"), message);
            }
            if self.level < Level::Ops {
                let message = "by batch means comes from operations: write `level = \"ops\"`";
                return refuse(root.key("analysis"), message);
            }
            if self.precision.is_some() {
                let message = "adds replications, but `batch_means` is about one long run: leave it out, or write \
                               `analysis = { steady_state = {} }`";
                return refuse(root.key("precision"), message);
            }
        }
        if let Some(precision) = &self.precision {
            let at = root.key("precision");
            check_metric(&at.key("metric"), &precision.metric)?;
            precision
                .check(self.replications)
                .map_err(|(key, message)| SpecError::value(at.key(key), message))?;
        }
        // What begins after the end is no mistake: an override may have made the run short.
        if self.trace_window.is_some_and(|window| window.from >= window.to) {
            return refuse(root.key("trace_window"), "must begin before it ends");
        }
        if let Some(focus) = self.focus.as_ref().filter(|name| !self.groups.contains_key(*name)) {
            let names = || self.groups.keys().map(String::as_str);
            let near = Some(did_you_mean(focus, names())).filter(|near| !near.is_empty());
            let near = near.unwrap_or_else(|| ".".to_owned());
            let message = format!("names no group{near} The groups are {}", list(names()));
            return refuse(root.key("focus"), &message);
        }
        check_metric(&root.key("metric"), &self.metric)?;
        check_machine(&self.machine).map_err(|error| error.under(&root.key("machine")))?;
        for (name, architecture) in &self.architectures {
            let at = root.key("architectures").key(name);
            check_architecture(architecture).map_err(|error| error.under(&at))?;
        }
        for (name, policy) in &self.policies {
            let at = root.key("policies").key(name);
            check_policy(policy).map_err(|error| error.under(&at))?;
        }
        Ok(())
    }
}

/// Checks that a metric is a number of the table of runs.
pub(super) fn check_metric(at: &KeyPath, metric: &str) -> Result<(), SpecError> {
    if RunRow::has_number(metric) {
        return Ok(());
    }
    let near = did_you_mean(metric, RunRow::numbers());
    let help =
        if near.is_empty() { format!("; they are {}", list(RunRow::numbers())) } else { near };
    Err(SpecError::value(at.clone(), format!("names no number of the table of runs{help}")))
}

/// Checks what the types of a machine's parameters cannot.
pub(super) fn check_machine(machine: &MachineSpec) -> Result<(), SpecError> {
    let root = KeyPath::default();
    machine.validate().map_err(|(parameter, message)| {
        SpecError::value(root.key("linux").key(parameter), message)
    })?;
    check_spans(&root, machine)
}

/// Checks what the types of a policy's parameters cannot.
pub(super) fn check_policy(policy: &PolicySpec) -> Result<(), SpecError> {
    let root = KeyPath::default();
    check_spans(&root, policy)?;
    policy.validate().map_err(|error| {
        SpecError::value(root.key(policy.name()).key(error.parameter), error.message)
    })
}

/// Checks what the types of an architecture's parameters cannot.
fn check_architecture(architecture: &ArchitectureSpec) -> Result<(), SpecError> {
    let at = KeyPath::default().key(architecture.name());
    check_spans(&KeyPath::default(), architecture)?;
    architecture
        .validate()
        .map_err(|(parameter, message)| SpecError::value(at.key(parameter), message))?;
    let lock = match architecture {
        ArchitectureSpec::FreeThreaded(given) => &given.lock,
        ArchitectureSpec::Gilectomy(given) => &given.lock,
        ArchitectureSpec::ObjectLocks(given) => &given.lock,
        _ => return Ok(()),
    };
    check_policy(lock).map_err(|error| error.under(&at.key("lock")))
}

/// Refuses times that are longer than any run, wherever they stand.
fn check_spans(at: &KeyPath, settings: &impl Serialize) -> Result<(), SpecError> {
    fn walk(at: &KeyPath, value: &toml::Value) -> Result<(), SpecError> {
        match value {
            toml::Value::String(text) => {
                text.parse().map_or(Ok(()), |span: Span| check_span(at, span))
            }
            toml::Value::Table(table) => {
                table.iter().try_for_each(|(key, value)| walk(&at.key(key), value))
            }
            _ => Ok(()),
        }
    }
    toml::Value::try_from(settings).map_or(Ok(()), |value| walk(at, &value))
}
