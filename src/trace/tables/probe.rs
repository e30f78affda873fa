//! The table `probe`: what a run of the probe saw, of a real interpreter or of a simulated one.

use serde::{Deserialize, Serialize};

use super::{Table, columns};

/// One run. What does not apply to its task is null.
///
/// The task `cpu` shares a number of units of work among threads. The others repeat an operation in one
/// thread beside others that do units of work: `sleep` blocks, `write` frees the lock and takes it back.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProbeRow {
    /// The interpreter's name.
    pub python: String,
    /// Its version.
    pub version: String,
    /// `on` if it has a global lock, else `off`.
    pub lock: String,
    /// Cores that it may use.
    pub cores: u32,
    /// `cpu`, `sleep` or `write`.
    pub task: String,
    /// Threads that do units of work.
    pub spinners: u32,
    /// `sys.setcheckinterval`, up to Python 3.1.
    pub check_interval_ticks: Option<u64>,
    /// `sys.setswitchinterval`, from 3.2 on.
    pub switch_interval_ns: Option<u64>,
    /// How long the operation blocks.
    pub sleep_ns: Option<u64>,
    /// Units of work after each operation.
    pub post_units: u32,
    /// Units of work to share.
    pub shared_units: Option<u64>,
    /// Which repetition of the same settings, from 0.
    pub repetition: u32,

    /// Elapsed time.
    pub wall_ns: u64,
    /// CPU time of the process.
    pub cpu_ns: u64,
    /// Voluntary context switches of the process.
    pub voluntary_context_switches: u64,
    /// Involuntary ones.
    pub involuntary_context_switches: u64,
    /// What a unit takes; with the task `cpu` the quantile 0.1 in this run.
    pub unit_ns: Option<u64>,
    /// Operations done.
    pub ops: Option<u64>,
    /// Mean latency of an operation.
    pub latency_mean_ns: Option<u64>,
    /// Quantiles of it.
    pub latency_p5_ns: Option<u64>,
    /// Quantile 0.25.
    pub latency_p25_ns: Option<u64>,
    /// Median.
    pub latency_p50_ns: Option<u64>,
    /// Quantile 0.75.
    pub latency_p75_ns: Option<u64>,
    /// Quantile 0.95.
    pub latency_p95_ns: Option<u64>,
    /// Quantile 0.99.
    pub latency_p99_ns: Option<u64>,
    /// Longest latency.
    pub latency_max_ns: Option<u64>,
    /// Units done beside the operations.
    pub spin_units: Option<u64>,
    /// Runs of units of one thread without a gap above four units.
    pub slices: Option<u64>,
    /// Their mean length.
    pub slice_mean_ns: Option<u64>,
    /// Quantiles of it.
    pub slice_p5_ns: Option<u64>,
    /// Quantile 0.25.
    pub slice_p25_ns: Option<u64>,
    /// Median.
    pub slice_p50_ns: Option<u64>,
    /// Quantile 0.75.
    pub slice_p75_ns: Option<u64>,
    /// Quantile 0.95.
    pub slice_p95_ns: Option<u64>,
    /// Quantile 0.99.
    pub slice_p99_ns: Option<u64>,
    /// CPU time of all other processes meanwhile, as a share of one core.
    pub foreign_share: f64,
    /// Time that the hypervisor took away, likewise.
    pub steal_share: f64,
}

impl ProbeRow {
    /// The quantiles 0.05, 0.25, 0.5, 0.75, 0.95 and 0.99 of the operations' latency \[ns\].
    #[must_use]
    pub fn latency_quantiles_ns(&self) -> Option<[u64; 6]> {
        Some([
            self.latency_p5_ns?,
            self.latency_p25_ns?,
            self.latency_p50_ns?,
            self.latency_p75_ns?,
            self.latency_p95_ns?,
            self.latency_p99_ns?,
        ])
    }

    /// The same quantiles of the slices' length \[ns\].
    #[must_use]
    pub fn slice_quantiles_ns(&self) -> Option<[u64; 6]> {
        Some([
            self.slice_p5_ns?,
            self.slice_p25_ns?,
            self.slice_p50_ns?,
            self.slice_p75_ns?,
            self.slice_p95_ns?,
            self.slice_p99_ns?,
        ])
    }
}

impl Table for ProbeRow {
    const NAME: &'static str = "probe";
    const COLUMNS: &'static [super::Column<Self>] = columns![
        python,
        version,
        lock,
        cores,
        task,
        spinners,
        check_interval_ticks,
        switch_interval_ns,
        sleep_ns,
        post_units,
        shared_units,
        repetition,
        wall_ns,
        cpu_ns,
        voluntary_context_switches,
        involuntary_context_switches,
        unit_ns,
        ops,
        latency_mean_ns,
        latency_p5_ns,
        latency_p25_ns,
        latency_p50_ns,
        latency_p75_ns,
        latency_p95_ns,
        latency_p99_ns,
        latency_max_ns,
        spin_units,
        slices,
        slice_mean_ns,
        slice_p5_ns,
        slice_p25_ns,
        slice_p50_ns,
        slice_p75_ns,
        slice_p95_ns,
        slice_p99_ns,
        foreign_share,
        steal_share,
    ];
}
