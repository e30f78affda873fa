//! What results say of each series at each point: estimates with their intervals, and theory beside them.
//!
//! How a metric is estimated follows from what it is and from how the experiment is analysed: a mean over replications by
//! Student, a ratio of two sums by the jackknife, a quantile over replications by order statistics, and the means of one long
//! run by batches. What the runs are too few or too short for is inconclusive, and has no number.

mod one_run;
mod replications;
pub mod words;

use std::collections::HashMap;

use indexmap::IndexMap;
use serde::Serialize;

use super::error::Error;
use super::output_analysis::OutputAnalysis;
use super::plan::PlannedRun;
use super::reproduce::Recorded;
use crate::analysis::Results;
use crate::analysis::ratio::{RATIOS, Ratio};
use crate::names::{did_you_mean, list};
use crate::reference::{System, Theory};
use crate::statistics::Estimate;
use crate::statistics::family::holm;
use crate::trace::tables::{Coverage, Ending, RunRow, ThreadRow};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Numbers of the table of runs, or ratios; the usual ones if there are none.
    pub metrics: Vec<String>,
    /// Quantiles over replications of each of them, beside the mean.
    pub quantiles: Vec<f64>,
    /// The confidence of intervals.
    pub confidence: f64,
}

/// What there is.
#[derive(Debug, Clone, Serialize)]
pub struct Estimates {
    /// The confidence of each interval.
    pub confidence: f64,
    /// How many estimates were held against theory.
    pub tested: usize,
    /// Every series at every point.
    pub series: Vec<Series>,
}

/// A series at a point.
#[derive(Debug, Clone, Serialize)]
pub struct Series {
    /// The case; empty if the experiment has none.
    pub case: String,
    /// The swept values; empty without a sweep.
    pub point: String,
    /// Its name.
    pub series: String,
    /// How the experiment is analysed.
    pub analysis: OutputAnalysis,
    /// Number of runs.
    pub replications: usize,
    /// How many of them ended in a deadlock.
    pub deadlocks: usize,
    /// The group whose operations and latency are estimated, if there are others: ratios are of all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focus: Option<String>,
    /// The estimates, metric by metric.
    pub estimates: Vec<Line>,
}

/// An estimate.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// What is estimated. A unit stands last.
    pub metric: String,
    /// How.
    pub method: Method,
    /// What is known.
    #[serde(flatten)]
    pub finding: Finding,
    /// What theory says, in the long run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theory: Option<Theory>,
    /// How likely an estimate at least so far from theory would be by chance, corrected for the number of those that
    /// were held against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_holm: Option<f64>,
}

/// How something is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The mean over replications, and Student's interval.
    Mean,
    /// The ratio of the sums over replications, and the jackknife's interval.
    Ratio,
    /// This quantile over replications, between two of their values in order.
    Quantile(f64),
    /// The mean over one run, and Student's interval of batches.
    BatchMeans,
}

/// What is known.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Finding {
    /// An estimate.
    Known {
        /// It.
        value: f64,
        /// The lower end of its interval; `None` if there is a bound from above alone.
        low: Option<f64>,
        /// The upper end; `None` if there is a bound from below alone.
        high: Option<f64>,
        /// From how many replications, or batches.
        n: usize,
        /// The batches.
        #[serde(skip_serializing_if = "Option::is_none")]
        batches: Option<Batches>,
    },
    /// Nothing, and why, and what would help.
    Inconclusive {
        /// In words.
        inconclusive: String,
    },
}

/// The batches of one run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Batches {
    /// How many operations each has.
    pub size: usize,
    /// Von Neumann's test: how many standard errors more alike successive ones are than independent ones.
    pub score: f64,
}

impl Finding {
    fn inconclusive(why: impl Into<String>) -> Self {
        Self::Inconclusive { inconclusive: why.into() }
    }

    fn of(Estimate { n, mean: value, half_width }: Estimate) -> Option<Self> {
        let half = half_width.filter(|half| half.is_finite())?;
        let (low, high) = (Some(value - half), Some(value + half));
        Some(Self::Known { value, low, high, n, batches: None })
    }
}

/// What numbers that are the same may differ by, as a share: times are whole nanoseconds, and sums are rounded.
const ROUNDING: f64 = 1e-9;

/// The runs of a series at a point, and all that estimates need.
struct Runs<'a> {
    rows: Vec<&'a RunRow>,
    planned: PlannedRun,
    threads: &'a HashMap<u32, Vec<ThreadRow>>,
    confidence: f64,
}

