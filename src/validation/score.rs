//! How far a simulated cell is from the measured one.

use serde::Serialize;

use super::Cell;
use crate::trace::tables::ProbeRow;

/// What is compared.
#[derive(Debug)]
pub struct Metric {
    /// Its name, with its unit.
    pub name: &'static str,
    /// Its value in a run, where it has one.
    pub of: fn(&ProbeRow) -> Option<f64>,
    /// Below this, a difference is not worth a per cent: errors are relative to at least so much.
    pub least: f64,
}

fn per_s(count: u64, run: &ProbeRow) -> f64 {
    count as f64 / (run.wall_ns as f64 / 1e9)
}

fn ms(ns: Option<u64>) -> Option<f64> {
    ns.map(|ns| ns as f64 / 1e6)
}

/// Elapsed time over that of one thread, for a task whose units are shared. Its value in a run is the elapsed
/// time alone.
const SLOWDOWN: &str = "slowdown";

/// What is compared, in reading order.
pub const METRICS: [Metric; 9] = [
    Metric { name: "latency_mean_ms", of: |run| ms(run.latency_mean_ns), least: 0.0 },
    Metric { name: "latency_p50_ms", of: |run| ms(run.latency_p50_ns), least: 0.0 },
    Metric { name: "latency_p95_ms", of: |run| ms(run.latency_p95_ns), least: 0.0 },
    Metric { name: "ops_per_s", of: |run| run.ops.map(|ops| per_s(ops, run)), least: 0.0 },
    Metric {
        name: "voluntary_switches_per_s",
        of: |run| Some(per_s(run.voluntary_context_switches, run)),
        // The interpreter's own start and end make some.
        least: 50.0,
    },
    Metric {
        name: "cpu_per_wall",
        of: |run| Some(run.cpu_ns as f64 / run.wall_ns as f64),
        // The probe's own start and end take some.
        least: 0.05,
    },
    Metric {
        name: "slice_mean_ms",
        // A thread alone has no slices: its gaps are the machine's noise.
        of: |run| ms(run.slice_mean_ns).filter(|_| run.spinners > 1 && run.lock == "on"),
        least: 0.0,
    },
    Metric {
        name: "spinner_share",
        // Their units of work, as a share of one core.
        of: |run| {
            let units = run.spin_units.filter(|_| run.spinners > 0)?;
            Some(units as f64 * run.unit_ns? as f64 / run.wall_ns as f64)
        },
        least: 0.05,
    },
    Metric { name: SLOWDOWN, of: |run| run.shared_units.map(|_| run.wall_ns as f64), least: 0.0 },
];

/// A metric of a cell, measured beside simulated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// The cell, in a few words.
    pub cell: String,
    /// The metric.
    pub metric: &'static str,
    /// Median over the measured repetitions.
    pub measured: f64,
    /// Median over the simulated ones.
    pub simulated: f64,
    /// Difference over the measured value.
    pub error: f64,
    /// Largest distance of a measured repetition from their median, over the median.
    pub spread: f64,
    /// Whether the error lies inside the spread.
    pub inside: bool,
}

impl Score {
    /// Whether the error is within 25 %, or within what the real machine does by itself where that is wider.
    #[must_use]
    pub fn good(&self) -> bool {
        self.error.abs() <= 0.25_f64.max(self.spread)
    }
}

/// Every metric of every cell; `simulated` has the runs of each cell.
#[must_use]
pub fn scores(cells: &[Cell], simulated: &[&[ProbeRow]]) -> Vec<Score> {
    let score = |at: usize, metric: &Metric| {
        let cell = &cells[at];
        let (measured, ours) = (values(metric, &cell.runs), values(metric, simulated[at]));
        let (mut middle, mut ours) = (median(&measured)?, median(&ours)?);
        let spread = measured.iter().map(|value| (value - middle).abs());
        let spread = spread.fold(0.0, f64::max) / middle.abs().max(metric.least);
        if metric.name == SLOWDOWN {
            let alone = cells.iter().position(|other| other.is_alone_like(cell))?;
            middle /= median(&values(metric, &cells[alone].runs))?;
            ours /= median(&values(metric, simulated[alone]))?;
        }
        let error = (ours - middle) / middle.abs().max(metric.least);
        Some(Score {
            cell: cell.title(),
            metric: metric.name,
            measured: middle,
            simulated: ours,
            error,
            spread,
            inside: error.abs() <= spread,
        })
    };
    (0..cells.len())
        .flat_map(|at| METRICS.iter().filter_map(move |metric| score(at, metric)))
        .collect()
}

fn values(metric: &Metric, runs: &[ProbeRow]) -> Vec<f64> {
    let mut values: Vec<_> = runs.iter().filter_map(metric.of).collect();
    values.sort_by(f64::total_cmp);
    values
}

fn median(sorted: &[f64]) -> Option<f64> {
    let (low, high) =
        (sorted.get(sorted.len().checked_sub(1)? / 2)?, sorted.get(sorted.len() / 2)?);
    Some(f64::midpoint(*low, *high))
}

/// A metric over all cells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The metric.
    pub metric: &'static str,
    /// Number of cells that have it.
    pub cells: usize,
    /// Median of the errors' sizes.
    pub median_error: f64,
    /// Quantile 0.9 of them.
    pub p90_error: f64,
    /// Share of the cells that are good ([`Score::good`]).
    pub good: f64,
}

/// The metrics over all cells.
#[must_use]
pub fn summary(scores: &[Score]) -> Vec<Summary> {
    let of = |metric: &Metric| {
        let mine: Vec<_> = scores.iter().filter(|score| score.metric == metric.name).collect();
        let mut errors: Vec<_> = mine.iter().map(|score| score.error.abs()).collect();
        errors.sort_by(f64::total_cmp);
        let good = mine.iter().filter(|score| score.good());
        Some(Summary {
            metric: metric.name,
            cells: mine.len(),
            median_error: median(&errors)?,
            p90_error: *errors.get((errors.len() * 9).div_ceil(10).saturating_sub(1))?,
            good: good.count() as f64 / mine.len() as f64,
        })
    };
    METRICS.iter().filter_map(of).collect()
}
