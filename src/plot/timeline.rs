//! What the figure `timeline` shows: the threads of one run for each policy.

use super::{Choice, PlotError, Plots};
use crate::analysis::{telling, thread_names};
use crate::figure::Activity;
use crate::figure::timeline::{Data, Panel, Stretch, Thread};
use crate::trace::IntervalRow;
use crate::trace::tables::RunRow;

/// How much of a run is shown if nothing else is asked for \[ns\].
const WINDOW_NS: u64 = 30_000_000;

impl Plots {
    pub(super) fn timeline(&self, runs: &[&RunRow], choice: &Choice) -> Result<Data, PlotError> {
        let threads = self.results.threads()?;
        let mut panels = Vec::new();
        for run in one_each(runs) {
            let mut rows: Vec<Thread> = thread_names(&threads, run.run)
                .into_iter()
                .map(|label| Thread { label, stretches: Vec::new() })
                .collect();
            for row in self.results.intervals(run.run)? {
                let Some(activity) = Activity::of(row.state.name(), row.holds) else { continue };
                if let Some(thread) = rows.get_mut(row.thread.index()) {
                    let (start_ns, end_ns) = (row.start.ns(), row.end.ns());
                    let holds = row.holds;
                    thread.stretches.push(Stretch { start_ns, end_ns, activity, holds });
                }
            }
            panels.push(Panel { policy: self.policy(&run.policy), threads: rows });
        }
        let (from_ns, to_ns) = choice.window_ns.unwrap_or_else(|| middle(&panels));
        Ok(Data { from_ns, to_ns, panels })
    }
}

/// One run for each policy, which tells more than an average: the first at the point that tells most.
pub(super) fn one_each<'a>(runs: &[&'a RunRow]) -> Vec<&'a RunRow> {
    let Some(first) = telling(runs.iter().copied()) else { return Vec::new() };
    let mut shown: Vec<&RunRow> = Vec::new();
    for run in runs.iter().filter(|run| (&run.case, &run.point) == (&first.case, &first.point)) {
        if shown.iter().all(|other| other.policy != run.policy) {
            shown.push(run);
        }
    }
    shown
}

/// A window in the middle of what was recorded.
fn middle(panels: &[Panel]) -> (u64, u64) {
    let stretches = || panels.iter().flat_map(|panel| &panel.threads).flat_map(|t| &t.stretches);
    let begin = stretches().map(|stretch| stretch.start_ns).min().unwrap_or(0);
    let end = stretches().map(|stretch| stretch.end_ns).max().unwrap_or(0);
    let length = (end - begin).min(WINDOW_NS);
    let from = begin + (end - begin - length) / 2;
    (from, from + length)
}

/// Begin and end of what was recorded of some runs, with those of one more.
pub(super) fn recorded(
    before: Option<(u64, u64)>,
    intervals: &[IntervalRow],
) -> Option<(u64, u64)> {
    let mine = intervals.iter().map(|row| (row.start.ns(), row.end.ns()));
    before.into_iter().chain(mine).reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::intervals::tests::interval;
    use crate::trace::State;

    fn run(point: &str, policy: &str, threads: u32) -> RunRow {
        let (point, policy) = (point.to_owned(), policy.to_owned());
        RunRow { point, policy, threads, ..RunRow::default() }
    }

    #[test]
    fn one_run_of_each_policy_where_threads_meet() {
        let runs = [
            run("threads=1", "tick", 1),
            run("threads=2", "tick", 2),
            RunRow { run: 7, ..run("threads=2", "tick", 2) },
            run("threads=2", "fifo", 2),
            run("threads=4", "tick", 4),
        ];
        let shown = one_each(&runs.iter().collect::<Vec<_>>());
        assert_eq!(shown, [&runs[1], &runs[3]]);
        assert_eq!(one_each(&[&runs[0]]), [&runs[0]]);
        assert!(one_each(&[]).is_empty());
    }

    #[test]
    fn what_was_recorded_is_that_of_all_runs() {
        let rows = |start, end| [interval(0, State::Running, true, start, end)];
        let first = recorded(None, &rows(5, 9));
        assert_eq!(recorded(first, &rows(2, 7)), Some((2, 9)));
        assert_eq!((recorded(None, &[]), recorded(first, &[])), (None, Some((5, 9))));
    }
}
