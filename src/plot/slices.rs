//! What the figure `slices` shows: for how long the lock stayed with one thread, all recorded
//! replications together.

use super::{Choice, PlotError, Plots};
use crate::figure::latency::{Data, Times};
use crate::trace::IntervalRow;
use crate::trace::tables::RunRow;

impl Plots {
    pub(super) fn slices(&self, runs: &[&RunRow], choice: &Choice) -> Result<Data, PlotError> {
        let mut missing = None;
        let of_run = |run: &RunRow| match self.results.intervals(run.run) {
            Ok(intervals) => Ok(slices_ns(&intervals)),
            // Some cases may be recorded at a higher level than others.
            Err(error) if error.is_missing() => {
                missing = Some(error);
                Ok(Vec::new())
            }
            Err(error) => Err(error.into()),
        };
        let panels = self.curves(runs, of_run, |_, _| Vec::new())?;
        match missing {
            Some(error) if panels.is_empty() => Err(error.into()),
            _ => {
                let name = "length of a slice".to_owned();
                Ok(Data { times: Times::Slices, name, cdf: choice.cdf, panels })
            }
        }
    }
}

/// The lengths of the stretches for which a thread had the lock without a break, in no order.
///
/// Whoever lets the lock go and takes it again at the same instant goes on with the slice. A slice that
/// the begin or the end of the run cuts off counts with the length that was seen: left out, a thread
/// that has the lock all the time would be, too.
fn slices_ns(intervals: &[IntervalRow]) -> Vec<u64> {
    let mut lengths = Vec::new();
    // Of each thread, the slice that may go on: begin and end.
    let mut open: Vec<Option<(u64, u64)>> = Vec::new();
    for row in intervals.iter().filter(|row| row.holds) {
        let (thread, start, end) = (row.thread.index(), row.start.ns(), row.end.ns());
        if thread >= open.len() {
            open.resize(thread + 1, None);
        }
        match &mut open[thread] {
            Some(slice) if slice.1 == start => slice.1 = end,
            slot => lengths.extend(slot.replace((start, end)).map(|(start, end)| end - start)),
        }
    }
    lengths.extend(open.into_iter().flatten().map(|(start, end)| end - start));
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::intervals::tests::interval;
    use crate::trace::State::{Blocked, CoreWait, Running};

    #[test]
    fn a_slice_goes_on_while_its_thread_has_the_lock() {
        // It also has the lock while it waits for a core.
        let rows = [
            interval(0, Running, true, 0, 5),
            interval(0, CoreWait, true, 5, 7),
            interval(1, Running, true, 7, 10),
        ];
        let mut slices = slices_ns(&rows);
        slices.sort_unstable();
        assert_eq!(slices, [3, 7]);
    }

    #[test]
    fn a_break_ends_a_slice_and_other_threads_do_not() {
        let rows = [
            interval(0, Running, true, 0, 5),
            interval(1, Blocked, false, 0, 6),
            interval(0, Running, false, 5, 6),
            interval(0, Running, true, 6, 8),
        ];
        assert_eq!(slices_ns(&rows), [5, 2]);
        assert!(slices_ns(&[]).is_empty());
    }
}
