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
        let mut all = None;
        for run in one_each(runs) {
            let mut rows: Vec<Thread> = thread_names(&threads, run.run)
                .into_iter()
                .map(|label| Thread { label, stretches: Vec::new() })
                .collect();
            let intervals = self.results.intervals(run.run)?;
            all = recorded(all, &intervals);
            for row in intervals {
                let Some(activity) = Activity::of(row.state.name(), row.holds) else { continue };
                if let Some(thread) = rows.get_mut(row.thread.index()) {
                    let (start_ns, end_ns) = (row.start.ns(), row.end.ns());
                    let holds = row.holds;
                    thread.stretches.push(Stretch { start_ns, end_ns, activity, holds });
                }
            }
            panels.push(Panel { policy: self.policy(&run.policy), threads: rows });
        }
        let window = choice.window(all)?;
        let (from_ns, to_ns) = window.or(all.map(middle)).unwrap_or_default();
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
fn middle((begin, end): (u64, u64)) -> (u64, u64) {
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
    fn only_what_is_recorded_is_shown() {
        let of = |window_ns| Choice { window_ns, ..Choice::default() };
        let shown = |window| of(Some(window)).window(Some((10, 20))).ok().flatten();
        assert_eq!(
            [(0, 15), (12, 13), (15, 99)].map(shown),
            [Some((10, 15)), Some((12, 13)), Some((15, 20))]
        );
        let error = of(Some((30, 40))).window(Some((10, 20))).unwrap_err().to_string();
        assert_eq!(error, "nothing is recorded from 30ns to 40ns; there is from 10ns to 20ns");
        assert_eq!(of(None).window(Some((10, 20))).unwrap(), None);
    }

    #[test]
    fn what_was_recorded_is_that_of_all_runs() {
        let rows = |start, end| [interval(0, State::Running, true, start, end)];
        let first = recorded(None, &rows(5, 9));
        assert_eq!(recorded(first, &rows(2, 7)), Some((2, 9)));
        assert_eq!((recorded(None, &[]), recorded(first, &[])), (None, Some((5, 9))));
    }
}
