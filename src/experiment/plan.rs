//! From an experiment file to the list of its runs.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gilsim_policies::PolicySpec;
use sha2::{Digest, Sha256};

use super::document::Document;
use super::error::{ConfigError, Error};
use super::manifest::{Input, hexadecimal, sha256};
use super::path::{Override, parse_override};
use super::presets::{self, Presets};
use super::sensitivity::Choice;
use super::source::Sources;
use super::spec::{ExperimentSpec, SCHEMA};
use super::warm_up::Cut;
use super::{series, sweep};
use crate::architecture::{ArchitectureSpec, Runtime};
use crate::sim::RunSpec;
use crate::workload::{KeyPath, Part, Workload};

/// The most runs of an experiment.
pub(super) const MOST_RUNS: usize = 10_000_000;

/// Everything that an experiment will do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The experiment's name.
    pub name: String,
    /// Where the experiment's file is; the files that it names are relative to this.
    pub folder: PathBuf,
    /// The configuration with overrides and all defaults, as an experiment file.
    pub resolved: String,
    /// SHA-256 of what decides the results: the resolved configuration without its prose and its sensitivity analysis,
    /// and the files that its laws draw from; in hexadecimal digits.
    pub hash: String,
    /// The files that its laws draw from.
    pub inputs: Vec<Input>,
    /// Measured values to draw beside: a CSV file's content.
    pub measured: Option<Vec<u8>>,
    /// Of which series this is a sensitivity analysis, if it is one.
    pub study: Option<Choice>,
    /// The points, in order.
    pub points: Vec<Arc<Point>>,
    /// The runs, in order: case by case, point by point, architecture by architecture, policy by policy, then
    /// replications.
    pub runs: Vec<PlannedRun>,
}

/// A point of a sweep: everything about a run but its architecture, its policy and its replication.
#[derive(Debug, Clone)]
pub struct Point {
    /// The case, if the file has cases.
    pub case: Option<String>,
    /// The swept values in short; empty without a sweep.
    pub label: String,
    /// The swept paths and their values.
    pub swept: Vec<(String, toml::Value)>,
    /// The swept values that are numbers, with the names of their columns. Durations count in
    /// nanoseconds, and their columns end in `_ns`.
    pub numbers: Vec<(String, f64)>,
    /// The experiment with this point's values, and with `name` and `focus` filled in.
    pub experiment: ExperimentSpec,
    /// The groups, ready to run.
    pub workload: Arc<Workload>,
}

/// A run.
#[derive(Debug, Clone)]
pub struct PlannedRun {
    /// Its number, from 0.
    pub index: u32,
    /// Its point.
    pub point: Arc<Point>,
    /// What figures call it: the policy's name in the file, or that of the architecture, or both.
    pub policy: String,
    /// The policy.
    pub policy_spec: PolicySpec,
    /// The architecture, if the experiment names any.
    pub architecture: Option<ArchitectureSpec>,
    /// What the engine has to know of it.
    pub runtime: Runtime,
    /// The point's groups, with what the architecture adds to each pass.
    pub workload: Arc<Workload>,
    /// Which replication.
    pub replication: u32,
    /// Which random order the events at one instant are taken in; `None` if in that of their slots.
    pub ties: Option<u32>,
    /// What its statistics leave out; `None` if that is still to be found.
    pub warm_up: Option<Cut>,
}

impl PlannedRun {
    /// What the engine has to know.
    #[must_use]
    pub fn run_spec(&self) -> RunSpec<'_> {
        let experiment = &self.point.experiment;
        RunSpec {
            workload: &self.workload,
            machine: &experiment.machine,
            policy: &self.policy_spec,
            runtime: &self.runtime,
            duration: experiment.duration,
            seed: experiment.seed,
            replication: self.replication,
            ties: self.ties,
        }
    }

    /// Whether the two differ in nothing but the replication.
    #[must_use]
    pub fn is_of_series(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.point, &other.point) && self.policy == other.policy
    }

    /// The numbers of the threads whose operations give throughput and latency.
    #[must_use]
    pub fn focus_threads(&self) -> Range<u32> {
        let mut first = 0;
        for group in &self.workload.groups {
            if Some(&group.name) == self.point.experiment.focus.as_ref() {
                return first..first + group.threads;
            }
            first += group.threads;
        }
        0..0
    }

    /// The run in a sentence.
    #[must_use]
    pub fn title(&self) -> String {
        let Point { case, label, .. } = &*self.point;
        let parts = [case.as_deref().unwrap_or_default(), label, &self.policy];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("run {} ({}, replication {})", self.index, parts.join(", "), self.replication)
    }
}

