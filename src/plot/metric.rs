//! The metric that a figure shows: of each series, or as a multiple of what it is under a baseline.

use super::{Choice, PlotError, Plots, focus};
use crate::analysis::estimate::{PointEstimate, estimate, relative};
use crate::figure::Quantity;
use crate::trace::tables::RunRow;

/// A metric at every point, under every series that is shown.
pub(super) struct Shown<'a> {
    /// Its column in the table of runs.
    pub metric: &'a str,
    /// The series that it is a multiple of.
    pub baseline: Option<&'a str>,
    /// What it is called.
    pub label: String,
    /// What kind of number it is.
    pub quantity: Quantity,
    pub estimates: Vec<PointEstimate<'a>>,
}

impl Plots {
    /// The column of the table of runs that a figure of some runs shows.
    pub(super) fn metric<'a>(&'a self, runs: &[&RunRow], choice: &'a Choice) -> &'a str {
        let own = || self.own(runs, "metric").unwrap_or("ops_per_s");
        choice.metric.as_deref().unwrap_or_else(own)
    }

    /// The chosen metric of some runs, among which are those of the baseline.
    pub(super) fn shown<'a>(
        &'a self,
        runs: &[&'a RunRow],
        choice: &'a Choice,
    ) -> Result<Shown<'a>, PlotError> {
        let metric = self.metric(runs, choice);
        let (label, quantity) = describe(metric, &focus(runs));
        // The experiment's own baseline belongs to its own metric.
        let own = self.own(runs, "baseline").filter(|_| choice.metric.is_none());
        let baseline = choice.baseline.as_deref().or(own);
        let mut shown = match baseline {
            None => {
                let estimates = estimate(runs.iter().copied(), metric)?;
                Shown { metric, baseline, label, quantity, estimates }
            }
            Some(of) => {
                let label = multiple(metric, &label);
                let mut estimates = relative(runs.iter().copied(), metric, of)?;
                estimates.retain(|at| at.first.policy != of);
                Shown { metric, baseline, label, quantity: Quantity::Plain, estimates }
            }
        };
        shown.estimates.retain(|at| choice.shows(&at.first.policy));
        Ok(shown)
    }
}

/// What a column is called as a multiple of the same column of another series.
fn multiple(metric: &str, words: &str) -> String {
    match metric {
        "ops_per_s" => "speed-up".to_owned(),
        _ => format!("{words}, relative"),
    }
}

/// A column's name in words, and what kind of number it holds.
pub(super) fn describe(metric: &str, focus: &str) -> (String, Quantity) {
    let words = |end: &str| metric.trim_end_matches(end).replace('_', " ");
    match metric {
        "ops_per_s" if focus.is_empty() => ("operations".to_owned(), Quantity::PerSecond),
        "ops_per_s" => (format!("operations of {focus}"), Quantity::PerSecond),
        _ if metric.ends_with("_per_s") => (words("_per_s"), Quantity::PerSecond),
        _ if metric.ends_with("_ns") => (words("_ns"), Quantity::TimeNs),
        _ if metric.ends_with("_share") && metric != "cpu_share" => {
            (words("_share"), Quantity::Share)
        }
        "memory_bytes" => ("memory".to_owned(), Quantity::Bytes),
        "lost_updates" | "freed_in_use" | "never_freed" => (words(""), Quantity::Count),
        "cpu_share" => ("cores kept busy".to_owned(), Quantity::Plain),
        _ => (words(""), Quantity::Plain),
    }
}
