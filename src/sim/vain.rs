//! Rounds in vain, many at once.
//!
//! While nobody sleeps at CPython 2's lock, or the sleeper that was woken is on its way, the holder frees the lock at each check
//! point and takes it back. Nobody else acts meanwhile, and one round is like the other. So they are done by arithmetic,
//! unless a sink wants to hear of each; a property test compares the two ways.

use gilsim_policies::{Span, ThreadId};

use super::engine::Simulation;
use super::thread::{Place, Thread};
use crate::machine::Machine;
use crate::trace::{Sink, State};

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// A thread has freed the lock at a check point, and wakes nobody, in a call that takes `wakes`: goes on to where it does so
    /// for the last time before anything else happens, or its computation ends.
    #[inline(never)]
    pub fn skip_rounds(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, wakes: Span) {
        if S::EVENTS || S::INTERVALS {
            return;
        }
        let state = &mut threads[thread.index()];
        let Some(lock) = self.locks.get_mut(state.at as usize) else { return };
        let Some(computes) = lock.policy.round_in_vain() else { return };
        let Place::On(core) = state.place else { return };
        let alone = self.agenda.is_empty()
            && lock.falling_asleep.is_empty()
            && !lock.first_fit
            // Whoever is left alone may let go no more.
            && lock.policy.next_check(&lock.view).is_some()
            && !self.world.collects()
            && !self.cores[usize::from(core)].resched
            && state.cold.is_zero();
        if !alone || state.burst <= computes {
            return;
        }
        self.queue.settle();
        let next = self.queue.first().map_or(self.end, |(at, _)| at.min(self.end));
        let steps = [wakes, self.costs.lock_call, computes, self.costs.lock_call];
        let [wakes, takes, _, frees] = steps;
        let round = steps.into_iter().sum::<Span>();
        // What happens at the very instant at which a round ends may come first, and the round that ends the computation is
        // not like the others.
        let most = |time: Span, of: Span| time.ns().saturating_sub(1) / of.ns();
        let rounds = most(next - self.log.now, round).min(most(state.burst, computes));

        let Some(others) = rounds.checked_sub(1) else { return };
        let last = self.log.now + round * others;
        state.asked_since = last + wakes;
        lock.view.held_since = state.asked_since + takes;
        self.log.now = last + round;
        self.events += rounds * steps.iter().filter(|step| !step.is_zero()).count() as u64;
        lock.view.now = self.log.now;
        state.state_since = self.log.now;
        state.book_rounds(rounds, computes, Span::ZERO, frees);
        state.book(State::Overhead, (wakes + takes + frees) * rounds);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use gilsim_policies::{Instant, PolicySpec, Span};
    use indexmap::IndexMap;
    use proptest::prelude::*;

    use crate::machine::MachineSpec;
    use crate::sim::{RunSpec, run, run_marked};
    use crate::trace::{MemorySink, NullSink, OpRow, Sink};
    use crate::workload::Workload;

    /// Hears of operations alone.
    #[derive(Default)]
    struct Operations(Vec<OpRow>);

    impl Sink for Operations {
        fn op(&mut self, row: &OpRow) {
            self.0.push(*row);
        }
    }

    /// What may cost anything, or nothing.
    const COSTS: [&str; 12] = [
        "call_jitter",
        "cold_call",
        "cold_start",
        "context_switch",
        "futile_wake",
        "interrupt_call",
        "lock_call",
        "sleep_call",
        "switch_away",
        "wake_call",
        "wake_jitter",
        "wake_latency",
    ];

    fn any_machine() -> impl Strategy<Value = String> {
        // Each order of magnitude is as likely.
        let time = (0_u32..16).prop_flat_map(|bits| 0_u64..1 << bits);
        let costs = prop::array::uniform12(prop::option::weighted(0.25, time));
        let stolen = prop::option::weighted(0.3, (1_000_u64..200_000, 1_u64..20_000));
        let ticks = prop::option::weighted(0.3, (20_u64..300, 10_u64..200));
        let linux = (1_u16..5, costs, stolen, ticks).prop_map(|(cores, costs, stolen, ticks)| {
            let mut text = format!("linux = {{ cores = {cores}");
            for (name, ns) in COSTS.iter().zip(costs) {
                text += &ns.map_or(String::new(), |ns| format!(", {name} = '{ns}ns'"));
            }
            if let Some((gap, steal)) = stolen {
                text += &format!(", steal_gap = '{gap}ns', steal = '{steal}ns'");
            }
            if let Some((tick, slice)) = ticks {
                text += &format!(", tick = '{tick}us', base_slice = '{slice}us'");
            }
            text + " }"
        });
        let ideal = (1_u16..4).prop_map(|cores| format!("ideal = {{ cores = {cores} }}"));
        let ideal = prop_oneof![Just("ideal = {}".to_owned()), ideal];
        prop_oneof![7 => linux, 1 => ideal]
    }

    /// A program that computes for a while, perhaps for just so many rounds.
    fn program(round: u64) -> impl Strategy<Value = String> {
        let times = move || {
            prop_oneof![1_u64..3_000, 1_u64..3_000_000, (1_u64..90).prop_map(move |k| k * round)]
        };
        let step = prop_oneof![
            4 => times().prop_map(|ns| format!("{{ compute = '{ns}ns' }}")),
            2 => times().prop_map(|ns| format!("{{ compute = {{ exponential = {{ mean = '{ns}ns' }} }} }}")),
            1 => times().prop_map(|ns| format!("{{ block = '{ns}ns' }}")),
            1 => times().prop_map(|ns| format!("{{ c_hold = '{ns}ns' }}")),
            1 => times().prop_map(|ns| format!("{{ c_release = '{ns}ns' }}")),
            1 => Just("'yield'".to_owned()),
        ];
        (times(), prop::collection::vec(step, 0..3))
            .prop_map(|(ns, steps)| format!("{{ compute = '{ns}ns' }}, {}", steps.join(", ")))
    }

    fn group(round: u64) -> impl Strategy<Value = String> {
        let lives = prop_oneof![
            3 => Just(""),
            1 => Just("start = '300us'"),
            1 => Just("stop = '700us'"),
            1 => Just("iterations = 3"),
            1 => Just("arrivals = { poisson = { mean_gap = '100us' } }"),
            1 => Just("arrivals = { think = { exponential = { mean = '50us' } } }"),
        ];
        (1_u32..4, lives, program(round)).prop_map(|(threads, lives, steps)| {
            format!("threads = {threads}\n{lives}\nprogram = [{steps}]\n")
        })
    }

    fn any_setting() -> impl Strategy<Value = (String, String)> {
        (0_u64..150, 1_u64..40).prop_flat_map(|(interval, tick)| {
            let any = prop::collection::vec(group(tick * (interval + 1)), 1..4);
            let two = (1_000_u64..3_000_000).prop_map(|ns| {
                vec![format!("threads = 2\nprogram = [{{ compute = '{ns}ns' }}]\n")]
            });
            let groups = prop_oneof![any, two];
            let policy = format!("tick = {{ interval = {interval}, tick = '{tick}ns' }}");
            (
                Just(policy),
                groups.prop_map(|groups| {
                    let numbered = groups.iter().enumerate();
                    numbered.map(|(n, group)| format!("[g{n}]\n{group}")).collect::<String>()
                }),
            )
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn skipped_rounds_come_to_the_same_as_single_ones(
            machine in any_machine(),
            (policy, groups) in any_setting(),
            seed: u64,
            ties in prop::option::of(any::<u32>()),
            us in prop_oneof![3 => 20_u64..420, 1 => 20_u64..4_000],
            mark_us in 1_u64..3_000,
        ) {
            let groups = toml::from_str(&groups).unwrap();
            let workload = Workload::compile(&groups, &IndexMap::new(), Path::new("")).unwrap();
            let machine: MachineSpec = toml::from_str(&machine).unwrap();
            let policy: PolicySpec = toml::from_str(&policy).unwrap();
            let spec = RunSpec::new(&workload, &machine, &policy, Span::from_us(us));
            let spec = RunSpec { seed, ties, ..spec };
            let marks = [Instant::ZERO + Span::from_us(mark_us)];
            let (mut all, mut operations) = (MemorySink::default(), Operations::default());
            let single = run_marked(&spec, &marks, &mut all);
            prop_assert_eq!(&run_marked(&spec, &marks, &mut operations), &single);
            prop_assert_eq!(operations.0, all.ops);
            prop_assert_eq!(Some(&run(&spec, &mut NullSink)), single.last());
        }
    }
}
