//! Requests from outside to one server: M/M/1 and M/G/1, after Pollaczek and Khinchine.

use gilsim_policies::PolicySpec;

use super::demand::{Demand, Hold, hold, whole_op};
use super::laws::{COARSEST, is_tame, square};
use super::{System, Theory, quantile_of};
use crate::theory::{Moments, open};
use crate::workload::{Arrivals, Law};

/// What is known of a group that requests come to.
pub(super) fn theory(system: &System<'_>, metric: &str) -> Option<Theory> {
    exact(system, metric).or_else(|| capacity(system, metric))
}

/// Requests after Poisson, each of which is one hold. One thread serves them in the order in which they come, or
/// several share one lock: then the number of those present is that of one server, whatever the order, if holds have no
/// memory, or if nobody's hold is cut and nobody looks at its length.
fn exact(system: &System<'_>, metric: &str) -> Option<Theory> {
    let group = system.group()?;
    let Arrivals::Open { gap: Law::Exponential { mean_ns: gap }, polls: None } = group.arrivals
    else {
        return None;
    };
    let [step] = whole_op(&group.program)? else { return None };
    let Hold { law, has_checks } = hold(step)?;
    let tame = is_tame(law) && gap >= COARSEST;
    if !tame || !system.is_free() || !system.is_sole() || !system.is_steady() {
        return None;
    }
    let stretch = if has_checks { system.stretch() } else { 1.0 };
    let mean = stretch * law.mean_ns();
    let moments = Moments { mean, square: stretch * stretch * square(law)? };
    let has_memory = !matches!(law, Law::Exponential { .. });
    let alone = group.threads == 1;
    let in_order = alone || matches!(system.policy, PolicySpec::FifoHandoff(_));
    let uncut = in_order || !has_checks || matches!(system.policy, PolicySpec::Barging(_));
    if !alone && (system.locks() != 1 || (has_memory && !uncut)) {
        return None;
    }
    let rate = 1.0 / gap;
    let response = mean + open::wait(rate, moments)?;
    let value = match metric {
        "ops_per_s" => 1e9 * rate,
        "latency_mean_ns" => response,
        "lock_held_share" if system.locks() > 0 => rate * mean,
        "cpu_share" => rate * mean,
        _ => {
            let q = quantile_of(metric).filter(|_| !has_memory && in_order)?;
            -(-q).ln_1p() * response
        }
    };
    let model = match law {
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
    let comes = Some(gap.mean_ns()).filter(|mean| mean.is_finite())?;
    let high = super::closed::upper(system, group, &demand, 0.0).min(1.0 / comes);
    Some(Theory::Between { low: 0.0, high: 1e9 * demand.ops * high })
}
