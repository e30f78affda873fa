//! The collector of cycles: a pause under the lock, or, without one, a world that stands still twice a run.

use gilsim_policies::{Instant, Span, ThreadId};

use super::engine::Simulation;
use super::phases::Follows;
use super::thread::{Phase, Place, Thread};
use crate::machine::Machine;
use crate::trace::{Sink, State};

/// What the collector is about.
#[derive(Debug, Default)]
pub(super) struct World {
    /// Allocations of each interpreter since its last collection.
    allocated: Vec<u64>,
    /// Who collects without a lock, from the first stop to the last.
    collector: Option<ThreadId>,
    /// Who wants everybody else to stand still right now.
    pub stopper: Option<ThreadId>,
    /// Who stands still.
    stopped: Vec<ThreadId>,
    /// Since when the world is to stand still.
    since: Instant,
    /// How often it still has to, in this collection.
    stops_left: u32,
    /// How often the collector ran.
    pub collections: u64,
    /// For how long threads stood still, or were waited for.
    pub collecting: Span,
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
        let interpreter = self.runtime.interpreter(thread.0) as usize;
        let allocated = &mut self.world.allocated;
        if allocated.len() <= interpreter {
            allocated.resize(interpreter + 1, 0);
        }
        allocated[interpreter] += count;
        if allocated[interpreter] < collector.threshold || self.world.collector.is_some() {
            return None;
        }
        allocated[interpreter] = 0;
        self.world.collections += 1;
        if collector.check_spacing.is_some() {
            self.world.collector = Some(thread);
            self.world.stops_left = STOPS;
            return Some(self.stop_world(threads, thread));
        }
        self.world.collecting += collector.pause;
        self.log.enter(&mut threads[thread.index()], Phase::Prepare, collector.pause);
        Some(Follows::Work)
    }

    /// Waits until everybody else stands still.
    fn stop_world(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        self.world.since = self.log.now;
        self.world.stops_left -= 1;
        let computes = |state: &&Thread<'_>| {
            state.phase == Phase::Compute && matches!(state.place, Place::On(_))
        };
        let computing: Vec<_> = threads.iter().filter(computes).map(|state| state.id).collect();
        computing.iter().for_each(|other| self.progress(threads, *other));
        self.world.stopper = Some(thread);
        let others = computing.into_iter().filter(|other| *other != thread);
        others.for_each(|other| self.arm(threads, other));
        if self.stands_still(threads) {
            self.collect(threads, thread);
            return Follows::Work;
        }
        threads[thread.index()].phase = Phase::AwaitingStop;
        self.leave_core(threads, thread, State::LockWait);
        Follows::Rest
    }

    fn stands_still(&self, threads: &[Thread<'_>]) -> bool {
        !threads.iter().any(|other| other.moves() && Some(other.id) != self.world.stopper)
    }

    /// How much longer a thread without a lock computes until it has to stand still, if it has to.
    pub fn until_stop(&self, thread: ThreadId) -> Option<Span> {
        let stopper = self.world.stopper?;
        (stopper != thread).then_some(self.runtime.collector?.check_spacing?)
    }

    /// A thread without a lock has met a check point.
    pub fn stop_at_check(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        let state = &mut threads[thread.index()];
        state.burst = state.left;
        self.resume(threads, thread).unwrap_or(Follows::GoOn)
    }

    /// Whether a thread is to stand still; it does from now on.
    pub fn stands(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> bool {
        if self.world.stopper.is_none_or(|stopper| stopper == thread) {
            return false;
        }
        threads[thread.index()].phase = Phase::Stopped;
        self.world.stopped.push(thread);
        self.leave_core(threads, thread, State::LockWait);
        true
    }

    /// The world may stand still now: then the collector begins. Says whether it does.
    pub fn check_stopped(&mut self, threads: &mut [Thread<'_>]) -> bool {
        let Some(stopper) = self.world.stopper else { return false };
        let waits = threads[stopper.index()].phase == Phase::AwaitingStop;
        if !waits || !self.stands_still(threads) {
            return false;
        }
        self.collect(threads, stopper);
        if M::INSTANT {
            self.take_core(threads, stopper);
            self.arm(threads, stopper);
        } else {
            self.wake_up(threads, stopper);
        }
        true
    }

    fn collect(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let Some(collector) = self.runtime.collector else { return };
        let takes = Span::from_ns(collector.pause.ns() / u64::from(STOPS));
        self.log.enter(&mut threads[thread.index()], Phase::Collect, takes);
    }

    /// Lets everybody go on.
    pub fn start_world(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        self.world.collecting += self.log.now - self.world.since;
        self.world.stopper = None;
        self.log.enter(&mut threads[thread.index()], Phase::StartWorld, Span::ZERO);
        let mut takes = Span::ZERO;
        for stopped in std::mem::take(&mut self.world.stopped) {
            takes += self.wake_for(threads, stopped, Phase::Granted);
        }
        if M::INSTANT {
            return self.started(threads, thread).unwrap_or(Follows::GoOn);
        }
        threads[thread.index()].left = takes;
        Follows::Work
    }

    /// Stops the world again, if the collection takes that. Says what follows, unless it is the next step.
    pub fn started(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Option<Follows> {
        if self.world.stops_left > 0 {
            return Some(self.stop_world(threads, thread));
        }
        self.world.collector = None;
        None
    }
}

#[cfg(test)]
mod tests;
