//! What the figure `throughput` shows: a column of the table of runs against what is swept.

use gilsim_policies::Span;

use super::latency::median;
use super::{Choice, PlotError, Plots, distinct};
use crate::analysis::estimate::{PointEstimate, estimate};
use crate::figure::Quantity;
use crate::figure::throughput::{Data, Panel, Point, Series, Sweep};
use crate::trace::tables::{RunRow, SWEEP_PREFIX};

impl Plots {
    pub(super) fn throughput(&self, runs: &[&RunRow], choice: &Choice) -> Result<Data, PlotError> {
        let case = runs.first().map_or("", |run| run.case.as_str());
        let metric = choice.metric.as_deref().unwrap_or_else(|| self.metric(case));
        let runs: Vec<RunRow> = runs.iter().copied().cloned().collect();
        let estimates = estimate(&runs, metric)?;
        let axis = Axis::of(&runs);
        let panels = distinct_panels(&runs, &axis)
            .into_iter()
            .map(|title| {
                let here: Vec<_> =
                    estimates.iter().filter(|at| axis.panel(at.first) == title).collect();
                let series = distinct(here.iter().map(|at| at.first.policy.as_str()))
                    .into_iter()
                    .map(|policy| self.series(policy, metric, &here, &axis))
                    .filter(|series| !series.simulated.is_empty())
                    .collect();
                Panel { title, series }
            })
            .filter(|panel: &Panel| !panel.series.is_empty())
            .collect();
        let reference = (metric == "slowdown").then(|| (1.0, "one thread alone".to_owned()));
        let (y_label, y) = self.describe(metric);
        Ok(Data { x_label: axis.label(), x: axis.sweep(), y_label, y, reference, panels })
    }

    fn series(
        &self,
        policy: &str,
        metric: &str,
        here: &[&PointEstimate<'_>],
        axis: &Axis,
    ) -> Series {
        let mut series =
            Series { policy: self.policy(policy), simulated: Vec::new(), measured: Vec::new() };
        for at in here.iter().filter(|at| at.first.policy == policy) {
            let Some(x) = axis.place(at.first) else { continue };
            if let Some(estimate) = at.estimate {
                let (low, high) = estimate.interval();
                series.simulated.push(Point { x, y: estimate.mean, low, high });
            }
            let values = self.measured.values(policy, &at.first.point, metric);
            if let (Some(y), Some(low), Some(high)) =
                (median(&values), values.first(), values.last())
            {
                series.measured.push(Point { x, y, low: *low, high: *high });
            }
        }
        series.simulated.sort_by(|one, other| one.x.total_cmp(&other.x));
        series.measured.sort_by(|one, other| one.x.total_cmp(&other.x));
        series
    }

    /// A column's name in words, and what kind of number it holds.
    fn describe(&self, metric: &str) -> (String, Quantity) {
        let words = |end: &str| metric.trim_end_matches(end).replace('_', " ");
        match metric {
            "ops_per_s" if self.focus.is_empty() => ("operations".to_owned(), Quantity::PerSecond),
            "ops_per_s" => (format!("operations of {}", self.focus), Quantity::PerSecond),
            _ if metric.ends_with("_per_s") => (words("_per_s"), Quantity::PerSecond),
            _ if metric.ends_with("_ns") => (words("_ns"), Quantity::TimeNs),
            _ if metric.ends_with("_share") && metric != "cpu_share" => {
                (words("_share"), Quantity::Share)
            }
            "cpu_share" => ("cores kept busy".to_owned(), Quantity::Plain),
            _ => (words(""), Quantity::Plain),
        }
    }
}

/// What the x axis shows: the swept number with the most values, or else the points by name.
struct Axis {
    column: Option<String>,
    /// Swept numbers that the axis does not decide: each combination has a panel of its own.
    others: Vec<String>,
    names: Vec<String>,
}

impl Axis {
    fn of(runs: &[RunRow]) -> Self {
        let columns =
            distinct(runs.iter().flat_map(|run| &run.sweep).map(|(name, _)| name.as_str()));
        let values = |column: &str| {
            let mut values: Vec<_> = runs.iter().filter_map(|run| run.number(column)).collect();
            values.sort_by(f64::total_cmp);
            values.dedup();
            values
        };
        let most = columns.iter().map(|column| values(column).len()).max().unwrap_or(0);
        let column =
            columns.iter().find(|column| values(column).len() == most && most > 1).copied();
        // What goes in lock-step with the axis has one value at each of its places.
        let free = |other: &&str| {
            column.is_some_and(|axis| {
                values(axis).into_iter().any(|place| {
                    let here = runs.iter().filter(|run| run.number(axis) == Some(place));
                    let mut found = here.filter_map(|run| run.number(other));
                    let first = found.next();
                    found.any(|value| Some(value) != first)
                })
            })
        };
        let names =
            distinct(runs.iter().map(|run| {
                if run.point.is_empty() { run.case.as_str() } else { run.point.as_str() }
            }));
        Self {
            others: columns.iter().filter(|other| free(other)).map(|c| (*c).to_owned()).collect(),
            column: column.map(str::to_owned),
            names: names.into_iter().map(str::to_owned).collect(),
        }
    }

    fn place(&self, run: &RunRow) -> Option<f64> {
        match &self.column {
            Some(column) => run.number(column),
            None => {
                let name = if run.point.is_empty() { &run.case } else { &run.point };
                self.names.iter().position(|known| known == name).map(|place| place as f64)
            }
        }
    }

    /// What distinguishes the panel of a run: the case, and what else is swept.
    fn panel(&self, run: &RunRow) -> String {
        if self.column.is_none() {
            return String::new();
        }
        let others = self.others.iter().filter_map(|name| {
            let value = run.number(name)?;
            Some(match short(name).strip_suffix("_ns") {
                Some(time) => format!("{time}={}", Span::from_ns_f64(value)),
                None => format!("{}={value}", short(name)),
            })
        });
        let case = Some(run.case.clone()).filter(|case| !case.is_empty());
        case.into_iter().chain(others).collect::<Vec<_>>().join(" ")
    }

    fn label(&self) -> String {
        self.column.as_deref().map_or_else(String::new, |column| short(column).to_owned())
    }

    fn sweep(&self) -> Sweep {
        match &self.column {
            Some(_) => Sweep::Linear(Quantity::Plain),
            None => Sweep::Names(self.names.clone()),
        }
    }
}

fn short(column: &str) -> &str {
    column.strip_prefix(SWEEP_PREFIX).unwrap_or(column)
}

fn distinct_panels(runs: &[RunRow], axis: &Axis) -> Vec<String> {
    let mut panels = Vec::new();
    for run in runs {
        let panel = axis.panel(run);
        if !panels.contains(&panel) {
            panels.push(panel);
        }
    }
    panels
}
