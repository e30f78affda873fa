//! Queues that a lock visits in turn, because their threads poll: see [`theory::polling`](crate::theory::polling).

use gilsim_policies::PolicySpec;

use super::demand::Hold;
use super::laws::COARSEST;
use super::{System, Theory};
use crate::theory::polling::{Discipline, Polling};
use crate::workload::{Arrivals, Group, Law, Serves, Step};

/// What is known of one of several queues that are alike. Each has one thread, which yields before each look, so that a lock that
/// is handed over in order goes round.
pub(super) fn theory(system: &System<'_>, metric: &str) -> Option<Theory> {
    let group = system.group()?;
    let (polling, discipline) = queues(system, group)?;
    let mut present = system.workload.groups.iter().filter(|other| other.threads > 0);
    let alike = present.all(|other| {
        other.threads == 1 && other.program == group.program && other.arrivals == group.arrivals
    });
    let in_order = matches!(system.policy, PolicySpec::FifoHandoff(_)) && system.locks() == 1;
    if !alike || !in_order || !system.is_free() || !system.is_steady() {
        return None;
    }
    let wait = polling.wait(discipline)?;
    let value = match metric {
        "ops_per_s" => 1e9 * polling.rate,
        "latency_mean_ns" => wait + polling.hold.mean,
        _ => return None,
    };
    let model = match discipline {
        Discipline::Exhaustive => "exhaustive polling",
        Discipline::Gated => "gated polling",
        Discipline::OneLimited => "1-limited polling",
    };
    Some(Theory::Exact { value, model: model.to_owned() })
}

/// The queues, if all are as this one.
fn queues(system: &System<'_>, group: &Group) -> Option<(Polling, Discipline)> {
    let Arrivals::Open { gap: Law::Exponential { mean_ns }, polls: Some(serves) } = group.arrivals
    else {
        return None;
    };
    let [Step::OpStart, served, Step::OpEnd, Step::PassEnd, Step::Yield, switch, Step::Look] =
        &group.program.steps[..]
    else {
        return None;
    };
    if mean_ns < COARSEST {
        return None;
    }
    let moments = |step| Hold::of(step, system.stretch())?.moments();
    let polling = Polling {
        queues: system.threads(),
        rate: 1.0 / mean_ns,
        hold: moments(served)?,
        switch: moments(switch)?,
    };
    let discipline = match serves {
        Serves::One => Discipline::OneLimited,
        Serves::Waiting => Discipline::Gated,
        Serves::UntilEmpty => Discipline::Exhaustive,
    };
    Some((polling, discipline))
}
