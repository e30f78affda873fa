//! What of a cell is compared: numbers, and whole distributions.

use crate::trace::tables::ProbeRow;

/// What is compared.
#[derive(Debug)]
pub struct Metric {
    /// Its name, with its unit.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Its unit; empty for a ratio.
    pub unit: &'static str,
    /// How it is compared.
    pub of: Compared,
    /// Below this, a difference is not worth a per cent: errors are relative to at least so much, and
    /// quantiles count as at least so much.
    pub least: f64,
}

impl Metric {
    /// What people call it, with its unit.
    #[must_use]
    pub fn heading(&self) -> String {
        match self.unit {
            "" => self.title.to_owned(),
            unit => format!("{} ({unit})", self.title),
        }
    }
}

/// How a metric of a cell is compared.
#[derive(Debug, Clone, Copy)]
pub enum Compared {
    /// By a number that a run has, or not.
    Number(fn(&ProbeRow) -> Option<f64>),
    /// By a number over that of the cell with a single thread.
    Relative(fn(&ProbeRow) -> Option<f64>),
    /// By quantiles: the error is how far their logarithms are apart on average.
    Distribution(fn(&ProbeRow) -> Option<[f64; 6]>),
}

fn per_s(count: u64, run: &ProbeRow) -> f64 {
    count as f64 / (run.wall_ns as f64 / 1e9)
}

fn ms(ns: Option<u64>) -> Option<f64> {
    ns.map(|ns| ns as f64 / 1e6)
}

fn has_slices(run: &ProbeRow) -> bool {
    // A thread alone has no slices: its gaps are the machine's noise.
    run.spinners > 1 && run.lock == "on"
}

/// The quantiles 0.05, 0.25, 0.5, 0.75, 0.95 and 0.99 of a run's latencies \[ns\].
#[must_use]
pub fn latencies(run: &ProbeRow) -> Option<[f64; 6]> {
    run.latency_quantiles_ns().map(|quantiles| quantiles.map(|ns| ns as f64))
}

/// The same quantiles of a run's slices \[ns\], if its threads take turns.
#[must_use]
pub fn slices(run: &ProbeRow) -> Option<[f64; 6]> {
    let quantiles = run.slice_quantiles_ns().filter(|_| has_slices(run))?;
    Some(quantiles.map(|ns| ns as f64))
}

const fn number(
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    of: fn(&ProbeRow) -> Option<f64>,
) -> Metric {
    Metric { name, title, unit, of: Compared::Number(of), least: 0.0 }
}

/// What is compared, in reading order.
pub const METRICS: [Metric; 11] = [
    number("latency_mean_ms", "mean latency", "ms", |run| ms(run.latency_mean_ns)),
    number("latency_p50_ms", "median latency", "ms", |run| ms(run.latency_p50_ns)),
    number("latency_p95_ms", "p95 latency", "ms", |run| ms(run.latency_p95_ns)),
    Metric {
        name: "latency_distribution",
        title: "distribution of latencies",
        unit: "",
        of: Compared::Distribution(latencies),
        // The clock of Python 2 counts microseconds: less than one is as good as one.
        least: 1_000.0,
    },
    number("ops_per_s", "operations", "1/s", |run| run.ops.map(|ops| per_s(ops, run))),
    Metric {
        // The interpreter's own start and end make some.
        least: 50.0,
        ..number("voluntary_switches_per_s", "voluntary switches", "1/s", |run| {
            Some(per_s(run.voluntary_context_switches, run))
        })
    },
    Metric {
        // The probe's own start and end take some.
        least: 0.05,
        ..number("cpu_per_wall", "CPU time", "cores", |run| {
            Some(run.cpu_ns as f64 / run.wall_ns as f64)
        })
    },
    number("slice_mean_ms", "mean slice", "ms", |run| {
        ms(run.slice_mean_ns).filter(|_| has_slices(run))
    }),
    Metric {
        name: "slice_distribution",
        title: "distribution of slices",
        unit: "",
        of: Compared::Distribution(slices),
        // A slice counts whole units of work.
        least: 50_000.0,
    },
    Metric {
        least: 0.05,
        ..number("spinner_share", "spinners’ work", "cores", |run| {
            let units = run.spin_units.filter(|_| run.spinners > 0)?;
            Some(units as f64 * run.unit_ns? as f64 / run.wall_ns as f64)
        })
    },
    Metric {
        name: "slowdown",
        title: "slowdown",
        unit: "",
        of: Compared::Relative(|run| run.shared_units.map(|_| run.wall_ns as f64)),
        least: 0.0,
    },
];
