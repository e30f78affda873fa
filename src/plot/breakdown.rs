//! What the figure `breakdown` shows: mean shares over replications.

use super::{Plots, distinct, several_cases, title};
use crate::figure::Activity;
use crate::figure::breakdown::{Bar, Data, Group};
use crate::trace::tables::RunRow;

impl Plots {
    pub(super) fn breakdown(&self, runs: &[&RunRow]) -> Data {
        let mut groups: Vec<Group> = Vec::new();
        for case in distinct(runs.iter().map(|run| run.case.as_str())) {
            let of_case: Vec<_> = runs.iter().copied().filter(|run| run.case == case).collect();
            for point in distinct(of_case.iter().map(|run| run.point.as_str())) {
                let here: Vec<_> =
                    of_case.iter().copied().filter(|run| run.point == point).collect();
                let bars = distinct(here.iter().map(|run| run.policy.as_str()))
                    .into_iter()
                    .map(|policy| {
                        let mine: Vec<_> =
                            here.iter().copied().filter(|run| run.policy == policy).collect();
                        Bar { policy: self.policy(policy), shares: mean_shares(&mine) }
                    })
                    .filter(|bar| bar.shares.iter().sum::<f64>() > 0.0)
                    .collect();
                groups.push(Group { title: title(several_cases(runs), case, point), bars });
            }
        }
        groups.retain(|group| !group.bars.is_empty());
        Data { groups }
    }
}

fn mean_shares(runs: &[&RunRow]) -> [f64; Activity::ALL.len()] {
    Activity::ALL.map(|activity| {
        let shares = runs.iter().filter_map(|run| share(run, activity));
        shares.sum::<f64>() / runs.len() as f64
    })
}

fn share(run: &RunRow, activity: Activity) -> Option<f64> {
    match activity {
        Activity::Locked => run.running_locked_share,
        Activity::Unlocked => Some(run.running_share? - run.running_locked_share?),
        Activity::Overhead => run.overhead_share,
        Activity::LockWait => run.lock_wait_share,
        Activity::CoreWait => run.core_wait_share,
        Activity::Blocked => run.blocked_share,
    }
}
