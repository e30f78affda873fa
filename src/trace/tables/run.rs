//! The table `runs`: what came of each run.

use serde::{Deserialize, Serialize};

use super::{Cell, Field, Kind, Table, columns};
use crate::trace::fingerprint::Fingerprint;

/// Begins the names of the columns that hold swept numbers.
pub const SWEEP_PREFIX: &str = "sweep_";

/// One run: a policy at one point of a sweep, once.
///
/// A metric is null where it does not exist: a latency without operations, a share of nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RunRow {
    /// The run's number within the experiment.
    pub run: u32,
    /// The case: a workload on a machine.
    pub case: String,
    /// The swept values as text, such as `spinners=3 cores=2`.
    pub point: String,
    /// What figures call it: the policy's name, or that of the architecture, or both.
    pub policy: String,
    /// The policy's rule.
    pub policy_kind: String,
    /// The kind of the architecture; `threads` if the experiment names none.
    pub architecture: String,
    /// The group whose operations give throughput and latency.
    pub focus: String,
    /// Which replication.
    pub replication: u32,
    /// Which random order events at one instant were taken in; null if in that of threads' numbers.
    pub tie_order: Option<u32>,
    /// The experiment's seed.
    pub seed: u64,
    /// Why the run ended.
    pub ending: Ending,
    /// Who waits for what in a deadlock, and for whom, such as
    /// `T0 (io) waits for accounts[3] held by T1 (cpu); T1 (cpu) waits for log held by T0 (io)`; empty if there is none.
    pub deadlock: String,
    /// What of the run the metrics are about.
    pub coverage: Coverage,
    /// So much of the begin they leave out.
    pub warm_up_ns: u64,
    /// How long it lasted, without that.
    pub elapsed_ns: u64,
    /// Number of threads.
    pub threads: u32,
    /// How much memory interpreters, threads and objects take.
    pub memory_bytes: u64,
    /// Operations of the focus group for each second of the run.
    pub ops_per_s: Option<f64>,
    /// Mean latency of the focus group's operations.
    pub latency_mean_ns: Option<f64>,
    /// Quantile 0.05 of the focus group's latencies.
    pub latency_p5_ns: Option<u64>,
    /// First quartile of the focus group's latencies.
    pub latency_p25_ns: Option<u64>,
    /// Median of the focus group's latencies.
    pub latency_p50_ns: Option<u64>,
    /// Third quartile of the focus group's latencies.
    pub latency_p75_ns: Option<u64>,
    /// Quantile 0.95 of the focus group's latencies.
    pub latency_p95_ns: Option<u64>,
    /// Quantile 0.99 of the focus group's latencies.
    pub latency_p99_ns: Option<u64>,
    /// The focus group's longest latency.
    pub latency_max_ns: Option<u64>,
    /// Operations of all groups.
    pub ops_total: u64,
    /// Cores kept busy: running and overhead time over elapsed time.
    pub cpu_share: Option<f64>,
    /// Elapsed time over the time that one thread alone would take for the same, undisturbed and one
    /// after the other: what all threads computed, but for looking for requests, and how long they
    /// were blocked. Below 1, threads gained from each other; above 1, they would have done better in
    /// a row.
    pub slowdown: Option<f64>,
    /// Jain's index of how far each thread got on with its own affairs: running and blocked time
    /// over its life time. 1 if all got on equally well, 1/threads if only one did.
    pub fairness: Option<f64>,
    /// Share of the threads' life time spent running.
    pub running_share: Option<f64>,
    /// Share of the threads' life time spent running with the lock.
    pub running_locked_share: Option<f64>,
    /// Share of the threads' life time spent on overhead.
    pub overhead_share: Option<f64>,
    /// Share of the threads' life time spent waiting for the lock.
    pub lock_wait_share: Option<f64>,
    /// Share of the threads' life time spent asleep at the locks of objects: a part of `lock_wait_share`.
    pub object_wait_share: Option<f64>,
    /// Share of the threads' life time spent waiting for a core.
    pub core_wait_share: Option<f64>,
    /// Share of the threads' life time spent blocked.
    pub blocked_share: Option<f64>,
    /// How often the lock changed its holder.
    pub switches_per_s: Option<f64>,
    /// How often a woken thread found the lock taken again.
    pub failed_acquisitions_per_s: Option<f64>,
    /// How often a holder let go at a check point.
    pub forced_drops_per_s: Option<f64>,
    /// How often a waiter asked the holder to let go.
    pub drop_requests_per_s: Option<f64>,
    /// How often a holder let go to block, or to run code without the lock.
    pub voluntary_releases_per_s: Option<f64>,
    /// How often a thread left its core to sleep or block.
    pub voluntary_context_switches_per_s: Option<f64>,
    /// How often a thread was taken off its core.
    pub involuntary_context_switches_per_s: Option<f64>,
    /// Mean time that the lock stayed with one thread: time held over switches.
    pub slice_mean_ns: Option<f64>,
    /// Share of the run during which somebody held the lock, summed up over interpreters.
    pub lock_held_share: Option<f64>,
    /// Changes of reference counts that another thread's write undid.
    pub lost_updates: u64,
    /// How often a reference count fell to zero while somebody still referred to the object: memory freed in use.
    pub freed_in_use: u64,
    /// Objects whose reference count was too high at the end: memory that is never freed.
    pub never_freed: u64,
    /// Share of the threads' life time spent counting references.
    pub counting_share: Option<f64>,
    /// How often the collector of cycles ran.
    pub collections: u64,
    /// For how long threads stood still for it, or waited until they did, summed up over collections.
    pub collecting_ns: u64,
    /// Events that the engine took from its queue, or would have: rounds in vain are done many at once.
    pub events: u64,
    /// A hash of every operation and of all totals: equal if the same happened ([`fingerprint`](crate::trace::fingerprint)).
    pub fingerprint: Fingerprint,
    /// Swept numbers, each in its own column: [`SWEEP_PREFIX`] and the name, and the value.
    pub sweep: Vec<(String, f64)>,
}

