//! I/O behind computing.

use gilsim_policies::Span;
use indexmap::indexmap;

use super::super::breakdown::{Sums, share, sums};
use super::super::{Evidence, words};
use super::{Effect, interval, inversion};
use crate::trace::State;

/// A waiter's time-out begins anew whenever the lock changes hands, and not every taking has to wait: half an interval
/// for each is already the policy's doing.
const LEAST_WAIT: f64 = 0.5;
/// Who waits longer waits for something else: even behind 20 computing threads it is one interval each.
const MOST_WAIT: f64 = 20.0;
/// Below a quarter more, nobody would notice.
const LEAST_SLOWDOWN: f64 = 1.25;
/// A holder that computes has the lock for most of the time.
const LEAST_HELD: f64 = 0.5;

/// Behind holders that compute for longer than an interval, at least so many of ten takings come after one was made to let
/// go; behind many short holders, hardly any.
const LEAST_FORCED: f64 = 0.1;

/// A thread that lets the lock go by itself waits about an interval to have it back, behind one that computes, of its group
/// or another.
pub fn convoy(evidence: &Evidence<'_>) -> Option<Effect> {
    let Evidence { case, baseline, .. } = *evidence;
    let interval = interval(case.policy)?.ns() as f64;
    // Code that keeps the lock is another matter: there, the interval means nothing.
    if inversion::keeper(evidence).is_some() {
        return None;
    }
    let elapsed: Span = baseline.iter().map(|run| run.outcome.elapsed).sum();
    let groups: Vec<_> =
        (0..case.workload.groups.len()).map(|group| (group, sums(baseline, Some(group)))).collect();
    let wait = |sums: &Sums| sums.lock_wait().ns() as f64 / (sums.acquisitions.max(1)) as f64;
    let slowdown = |sums: &Sums| {
        1.0 / share(sums.times.of(State::Running) + sums.times.of(State::Blocked), sums.life())
    };
    let suffers = |(group, sums): &&(usize, Sums)| {
        // What all threads do, but for one of the group.
        let threads = f64::from(case.workload.groups[*group].threads.max(1));
        let others = |of: fn(&Sums) -> f64| {
            groups.iter().map(|(_, sums)| of(sums)).sum::<f64>() - of(sums) / threads
        };
        let held = others(|sums| sums.held.ns() as f64) / elapsed.ns().max(1) as f64;
        let forced = others(|sums| sums.forced as f64) / sums.acquisitions.max(1) as f64;
        sums.voluntary > 0
            && held >= LEAST_HELD
            && forced >= LEAST_FORCED
            && (LEAST_WAIT..=MOST_WAIT).contains(&(wait(sums) / interval))
            && slowdown(sums) >= LEAST_SLOWDOWN
    };
    let worst = groups.iter().filter(suffers).max_by(|(_, a), (_, b)| {
        share(a.lock_wait(), a.life()).total_cmp(&share(b.lock_wait(), b.life()))
    });
    let (group, sums) = worst?;
    let (wait, slowdown) = (wait(sums), slowdown(sums));
    Some(Effect {
        name: "convoy",
        under: None,
        size: share(sums.lock_wait(), sums.life()),
        numbers: indexmap! {
            "lock_wait_per_acquisition_ns" => wait,
            "interval_ns" => interval,
            "slowdown" => slowdown,
        },
        evidence: format!(
            "A thread of {} needs {} times as long as its own computing and blocking take: each time that it takes the \
             lock, it waits {}. The switch interval is {}.",
            case.workload.groups[*group].name,
            words::factor(slowdown),
            words::time(wait),
            words::time(interval)
        ),
        reason: "Who returns from I/O waits until the thread that computes has had the lock for a whole interval, and \
                 as long again for each computing thread that goes first.",
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::examples::{Example, thread};
    use super::*;

    const GROUPS: &str =
        "[io]\nprogram = [{ block = \"1ms\" }]\n[cpu]\nprogram = [{ compute = \"1ms\" }]";

    /// 100 returns from I/O that wait for so long each, beside a thread that computes.
    fn example(wait_us: u64) -> Example {
        let waits = wait_us / 10;
        let mut io = thread(0, [0, 0, waits, 0, 100]);
        (io.acquisitions, io.voluntary_releases) = (100, 100);
        let mut cpu = thread(1, [100 + waits, 0, 0, 0, 0]);
        (cpu.held, cpu.forced_drops) = (Span::from_ms(100 + waits), 100);
        Example::new(GROUPS, vec![io, cpu])
    }

    #[test]
    fn waits_of_about_an_interval_are_a_convoy() {
        let effect = convoy(&example(5_000).evidence()).unwrap();
        assert_eq!(effect.numbers["lock_wait_per_acquisition_ns"], 5e6);
        assert!((effect.size - 500.0 / 600.0).abs() < 1e-9);
        assert!(
            effect.evidence.contains("6.00 times") && effect.evidence.contains("5.0 ms"),
            "{effect:?}"
        );
    }

    #[test]
    fn shorter_waits_are_none() {
        assert!(convoy(&example(2_500).evidence()).is_some());
        assert_eq!(convoy(&example(2_490).evidence()), None);
        // Many short holders are no convoy.
        let mut short = example(5_000);
        short.baseline[0].outcome.threads[1].forced_drops = 9;
        assert_eq!(convoy(&short.evidence()), None);
        // Nobody else has the lock.
        let mut alone = example(5_000);
        alone.baseline[0].outcome.threads[1].held = Span::ZERO;
        assert_eq!(convoy(&alone.evidence()), None);
    }

    /// A pool whose threads compute for long and block: each waits behind the others.
    #[test]
    fn a_mixed_pool_is_a_convoy() {
        let group = "[pool]\nthreads = 4\nprogram = [{ compute = \"9ms\" }, { block = \"1ms\" }]";
        let pool = |threads: usize| {
            let mut one = thread(0, [50, 0, 150, 0, 10]);
            (one.acquisitions, one.voluntary_releases, one.forced_drops) = (15, 5, 10);
            one.held = Span::from_ms(50);
            Example::new(&group.replace('4', &threads.to_string()), vec![one; threads])
        };
        assert!(convoy(&pool(4).evidence()).is_some());
        assert_eq!(convoy(&pool(1).evidence()), None, "nobody else is there");
    }
}
