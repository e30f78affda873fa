//! What the figure `convoy` shows: how many threads wait in one run for each policy.

use super::timeline::{one_each, recorded};
use super::{Choice, PlotError, Plots};
use crate::analysis::intervals::waiting;
use crate::figure::convoy::{Change, Data, Panel};
use crate::trace::tables::RunRow;

impl Plots {
    pub(super) fn convoy(&self, runs: &[&RunRow], choice: &Choice) -> Result<Data, PlotError> {
        let mut panels = Vec::new();
        let mut all = None;
        for run in one_each(runs) {
            let intervals = self.results.intervals(run.run)?;
            all = recorded(all, &intervals);
            let changes = waiting(&intervals).into_iter();
            panels.push(Panel {
                policy: self.policy(&run.policy),
                threads: run.threads,
                changes: changes.map(|(at_ns, waiting)| Change { at_ns, waiting }).collect(),
            });
        }
        let (from_ns, to_ns) = choice.window(all)?.or(all).unwrap_or_default();
        Ok(Data { from_ns, to_ns, panels })
    }
}
