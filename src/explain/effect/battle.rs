//! Threads on several cores that fight for the lock.

use indexmap::indexmap;

use super::super::breakdown::{share, sums};
use super::super::{Evidence, Run, words};
use super::Effect;
use crate::trace::State;

/// Where nobody fights, who is woken finds the lock free; here it is in vain for every other change of hands.
const FAILED_PER_SWITCH: f64 = 0.5;
/// A twentieth of the time on cores is more than any lock costs that nobody fights for.
const LEAST_OVERHEAD: f64 = 0.05;

/// Less than a twentieth more on one core is not worth a sentence.
const LEAST_GAIN: f64 = 1.05;

/// Computing done in a second.
fn computing(runs: &[Run]) -> f64 {
    let elapsed = runs.iter().map(|run| run.outcome.elapsed).sum();
    share(sums(runs, None).times.of(State::Running), elapsed)
}

/// Woken threads find the lock taken again, over and over.
pub fn battle(evidence: &Evidence<'_>) -> Option<Effect> {
    let Evidence { case, baseline, one_core, .. } = *evidence;
    let cores = case.cores();
    if cores < 2 {
        return None;
    }
    let sums = sums(baseline, None);
    let switches: u64 = baseline.iter().map(|run| run.outcome.switches).sum();
    let failed = sums.failed as f64 / switches.max(1) as f64;
    let overhead = share(sums.times.of(State::Overhead), sums.on_core());
    // Failures at the locks of objects are counted too: whoever waits there does not fight for the global lock.
    let objects = sums.object_wait > sums.lock_wait();
    if objects || failed < FAILED_PER_SWITCH || overhead < LEAST_OVERHEAD {
        return None;
    }
    let elapsed = baseline.iter().map(|run| run.outcome.elapsed).sum();
    let cpu = share(sums.on_core(), elapsed);
    let single = computing(one_core) / computing(baseline);
    let single = Some(single).filter(|single| single.is_finite() && *single >= LEAST_GAIN);
    let mut numbers = indexmap! {
        "failed_acquisitions_per_switch" => failed,
        "overhead_share_on_core" => overhead,
        "cpu_s_per_s" => cpu,
    };
    let mut text = format!(
        "Woken threads find the lock taken {} times for each time that it changes hands, and {} of the time on cores \
         goes into lock and scheduler calls ({} s of CPU time a second).",
        words::factor(failed),
        words::percent(overhead),
        words::factor(cpu)
    );
    if let Some(single) = single {
        numbers.insert("speed_up_on_one_core", single);
        text.push_str(&format!(
            " On one core, {} times as much is computed.",
            words::factor(single)
        ));
    }
    Some(Effect {
        name: "battle on several cores",
        under: None,
        size: single.map_or(0.0, |single| 1.0 - 1.0 / single).max(overhead),
        numbers,
        evidence: text,
        reason: "The holder lets go and takes the lock back at once, while the woken thread is still on its way on \
                 another core: it comes too late, and sleeps again.",
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::examples::{Example, thread};
    use super::*;

    fn example(failed: u64, overhead: u64) -> Example {
        let mut one = thread(0, [100 - overhead, overhead, 0, 0, 0]);
        one.failed_acquisitions = failed;
        Example::new("[a]\nprogram = [{ compute = \"1ms\" }]", vec![one])
    }

    #[test]
    fn failed_attempts_at_a_price_are_a_battle() {
        // The example's run has 100 switches.
        let mut example = example(50, 5);
        let mut single = example.baseline[0].clone();
        // The same computing in half the time.
        single.outcome.elapsed = gilsim_policies::Span::from_ms(50);
        example.one_core = vec![single];
        let effect = battle(&example.evidence()).unwrap();
        assert!((effect.size - 0.5).abs() < 1e-9);
        assert!(
            effect.evidence.ends_with("On one core, 2.00 times as much is computed."),
            "{effect:?}"
        );
    }

    #[test]
    fn fewer_cheaper_or_on_one_core_are_none() {
        assert_eq!(battle(&example(49, 5).evidence()), None);
        assert_eq!(battle(&example(50, 4).evidence()), None);
        let mut objects = example(50, 5);
        let threads = &mut objects.baseline[0].outcome.threads;
        threads.push(thread(0, [0, 0, 9, 0, 0]));
        threads[1].object_wait = gilsim_policies::Span::from_ms(5);
        assert_eq!(battle(&objects.evidence()), None);
        let mut single = example(50, 5);
        single.machine = single.case().one_core();
        assert_eq!(battle(&single.evidence()), None);
    }
}
