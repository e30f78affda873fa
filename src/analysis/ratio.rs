//! Metrics that are a ratio of two sums over a run, such as the CPU time of an operation.
//!
//! Their mean over replications is biased where what is divided by varies: the ratio of the sums over all replications is
//! what is asked for, and the jackknife gives its interval. Sums of time over a run are integrals, so that a mean over time,
//! such as the number of threads that wait, is one of them.

use crate::trace::tables::{RunRow, ThreadRow};

/// A ratio.
#[derive(Debug)]
pub struct Ratio {
    /// Its name. A unit stands last.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    above: fn(&RunRow, &[ThreadRow]) -> u64,
    below: fn(&RunRow, &[ThreadRow]) -> u64,
}

fn sum(threads: &[ThreadRow], of: fn(&ThreadRow) -> u64) -> u64 {
    threads.iter().map(of).sum()
}

fn cpu(_: &RunRow, threads: &[ThreadRow]) -> u64 {
    sum(threads, |thread| thread.running_ns + thread.overhead_ns)
}

fn lock_wait(_: &RunRow, threads: &[ThreadRow]) -> u64 {
    sum(threads, |thread| thread.lock_wait_ns)
}

fn ops(_: &RunRow, threads: &[ThreadRow]) -> u64 {
    sum(threads, |thread| thread.ops)
}

fn acquisitions(_: &RunRow, threads: &[ThreadRow]) -> u64 {
    sum(threads, |thread| thread.acquisitions)
}

/// Every ratio. All threads count, and operations of all groups.
pub const RATIOS: [Ratio; 9] = [
    Ratio { name: "cpu_per_op_ns", about: "CPU time for each operation", above: cpu, below: ops },
    Ratio {
        name: "lock_wait_per_op_ns",
        about: "waiting for locks for each operation",
        above: lock_wait,
        below: ops,
    },
    Ratio {
        name: "wait_per_acquisition_ns",
        about: "waiting for the global lock each time that it is taken",
        above: |_, threads| sum(threads, |thread| thread.lock_wait_ns - thread.object_wait_ns),
        below: acquisitions,
    },
    Ratio {
        name: "held_per_acquisition_ns",
        about: "holding the global lock each time that it is taken",
        above: |_, threads| sum(threads, |thread| thread.held_ns),
        below: acquisitions,
    },
    Ratio {
        name: "failed_acquisition_share",
        about: "wake-ups at the global lock that find it taken again, of all attempts",
        above: |_, threads| sum(threads, |thread| thread.failed_acquisitions),
        below: |_, threads| sum(threads, |thread| thread.failed_acquisitions + thread.acquisitions),
    },
    Ratio {
        name: "forced_drop_share",
        about: "releases at a check point, of all releases",
        above: |_, threads| sum(threads, |thread| thread.forced_drops),
        below: |_, threads| sum(threads, |thread| thread.forced_drops + thread.voluntary_releases),
    },
    Ratio {
        name: "contended_object_share",
        about: "locks of objects that are found taken, of all that are taken",
        above: |_, threads| sum(threads, |thread| thread.object_waits),
        below: |_, threads| sum(threads, |thread| thread.object_acquisitions),
    },
    Ratio {
        name: "context_switches_per_op",
        about: "how often a thread leaves its core for each operation",
        above: |_, threads| {
            sum(threads, |thread| {
                thread.voluntary_context_switches + thread.involuntary_context_switches
            })
        },
        below: ops,
    },
    Ratio {
        name: "threads_waiting",
        about: "how many threads wait for locks, the mean over time",
        above: lock_wait,
        below: |run, _| run.elapsed_ns,
    },
];

impl Ratio {
    /// The ratio of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        RATIOS.iter().find(|ratio| ratio.name == name)
    }

    /// Both sums over a run, given its threads.
    #[must_use]
    pub fn sums(&self, run: &RunRow, threads: &[ThreadRow]) -> (f64, f64) {
        ((self.above)(run, threads) as f64, (self.below)(run, threads) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_by_hand() {
        let run = RunRow { elapsed_ns: 100, ..RunRow::default() };
        let thread = |ops, running_ns| ThreadRow {
            ops,
            running_ns,
            overhead_ns: 5,
            lock_wait_ns: 40,
            object_wait_ns: 10,
            held_ns: 50,
            acquisitions: 3,
            failed_acquisitions: 1,
            forced_drops: 1,
            voluntary_releases: 4,
            object_waits: 1,
            object_acquisitions: 8,
            voluntary_context_switches: 2,
            ..ThreadRow::default()
        };
        let threads = [thread(1, 55), thread(3, 15)];
        let of = |name| {
            let (above, below) = Ratio::named(name).unwrap().sums(&run, &threads);
            above / below
        };
        for (name, expected) in [
            ("cpu_per_op_ns", 20.0),
            ("lock_wait_per_op_ns", 20.0),
            ("wait_per_acquisition_ns", 10.0),
            ("held_per_acquisition_ns", 50.0 / 3.0),
            ("failed_acquisition_share", 0.25),
            ("forced_drop_share", 0.2),
            ("contended_object_share", 0.125),
            ("context_switches_per_op", 1.0),
            ("threads_waiting", 0.8),
        ] {
            assert_eq!(of(name), expected, "{name}");
        }
        assert!(RATIOS.iter().all(|ratio| !RunRow::has_number(ratio.name)));
    }
}
