//! What the figure `timeline` shows: the threads of one run for each policy.

use super::{Choice, PlotError, Plots, distinct};
use crate::analysis::thread_names;
use crate::figure::Activity;
use crate::figure::timeline::{Data, Panel, Stretch, Thread};
use crate::trace::tables::RunRow;

/// How much of a run is shown if nothing else is asked for \[ns\].
const WINDOW_NS: u64 = 30_000_000;

impl Plots {
    pub(super) fn timeline(&self, runs: &[&RunRow], choice: &Choice) -> Result<Data, PlotError> {
        // One run tells more than an average: the first point at which threads meet.
        let first = runs.iter().find(|run| run.threads > 1).or(runs.first());
        let Some(first) = first else { return Ok(Data { from_ns: 0, to_ns: 0, panels: vec![] }) };
        let shown: Vec<_> = runs
            .iter()
            .filter(|run| (&run.case, &run.point) == (&first.case, &first.point))
            .collect();
        let threads = self.results.threads()?;
        let mut panels = Vec::new();
        for policy in distinct(shown.iter().map(|run| run.policy.as_str())) {
            let run = shown.iter().find(|run| run.policy == policy);
            let Some(run) = run else { continue };
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
            panels.push(Panel { policy: self.policy(policy), threads: rows });
        }
        let (from_ns, to_ns) = choice.window_ns.unwrap_or_else(|| middle(&panels));
        Ok(Data { from_ns, to_ns, panels })
    }
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