/// Numbers that are no measurements.
const WHICH_RUN: [&str; 4] = ["run", "replication", "tie_order", "seed"];

impl RunRow {
    /// What was measured: the columns of numbers that every row has, but for those that say which run it is.
    pub fn numbers() -> impl Iterator<Item = &'static str> {
        let numbers = Self::COLUMNS.iter().filter(|column| column.kind.is_number());
        numbers.map(|column| column.name).filter(|name| !WHICH_RUN.contains(name))
    }

    /// Whether every row has a column of numbers with this name.
    #[must_use]
    pub fn has_number(name: &str) -> bool {
        Self::numbers().any(|known| known == name)
    }

    /// The number in a column; `None` if the row has none there, or there is no such column.
    #[must_use]
    pub fn number(&self, column: &str) -> Option<f64> {
        if let Some((_, value)) = self.sweep.iter().find(|(name, _)| name == column) {
            return Some(*value);
        }
        let listed = Self::COLUMNS.iter().find(|listed| listed.name == column)?;
        match (listed.get)(self) {
            Cell::Whole(value) => Some(value as f64),
            Cell::Real(value) => Some(value),
            Cell::Null | Cell::Text(_) => None,
        }
    }
}

impl Table for RunRow {
    const NAME: &'static str = "runs";
    const COLUMNS: &'static [super::Column<Self>] = columns![
        run,
        case,
        point,
        policy,
        policy_kind,
        architecture,
        focus,
        replication,
        tie_order,
        seed,
        ending,
        deadlock,
        coverage,
        warm_up_ns,
        elapsed_ns,
        threads,
        memory_bytes,
        ops_per_s,
        latency_mean_ns,
        latency_p5_ns,
        latency_p25_ns,
        latency_p50_ns,
        latency_p75_ns,
        latency_p95_ns,
        latency_p99_ns,
        latency_max_ns,
        ops_total,
        cpu_share,
        slowdown,
        fairness,
        running_share,
        running_locked_share,
        overhead_share,
        lock_wait_share,
        object_wait_share,
        core_wait_share,
        blocked_share,
        switches_per_s,
        failed_acquisitions_per_s,
        forced_drops_per_s,
        drop_requests_per_s,
        voluntary_releases_per_s,
        voluntary_context_switches_per_s,
        involuntary_context_switches_per_s,
        slice_mean_ns,
        lock_held_share,
        lost_updates,
        freed_in_use,
        never_freed,
        counting_share,
        collections,
        collecting_ns,
        events,
        fingerprint,
    ];

    fn extra(&self) -> &[(String, f64)] {
        &self.sweep
    }
    fn is_extra(name: &str) -> bool {
        name.starts_with(SWEEP_PREFIX)
    }
    fn add_extra(&mut self, name: &str, value: f64) {
        self.sweep.push((name.to_owned(), value));
    }
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Every thread has ended.
    #[default]
    Completed,
    /// The duration was over.
    TimeUp,
    /// No thread could ever go on again.
    Deadlock,
}

impl Ending {
    /// Every ending.
    pub const ALL: [Self; 3] = [Self::Completed, Self::TimeUp, Self::Deadlock];

    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::TimeUp => "time_up",
            Self::Deadlock => "deadlock",
        }
    }
}

impl Field for Ending {
    const KIND: Kind = Kind::Enum;
    fn cell(&self) -> Cell {
        Cell::Text(self.name().to_owned())
    }
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Text(text) => Self::ALL.into_iter().find(|ending| ending.name() == text),
            _ => None,
        }
    }
}

/// What of a run its metrics are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// All of it.
    #[default]
    Whole,
    /// What came after the warm-up.
    AfterWarmUp,
    /// Its second half, because no end of the warm-up was found in the first: nothing can be said of the steady state.
    TooShort,
}

impl Coverage {
    /// Every coverage.
    pub const ALL: [Self; 3] = [Self::Whole, Self::AfterWarmUp, Self::TooShort];

    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::AfterWarmUp => "after_warm_up",
            Self::TooShort => "too_short",
        }
    }
}

impl Field for Coverage {
    const KIND: Kind = Kind::Enum;
    fn cell(&self) -> Cell {
        Cell::Text(self.name().to_owned())
    }
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Text(text) => Self::ALL.into_iter().find(|coverage| coverage.name() == text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_column_name() {
        let row = RunRow {
            elapsed_ns: 7,
            fairness: Some(0.5),
            sweep: vec![("sweep_cores".to_owned(), 2.0)],
            ..RunRow::default()
        };
        assert_eq!(row.number("elapsed_ns"), Some(7.0));
        assert_eq!(row.number("fairness"), Some(0.5));
        assert_eq!(row.number("sweep_cores"), Some(2.0));
        for column in ["slowdown", "policy", "fairnes"] {
            assert_eq!(row.number(column), None, "{column}");
        }
    }

    #[test]
    fn a_row_survives_the_journal_to_the_last_bit() {
        // Parsers that are fast but not exact get the last digit of some of these wrong.
        let mut row = RunRow { ending: Ending::TimeUp, ..RunRow::default() };
        for i in 1..2_000_u32 {
            row.ops_per_s = Some(f64::from(i).sqrt() * 1e5 / 7.0);
            row.slice_mean_ns = Some(1.0 / f64::from(i).powi(9));
            let text = serde_json::to_string(&row).unwrap();
            assert_eq!(serde_json::from_str::<RunRow>(&text).unwrap(), row);
        }
    }
}