impl Plan {
    /// The experiment's seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.points.first().map_or(0, |point| point.experiment.seed)
    }

    /// Reads an experiment file, with overrides (`key=value`).
    ///
    /// # Errors
    /// The file can't be read, or says something that makes no sense.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self, Error> {
        Self::from_sources(&Sources::read(path, overrides)?)
    }

    /// The same from texts that are at hand.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn from_sources(sources: &Sources) -> Result<Self, Error> {
        let sources = &presets::with_file(sources)?;
        let document = Document::parse(sources)?;
        check_schema(&document)?;
        let stem = sources.path().file_stem().map(|stem| stem.to_string_lossy());
        let stem = stem
            .as_deref()
            .unwrap_or("experiment")
            .replace(|letter: char| !(letter.is_alphanumeric() || "-_.".contains(letter)), "-");
        let folder = sources.path().parent().unwrap_or(Path::new("")).to_owned();

        let encode = |error: toml::ser::Error| Error::file(sources.path(), error);
        let mut specs = Vec::new();
        let mut tables = Vec::new();
        let mut points = Vec::new();
        let mut firsts = Vec::new();
        let mut named = Vec::new();
        for (case, document) in cases(sources, &document)? {
            // The sweep first: its own messages say more than the types' would.
            let swept = sweep::expand(&document)?;
            let mut spec: ExperimentSpec = document.with_presets()?.read()?;
            spec.complete(&stem);
            for point in swept {
                let (point, series) = plan_point(case.clone(), point, &stem, &folder)?;
                points.push(point);
                firsts.extend(series);
            }
            let mut table = toml::Table::try_from(&spec).map_err(encode)?;
            named.extend(sweep::keep_presets(&document, &mut table)?);
            tables.push((case, table));
            specs.push(spec);
        }
        let runs = runs(&firsts);
        let runs = runs.map_err(|message| document.error_at(&KeyPath::default(), message))?;
        let name = specs.first().and_then(|spec| spec.name.clone()).unwrap_or(stem);
        let measured = specs.iter().find_map(|spec| spec.measured.as_ref());
        // Read now: a mistake should not wait for the end of a long experiment.
        let measured = measured.map(|measured| {
            let path = folder.join(&measured.file);
            std::fs::read(&path).map_err(Error::at(&path))
        });
        let measured = measured.transpose()?;
        let presets = document.presets.named(&document, |name| named.contains(name))?;
        let resolved = resolve(&name, &presets, tables.clone()).map_err(encode)?;
        let (hash, inputs) = hash(&name, presets, tables, &folder, encode)?;
        Ok(Self { name, folder, resolved, hash, inputs, measured, study: None, points, runs })
    }
}

/// Says clearly that another version wrote the file, before its unknown keys are complained about.
fn check_schema(document: &Document<'_>) -> Result<(), ConfigError> {
    let at = KeyPath::default().key("schema");
    let Some(value) = document.get(&at) else {
        return Err(document.error_at(&at, "an experiment file begins with `schema = 1`"));
    };
    match document.read_value::<u32>(value.clone())? {
        SCHEMA => Ok(()),
        other => {
            let message = format!("this program reads schema {SCHEMA}, not {other}");
            Err(document.error_at(&at, message))
        }
    }
}

/// The cases with their documents, overrides included; one without a name if the file has none.
pub(super) fn cases<'s>(
    sources: &'s Sources,
    document: &Document<'s>,
) -> Result<Vec<(Option<String>, Document<'s>)>, ConfigError> {
    let mut base = document.clone();
    base.take("cases");
    let at = KeyPath::default().key("cases");
    let mut cases = Vec::new();
    for (name, span, patch) in document.entries(&at) {
        for key in ["schema", "name", "presets", "cases"] {
            if document.get(&at.key(name).key(key)).is_some() {
                let at = at.key(name).key(key);
                return Err(document.error_at(&at, format!("a case can't change `{key}`")));
            }
        }
        if patch.get_ref().as_table().is_none() {
            return Err(document.error(span, "a case is a table of keys that it changes"));
        }
        let mut case = base.clone();
        case.merge(patch.clone());
        cases.push((Some(name.to_owned()), case));
    }
    if cases.is_empty() {
        cases.push((None, base));
    }
    for (start, text) in sources.overrides() {
        apply(&parse_override(sources, start, text)?, &mut cases)?;
    }
    Ok(cases)
}

