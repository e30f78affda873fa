//! Threads that only compute under the lock of CPython 3.2 and later, and one that comes back from I/O to them.
//!
//! A waiter asks after a whole interval, always counted from a switch, and the holder lets go at its next check point, a
//! spacing later at most. So a tenure lies between the interval and that much more: see
//! [`theory::gil`](crate::theory::gil).

use gilsim_policies::timed_wait::TimedWaitParameters;
use gilsim_policies::{PolicySpec, Span};

use super::{System, Theory};
use crate::theory::gil::TimedWait;
use crate::workload::{Arrivals, Group, Law, Step};

/// What is known of slices and switches, and of the throughput beside one thread that computes.
pub(super) fn theory(system: &System<'_>, metric: &str) -> Option<Theory> {
    let PolicySpec::TimedWait(TimedWaitParameters {
        interval,
        check_spacing,
        force_switching: true,
        ..
    }) = *system.policy
    else {
        return None;
    };
    if !system.is_free() || !system.is_steady() || system.locks() != 1 {
        return None;
    }
    // At the soonest, and at the latest.
    let checks = [Span::ZERO, check_spacing].map(|check| TimedWait {
        interval: interval.ns() as f64,
        check: check.ns() as f64,
        switch: 0.0,
    });
    let between = |of: &dyn Fn(TimedWait) -> Option<f64>| {
        let (one, other) = (of(checks[0])?, of(checks[1])?);
        Some(Theory::Between { low: one.min(other), high: one.max(other) })
    };
    let mut present = system.workload.groups.iter().filter(|group| group.threads > 0);
    if system.threads() >= 2 && present.all(only_computes) {
        return match metric {
            "slice_mean_ns" => between(&|lock| Some(lock.tenure())),
            "switches_per_s" => between(&|lock| Some(1e9 * lock.switch_rate())),
            _ => None,
        };
    }
    let group = system.group().filter(|group| group.threads == 1)?;
    let mut others = system.workload.groups.iter().filter(|other| other.name != group.name);
    let (think, hold) = round(group)?;
    if system.threads() != 2 || !others.all(|other| other.threads == 0 || only_computes(other)) {
        return None;
    }
    let ops = group.program.steps.iter().filter(|step| **step == Step::OpEnd).count();
    let rounds = |lock: TimedWait| lock.convoy_throughput(think, system.stretch() * hold);
    match metric {
        "ops_per_s" => between(&|lock| Some(1e9 * ops as f64 * rounds(lock)?)),
        _ => None,
    }
}

/// Whether a group never lets the lock go of its own accord, and has check points all the time.
fn only_computes(group: &Group) -> bool {
    let computes = |step: &Step| match step {
        Step::Compute(law) => law.mean_ns() > 0.0,
        Step::OpStart | Step::OpEnd => true,
        _ => false,
    };
    group.arrivals == Arrivals::Closed { think: Law::Constant(Span::ZERO) }
        && group.program.steps.iter().all(computes)
}

/// For how long a thread is away and has the lock, each round alike and once.
fn round(group: &Group) -> Option<(f64, f64)> {
    let Arrivals::Closed { think: Law::Constant(think) } = group.arrivals else { return None };
    let (mut away, mut hold) = (Vec::from_iter((!think.is_zero()).then_some(think)), Vec::new());
    for step in &group.program.steps {
        match step {
            Step::Block(Law::Constant(span)) => away.push(*span),
            Step::Compute(Law::Constant(span)) => hold.push(*span),
            Step::OpStart | Step::OpEnd => {}
            _ => return None,
        }
    }
    match (&away[..], &hold[..]) {
        ([away], [hold]) if !away.is_zero() => Some((away.ns() as f64, hold.ns() as f64)),
        _ => None,
    }
}
