//! What came of a part of a run: what had come of it in the end, less what had at the begin.
//!
//! Statistics leave a part out; the simulation does not. A lock that is held, or an operation that is under way, when the
//! part begins goes on in it.

use gilsim_policies::Instant;

use super::{CountTotals, Outcome, ThreadTotals};

impl Outcome {
    /// What came of the part from `earlier`, an outcome of the same run, up to this one.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let begin = Instant::ZERO + earlier.elapsed;
        let threads = self.threads.iter().zip(&earlier.threads);
        Self {
            ending: self.ending.clone(),
            elapsed: self.elapsed - earlier.elapsed,
            threads: threads.map(|(thread, before)| thread.since(before, begin)).collect(),
            switches: self.switches - earlier.switches,
            held: self.held - earlier.held,
            counts: self.counts.since(&earlier.counts),
            collections: self.collections - earlier.collections,
            collecting: self.collecting - earlier.collecting,
            events: self.events - earlier.events,
        }
    }
}

impl ThreadTotals {
    fn since(&self, earlier: &Self, begin: Instant) -> Self {
        Self {
            group: self.group,
            start: self.start.max(begin),
            end: self.end.max(begin),
            times: self.times.since(&earlier.times),
            held: self.held - earlier.held,
            running_locked: self.running_locked - earlier.running_locked,
            polling: self.polling - earlier.polling,
            ops: self.ops - earlier.ops,
            object_wait: self.object_wait - earlier.object_wait,
            object_acquisitions: self.object_acquisitions - earlier.object_acquisitions,
            object_waits: self.object_waits - earlier.object_waits,
            acquisitions: self.acquisitions - earlier.acquisitions,
            failed_acquisitions: self.failed_acquisitions - earlier.failed_acquisitions,
            time_outs: self.time_outs - earlier.time_outs,
            drop_requests: self.drop_requests - earlier.drop_requests,
            forced_drops: self.forced_drops - earlier.forced_drops,
            voluntary_releases: self.voluntary_releases - earlier.voluntary_releases,
            voluntary_switches: self.voluntary_switches - earlier.voluntary_switches,
            involuntary_switches: self.involuntary_switches - earlier.involuntary_switches,
        }
    }
}

impl CountTotals {
    /// Objects that are never freed are those that aren't in the end.
    fn since(&self, earlier: &Self) -> Self {
        Self {
            updates: self.updates - earlier.updates,
            lost: self.lost - earlier.lost,
            freed_in_use: self.freed_in_use - earlier.freed_in_use,
            never_freed: self.never_freed,
            time: self.time - earlier.time,
        }
    }
}

#[cfg(test)]
mod tests {
    use gilsim_policies::{PolicySpec, Span};

    use super::super::{Ending, RunSpec, run, run_marked};
    use super::*;
    use crate::machine::{LinuxParameters, MachineSpec};
    use crate::trace::NullSink;
    use crate::workload::{Group, Law, Step, Workload};

    fn outcomes(iterations: Option<u64>, marks_ms: &[u64]) -> (Vec<Outcome>, Outcome) {
        let compute = Step::Compute(Law::Constant(Span::from_us(700)));
        let block = Step::Block(Law::Constant(Span::from_us(300)));
        let io = Group { passes: iterations, ..Group::new("io", 2, vec![block, compute.clone()]) };
        let cpu = Group { passes: iterations, ..Group::new("cpu", 2, vec![compute]) };
        let workload = Workload { groups: vec![io, cpu], ..Workload::default() };
        let machine = MachineSpec::Linux(LinuxParameters::default());
        let policy = PolicySpec::TimedWait(Default::default());
        let spec = RunSpec::new(&workload, &machine, &policy, Span::from_ms(100));
        let marks: Vec<_> = marks_ms.iter().map(|ms| Instant::ZERO + Span::from_ms(*ms)).collect();
        (run_marked(&spec, &marks, &mut NullSink), run(&spec, &mut NullSink))
    }

    #[test]
    fn marks_change_nothing_and_parts_add_up() {
        let (outcomes, whole) = outcomes(None, &[13, 40, 41]);
        assert_eq!((outcomes.len(), &outcomes[3]), (4, &whole));
        let parts: Vec<_> = outcomes.windows(2).map(|pair| pair[1].since(&pair[0])).collect();
        let elapsed = parts.iter().map(|part| part.elapsed.ns() / 1_000_000);
        assert_eq!(elapsed.collect::<Vec<_>>(), [27, 1, 59]);
        for part in &parts {
            for thread in &part.threads {
                assert_eq!(thread.times.total(), thread.end - thread.start);
                assert_eq!(thread.end - thread.start, part.elapsed);
            }
            assert!(part.held <= part.elapsed);
        }
        let held: Span = parts.iter().map(|part| part.held).sum();
        assert_eq!(held + outcomes[0].held, whole.held);
        // A tenure of 5 ms covers the part of 1 ms: the lock was held all the time, and never taken.
        assert_eq!(parts[1].held, parts[1].elapsed);
    }

    #[test]
    fn a_run_that_ends_early_reaches_no_later_mark() {
        let (outcomes, whole) = outcomes(Some(2), &[1, 90]);
        assert_eq!(outcomes.len(), 2);
        assert_eq!((&outcomes[1], &outcomes[1].ending), (&whole, &Ending::Completed));
    }
}
