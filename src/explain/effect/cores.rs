//! More work than cores.

use gilsim_policies::Span;
use indexmap::indexmap;

use super::super::breakdown::{share, sums};
use super::super::{Evidence, words};
use super::Effect;
use crate::trace::State;

/// Cores that are idle for a tenth of the time can still take more.
const LEAST_BUSY: f64 = 0.9;
/// Less than a twentieth is no more than the way to a core.
const LEAST_WAIT: f64 = 0.05;

/// All cores are busy, and threads wait for one.
pub fn saturated(evidence: &Evidence<'_>) -> Option<Effect> {
    let Evidence { case, baseline, .. } = *evidence;
    let sums = sums(baseline, None);
    let elapsed = baseline.iter().map(|run| run.outcome.elapsed).sum();
    let cores = case.cores();
    let busy = share(sums.on_core(), elapsed) / cores.max(1) as f64;
    // Whoever waits for a lock waits for the only core, too.
    let at_locks = if cores == 1 { sums.lock_wait() } else { Span::ZERO };
    let waits = share(sums.times.of(State::CoreWait) + at_locks, sums.life());
    if busy < LEAST_BUSY || waits < LEAST_WAIT {
        return None;
    }
    let subject =
        if cores == 1 { "The core is".to_owned() } else { format!("All {cores} cores are") };
    Some(Effect {
        name: "too few cores",
        under: None,
        size: waits,
        numbers: indexmap! { "busy_share" => busy, "core_wait_share" => waits },
        evidence: format!(
            "{subject} busy for {} of the time, and threads wait for it for {} of theirs.",
            words::percent(busy),
            words::percent(waits)
        ),
        reason: "There is more to compute than the cores can do: less work helps, or more cores as far as no lock forbids.",
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::examples::{Example, thread};
    use super::*;

    fn example(on_core: u64, waits: u64) -> Example {
        let one = thread(0, [on_core, 0, 0, waits, 100 - on_core - waits]);
        Example::new("[a]\nthreads = 2\nprogram = [{ compute = \"1ms\" }]", vec![one, one])
    }

    #[test]
    fn busy_cores_with_waiters_are_too_few() {
        let effect = saturated(&example(90, 5).evidence()).unwrap();
        assert!((effect.numbers["busy_share"] - 0.9).abs() < 1e-9);
        assert_eq!(saturated(&example(89, 5).evidence()), None);
        assert_eq!(saturated(&example(90, 4).evidence()), None);
    }

    #[test]
    fn who_waits_for_the_lock_waits_for_the_only_core() {
        let (works, waits) = (thread(0, [100, 0, 0, 0, 0]), thread(0, [0, 0, 100, 0, 0]));
        let groups = "[a]\nthreads = 2\nprogram = [{ compute = \"1ms\" }]";
        let mut example = Example::new(groups, vec![works, waits]);
        assert_eq!(saturated(&example.evidence()), None, "the other core is idle");
        example.machine = example.case().one_core();
        assert!((saturated(&example.evidence()).unwrap().size - 0.5).abs() < 1e-9);
    }
}
