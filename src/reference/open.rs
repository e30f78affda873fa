//! Requests from outside to one server: M/M/1 and M/G/1, after Pollaczek and Khinchine.

use super::demand::{Demand, Hold, whole_op};
use super::laws::{COARSEST, FINEST, is_tame};
use super::{System, Theory, quantile_of};
use crate::theory::open;
use crate::workload::{Arrivals, Law};

/// What is known of a group that requests come to.
pub(super) fn theory(system: &System<'_>, metric: &str) -> Option<Theory> {
    exact(system, metric).or_else(|| capacity(system, metric))
}

/// Requests after Poisson, each of which is one hold. One thread serves them in the order in which they come, or
/// several share one lock: then the number of those present is that of one server, whatever the order, if holds have no
/// memory, or if nobody's hold is cut and nobody looks at its length.
///
/// Several threads don't serve in the order of coming: whoever ends a request takes the next with the lock in hand, and
/// overtakes those that wait for it. So quantiles need a single thread.
fn exact(system: &System<'_>, metric: &str) -> Option<Theory> {
    let group = system.group()?;
    let Arrivals::Open { gap: Law::Exponential { mean_ns: gap }, polls: None } = group.arrivals
    else {
        return None;
    };
    let [step] = whole_op(&group.program)? else { return None };
    let hold = Hold::of(step, system.stretch())?;
    if gap < COARSEST || !system.is_free() || !system.is_sole() || !system.is_steady() {
        return None;
    }
    let alone = group.threads == 1;
    let uncut = !hold.has_checks || system.cuts_nobody();
    if !alone && (system.locks() != 1 || !(hold.is_memoryless() || uncut)) {
        return None;
    }
    let moments = hold.moments()?;
    let rate = 1.0 / gap;
    let response = moments.mean + open::wait(rate, moments)?;
    let value = match metric {
        "ops_per_s" => 1e9 * rate,
        "latency_mean_ns" => response,
        "lock_held_share" if system.locks() > 0 => rate * moments.mean,
        "cpu_share" => rate * moments.mean,
        _ => {
            let q = quantile_of(metric).filter(|_| hold.is_memoryless() && alone)?;
            Some(-(-q).ln_1p() * response).filter(|value| *value >= FINEST)?
        }
    };
    let model = match hold.law {
        Law::Exponential { .. } => "M/M/1",
        Law::Constant(_) => "M/D/1",
        _ => "M/G/1",
    };
    Some(Theory::Exact { value, model: model.to_owned() })
}

/// No more is done than comes, and than threads, lock and cores can do.
fn capacity(system: &System<'_>, metric: &str) -> Option<Theory> {
    let group = system.group()?;
    let Arrivals::Open { gap, .. } = &group.arrivals else { return None };
    if metric != "ops_per_s" || group.passes.is_some() || group.stop.is_some() {
        return None;
    }
    let demand = Demand::of(&group.program, system.stretch())?;
    // What came during a warm-up may be done after it, if it was held up until then.
    let all_comes = is_tame(gap) && (system.whole || system.is_steady());
    let comes = if all_comes { 1.0 / gap.mean_ns() } else { f64::INFINITY };
    let high = 1e9 * demand.ops * super::closed::upper(system, group, &demand, 0.0).min(comes);
    high.is_finite().then_some(Theory::Between { low: 0.0, high })
}
