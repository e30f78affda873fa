//! How much a metric depends on an experiment's values, on chance, and on the order of simultaneous events.
//!
//! A [`Study`] lays out the runs as a [`Plan`], which is carried out and stored as any other: interrupted, it carries on; done
//! again, it comes out the same. [`findings`](findings::findings) makes numbers of what came of them.
//!
//! Chance and the order of simultaneous events are inputs beside the values: runs that share a replication's number draw the same
//! random numbers, and runs that share a tie order take events at one instant in the same order. A. Marrel, B. Iooss, S. Da Veiga,
//! M. Ribatet, "Global sensitivity analysis of stochastic computer models with joint metamodels", Statistics and Computing 22, 2012,
//! treat the seed so.

mod design;
pub mod findings;
mod range;

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use design::Layout;
use design::{Run, Values};
pub use range::Parameter;
use range::RangeSpec;

use super::document::Document;
use super::error::{ConfigError, Error};
use super::manifest::hexadecimal;
use super::output_analysis::{OutputAnalysis, WarmUp};
use super::plan::{MOST_RUNS, Plan, PlannedRun, Point, cases, plan_point};
use super::presets;
use super::source::Sources;
use super::spec::{ExperimentSpec, check_metric};
use super::sweep::{self, Setting, SweptDocument};
use crate::statistics::sobol::{MOST_INPUTS, MOST_SAMPLES};
use crate::workload::KeyPath;

/// What is looked at, as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensitivitySpec {
    /// A number of the table of runs; that of the experiment's figures if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// How many points each scrambling of Sobol's sequence has, a power of two: it is even only then. With 64, intervals of
    /// functions whose indices are known hold as often as they say.
    #[serde(default = "samples")]
    pub samples: u32,
    /// How many scramblings, from which the intervals come. With 10, Student's quantile is 15 % above that of any number;
    /// more of them leave each less even.
    #[serde(default = "ten")]
    pub scramblings: u32,
    /// In how many random orders of simultaneous events each replication is run.
    #[serde(default = "five")]
    pub tie_orders: u32,
    /// The values, by their paths.
    pub parameters: IndexMap<String, RangeSpec>,
}

const fn samples() -> u32 {
    64
}

const fn ten() -> u32 {
    10
}

const fn five() -> u32 {
    5
}

/// A part of a sensitivity analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Each value at both ends of its range, with all others as in the file.
    OneAtATime,
    /// All values at once, all over their ranges: Sobol's indices.
    Sobol,
    /// All values as in the file, in random orders of simultaneous events.
    Ties,
}

/// Which series is looked at, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The case, if the file has cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// The point of the sweep.
    pub point: String,
    /// The series.
    pub policy: String,
    /// The part; all if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
}

/// A sensitivity analysis, ready to run.
#[derive(Debug, Clone)]
pub struct Study {
    /// Its runs.
    pub plan: Plan,
    /// What is looked at.
    pub metric: String,
    /// The values that are varied.
    pub parameters: Vec<Parameter>,
    /// Which run is what.
    pub layout: Layout,
}

impl Study {
    /// Lays out the analysis of a series.
    ///
    /// # Errors
    /// The experiment, its `[sensitivity]`, or a combination of values makes no sense.
    pub fn of(sources: &Sources, choice: &Choice) -> Result<Self, Error> {
        let base = Plan::from_sources(sources)?;
        let sources = &presets::with_file(sources)?;
        let document = Document::parse(sources)?;
        let mut document = chosen(sources, &document, choice)?;
        let experiment: ExperimentSpec = document.read()?;
        let at = KeyPath::default().key("sensitivity");
        let Some(spec) = &experiment.sensitivity else {
            return Err(without_table(&document).into());
        };
        let metric = spec.metric.clone().unwrap_or_else(|| experiment.metric.clone());
        check_metric(&at.key("metric"), &metric)
            .map_err(|error| document.spec_error(&KeyPath::default(), error))?;
        check(&document, &experiment, spec)?;
        let parameters = range::parameters(&document, &experiment, spec)?;
        let layout = Layout::new(choice.method, &parameters, experiment.replications, spec);
        if layout.runs() > MOST_RUNS {
            let message = format!("{} runs are more than {MOST_RUNS}", layout.runs());
            return Err(document.error_at(&at.key("samples"), message).into());
        }
        // One round of runs, of which nothing is kept but what came of them.
        for key in ["precision", "trace_window", "level", "baseline"] {
            document.take(key);
        }
        let seed = experiment.seed;
        let mut plan = Plan {
            name: format!("{}-sensitivity", base.name),
            hash: hash(&base.hash, choice, spec)?,
            measured: None,
            study: Some(choice.clone()),
            points: Vec::new(),
            runs: Vec::new(),
            ..base
        };
        let mut firsts: IndexMap<Values, PlannedRun> = IndexMap::new();
        for Run { values, replication, ties } in layout.design(&parameters, seed) {
            let first = match firsts.get(&values) {
                Some(first) => first,
                None => {
                    let first = first(&document, &parameters, &values, &plan, choice)?;
                    plan.points.push(Arc::clone(&first.point));
                    firsts.entry(values).or_insert(first)
                }
            };
            let index = plan.runs.len() as u32;
            plan.runs.push(PlannedRun { index, replication, ties, ..first.clone() });
        }
        Ok(Self { plan, metric, parameters, layout })
    }
}

