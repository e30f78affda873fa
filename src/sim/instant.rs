//! The short way through an event, where each thread has a core of its own and calls cost nothing: no run
//! queue, no phase between two pieces of work.
//!
//! It must come to the same as the long way, through `cores`, `asking` and `releasing`; a property test compares them.

use gilsim_policies::{Ask, Reason, Release, Span, Successor, ThreadId};

use super::engine::Simulation;
use super::lock::NO_LOCK;
use super::phases::Follows;
use super::thread::{Phase, Place, Thread};
use crate::machine::Machine;
use crate::trace::{EventKind, Sink, State};

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// The event of a thread.
    #[inline(always)]
    pub fn event_at_once(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        match threads[thread.index()].phase {
            Phase::Compute
            | Phase::CHold
            | Phase::CRelease
            | Phase::Boot
            | Phase::Prepare
            | Phase::Count
            | Phase::Collect => self.work_done(threads, thread),
            Phase::Idle => self.begin_pass(threads, thread, Span::ZERO),
            _ => self.expire(threads, thread),
        }
    }

    /// A thread has worked as long as it wanted to, or to a check point that may matter.
    #[inline(always)]
    fn work_done(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        self.progress(threads, thread);
        let checks = threads[thread.index()].at_check;
        let lets_go = if checks { self.check_point(threads, thread) } else { None };
        let state = &threads[thread.index()];
        let follows = match lets_go {
            Some(reason) => Follows::LetGo(reason),
            None if checks && !state.has_main() => self.stop_at_check(threads, thread),
            None if !state.left.is_zero() => Follows::Work,
            None if !matches!(state.phase, Phase::Compute | Phase::CHold) => {
                self.end_rare_phase(threads, thread, state.phase)
            }
            None => match self.next_step(threads, thread) {
                Follows::LetGo(reason) => self.lets_go(threads, thread, reason),
                follows => follows,
            },
        };
        self.follow(threads, thread, follows);
    }

    /// A thread that was woken goes on.
    #[inline(always)]
    pub fn woken(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let follows = match threads[thread.index()].phase {
            Phase::Granted => self.granted(threads, thread),
            Phase::Ask(ask) => Follows::Ask(ask),
            Phase::Switched(reason) => self.without_lock(threads, thread, reason),
            phase => unreachable!("{thread} is woken in {phase:?}"),
        };
        self.follow(threads, thread, follows);
    }

    /// Comes from outside.
    #[inline(always)]
    pub fn arrives(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let follows = match self.comes_back(threads, thread) {
            Follows::Ask(ask) => self.asks(threads, thread, ask),
            follows => follows,
        };
        self.follow(threads, thread, follows);
    }

    /// Carries a thread on until it works or rests. Mostly it does already.
    #[inline(always)]
    pub fn follow(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, follows: Follows) {
        match follows {
            Follows::Work => self.arm(threads, thread),
            Follows::Rest => {}
            follows => self.follow_on(threads, thread, follows),
        }
    }

    /// The same, for what is rare: in a loop, every part would wait for the jump to the next.
    #[cold]
    #[inline(never)]
    fn follow_on(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, mut follows: Follows) {
        loop {
            follows = match follows {
                Follows::Work => return self.arm(threads, thread),
                Follows::Rest => return,
                Follows::LetGo(reason) => self.lets_go(threads, thread, reason),
                Follows::Return => self.comes_back(threads, thread),
                Follows::Ask(ask) => self.asks(threads, thread, ask),
                Follows::Knock => self.knocks(threads, thread),
                Follows::LeaveObject => self.lets_go(threads, thread, Reason::Blocking),
                Follows::GoOn => self.next_step(threads, thread),
            };
        }
    }

    /// Comes back from outside, and asks for the lock if there is one.
    #[inline(always)]
    fn comes_back(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        let state = &mut threads[thread.index()];
        if state.has_main() {
            self.knocks(threads, thread)
        } else {
            self.log.set_state(state, State::Overhead);
            self.take_core(threads, thread);
            self.goes_on(threads, thread)
        }
    }

    /// Asks for the lock that it is busy with.
    #[inline(always)]
    fn knocks(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        let state = &mut threads[thread.index()];
        state.asked_since = self.log.now;
        self.log.emit(state, EventKind::Request, None);
        Follows::Ask(Ask::Fresh)
    }

    /// Has been handed a lock.
    #[inline(always)]
    fn granted(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        let state = &threads[thread.index()];
        if state.at == state.main {
            self.goes_on(threads, thread)
        } else {
            self.has_entered(threads, thread)
        }
    }

    #[inline(always)]
    fn asks(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, ask: Ask) -> Follows {
        if !self.may_take(threads, thread, ask) {
            return Follows::Rest;
        }
        self.take_core(threads, thread);
        let state = &mut threads[thread.index()];
        let Some(lock) = self.locks.get_mut(state.at as usize) else {
            unreachable!("there is a lock to ask for")
        };
        let switched = lock.give(&mut self.log, state);
        if lock.of_object {
            return self.has_entered(threads, thread);
        }
        if switched && !lock.switch_waiters.is_empty() {
            for waiter in std::mem::take(&mut lock.switch_waiters) {
                let Phase::AwaitingSwitch(reason) = threads[waiter.index()].phase else {
                    unreachable!("{waiter} does not await a switch");
                };
                self.wake(threads, waiter, Phase::Switched(reason));
            }
        }
        self.goes_on(threads, thread)
    }

    /// Goes on with the interrupted work, or with the next step.
    #[inline(always)]
    fn goes_on(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        match self.resume(threads, thread) {
            Some(follows) => follows,
            None => self.next_step(threads, thread),
        }
    }

    #[inline(always)]
    fn lets_go(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, reason: Reason) -> Follows {
        let state = &threads[thread.index()];
        if state.at != NO_LOCK {
            let Release { successor, then } = self.free(threads, thread, reason);
            match successor {
                Successor::Nobody | Successor::Futile => {}
                Successor::Wake(next) => self.wake(threads, next, Phase::Ask(Ask::Woken)),
                Successor::HandOver(next) => self.wake(threads, next, Phase::Granted),
            }
            if self.awaits_switch(threads, thread, reason, then) {
                return Follows::Rest;
            }
        }
        self.without_lock(threads, thread, reason)
    }

    /// Wakes a thread, which goes on at this instant.
    #[inline(always)]
    pub fn wake(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, phase: Phase) {
        threads[thread.index()].phase = phase;
        self.take_core(threads, thread);
        self.agenda.push(thread);
    }

    #[inline(always)]
    pub fn take_core(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let state = &mut threads[thread.index()];
        if state.place == Place::Off {
            self.log.set_state(state, State::Overhead);
            state.place = Place::On(thread.0 as u16);
            state.progress_from = self.log.now;
            self.log.emit(state, EventKind::Dispatch, None);
        }
    }
}
