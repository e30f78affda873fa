//! Computing that fills the lock.

use indexmap::indexmap;

use super::super::breakdown::{share, sums};
use super::super::{Evidence, words};
use super::Effect;
use crate::trace::State;

/// A lock that is free for a tenth of the time can still take more.
const LEAST_HELD: f64 = 0.9;
/// Where holders compute for less than half of the time, the lock is full of something else.
const LEAST_COMPUTING: f64 = 0.5;
/// If nobody waits, the lock is in nobody's way.
const LEAST_WAIT: f64 = 0.1;

/// Amdahl's law: what needs the lock runs one at a time.
pub fn saturated(evidence: &Evidence<'_>) -> Option<Effect> {
    let Evidence { case, baseline, .. } = *evidence;
    let sums = sums(baseline, None);
    let elapsed = baseline.iter().map(|run| run.outcome.elapsed).sum();
    let held = share(baseline.iter().map(|run| run.outcome.held).sum(), elapsed);
    let computing = share(sums.running_locked, sums.held);
    let waits = share(sums.lock_wait(), sums.life());
    let serial = share(sums.running_locked, sums.times.of(State::Running));
    let bound = 1.0 / serial;
    let full = held >= LEAST_HELD && computing >= LEAST_COMPUTING;
    // What fills it may be looking for requests, which is another matter.
    let polls = share(sums.polling, sums.times.of(State::Running)) > 0.5;
    // Where the cores are fewer than that, they are what is short.
    if polls || !full || waits < LEAST_WAIT || bound >= case.cores() as f64 {
        return None;
    }
    let at_most = if bound < 1.05 {
        "one thread computes".to_owned()
    } else {
        format!("{} threads compute", words::factor(bound))
    };
    Some(Effect {
        name: "lock full of computing",
        under: None,
        size: waits,
        numbers: indexmap! {
            "lock_held_share" => held,
            "computing_that_needs_the_lock" => serial,
            "bound" => bound,
        },
        evidence: format!(
            "The lock is held for {} of the time, and {} of the computing needs it: at most {at_most} at a time, \
             however many cores there are.",
            words::percent(held),
            words::percent(serial)
        ),
        reason: "What needs the lock runs one at a time (Amdahl's law): more threads only wait, and more cores idle.",
    })
}

#[cfg(test)]
mod tests {
    use gilsim_policies::Span;

    use super::super::super::examples::{Example, thread};
    use super::*;

    /// Two threads: one works, mostly with the lock, and the other waits.
    fn example(held: u64, locked: u64, waits: u64) -> Example {
        let mut one = thread(0, [100, 0, 0, 0, 0]);
        (one.held, one.running_locked) = (Span::from_ms(held), Span::from_ms(locked));
        let other = thread(0, [0, 0, waits, 0, 100 - waits]);
        Example::new("[a]\nthreads = 2\nprogram = [{ compute = \"1ms\" }]", vec![one, other])
    }

    #[test]
    fn a_full_lock_bounds_the_speed_up() {
        let effect = saturated(&example(90, 80, 20).evidence()).unwrap();
        assert!((effect.numbers["bound"] - 1.25).abs() < 1e-9);
        assert!((effect.size - 0.1).abs() < 1e-9);
        assert!(effect.evidence.contains("at most 1.25 threads compute"), "{effect:?}");
    }

    #[test]
    fn a_lock_with_room_is_none() {
        for (held, locked, waits) in [(89, 80, 20), (90, 44, 20), (90, 80, 19)] {
            assert_eq!(saturated(&example(held, locked, waits).evidence()), None);
        }
        let mut polls = example(90, 80, 20);
        polls.baseline[0].outcome.threads[0].polling = Span::from_ms(51);
        assert_eq!(saturated(&polls.evidence()), None);
        let mut single = example(90, 80, 20);
        single.machine = single.case().one_core();
        assert_eq!(saturated(&single.evidence()), None);
    }
}
