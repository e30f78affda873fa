//! Whether threads starve: the operations of those that do never end, and are in no mean latency.

use gilsim_policies::timed_wait::TimedWaitParameters;
use gilsim_policies::{PickRule, PolicySpec, Span};

use super::System;
use super::closed::shares;
use super::demand::{Demand, has_more};
use crate::machine::MachineSpec;
use crate::workload::{Arrivals, Group, Law, Step};

/// What is busy for less of the time is free after a few dozen holds, and has let everybody in by then.
const MOST_BUSY: f64 = 0.95;

/// Whether every thread gets on as the others do, if all together make no more than so many rounds \[1/ns\].
pub(super) fn all_get_on(
    system: &System<'_>,
    group: &Group,
    demand: &Demand,
    most_rounds: f64,
) -> bool {
    all_get_a_lock(system, group, demand, most_rounds)
        && all_get_a_core(system, group, demand, most_rounds)
}

fn all_get_a_lock(system: &System<'_>, group: &Group, demand: &Demand, most_rounds: f64) -> bool {
    let is_free = |locks: u32| most_rounds * demand.locked < MOST_BUSY * f64::from(locks);
    let free_or_in_turn = match system.locks() {
        0 if !has_more(&group.program) => return true,
        // Where some objects are wanted more than others, one of them may be wanted all the time.
        0 => match &system.workload.populations[..] {
            [alike] if alike.is_uniform() => is_free(alike.count),
            _ => is_free(1),
        },
        _ if shares(system, group).iter().all(|threads| *threads == 1) => true,
        locks => is_free(locks) || goes_in_turn(system, group),
    };
    // Of other groups, one thread may keep the lock for good.
    system.is_sole() && free_or_in_turn
}

/// Whether a lock that is never free goes to who waits, one after the other.
fn goes_in_turn(system: &System<'_>, group: &Group) -> bool {
    match system.policy {
        PolicySpec::FifoHandoff(_) => pauses(group).any(|law| law.mean_ns() > 0.0),
        PolicySpec::TimedWait(TimedWaitParameters {
            pick: PickRule::FifoArrival | PickRule::FifoRequeue,
            force_switching: true,
            check_spacing,
            ..
        }) => {
            // Who lets go unasked may take the lock back before who was woken comes; if it pauses for a random time, it does
            // not do so each time.
            let mut steps = group.program.steps.iter();
            let comes_back = steps.clone().any(|step| *step == Step::Yield)
                || pauses(group).any(|law| *law != Law::Constant(Span::ZERO) && !spreads(law));
            let looks = |step: &Step| match step {
                Step::Compute(law) => law.mean_ns() >= check_spacing.ns() as f64,
                _ => false,
            };
            !comes_back && (steps.any(looks) || pauses(group).any(spreads))
        }
        _ => false,
    }
}

/// How long a thread is without the lock, each time.
fn pauses(group: &Group) -> impl Iterator<Item = &Law> {
    let think = match &group.arrivals {
        Arrivals::Closed { think } => Some(think),
        Arrivals::Open { .. } => None,
    };
    let steps = group.program.steps.iter().filter_map(|step| match step {
        Step::Block(law) | Step::CRelease(law) => Some(law),
        _ => None,
    });
    think.into_iter().chain(steps)
}

/// Whether draws of a law are hardly ever the same.
const fn spreads(law: &Law) -> bool {
    !matches!(law, Law::Constant(_) | Law::Empirical(_) | Law::Mixture(_))
}

/// On the `ideal` machine, a thread keeps its core until it blocks or sleeps, and they are given out in order; on `linux`, the
/// scheduler takes it away.
fn all_get_a_core(system: &System<'_>, group: &Group, demand: &Demand, most_rounds: f64) -> bool {
    let (MachineSpec::Ideal(_), Some(cores)) = (system.machine, system.cores()) else {
        return true;
    };
    let Arrivals::Closed { think } = &group.arrivals else { return false };
    let leaves = think.mean_ns() + demand.blocked > 0.0;
    let is_busy = most_rounds * demand.cpu() >= MOST_BUSY * f64::from(cores);
    system.is_sole() && (leaves || !is_busy)
}
