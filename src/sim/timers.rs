//! Timers, and the interrupts in which they fire.
//!
//! A timer may fire from its expiry on, and has to by its slack later. The interrupt of one serves all of its
//! core that may fire: threads that fell asleep one soon after the other wake up together.

use std::collections::VecDeque;

use gilsim_policies::{Instant, Span, ThreadId};

use super::engine::Simulation;
use super::queue::{key, of_key};
use super::thread::{Phase, Thread};
use crate::machine::Machine;
use crate::trace::{EventKind, Sink};

/// The keys of a core's timers, by the instants at which they expire and the numbers of their threads. Most are set in that
/// order, as who waits does so for the same time as others.
#[derive(Debug, Clone, Default)]
pub(super) struct Timers(VecDeque<u64>);

impl Timers {
    fn set(&mut self, expiry: Instant, thread: ThreadId) {
        let timer = key(expiry, thread.index());
        if self.0.back().is_none_or(|last| *last < timer) {
            self.0.push_back(timer);
        } else {
            let place = self.0.partition_point(|other| *other < timer);
            self.0.insert(place, timer);
        }
    }

    fn cancel(&mut self, expiry: Instant, thread: ThreadId) {
        let timer = key(expiry, thread.index());
        // Who fires is mostly the first to expire.
        if self.0.front() == Some(&timer) {
            self.0.pop_front();
        } else if let Ok(place) = self.0.binary_search(&timer) {
            self.0.remove(place);
        }
    }

    fn next_expired(&mut self, now: Instant) -> Option<ThreadId> {
        let (expiry, thread) = of_key(*self.0.front()?);
        if expiry > now {
            return None;
        }
        self.0.pop_front();
        Some(ThreadId(thread as u32))
    }
}

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// Sets the timer of a thread that has left its core.
    #[inline(always)]
    pub fn set_timer(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, expiry: Instant) {
        let lateness = self.machine.timer_lateness();
        if !M::INSTANT && !lateness.is_zero() {
            let state = &mut threads[thread.index()];
            state.expiry = expiry;
            self.timers[usize::from(state.left_core.1)].set(expiry, thread);
        }
        self.queue.set(thread.index(), (expiry + lateness).max(self.log.now));
    }

    /// Cancels the timer of a thread that is woken before it expires.
    #[inline(always)]
    pub fn cancel_timer(&mut self, threads: &[Thread<'_>], thread: ThreadId) {
        let state = &threads[thread.index()];
        if let Some(timers) = self.timers.get_mut(usize::from(state.left_core.1)) {
            timers.cancel(state.expiry, thread);
        }
        self.queue.clear(thread.index());
    }

    /// A thread off its core has an event. If its timer fires, that interrupts the core that it left.
    pub fn interrupt_at(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let a_timer = matches!(threads[thread.index()].phase, Phase::Asleep | Phase::Blocked);
        if self.timers.is_empty() || !a_timer {
            return self.expire(threads, thread);
        }
        let (_, core) = threads[thread.index()].left_core;
        self.interrupted = Some(core);
        self.timers[usize::from(core)].cancel(threads[thread.index()].expiry, thread);
        self.expire(threads, thread);
        while let Some(other) = self.timers[usize::from(core)].next_expired(self.log.now) {
            self.queue.clear(other.index());
            self.expire(threads, other);
        }
        self.interrupted = None;
        self.end_interrupt(threads, core);
    }

    /// A sleep, a blocking call or the time before a start is over.
    pub fn expire(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let state = &threads[thread.index()];
        match state.phase {
            Phase::Unborn => self.start(threads, thread),
            Phase::Blocked => {
                self.log.emit(state, EventKind::Unblock, None);
                self.return_to_lock(threads, thread);
            }
            Phase::Idle => self.begin_pass(threads, thread, Span::ZERO),
            Phase::Asleep => self.time_out(threads, thread),
            Phase::AtGuard(_)
            | Phase::AwaitingSwitch(_)
            | Phase::AwaitingStop
            | Phase::Stopped
            | Phase::Exited => {
                unreachable!("{thread} has a timer in {:?}", state.phase)
            }
            // An interrupt brings it to its core.
            _ => {
                self.make_ready(threads, thread);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agree_with_a_sorted_set(
            moves in prop::collection::vec((0_u64..40, 0_u32..6, any::<bool>()), 0..200),
        ) {
            let (mut timers, mut twin) = (Timers::default(), BTreeSet::new());
            for (ns, thread, cancels) in moves {
                let (at, thread) = (Instant::from_ns(ns), ThreadId(thread));
                if cancels {
                    timers.cancel(at, thread);
                    twin.remove(&(at, thread));
                } else if twin.insert((at, thread)) {
                    timers.set(at, thread);
                }
                let now = Instant::from_ns(ns / 4);
                let first = twin.first().copied().filter(|(at, _)| *at <= now);
                prop_assert_eq!(timers.next_expired(now), first.map(|(_, thread)| thread));
                first.map(|first| twin.remove(&first));
            }
        }
    }
}
