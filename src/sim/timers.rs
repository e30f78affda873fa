//! Timers, and the interrupts in which they fire.
//!
//! A timer may fire from its expiry on, and has to by its slack later. The interrupt of one serves all of its
//! core that may fire: threads that fell asleep one soon after the other wake up together.

use gilsim_policies::{Instant, Span, ThreadId};

use super::engine::Simulation;
use super::thread::{Phase, Thread};
use crate::machine::Machine;
use crate::trace::{EventKind, Sink};

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// Sets the timer of a thread that has left its core.
    #[inline(always)]
    pub fn set_timer(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, expiry: Instant) {
        let lateness = self.machine.timer_lateness();
        if !M::INSTANT && !lateness.is_zero() {
            let (_, core) = threads[thread.index()].left_core;
            self.timers[usize::from(core)].set(thread.index(), expiry);
        }
        self.queue.set(thread.index(), (expiry + lateness).max(self.log.now));
    }

    /// Cancels the timer of a thread that is woken before it expires.
    #[inline(always)]
    pub fn cancel_timer(&mut self, threads: &[Thread<'_>], thread: ThreadId) {
        let (_, core) = threads[thread.index()].left_core;
        if let Some(timers) = self.timers.get_mut(usize::from(core)) {
            timers.clear(thread.index());
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
        self.timers[usize::from(core)].clear(thread.index());
        self.expire(threads, thread);
        while let Some((expiry, slot)) = self.timers[usize::from(core)].first()
            && expiry <= self.log.now
        {
            let other = ThreadId(slot as u32);
            self.cancel_timer(threads, other);
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
