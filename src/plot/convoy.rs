//! What the figure `convoy` shows: how many threads wait in one run for each policy.

use super::timeline::{one_each, recorded};
use super::{Choice, PlotError, Plots};
use crate::figure::convoy::{Change, Data, Panel};
use crate::trace::tables::RunRow;
use crate::trace::{IntervalRow, State};

impl Plots {
    pub(super) fn convoy(&self, runs: &[&RunRow], choice: &Choice) -> Result<Data, PlotError> {
        let mut panels = Vec::new();
        let mut all = None;
        for run in one_each(runs) {
            let intervals = self.results.intervals(run.run)?;
            all = recorded(all, &intervals);
            let policy = self.policy(&run.policy);
            panels.push(Panel { policy, threads: run.threads, changes: changes(&intervals) });
        }
        let (from_ns, to_ns) = choice.window_ns.or(all).unwrap_or_default();
        Ok(Data { from_ns, to_ns, panels })
    }
}

/// When the number of threads that wait for the lock changes, and to what.
fn changes(intervals: &[IntervalRow]) -> Vec<Change> {
    let waits = intervals.iter().filter(|row| row.state == State::LockWait);
    let mut ends: Vec<_> =
        waits.flat_map(|row| [(row.start.ns(), true), (row.end.ns(), false)]).collect();
    ends.sort_unstable();
    let mut changes: Vec<Change> = Vec::new();
    let mut waiting = 0_u32;
    // What happens at one instant is one change, or none: one thread's wait may follow another's.
    for instant in ends.chunk_by(|a, b| a.0 == b.0) {
        let begins = instant.iter().filter(|(_, begins)| *begins).count();
        let count = waiting as usize + 2 * begins - instant.len();
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        if count != waiting {
            changes.push(Change { at_ns: instant[0].0, waiting: count });
        }
        waiting = count;
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::super::timeline::tests::interval;
    use super::*;
    use State::{LockWait, Running};

    fn counts(rows: &[IntervalRow]) -> Vec<(u64, u32)> {
        changes(rows).iter().map(|change| (change.at_ns, change.waiting)).collect()
    }

    #[test]
    fn waits_are_counted_where_they_overlap() {
        let rows = [
            interval(0, Running, true, 0, 9),
            interval(1, LockWait, false, 2, 9),
            interval(2, LockWait, false, 4, 11),
        ];
        assert_eq!(counts(&rows), [(2, 1), (4, 2), (9, 1), (11, 0)]);
    }

    #[test]
    fn a_wait_that_follows_another_changes_nothing() {
        let rows = [
            interval(1, LockWait, false, 2, 5),
            interval(1, LockWait, false, 5, 7),
            interval(2, LockWait, false, 7, 8),
        ];
        assert_eq!(counts(&rows), [(2, 1), (8, 0)]);
        assert!(counts(&[]).is_empty());
    }
}
