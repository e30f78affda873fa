//! The short way through an event, where each thread has a core of its own, calls cost nothing, and programs are plain: no
//! run queue, no phase between two pieces of work, no objects, no world that stands still.
//!
//! It must come to the same as the long way, through `cores`, `asking` and `releasing`; a property test compares them.

use gilsim_policies::{Ask, Entry, Reason, Release, Span, Successor, Then, ThreadId};

use super::RunSpec;
use super::account::Log;
use super::check::impossible;
use super::engine::Simulation;
use super::phases::Follows;
use super::thread::{Pause, Phase, Place, Thread};
use crate::machine::Machine;
use crate::trace::{EventKind, Sink, State};
use crate::workload::Step;

/// Whether the short way knows all that the threads do.
pub fn is_plain(spec: &RunSpec<'_>) -> bool {
    let stops = spec.runtime.collector.is_some_and(|collector| collector.check_spacing.is_some());
    let is_plain = |step: &Step| match step {
        // All that touches objects comes after a pick.
        Step::Pick { .. } => false,
        Step::Allocate(_) => !stops,
        _ => true,
    };
    let mut steps = spec.workload.groups.iter().flat_map(|group| &group.program.steps);
    spec.runtime.boot.is_zero() && steps.all(is_plain)
}

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// The event of a thread.
    #[inline(always)]
    pub fn event_at_once(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        match threads[thread.index()].phase {
            Phase::Compute | Phase::CHold | Phase::CRelease | Phase::Prepare => {
                self.work_done(threads, thread);
            }
            // As `begin_pass`, which is not inlined.
            Phase::Idle => {
                self.log.mark_pass(&mut threads[thread.index()], Span::ZERO);
                self.arrives(threads, thread);
            }
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
            None if !state.left.is_zero() => Follows::Work,
            None if state.phase == Phase::CRelease => Follows::Return,
            None => match self.next_step(threads, thread) {
                Follows::LetGo(reason) => self.lets_go(threads, thread, reason),
                follows => follows,
            },
        };
        self.follow(threads, thread, follows);
    }

    /// A thread that was woken goes on. The common way, of who was handed the lock, shares no jump with the others.
    #[inline(always)]
    pub fn woken(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        match threads[thread.index()].phase {
            Phase::Granted => {
                let follows = self.goes_on(threads, thread);
                self.follow(threads, thread, follows);
            }
            Phase::Ask(ask) => self.follow_on(threads, thread, Follows::Ask(ask)),
            Phase::Switched(reason) => {
                let follows = self.without_lock(threads, thread, reason);
                self.follow_on(threads, thread, follows);
            }
            phase => impossible(thread, &format!("is woken in {phase:?}")),
        }
    }

    /// Its sleep is over: asks again.
    pub fn times_out(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        Self::take_core(&mut self.log, &mut threads[thread.index()]);
        self.follow(threads, thread, Follows::Ask(Ask::TimedOut));
    }

    /// Comes from outside.
    #[inline(always)]
    pub fn arrives(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let follows = self.comes_back(threads, thread);
        let follows = follows.unwrap_or_else(|| self.asks(threads, thread, Ask::Fresh));
        self.follow(threads, thread, follows);
    }

    /// Carries a thread on until it works or rests. Mostly it does already.
    #[inline(always)]
    fn follow(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, follows: Follows) {
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
                Follows::Return => {
                    self.comes_back(threads, thread).unwrap_or(Follows::Ask(Ask::Fresh))
                }
                Follows::Ask(ask) => self.asks(threads, thread, ask),
                Follows::GoOn => self.next_step(threads, thread),
                Follows::Knock | Follows::LeaveObject => unreachable!("{thread} has an object"),
            };
        }
    }

    /// Comes back from outside. Says what follows, unless it is to ask for the lock.
    #[inline(always)]
    fn comes_back(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Option<Follows> {
        let state = &mut threads[thread.index()];
        if state.has_main() {
            state.asked_since = self.log.now;
            self.log.emit(state, EventKind::Request, None);
            None
        } else {
            self.log.set_state(state, State::Overhead);
            Self::take_core(&mut self.log, state);
            Some(self.goes_on(threads, thread))
        }
    }

    #[inline(always)]
    fn asks(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, mut ask: Ask) -> Follows {
        let state = &mut threads[thread.index()];
        let Some(lock) = self.locks.get_mut(state.main as usize) else {
            unreachable!("there is a lock to ask for")
        };
        let mut answer = lock.ask(self.log.now, state, ask);
        while answer.entry == Entry::Spin {
            ask = ask.again();
            answer = lock.ask(self.log.now, state, ask);
        }
        if let Entry::Sleep { timeout } = answer.entry {
            if ask == Ask::Woken {
                state.totals.failed_acquisitions += 1;
                self.log.emit(state, EventKind::FailedAcquire, lock.view.holder);
            }
            self.log.emit(state, EventKind::Sleep, None);
            state.deadline = timeout.map(|timeout| self.log.now + timeout);
            lock.view.sleepers.push(thread, state.asked_since);
            if answer.ask_drop {
                self.request_drop(threads, thread);
            }
            self.fall_asleep(threads, thread);
            return Follows::Rest;
        }
        Self::take_core(&mut self.log, state);
        let switched = lock.give(&mut self.log, state);
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
        if threads[thread.index()].has_main() {
            let Release { successor, then } = self.free(threads, thread, reason);
            match successor {
                Successor::Nobody | Successor::Futile => {
                    if reason == Reason::CheckPoint && then == Then::GoOn {
                        self.skip_rounds(threads, thread, Span::ZERO);
                    }
                }
                Successor::Wake(next) => self.wake(threads, next, Phase::Ask(Ask::Woken)),
                Successor::HandOver(next) => self.wake(threads, next, Phase::Granted),
            }
            if self.awaits_switch(threads, thread, reason, then) {
                return Follows::Rest;
            }
        }
        let state = &mut threads[thread.index()];
        if let (Reason::Blocking, Pause::Think(span)) = (reason, state.pause) {
            self.think(threads, thread, span);
            return Follows::Rest;
        }
        self.without_lock(threads, thread, reason)
    }

    /// Wakes a thread, which goes on at this instant.
    #[inline(always)]
    fn wake(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, phase: Phase) {
        let state = &mut threads[thread.index()];
        state.phase = phase;
        Self::take_core(&mut self.log, state);
        self.agenda.push(thread);
    }

    /// Gets its core, and works at once: no time passes in between.
    #[inline(always)]
    fn take_core(log: &mut Log<'_, M, S>, state: &mut Thread<'_>) {
        if state.place == Place::Off {
            log.set_state(state, State::Running);
            state.place = Place::On(state.id.0 as u16);
            state.progress_from = log.now;
            log.emit(state, EventKind::Dispatch, None);
        }
    }
}
