//! What stands in the way of a workload: known effects, recognised by what they leave in the accounts.

mod battle;
mod collector;
mod convoy;
mod cores;
mod deadlock;
mod inversion;
mod lock;
mod lost;
mod objects;
mod polling;
mod start;

use gilsim_policies::{PolicySpec, Span};
use indexmap::IndexMap;
use serde::Serialize;

use super::Evidence;

/// An effect that was recognised.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    /// What it is called.
    pub name: &'static str,
    /// The alternative in which it shows; `None` for the workload as it is.
    pub under: Option<String>,
    /// The share of threads' time that it costs, or of the runs that it spoils.
    pub size: f64,
    /// The numbers that it is recognised by; durations are in nanoseconds.
    pub numbers: IndexMap<&'static str, f64>,
    /// The numbers in a sentence.
    pub evidence: String,
    /// Why it is so.
    pub reason: &'static str,
}

/// Every effect. Each says whether it is there.
pub const EFFECTS: [fn(&Evidence<'_>) -> Option<Effect>; 11] = [
    deadlock::deadlock,
    convoy::convoy,
    battle::battle,
    inversion::inversion,
    lock::saturated,
    cores::saturated,
    objects::contention,
    polling::polling,
    start::dominates,
    lost::updates,
    collector::collector,
];

/// The effects that are there: those of the workload as it is before those of alternatives, the worst first.
#[must_use]
pub fn recognise(evidence: &Evidence<'_>) -> Vec<Effect> {
    let mut found: Vec<_> = EFFECTS.iter().filter_map(|effect| effect(evidence)).collect();
    found.sort_by(|a, b| a.under.is_some().cmp(&b.under.is_some()).then(b.size.total_cmp(&a.size)));
    found
}

/// CPython's switch interval, for policies that have none: threads that have the lock for longer are noticed.
const USUAL_INTERVAL: Span = Span::from_ms(5);

/// How long a holder may compute before it is made to let go; `None` if nobody makes it.
fn interval(policy: &PolicySpec) -> Option<Span> {
    match policy {
        PolicySpec::Tick(given) => Some(given.tick * u64::from(given.interval)),
        PolicySpec::TimedWait(given) => Some(given.interval),
        PolicySpec::Priority(given) => Some(given.interval.unwrap_or(USUAL_INTERVAL)),
        _ => None,
    }
}
