//! Threads that wait for each other's objects.

use indexmap::indexmap;

use super::super::breakdown::{share, sums};
use super::super::{Evidence, Run, words};
use super::Effect;

/// Less than a twentieth of the time is not worth another structure.
const LEAST_WAIT: f64 = 0.05;

/// Waiting for the locks of objects: as it is, or else in the first alternative without a global lock.
pub fn contention(evidence: &Evidence<'_>) -> Option<Effect> {
    let Evidence { case, baseline, tried, .. } = *evidence;
    let free = tried.iter().filter(|tried| tried.choice.lock_free(case.workload));
    contended(baseline, None).or_else(|| {
        free.into_iter().find_map(|tried| contended(&tried.runs, Some(tried.choice.name())))
    })
}

fn contended(runs: &[Run], under: Option<String>) -> Option<Effect> {
    let sums = sums(runs, None);
    let waits = share(sums.object_wait, sums.life());
    // Who waits for ever is another matter.
    if waits < LEAST_WAIT || runs.iter().any(Run::deadlocked) {
        return None;
    }
    let taken = sums.object_waits as f64 / sums.object_acquisitions.max(1) as f64;
    Some(Effect {
        name: "contention for objects",
        under,
        size: waits,
        numbers: indexmap! { "object_wait_share" => waits, "object_waits_per_acquisition" => taken },
        evidence: format!(
            "{} of the threads' time is spent waiting for the locks of objects, for which who takes them has to wait in {} of all cases.",
            words::percent(waits),
            words::percent(taken)
        ),
        reason: "Threads that use the same object run one at a time there, with or without a global lock: give each \
                 its own, or split it.",
    })
}

#[cfg(test)]
mod tests {
    use gilsim_policies::Span;

    use super::super::super::examples::{Example, deadlock, thread};
    use super::super::super::{Choice, Tried};
    use super::*;
    use crate::architecture::ArchitectureSpec;

    fn example(waits: u64) -> Example {
        let mut one = thread(0, [50, 0, 50, 0, 0]);
        one.object_wait = Span::from_ms(waits);
        (one.object_acquisitions, one.object_waits) = (10, 4);
        Example::new("[a]\nprogram = [{ compute = \"1ms\" }]", vec![one])
    }

    #[test]
    fn waiting_for_objects_is_contention() {
        let effect = contention(&example(5).evidence()).unwrap();
        assert_eq!((effect.under, effect.numbers["object_waits_per_acquisition"]), (None, 0.4));
        assert_eq!(contention(&example(4).evidence()), None);
        let mut dead = example(5);
        dead.baseline[0].outcome.ending = deadlock();
        assert_eq!(contention(&dead.evidence()), None);
    }

    #[test]
    fn it_is_seen_without_the_lock_too() {
        let mut quiet = example(0);
        for spec in ArchitectureSpec::all() {
            quiet
                .tried
                .push(Tried { choice: Choice::Architecture(spec), runs: example(5).baseline });
        }
        let effect = contention(&quiet.evidence()).unwrap();
        assert_eq!(effect.under.as_deref(), Some("free_threaded"));
    }
}