/// Carries out an override in every case that has its key; at least one must.
fn apply<'s>(
    wanted: &Override<'s>,
    cases: &mut [(Option<String>, Document<'s>)],
) -> Result<(), ConfigError> {
    let Override { path, span, value } = wanted;
    let mut result = None;
    for (_, document) in cases {
        if matches!(&path.0[..], [Part::Key(key), ..] if key == "cases") {
            let message = "an override holds in every case: leave out `cases` and the case's name";
            return Err(document.error(span.clone(), message));
        }
        if sweep::swept_paths(document)?.iter().any(|swept| sweep::overlaps(swept, path)) {
            let message = format!("`{path}` is swept; set `sweep.product.\"{path}\"` instead");
            return Err(document.error(span.clone(), message));
        }
        let done = document.set(path, span.clone(), value.clone());
        if done.is_ok() || result.is_none() {
            result = Some(done);
        }
    }
    result.unwrap_or(Ok(()))
}

/// A point, and the first run of each of its series.
pub(super) fn plan_point(
    case: Option<String>,
    point: sweep::SweptDocument<'_>,
    stem: &str,
    folder: &Path,
) -> Result<(Arc<Point>, Vec<PlannedRun>), Error> {
    let sweep::SweptDocument { document, swept } = point;
    let mut experiment: ExperimentSpec = document.read()?;
    experiment.complete(stem);
    let root = KeyPath::default();
    experiment.validate().map_err(|error| document.spec_error(&root, error))?;
    let workload = Workload::compile(&experiment.groups, &experiment.objects, folder)
        .map_err(|error| document.spec_error(&root, error))?;
    let (label, numbers) = (sweep::label(&swept), sweep::numbers(&swept));
    let swept = swept.into_iter().map(|set| (set.path.to_string(), set.value)).collect();
    let workload = Arc::new(workload);
    let point = Arc::new(Point { case, label, swept, numbers, experiment, workload });
    let firsts = series::firsts(&point).map_err(|error| document.spec_error(&root, error))?;
    Ok((point, firsts))
}

/// All replications of the runs that are the first of their series.
fn runs(firsts: &[PlannedRun]) -> Result<Vec<PlannedRun>, String> {
    let replications = |first: &PlannedRun| first.point.experiment.replications;
    let total: usize = firsts.iter().map(|first| replications(first) as usize).sum();
    if total > MOST_RUNS {
        return Err(format!("{total} runs are more than {MOST_RUNS}"));
    }
    let mut runs = Vec::with_capacity(total);
    for first in firsts {
        for replication in 0..replications(first) {
            let index = u32::try_from(runs.len()).map_err(|error| error.to_string())?;
            runs.push(PlannedRun { index, replication, ..first.clone() });
        }
    }
    Ok(runs)
}

/// The cases, all keys filled in.
type Cases = Vec<(Option<String>, toml::Table)>;

/// The configuration as a file that needs no defaults.
fn resolve(name: &str, presets: &Presets, cases: Cases) -> Result<String, toml::ser::Error> {
    let presets = toml::Table::try_from(presets)?;
    let presets = (!presets.is_empty()).then(|| ("presets".to_owned(), presets.into()));
    let mut tables = toml::Table::new();
    for (case, mut table) in cases {
        let Some(case) = case else {
            table.extend(presets);
            return toml::to_string(&table);
        };
        table.remove("schema");
        table.remove("name");
        tables.insert(case, table.into());
    }
    let mut file = toml::Table::new();
    file.insert("schema".to_owned(), i64::from(SCHEMA).into());
    file.insert("name".to_owned(), name.into());
    file.extend(presets);
    file.insert("cases".to_owned(), tables.into());
    toml::to_string(&file)
}

fn hash(
    name: &str,
    mut presets: Presets,
    mut cases: Cases,
    folder: &Path,
    encode: impl Fn(toml::ser::Error) -> Error,
) -> Result<(String, Vec<Input>), Error> {
    presets.clear_origins();
    for (_, table) in &mut cases {
        for other in ["question", "expect", "measured", "sensitivity"] {
            table.remove(other);
        }
    }
    let text = resolve(name, &presets, cases).map_err(&encode)?;
    let mut files = Vec::new();
    empirical_files(
        &toml::Value::Table(text.parse().map_err(|error| {
            Error::file(folder, format!("the resolved configuration can't be read: {error}"))
        })?),
        &mut files,
    );
    let mut hasher = Sha256::new();
    hasher.update(&text);
    let mut inputs: Vec<Input> = Vec::new();
    for file in files {
        let path = folder.join(&file);
        let bytes = std::fs::read(&path).map_err(Error::at(&path))?;
        hasher.update(&bytes);
        let file = PathBuf::from(file);
        if inputs.iter().all(|input| input.file != file) {
            inputs.push(Input { file, sha256: sha256(&bytes) });
        }
    }
    Ok((hexadecimal(&hasher.finalize()), inputs))
}

/// The files of all empirical laws below a value.
fn empirical_files(value: &toml::Value, files: &mut Vec<String>) {
    match value {
        toml::Value::Table(table) => {
            let file = table.get("empirical").and_then(|law| law.get("file"));
            files.extend(file.and_then(toml::Value::as_str).map(str::to_owned));
            table.values().for_each(|value| empirical_files(value, files));
        }
        toml::Value::Array(array) => array.iter().for_each(|value| empirical_files(value, files)),
        _ => {}
    }
}
