//! Rounds in vain, many at once.
//!
//! While the sleeper that it has woken is on its way, a holder under CPython 2's lock frees the lock at each check point
//! and takes it back: twenty times or so. Nobody else acts meanwhile, and one round is like the other. So they are done
//! by arithmetic, unless a sink wants to hear of each; a property test compares the two ways.

use gilsim_policies::{Span, ThreadId};

use super::engine::Simulation;
use super::thread::{Place, Thread};
use crate::machine::Machine;
use crate::trace::{Sink, State};

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// A thread has freed the lock at a check point, and wakes nobody: goes on to where it does so for the last time before
    /// anything else happens, or its computation ends.
    pub fn skip_rounds(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let state = &mut threads[thread.index()];
        let Some(lock) = self.locks.get_mut(state.at as usize) else { return };
        let Some(computes) = lock.policy.round_in_vain() else { return };
        let Place::On(core) = state.place else { return };
        let alone = self.agenda.is_empty()
            && lock.falling_asleep.is_empty()
            && !lock.first_fit
            && !self.world.collects()
            && !self.cores[usize::from(core)].resched
            && state.cold.is_zero();
        if S::EVENTS || S::INTERVALS || !alone {
            return;
        }
        self.queue.settle(thread.index());
        let next = self.queue.first().map_or(self.end, |(at, _)| at.min(self.end));
        let steps = [self.costs.futile_wake, self.costs.lock_call, computes, self.costs.lock_call];
        let [wakes, takes, _, frees] = steps;
        let round = steps.into_iter().sum::<Span>();
        // What happens at the very instant at which a round ends may come first.
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
        state.burst -= computes * rounds;
        let totals = &mut state.totals;
        totals.times.0[State::Running as usize] += computes * rounds;
        totals.times.0[State::Overhead as usize] += (wakes + takes + frees) * rounds;
        totals.running_locked += computes * rounds;
        totals.held += (computes + frees) * rounds;
        totals.acquisitions += rounds;
        totals.forced_drops += rounds;
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use gilsim_policies::{PolicySpec, Span};
    use indexmap::IndexMap;
    use proptest::prelude::*;

    use crate::machine::MachineSpec;
    use crate::sim::{RunSpec, run};
    use crate::trace::{MemorySink, NullSink};
    use crate::workload::Workload;

    fn steps() -> impl Strategy<Value = String> {
        let times = || prop_oneof![1_u64..3_000, 1_u64..3_000_000];
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

    proptest! {
        #[test]
        fn skipped_rounds_come_to_the_same_as_single_ones(
            machine in prop_oneof![
                (1_u16..4).prop_map(|cores| format!("linux = {{ cores = {cores} }}")),
                (1_u16..4).prop_map(|cores| format!("ideal = {{ cores = {cores} }}")),
            ],
            (interval, tick) in (0_u32..150, 1_u64..40),
            programs in prop::collection::vec((1_u32..4, steps()), 1..4),
            seed: u64,
            ties in prop::option::of(any::<u32>()),
            us in 1_u64..5_000,
        ) {
            let groups: String = programs
                .iter()
                .enumerate()
                .map(|(n, (threads, steps))| format!("[g{n}]\nthreads = {threads}\nprogram = [{steps}]\n"))
                .collect();
            let groups = toml::from_str(&groups).unwrap();
            let workload = Workload::compile(&groups, &IndexMap::new(), Path::new("")).unwrap();
            let machine: MachineSpec = toml::from_str(&machine).unwrap();
            let policy = format!("tick = {{ interval = {interval}, tick = '{tick}ns' }}");
            let policy: PolicySpec = toml::from_str(&policy).unwrap();
            let spec = RunSpec::new(&workload, &machine, &policy, Span::from_us(us));
            let spec = RunSpec { seed, ties, ..spec };
            let (skipped, single) =
                (run(&spec, &mut NullSink), run(&spec, &mut MemorySink::default()));
            prop_assert_eq!(skipped, single);
        }
    }
}
