//! Where the time of each group's threads went.

use gilsim_policies::Span;
use serde::Serialize;

use super::{Case, Run};
use crate::sim::ThreadTotals;
use crate::trace::{State, StateTimes};

/// Shares of the time from a group's threads' start to their end; they sum up to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Breakdown {
    /// The group.
    pub group: String,
    /// How many threads it has.
    pub threads: u32,
    /// Doing its own work on a core.
    pub computing: f64,
    /// Looking for requests on a core.
    pub polling: f64,
    /// Waiting for the global lock.
    pub lock_wait: f64,
    /// Waiting for the locks of objects.
    pub object_wait: f64,
    /// Waiting for a core.
    pub core_wait: f64,
    /// Blocked, or idle until a request arrives.
    pub blocked: f64,
    /// Lock and scheduler calls, starting, messages.
    pub overhead: f64,
}

/// Accounts of several threads, over all replications.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sums {
    /// Time by state. The lock wait includes that for objects.
    pub times: StateTimes,
    /// A part of the lock wait.
    pub object_wait: Span,
    /// Running to find out whether a request waits.
    pub polling: Span,
    /// With the lock.
    pub held: Span,
    /// At work with the lock.
    pub running_locked: Span,
    /// Takings of the global lock.
    pub acquisitions: u64,
    /// Wake-ups that found it taken.
    pub failed: u64,
    /// Releases to block, or to run code without the lock.
    pub voluntary: u64,
    /// Releases that a waiter made it make.
    pub forced: u64,
    /// Takings of objects' locks.
    pub object_acquisitions: u64,
    /// Those that had to wait.
    pub object_waits: u64,
    /// Operations.
    pub ops: u64,
}

impl Sums {
    fn add(&mut self, thread: &ThreadTotals) {
        self.times.0.iter_mut().zip(thread.times.0).for_each(|(sum, time)| *sum += time);
        self.object_wait += thread.object_wait;
        self.polling += thread.polling;
        self.held += thread.held;
        self.running_locked += thread.running_locked;
        self.acquisitions += thread.acquisitions;
        self.failed += thread.failed_acquisitions;
        self.voluntary += thread.voluntary_releases;
        self.forced += thread.forced_drops;
        self.object_acquisitions += thread.object_acquisitions;
        self.object_waits += thread.object_waits;
        self.ops += thread.ops;
    }

    /// From start to end.
    #[must_use]
    pub fn life(&self) -> Span {
        self.times.total()
    }

    /// Time asleep at the global lock.
    #[must_use]
    pub fn lock_wait(&self) -> Span {
        self.times.of(State::LockWait).saturating_sub(self.object_wait)
    }

    /// Time on a core.
    #[must_use]
    pub fn on_core(&self) -> Span {
        self.times.of(State::Running) + self.times.of(State::Overhead)
    }
}

/// The accounts of one group, or of all if `group` is `None`.
#[must_use]
pub fn sums(runs: &[Run], group: Option<usize>) -> Sums {
    let mut sums = Sums::default();
    runs.iter()
        .flat_map(|run| &run.outcome.threads)
        .filter(|thread| group.is_none_or(|group| thread.group as usize == group))
        .for_each(|thread| sums.add(thread));
    sums
}

/// A part of a whole; 0 of nothing.
pub(super) fn share(part: Span, whole: Span) -> f64 {
    if whole.is_zero() { 0.0 } else { part.ns() as f64 / whole.ns() as f64 }
}

pub(super) fn breakdown(case: &Case<'_>, runs: &[Run]) -> Vec<Breakdown> {
    let groups = case.workload.groups.iter().enumerate();
    let row = |(number, group): (usize, &crate::workload::Group)| {
        let sums = sums(runs, Some(number));
        let of = |state| share(sums.times.of(state), sums.life());
        Breakdown {
            group: group.name.clone(),
            threads: group.threads,
            computing: share(sums.times.of(State::Running) - sums.polling, sums.life()),
            polling: share(sums.polling, sums.life()),
            lock_wait: share(sums.lock_wait(), sums.life()),
            object_wait: share(sums.object_wait, sums.life()),
            core_wait: of(State::CoreWait),
            blocked: of(State::Blocked),
            overhead: of(State::Overhead),
        }
    };
    groups.filter(|(_, group)| group.threads > 0).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::examples::{Example, thread};
    use super::*;

    #[test]
    fn waiting_for_objects_is_not_waiting_for_the_lock_and_polling_no_computing() {
        let mut one = thread(0, [20, 10, 40, 10, 20]);
        one.object_wait = Span::from_ms(30);
        one.polling = Span::from_ms(5);
        let example = Example::new("[io]\nprogram = [{ compute = \"1ms\" }]", vec![one]);
        let rows = breakdown(&example.case(), &example.baseline);
        let expected = Breakdown {
            group: "io".to_owned(),
            threads: 1,
            computing: 0.15,
            polling: 0.05,
            lock_wait: 0.1,
            object_wait: 0.3,
            core_wait: 0.1,
            blocked: 0.2,
            overhead: 0.1,
        };
        assert_eq!(rows, [expected]);
    }
}
