//! Replications until a metric is known well enough.
//!
//! In rounds: after each, every series that is not known well enough gets as many replications more as its intervals so far
//! say that it needs. What is decided depends on the results of whole rounds alone, never on which run ended first.

use serde::{Deserialize, Serialize};

use super::plan::PlannedRun;
use crate::analysis::estimate::CONFIDENCE;
use crate::statistics::precision::needed;

/// How well a metric is to be known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Precision {
    /// A number of the table of runs.
    pub metric: String,
    /// The largest error, relative to the metric: 0.05 for 5 %, with a confidence of 95 %.
    pub relative: f64,
    /// How many replications a series has at most.
    #[serde(default = "thousand")]
    pub most_replications: u32,
}

const fn thousand() -> u32 {
    1_000
}

impl Precision {
    /// Checks what the types cannot; the key that is wrong, and why.
    pub(super) fn check(&self, replications: u32) -> Result<(), (&'static str, String)> {
        if !(self.relative > 0.0 && self.relative < 1.0) {
            return Err(("relative", "must lie between 0 and 1, as 0.05 does".to_owned()));
        }
        if self.most_replications < replications {
            let message = format!("must not be less than `replications`, which is {replications}");
            return Err(("most_replications", message));
        }
        Ok(())
    }
}

/// The replications that come next: none if all series are known well enough, or have as many as they may. `value` is
/// what a run that is done gave for a metric.
pub(super) fn next_round(
    done: &[PlannedRun],
    value: impl Fn(&PlannedRun, &str) -> Option<f64>,
) -> Vec<PlannedRun> {
    let mut next = Vec::new();
    let mut index = done.len() as u32;
    for first in done.iter().filter(|run| run.replication == 0) {
        let Some(precision) = &first.point.experiment.precision else { continue };
        let series: Vec<_> = done.iter().filter(|run| run.is_of_series(first)).collect();
        let values: Vec<_> =
            series.iter().filter_map(|run| value(run, &precision.metric)).collect();
        let have = series.len() as u32;
        let Some(needed) = needed(&values, precision.relative, CONFIDENCE) else { continue };
        let needed = u32::try_from(needed).unwrap_or(u32::MAX);
        // An interval from few replications may be far too wide: at most twice as many at a time.
        for replication in have..needed.min(2 * have).min(precision.most_replications) {
            next.push(PlannedRun { index, replication, ..first.clone() });
            index += 1;
        }
    }
    next
}
