//! Timers, and the interrupts in which they fire.
//!
//! A timer may fire from its expiry on, and has to by its slack later. The interrupt of one serves all of its
//! core that may fire: threads that fell asleep one soon after the other wake up together.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use gilsim_policies::{Instant, Span, ThreadId};

use super::engine::Simulation;
use super::thread::{Phase, Thread};
use crate::machine::Machine;
use crate::trace::{EventKind, Sink};

/// A core's timers, the first to expire on top: when it expires, whose it is, and how many its thread had set by
/// then. Those that were cancelled stay for a while.
pub(super) type Timers = BinaryHeap<Reverse<(Instant, ThreadId, u32)>>;

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// Sets the timer of a thread that has left its core.
    #[inline(always)]
    pub fn set_timer(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, expiry: Instant) {
        let lateness = self.machine.timer_lateness();
        let state = &mut threads[thread.index()];
        state.timers_set = state.timers_set.wrapping_add(1);
        if !M::INSTANT && !lateness.is_zero() {
            let timers = &mut self.timers[usize::from(state.left_core.1)];
            timers.push(Reverse((expiry, thread, state.timers_set)));
            if timers.len() > 2 * threads.len() {
                timers.retain(|Reverse((_, thread, set))| threads[thread.index()].awaits(*set));
            }
        }
        self.queue.set(thread.index(), (expiry + lateness).max(self.log.now));
    }

    /// A thread off its core has an event. If its timer fires, that interrupts the core that it left.
    pub fn interrupt_at(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let a_timer = matches!(threads[thread.index()].phase, Phase::Asleep | Phase::Blocked);
        if self.timers.is_empty() || !a_timer {
            return self.expire(threads, thread);
        }
        let (_, core) = threads[thread.index()].left_core;
        self.interrupted = Some(core);
        self.expire(threads, thread);
        while let Some(other) = self.next_expired(threads, core) {
            self.queue.clear(other.index());
            self.expire(threads, other);
        }
        self.interrupted = None;
        self.end_interrupt(threads, core);
    }

    /// The next thread whose timer on a core may fire.
    fn next_expired(&mut self, threads: &[Thread<'_>], core: u16) -> Option<ThreadId> {
        let timers = &mut self.timers[usize::from(core)];
        while let Some(&Reverse((expiry, thread, set))) = timers.peek()
            && expiry <= self.log.now
        {
            timers.pop();
            if threads[thread.index()].awaits(set) {
                return Some(thread);
            }
        }
        None
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