/// The document of the chosen case and point.
fn chosen<'s>(
    sources: &'s Sources,
    document: &Document<'s>,
    choice: &Choice,
) -> Result<Document<'s>, Error> {
    for (case, document) in cases(sources, document)? {
        if case == choice.case {
            let points = sweep::expand(&document)?;
            let mut points = points
                .into_iter()
                .map(|SweptDocument { document, swept }| (sweep::label(&swept), document));
            if let Some((_, document)) = points.find(|(label, _)| *label == choice.point) {
                return Ok(document);
            }
        }
    }
    Err(Error::Text(format!("the experiment has no point `{}`", choice.point)))
}

fn without_table(document: &Document<'_>) -> ConfigError {
    let message = "the file has no `[sensitivity]`, which says what to vary";
    let help = "for example `[sensitivity.parameters]` and below it \
                `\"machine.linux.cores\" = { from = 1, to = 4 }`";
    let at = document.span(&KeyPath::default());
    ConfigError { help: Some(help.to_owned()), ..document.error(at, message) }
}

/// Checks what the types cannot, but for the ranges.
fn check(
    document: &Document<'_>,
    experiment: &ExperimentSpec,
    spec: &SensitivitySpec,
) -> Result<(), ConfigError> {
    let root = KeyPath::default();
    let at = root.key("sensitivity");
    let refuse =
        |at: &KeyPath, message: &str| Err(document.error_at(at, format!("`{at}` {message}")));
    if matches!(experiment.analysis, OutputAnalysis::BatchMeans { .. }) {
        let message = "by batch means has one long run, and replications are compared here: write \
                       `{ steady_state = { warm_up = \"200ms\" } }`";
        return refuse(&root.key("analysis"), message);
    }
    if experiment.analysis.warm_up() == Some(WarmUp::Mser5) {
        let message = "must say how long the warm-up is, which MSER-5 would find elsewhere at every point: write \
                       `{ steady_state = { warm_up = \"200ms\" } }`";
        return refuse(&root.key("analysis"), message);
    }
    if experiment.replications < 2 {
        let message =
            "must be 2 at least: intervals come from replications, write `replications = 10`";
        return refuse(&root.key("replications"), message);
    }
    if !spec.samples.is_power_of_two() || !(2..=MOST_SAMPLES).contains(&spec.samples) {
        let message = format!("must be a power of two from 2 to {MOST_SAMPLES}, as 64 is");
        return refuse(&at.key("samples"), &message);
    }
    if !(2..=1_000).contains(&spec.scramblings) {
        return refuse(&at.key("scramblings"), "must lie between 2 and 1000");
    }
    if !(2..=1_000).contains(&spec.tie_orders) {
        return refuse(&at.key("tie_orders"), "must lie between 2 and 1000");
    }
    if !(1..=MOST_INPUTS).contains(&spec.parameters.len()) {
        let message = format!("must name 1 to {MOST_INPUTS} values");
        return refuse(&at.key("parameters"), &message);
    }
    Ok(())
}

/// What decides the results: the experiment, the series, and what is varied.
fn hash(base: &str, choice: &Choice, spec: &SensitivitySpec) -> Result<String, Error> {
    let text = |error: toml::ser::Error| Error::Text(error.to_string());
    let mut hasher = Sha256::new();
    hasher.update(base);
    hasher.update(toml::to_string(choice).map_err(text)?);
    hasher.update(toml::to_string(spec).map_err(text)?);
    Ok(hexadecimal(&hasher.finalize()))
}

/// The first run of the chosen series with some values in place of the file's.
fn first(
    document: &Document<'_>,
    parameters: &[Parameter],
    values: &Values,
    plan: &Plan,
    choice: &Choice,
) -> Result<PlannedRun, Error> {
    // The values' texts live shorter than the file's.
    let mut document: Document<'_> = document.clone();
    let mut swept = Vec::new();
    for (parameter, text) in parameters.iter().zip(values) {
        let value = match text {
            Some(text) => {
                let value = parameter.value(text);
                let read = document.read_value(value.clone())?;
                document.set(&parameter.path, parameter.span.clone(), value)?;
                Some(read)
            }
            None => parameter.as_it_is.clone(),
        };
        swept.extend(value.map(|value| Setting::new(parameter.path.clone(), value)));
    }
    let point = SweptDocument { document, swept };
    let (_, series) = plan_point(choice.case.clone(), point, &plan.name, &plan.folder)?;
    let chosen = series.into_iter().find(|run| run.policy == choice.policy);
    chosen.ok_or_else(|| Error::Text(format!("there is no series `{}`", choice.policy)))
}

impl Plan {
    /// The group whose operations count in a sensitivity analysis.
    #[must_use]
    pub fn focus(&self) -> &str {
        let first = self.points.first();
        first.and_then(|point: &Arc<Point>| point.experiment.focus.as_deref()).unwrap_or_default()
    }
}
