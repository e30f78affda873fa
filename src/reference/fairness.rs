//! Whether threads starve: the operations of those that do never end, and are in no mean latency.

use gilsim_policies::timed_wait::TimedWaitParameters;
use gilsim_policies::{PickRule, PolicySpec, Span};

use super::System;
use super::closed::shares;
use super::demand::Demand;
use crate::machine::MachineSpec;
use crate::workload::{Arrivals, Group, Law, Program, Step};

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
    let is_free = |needed: f64, locks: u32| most_rounds * needed < MOST_BUSY * f64::from(locks);
    let free_or_in_turn = match (system.locks(), enters(&group.program)) {
        (0, false) => return true,
        // An object's lock may be held while its thread blocks; and where some are wanted more than others, one of them may be
        // wanted all the time.
        (0, true) => match &system.workload.populations[..] {
            [alike] if alike.is_uniform() => is_free(demand.mean(), alike.count),
            _ => is_free(demand.mean(), 1),
        },
        // Who has the lock of an object beside may be first again each time.
        (_, true) => false,
        _ if shares(system, group).iter().all(|threads| *threads == 1) => true,
        (locks, false) => is_free(demand.locked, locks) || goes_in_turn(system, group),
    };
    // Of other groups, one thread may keep the lock for good.
    system.is_sole() && free_or_in_turn
}

/// Whether a program takes the locks of objects.
fn enters(program: &Program) -> bool {
    program.steps.iter().any(|step| matches!(step, Step::Enter(_)))
}

/// Whether a lock that is never free goes to who waits, one after the other.
fn goes_in_turn(system: &System<'_>, group: &Group) -> bool {
    let PolicySpec::TimedWait(TimedWaitParameters {
        pick,
        force_switching: true,
        check_spacing,
        ..
    }) = *system.policy
    else {
        let pauses = pauses(group).any(|law| law.mean_ns() > 0.0);
        return matches!(system.policy, PolicySpec::FifoHandoff(_)) && pauses;
    };
    let steps = || group.program.steps.iter();
    // Who lets go unasked may take the lock back before who was woken comes; if it pauses for a random time, it does not do
    // so each time.
    let comes_back = steps().any(|step| *step == Step::Yield)
        || pauses(group).any(|law| *law != Law::Constant(Span::ZERO) && !spreads(law));
    let looks = |step: &Step| match step {
        Step::Compute(law) => law.mean_ns() >= check_spacing.ns() as f64,
        _ => false,
    };
    let always_looks = steps()
        .all(|step| looks(step) || matches!(step, Step::OpStart | Step::OpEnd))
        && pauses(group).all(|law| *law == Law::Constant(Span::ZERO));
    match pick {
        PickRule::FifoArrival => !comes_back && (steps().any(looks) || pauses(group).any(spreads)),
        // Who times out is last again: where the lock is let go in step with that, some are never first.
        PickRule::FifoRequeue => always_looks,
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
