//! The fingerprint of a run from its operations and its outcome.

use crate::sim::{CountTotals, Ending, Outcome, Stuck, ThreadTotals};
use crate::trace::StateTimes;
use crate::trace::fingerprint::{Fingerprint, Fingerprinter};

/// Ends a fingerprint with what came of the run; `operations` has taken in its operations.
///
/// Every field is named, so that a new one can't be forgotten. How many events the engine took is left out: a change for speed
/// alone may change it.
#[must_use]
pub fn fingerprint(mut operations: Fingerprinter, outcome: &Outcome) -> Fingerprint {
    let Outcome { ending, elapsed, threads, switches, held, counts, .. } = outcome;
    let Outcome { collections, collecting, .. } = outcome;
    let CountTotals { updates, lost, freed_in_use, never_freed, time } = counts;
    let hash = &mut operations;
    add_ending(hash, ending);
    hash.add([elapsed.ns(), threads.len() as u64, *switches, held.ns()]);
    hash.add([*updates, *lost, *freed_in_use, *never_freed, time.ns()]);
    hash.add([*collections, collecting.ns()]);
    threads.iter().for_each(|thread| add_thread(hash, thread));
    operations.fingerprint()
}

fn add_ending(hash: &mut Fingerprinter, ending: &Ending) {
    // Numbers beyond any thread or object stand for none.
    let number = |number: Option<u32>| number.map_or(u64::MAX, u64::from);
    match ending {
        Ending::Completed => hash.add([0]),
        Ending::TimeUp => hash.add([1]),
        Ending::Deadlock(stuck) => {
            hash.add([2, stuck.len() as u64]);
            for Stuck { thread, holder, object, awaits_switch } in stuck {
                let holder = number(holder.map(|holder| holder.0));
                let awaits = u64::from(*awaits_switch);
                hash.add([u64::from(thread.0), holder, number(*object), awaits]);
            }
        }
    }
}

fn add_thread(hash: &mut Fingerprinter, thread: &ThreadTotals) {
    let ThreadTotals { group, start, end, times, held, running_locked, ops, .. } = *thread;
    let ThreadTotals { object_wait, object_acquisitions, object_waits, .. } = *thread;
    let ThreadTotals { acquisitions, failed_acquisitions, time_outs, drop_requests, .. } = *thread;
    let ThreadTotals {
        forced_drops,
        voluntary_releases,
        voluntary_switches,
        involuntary_switches,
        ..
    } = *thread;
    let StateTimes(times) = times;
    hash.add([u64::from(group), start.ns(), end.ns()]);
    hash.add(times.map(|time| time.ns()));
    hash.add([held.ns(), running_locked.ns(), ops]);
    hash.add([object_wait.ns(), object_acquisitions, object_waits]);
    hash.add([acquisitions, failed_acquisitions, time_outs, drop_requests]);
    hash.add([forced_drops, voluntary_releases, voluntary_switches, involuntary_switches]);
}

#[cfg(test)]
mod tests {
    use gilsim_policies::{Instant, Span, ThreadId};

    use super::*;

    fn outcome() -> Outcome {
        Outcome {
            ending: Ending::Completed,
            elapsed: Span::from_ns(5),
            threads: vec![ThreadTotals::default(); 2],
            switches: 1,
            held: Span::from_ns(3),
            counts: CountTotals::default(),
            collections: 0,
            collecting: Span::ZERO,
            events: 9,
        }
    }

    fn of(change: impl FnOnce(&mut Outcome)) -> Fingerprint {
        let mut outcome = outcome();
        change(&mut outcome);
        fingerprint(Fingerprinter::default(), &outcome)
    }

    #[test]
    fn every_part_of_the_outcome_counts() {
        let one = Span::from_ns(1);
        let stuck =
            |object| Stuck { thread: ThreadId(0), holder: None, object, awaits_switch: false };
        let mut all = vec![
            of(|_| ()),
            of(|outcome| outcome.ending = Ending::TimeUp),
            of(|outcome| outcome.ending = Ending::Deadlock(vec![])),
            of(|outcome| outcome.ending = Ending::Deadlock(vec![stuck(None)])),
            of(|outcome| outcome.ending = Ending::Deadlock(vec![stuck(Some(0))])),
            of(|outcome| outcome.elapsed += one),
            of(|outcome| outcome.switches += 1),
            of(|outcome| outcome.held += one),
            of(|outcome| outcome.counts.lost += 1),
            of(|outcome| outcome.counts.time += one),
            of(|outcome| outcome.collections += 1),
            of(|outcome| outcome.collecting += one),
            of(|outcome| outcome.threads.truncate(1)),
        ];
        let thread: [fn(&mut ThreadTotals); 8] = [
            |thread| thread.group += 1,
            |thread| thread.end = Instant::from_ns(1),
            |thread| thread.times.0[2] += Span::from_ns(1),
            |thread| thread.running_locked += Span::from_ns(1),
            |thread| thread.ops += 1,
            |thread| thread.object_waits += 1,
            |thread| thread.time_outs += 1,
            |thread| thread.involuntary_switches += 1,
        ];
        all.extend(thread.iter().flat_map(|change| {
            [0, 1].map(|number| of(|outcome| change(&mut outcome.threads[number])))
        }));
        let count = all.len();
        all.sort_by_key(|fingerprint| fingerprint.0);
        all.dedup();
        assert_eq!(all.len(), count);
        assert_eq!(of(|outcome| outcome.events += 1), of(|_| ()), "it is about speed alone");
    }
}
