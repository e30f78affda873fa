//! The collector of cycles: a pause under the lock, or, without one, a world that stands still twice a run.

use gilsim_policies::{Instant, Span, ThreadId};

use super::engine::Simulation;
use super::phases::Follows;
use super::thread::{Phase, Place, Thread};
use crate::machine::Machine;
use crate::trace::{Sink, State};

/// What the collectors of all interpreters are about.
#[derive(Debug, Default)]
pub(super) struct World {
    /// Allocations of each interpreter since its last collection.
    allocated: Vec<u64>,
    /// Collections without a lock that are going on, at most one in each interpreter.
    ongoing: Vec<Ongoing>,
    /// Who stands still.
    stopped: Vec<ThreadId>,
    /// How often a collector ran.
    pub collections: u64,
    /// For how long threads stood still, or were waited for.
    pub collecting: Span,
}

/// A collection without a lock.
#[derive(Debug)]
struct Ongoing {
    collector: ThreadId,
    interpreter: u32,
    /// Since when the others of the interpreter have to stand still, if they have to right now.
    since: Option<Instant>,
    /// How often they still have to.
    stops_left: u32,
}

impl World {
    /// Whether any collection goes on that stops threads.
    pub const fn collects(&self) -> bool {
        !self.ongoing.is_empty()
    }
}

/// One stop to find what can't be reached, one after the finalisers have run (PEP 703).
const STOPS: u32 = 2;

impl Thread<'_> {
    /// Whether a world that is to stand still has to wait for it: who sleeps, blocks or runs C code without the lock
    /// touches no object, and stops when it comes back.
    const fn moves(&self) -> bool {
        matches!(self.phase, Phase::Compute | Phase::CHold | Phase::Prepare | Phase::Count)
    }
}

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// Makes objects. Says what follows, unless it is the next step.
    pub fn allocate(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        count: u64,
    ) -> Option<Follows> {
        let collector = self.runtime.collector?;
        let interpreter = self.runtime.interpreter(thread.0);
        let World { allocated, ongoing, .. } = &mut self.world;
        let number = interpreter as usize;
        if allocated.len() <= number {
            allocated.resize(number + 1, 0);
        }
        allocated[number] += count;
        let collects = ongoing.iter().any(|ongoing| ongoing.interpreter == interpreter);
        if allocated[number] < collector.threshold || collects {
            return None;
        }
        allocated[number] = 0;
        self.world.collections += 1;
        if collector.check_spacing.is_some() {
            let (collector, since) = (thread, None);
            let begun = Ongoing { collector, interpreter, since, stops_left: STOPS };
            self.world.ongoing.push(begun);
            return Some(self.stop_world(threads, thread));
        }
        self.world.collecting += collector.pause;
        self.log.enter(&mut threads[thread.index()], Phase::Prepare, collector.pause);
        Some(Follows::Work)
    }

    /// Waits until everybody else of the interpreter stands still.
    fn stop_world(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        let interpreter = self.runtime.interpreter(thread.0);
        let computes = |state: &&Thread<'_>| {
            state.phase == Phase::Compute
                && matches!(state.place, Place::On(_))
                && self.runtime.interpreter(state.id.0) == interpreter
        };
        let computing: Vec<_> = threads.iter().filter(computes).map(|state| state.id).collect();
        computing.iter().for_each(|other| self.progress(threads, *other));
        let now = self.log.now;
        if let Some(ongoing) = self.ongoing(thread) {
            ongoing.since = Some(now);
            ongoing.stops_left -= 1;
        }
        let others = computing.into_iter().filter(|other| *other != thread);
        others.for_each(|other| self.arm(threads, other));
        if self.stands_still(threads, thread) {
            self.collect(threads, thread);
            return Follows::Work;
        }
        threads[thread.index()].phase = Phase::AwaitingStop;
        self.leave_core(threads, thread, State::LockWait);
        Follows::Rest
    }

    /// The collection of which a thread is the collector.
    fn ongoing(&mut self, collector: ThreadId) -> Option<&mut Ongoing> {
        self.world.ongoing.iter_mut().find(|ongoing| ongoing.collector == collector)
    }

    /// Whether a thread has to stand still, for another of its interpreter that collects.
    pub fn must_stop(&self, thread: ThreadId) -> bool {
        let interpreter = self.runtime.interpreter(thread.0);
        self.world.ongoing.iter().any(|ongoing| {
            ongoing.since.is_some()
                && ongoing.interpreter == interpreter
                && ongoing.collector != thread
        })
    }

    fn stands_still(&self, threads: &[Thread<'_>], collector: ThreadId) -> bool {
        let interpreter = self.runtime.interpreter(collector.0);
        let own = |other: &&Thread<'_>| self.runtime.interpreter(other.id.0) == interpreter;
        !threads.iter().filter(own).any(|other| other.moves() && other.id != collector)
    }

    /// How much longer a thread without a lock computes until it has to stand still, if it has to.
    pub fn until_stop(&self, thread: ThreadId) -> Option<Span> {
        if self.must_stop(thread) { self.runtime.collector?.check_spacing } else { None }
    }

    /// A thread without a lock has met a check point.
    pub fn stop_at_check(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        let state = &mut threads[thread.index()];
        state.burst = state.left;
        self.resume(threads, thread).unwrap_or(Follows::GoOn)
    }

    /// Whether a thread is to stand still; it does from now on.
    pub fn stands(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> bool {
        if !self.must_stop(thread) {
            return false;
        }
        threads[thread.index()].phase = Phase::Stopped;
        self.world.stopped.push(thread);
        self.leave_core(threads, thread, State::LockWait);
        true
    }

    /// Worlds may stand still now: then their collectors begin. Says whether any does.
    pub fn check_stopped(&mut self, threads: &mut [Thread<'_>]) -> bool {
        let waits = |ongoing: &Ongoing| {
            let collector = ongoing.collector;
            let waits = threads[collector.index()].phase == Phase::AwaitingStop;
            (waits && self.stands_still(threads, collector)).then_some(collector)
        };
        let ready: Vec<_> = self.world.ongoing.iter().filter_map(waits).collect();
        for collector in &ready {
            self.collect(threads, *collector);
            self.wake_up(threads, *collector);
        }
        !ready.is_empty()
    }

    fn collect(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let Some(collector) = self.runtime.collector else { return };
        let takes = Span::from_ns(collector.pause.ns() / u64::from(STOPS));
        self.log.enter(&mut threads[thread.index()], Phase::Collect, takes);
    }

    /// Lets everybody of the interpreter go on.
    pub fn start_world(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        let since = self.ongoing(thread).and_then(|ongoing| ongoing.since.take());
        self.world.collecting += since.map_or(Span::ZERO, |since| self.log.now - since);
        self.log.enter(&mut threads[thread.index()], Phase::StartWorld, Span::ZERO);
        let runtime = self.runtime;
        let own =
            |other: &mut ThreadId| runtime.interpreter(other.0) == runtime.interpreter(thread.0);
        let stopped: Vec<_> = self.world.stopped.extract_if(.., own).collect();
        let mut takes = Span::ZERO;
        for other in stopped {
            takes += self.wake_into(threads, other, Phase::Granted);
        }
        threads[thread.index()].left = takes;
        Follows::Work
    }

    /// Stops the world again, if the collection takes that. Says what follows, unless it is the next step.
    pub fn started(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Option<Follows> {
        if self.ongoing(thread)?.stops_left > 0 {
            return Some(self.stop_world(threads, thread));
        }
        self.world.ongoing.retain(|ongoing| ongoing.collector != thread);
        None
    }
}

#[cfg(test)]
mod tests;
