//! What intervals say of all threads together.

use crate::trace::{IntervalRow, State};

/// When \[ns\] the number of threads that wait for the lock changes, and to what. Nobody waits before the first change.
#[must_use]
pub fn waiting(intervals: &[IntervalRow]) -> Vec<(u64, u32)> {
    let waits = intervals.iter().filter(|row| row.state == State::LockWait);
    let mut ends: Vec<_> =
        waits.flat_map(|row| [(row.start.ns(), true), (row.end.ns(), false)]).collect();
    ends.sort_unstable();
    let mut changes = Vec::new();
    let mut waiting = 0_u32;
    // What happens at one instant is one change, or none: one thread's wait may follow another's.
    for instant in ends.chunk_by(|a, b| a.0 == b.0) {
        let begins = instant.iter().filter(|(_, begins)| *begins).count();
        let count = waiting as usize + 2 * begins - instant.len();
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        if count != waiting {
            changes.push((instant[0].0, count));
        }
        waiting = count;
    }
    changes
}

#[cfg(test)]
pub(crate) mod tests {
    use State::{LockWait, Running};
    use gilsim_policies::{Instant, ThreadId};

    use super::*;

    /// An interval of a thread; times in ns.
    pub fn interval(thread: u32, state: State, holds: bool, start: u64, end: u64) -> IntervalRow {
        let (start, end) = (Instant::from_ns(start), Instant::from_ns(end));
        IntervalRow { thread: ThreadId(thread), state, holds, core: None, start, end }
    }

    #[test]
    fn waits_are_counted_where_they_overlap() {
        let rows = [
            interval(0, Running, true, 0, 9),
            interval(1, LockWait, false, 2, 9),
            interval(2, LockWait, false, 4, 11),
        ];
        assert_eq!(waiting(&rows), [(2, 1), (4, 2), (9, 1), (11, 0)]);
    }

    #[test]
    fn a_wait_that_follows_another_changes_nothing() {
        let rows = [
            interval(1, LockWait, false, 2, 5),
            interval(1, LockWait, false, 5, 7),
            interval(3, LockWait, false, 6, 6),
            interval(2, LockWait, false, 7, 8),
        ];
        assert_eq!(waiting(&rows), [(2, 1), (8, 0)]);
        assert!(waiting(&[]).is_empty());
    }
}