impl Runs<'_> {
    fn analysis(&self) -> OutputAnalysis {
        self.planned.point.experiment.analysis
    }

    fn are_too_short(&self) -> bool {
        self.rows.iter().any(|run| run.coverage == Coverage::TooShort)
    }

    /// What makes runs longer.
    fn longer(&self) -> &'static str {
        let cut = self.rows.iter().any(|run| run.ending == Ending::TimeUp);
        if cut {
            "make `duration` longer"
        } else {
            "give groups more `iterations`, or a later `stop`"
        }
    }

    /// What to say of runs that are too short for their warm-up.
    fn why_too_short(&self) -> String {
        format!("the warm-up does not end within the first half; {}", self.longer())
    }

    /// What theory says of a metric.
    fn theory(&self, metric: &str) -> Option<Theory> {
        system(&self.planned)?.theory(metric)
    }

    /// How far an estimate may be off what holds in the long run, as a share: a pass of each thread is under way at the
    /// begin and at the end, with operations that may be as long as the longest; of slices, one is. Where all come to their
    /// end, nothing is.
    fn slack(&self, metric: &str) -> f64 {
        let ends = |run: &&RunRow| run.ending == Ending::Completed;
        if self.rows.iter().all(ends) {
            return ROUNDING;
        }
        let mean = |of: &dyn Fn(&RunRow) -> Option<f64>| {
            let values: Vec<_> = self.rows.iter().filter_map(|run| of(run)).collect();
            values.iter().sum::<f64>() / values.len() as f64
        };
        let per_run =
            |column: &str| mean(&|run| Some(run.number(column)? * run.elapsed_ns as f64 / 1e9));
        match metric {
            "slice_mean_ns" | "switches_per_s" => 2.0 / per_run("switches_per_s"),
            _ => {
                let longest = match metric.starts_with("latency") {
                    // One that lasts for a tenth of the run or more is of a thread that starves, which it must not hide.
                    true => mean(&|run| {
                        let longest = run.latency_max_ns?.min(run.elapsed_ns / 10);
                        Some(longest as f64 / run.latency_mean_ns?)
                    }),
                    false => 1.0,
                };
                let under_way =
                    system(&self.planned).map_or(0.0, |system| system.ops_of_a_pass_each());
                longest * under_way / per_run("ops_per_s")
            }
        }
    }
}

/// A run as theory sees it; `None` if its focus is no group of it.
#[must_use]
pub fn system(planned: &PlannedRun) -> Option<System<'_>> {
    let experiment = &planned.point.experiment;
    let is_focus = |name: &String| Some(name) == experiment.focus.as_ref();
    let focus = planned.workload.groups.iter().position(|group| is_focus(&group.name))?;
    Some(System {
        workload: &planned.workload,
        machine: &experiment.machine,
        policy: &planned.policy_spec,
        runtime: &planned.runtime,
        duration: experiment.duration,
        whole: experiment.analysis == OutputAnalysis::Terminating,
        focus,
    })
}

/// Estimates what is asked for.
///
/// # Errors
/// There is no such metric or quantile, or none of one long run; or a table can't be read.
pub fn estimates(
    recorded: &Recorded,
    results: &Results,
    request: &Request,
) -> Result<Estimates, Error> {
    check(request)?;
    let mut threads: HashMap<u32, Vec<ThreadRow>> = HashMap::new();
    for thread in results.threads().map_err(|error| Error::Text(error.to_string()))? {
        threads.entry(thread.run).or_default().push(thread);
    }
    let mut series: IndexMap<_, Vec<&RunRow>> = IndexMap::new();
    for run in results.runs() {
        series.entry((&run.case, &run.point, &run.policy)).or_default().push(run);
    }
    let mut all = Vec::new();
    for rows in series.into_values() {
        let first = rows[0];
        let Some(planned) = recorded.planned(first) else {
            let message =
                format!("runs.parquet has a series \"{}\" that its manifest has not", first.policy);
            return Err(Error::file(&recorded.dir, message));
        };
        let runs = Runs { rows, planned, threads: &threads, confidence: request.confidence };
        let estimates = match runs.analysis() {
            analysis if analysis.is_of_one_run() => one_run::lines(&runs, results, request)?,
            _ => replications::lines(&runs, request),
        };
        all.push(Series {
            case: first.case.clone(),
            point: first.point.clone(),
            series: first.policy.clone(),
            analysis: runs.analysis(),
            replications: runs.rows.len(),
            focus: match runs.planned.workload.groups.len() {
                0 | 1 => None,
                _ => runs.planned.point.experiment.focus.clone(),
            },
            deadlocks: runs.rows.iter().filter(|run| run.ending == Ending::Deadlock).count(),
            estimates,
        });
    }
    let lines = || all.iter().flat_map(|series| &series.estimates);
    let corrected = holm(&lines().filter_map(|line| line.p_holm).collect::<Vec<_>>());
    let tested = corrected.len();
    let lines = all.iter_mut().flat_map(|series| &mut series.estimates);
    let tests = lines.filter_map(|line| line.p_holm.as_mut());
    tests.zip(corrected).for_each(|(p, corrected)| *p = corrected);
    Ok(Estimates { confidence: request.confidence, tested, series: all })
}

fn check(request: &Request) -> Result<(), Error> {
    let inside = |share: f64| share > 0.0 && share < 1.0;
    if !inside(request.confidence) {
        let message = "--level lies between 0 and 1, as 0.95 does";
        return Err(Error::Usage(message.to_owned()));
    }
    if !request.quantiles.iter().all(|q| inside(*q)) {
        let message = "--quantile lies between 0 and 1, as 0.5, the median, does";
        return Err(Error::Usage(message.to_owned()));
    }
    let names = || RunRow::numbers().chain(RATIOS.iter().map(|ratio| ratio.name));
    for metric in &request.metrics {
        if !RunRow::has_number(metric) && Ratio::named(metric).is_none() {
            let near = did_you_mean(metric, names());
            let ratios = list(RATIOS.iter().map(|ratio| ratio.name));
            let message = format!(
                "there is no metric `{metric}`{near}\nnumbers of the table of runs: {}\nratios: {ratios}",
                list(RunRow::numbers())
            );
            return Err(Error::Usage(message));
        }
    }
    Ok(())
}
