//! Threads on cores: who runs, until when, and what takes it off.

use gilsim_policies::{Instant, Reason, Span, ThreadId};

use super::check::impossible;
use super::engine::Simulation;
use super::lock::LockId;
use super::phases::Follows;
use super::thread::{Phase, Place, Thread};
use crate::machine::{Machine, Placement};
use crate::trace::{EventKind, Sink, State};

/// A core as the engine sees it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Core {
    pub current: Option<ThreadId>,
    /// Whether it is to pick again as soon as its thread leaves the kernel.
    pub resched: bool,
    /// When an interrupt from another core arrives that makes it pick again.
    interrupt: Option<Instant>,
    /// Until when the host has it.
    stolen_to: Option<Instant>,
}

impl Core {
    /// Whether nothing is on its way to it.
    pub const fn is_left_alone(&self) -> bool {
        !self.resched && self.interrupt.is_none() && self.stolen_to.is_none()
    }
}

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// A core's tick, or an interrupt from another core; or the host takes the core, or gives it back.
    pub fn tick(&mut self, threads: &mut [Thread<'_>], core: u16) {
        let now = self.log.now;
        if let Some(span) = self.machine.steal(now, core) {
            self.steal(threads, core, span);
        } else {
            let here = &mut self.cores[usize::from(core)];
            let resumes = here.stolen_to.take().is_some();
            let interrupted = here.interrupt.take_if(|at| *at <= now).is_some();
            let repick =
                if resumes { self.machine.resume(now, core) } else { self.machine.tick(now, core) };
            if repick || interrupted {
                self.reschedule(threads, core);
            }
        }
        self.set_tick(threads.len(), core);
    }

    /// The host takes a core away: its thread gets nothing done meanwhile.
    fn steal(&mut self, threads: &mut [Thread<'_>], core: u16, span: Span) {
        let here = &mut self.cores[usize::from(core)];
        here.stolen_to = Some(self.log.now + span);
        let Some(thread) = here.current else { return };
        self.progress(threads, thread);
        let state = &mut threads[thread.index()];
        state.progress_from = state.progress_from.max(self.log.now) + span;
        self.arm(threads, thread);
    }

    pub fn set_tick(&mut self, threads: usize, core: u16) {
        if self.machine.ticking_cores() == 0 {
            return;
        }
        let slot = threads + usize::from(core);
        let here = self.cores[usize::from(core)];
        if let Some(back) = here.stolen_to {
            return self.queue.set(slot, back);
        }
        let busy = here.current.is_some();
        let own = if busy { self.machine.next_interrupt(self.log.now, core) } else { None };
        match own.into_iter().chain(here.interrupt).min() {
            Some(at) => self.queue.set(slot, at),
            None => self.queue.clear(slot),
        }
    }

    /// Makes a thread ready to run its phase; says whether that interrupts another core.
    pub fn make_ready(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> bool {
        self.log.set_state(&mut threads[thread.index()], State::CoreWait);
        let placement = self.machine.wake(self.log.now, thread);
        self.placed(threads, thread, placement)
    }

    /// The machine has found a place for a thread; says whether that interrupts another core.
    #[inline(always)]
    pub fn placed(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        placement: Placement,
    ) -> bool {
        let state = &mut threads[thread.index()];
        match placement {
            Placement::Run { core, after, warm_up } => {
                self.cores[usize::from(core)].current = Some(thread);
                self.dispatch(threads, core, thread, after, warm_up);
                self.set_tick(threads.len(), core);
                true
            }
            Placement::Queue { core } => {
                state.place = Place::Ready(core);
                self.set_tick(threads.len(), core);
                false
            }
            Placement::Preempt { core } => {
                state.place = Place::Ready(core);
                if self.interrupted == Some(core) {
                    self.cores[usize::from(core)].resched = true;
                    return false;
                }
                let waker = self.acting.map(|waker| threads[waker.index()].place);
                let interrupts = waker.is_some_and(|place| place != Place::On(core));
                if interrupts {
                    return self.interrupt(threads, core);
                }
                self.reschedule(threads, core);
                self.set_tick(threads.len(), core);
                false
            }
        }
    }

    /// Wakes a thread; says whether that interrupts another core.
    ///
    /// Whose core is still switching away from it, to another thread, is put into the run queue there, by
    /// an interrupt.
    pub fn wake_up(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> bool {
        let (left, core) = threads[thread.index()].left_core;
        let switching = self.log.now < left + self.costs.switch_away
            && self.cores[usize::from(core)].current.is_some();
        if !switching {
            return self.make_ready(threads, thread);
        }
        self.log.set_state(&mut threads[thread.index()], State::CoreWait);
        self.queue.set(thread.index(), self.log.now + self.machine.interrupt_latency());
        true
    }

    /// The core picks again if a timer's interrupt has woken somebody who is to go first.
    pub fn end_interrupt(&mut self, threads: &mut [Thread<'_>], core: u16) {
        if self.cores[usize::from(core)].resched {
            self.reschedule(threads, core);
            self.set_tick(threads.len(), core);
        }
    }

    /// Sends an interrupt to a core, unless one is on its way; says whether it does.
    fn interrupt(&mut self, threads: &mut [Thread<'_>], core: u16) -> bool {
        let here = &mut self.cores[usize::from(core)];
        if here.interrupt.is_some() || here.resched {
            return false;
        }
        here.interrupt = Some(self.log.now + self.machine.interrupt_latency());
        self.set_tick(threads.len(), core);
        true
    }

    /// A core picks again: now, or as soon as its thread leaves the kernel.
    fn reschedule(&mut self, threads: &mut [Thread<'_>], core: u16) {
        let Some(current) = self.cores[usize::from(core)].current else {
            return;
        };
        let state = &threads[current.index()];
        if state.phase.in_kernel() || self.acting == Some(current) {
            self.cores[usize::from(core)].resched = true;
        } else {
            self.progress(threads, current);
            self.switch_from(threads, core, current);
        }
    }

    /// Lets the machine pick between the current thread of a core, whose account is up to date, and
    /// those that queue there.
    fn switch_from(&mut self, threads: &mut [Thread<'_>], core: u16, current: ThreadId) {
        let here = &mut self.cores[usize::from(core)];
        (here.resched, here.interrupt) = (false, None);
        let next = self.machine.repick(self.log.now, core, current);
        self.set_tick(threads.len(), core);
        if next == current {
            // It goes on where it stopped.
            if self.acting != Some(current) {
                self.arm(threads, current);
            }
            return;
        }
        self.queue.clear(current.index());
        let state = &mut threads[current.index()];
        self.log.emit(state, EventKind::Preempt, Some(next));
        self.log.set_state(state, State::CoreWait);
        state.place = Place::Ready(core);
        state.totals.involuntary_switches += 1;
        self.cores[usize::from(core)].current = Some(next);
        self.dispatch(threads, core, next, Span::ZERO, Span::ZERO);
    }

    /// Takes a thread that sleeps, blocks or ends off its core.
    #[inline(always)]
    pub fn leave_core(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, reason: State) {
        let state = &mut threads[thread.index()];
        let Place::On(core) = state.place else {
            impossible(thread, "leaves a core that it is not on");
        };
        self.log.set_state(state, reason);
        state.place = Place::Off;
        state.totals.voluntary_switches += 1;
        if M::INSTANT {
            return;
        }
        state.left_core = (self.log.now, core);
        state.cold = Span::ZERO;
        let next = self.machine.leave(self.log.now, core, thread);
        let here = &mut self.cores[usize::from(core)];
        here.current = next;
        (here.resched, here.interrupt) = (false, None);
        if let Some(next) = next {
            // It may have come from another core's queue.
            if let Place::Ready(from) = threads[next.index()].place
                && from != core
            {
                self.set_tick(threads.len(), from);
            }
            self.dispatch(threads, core, next, Span::ZERO, Span::ZERO);
        }
        self.set_tick(threads.len(), core);
    }

    /// Puts a thread on a core that is its own and wakes up in a while.
    fn dispatch(
        &mut self,
        threads: &mut [Thread<'_>],
        core: u16,
        thread: ThreadId,
        after: Span,
        warm_up: Span,
    ) {
        let state = &mut threads[thread.index()];
        self.log.mark(state);
        state.place = Place::On(core);
        state.arrives_at = self.log.now + after;
        if let Some(back) = self.cores[usize::from(core)].stolen_to {
            state.arrives_at = state.arrives_at.max(back);
        }
        let (switch, cold) = self.costs.switch_to(warm_up);
        state.cold += cold;
        state.switched_at = state.arrives_at + switch;
        state.progress_from = state.switched_at;
        state.state = state.phase.state_on_core();
        self.log.emit(state, EventKind::Dispatch, None);
        if state.left.is_zero() && state.progress_from == self.log.now {
            self.agenda.push(thread);
        } else {
            self.arm(threads, thread);
        }
    }

    /// Sets the event at which the phase of a thread on a core ends or meets a check point.
    #[inline(always)]
    pub fn arm(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let now = self.log.now;
        let state = &mut threads[thread.index()];
        let mut stretch = state.left;
        if state.at_check {
            stretch = Span::ZERO;
        } else if state.checks && state.phase == Phase::Compute {
            let due = if let Some(lock) = self.locks.get(state.main as usize) {
                lock.until_check(state.since_check)
            } else {
                self.until_stop(thread)
            };
            stretch = due.map_or(stretch, |due| due.min(stretch));
        }
        state.progress_from = state.progress_from.max(now);
        self.queue.set(thread.index(), state.progress_from + stretch);
    }

    /// The holder's check points may matter now, or no longer.
    pub fn rearm_holder(&mut self, threads: &mut [Thread<'_>], lock: LockId) {
        let Some(holder) = self.locks.get(lock as usize).and_then(|lock| lock.view.holder) else {
            return;
        };
        let state = &threads[holder.index()];
        let computes = matches!(state.place, Place::On(_)) && state.phase == Phase::Compute;
        if computes {
            self.progress(threads, holder);
            self.arm(threads, holder);
        }
    }

    /// Brings the phase of a thread on a core up to date.
    #[inline(always)]
    pub fn progress(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let now = self.log.now;
        let state = &mut threads[thread.index()];
        if now <= state.progress_from {
            return;
        }
        let done = now - state.progress_from;
        state.progress_from = now;
        state.left -= done;
        if !state.checks || state.phase != Phase::Compute {
            return;
        }
        let Some(lock) = self.locks.get_mut(state.main as usize) else {
            state.at_check = self.must_stop(thread);
            return;
        };
        let Some(spacing) = lock.check_spacing else { return };
        let since = state.since_check + done;
        if since < spacing {
            state.since_check = since;
            return;
        }
        let passed = since.ns() / spacing.ns();
        state.since_check = Span::from_ns(since.ns() % spacing.ns());
        // A point that matters is not passed: the thread stands at it.
        let due = lock.policy.next_check(&lock.view);
        let stands = due.is_some_and(|due| u64::from(due) == passed) && state.since_check.is_zero();
        state.at_check = stands;
        lock.policy.pass_checks(passed - u64::from(stands));
    }

    /// Carries a thread on a core through its phases until one takes time, or it leaves the core.
    #[inline(never)]
    pub fn act(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        self.acting = Some(thread);
        let mut between_calls = false;
        while let Place::On(core) = threads[thread.index()].place {
            // Between two calls into the kernel, too, a thread passes through user mode.
            if self.cores[usize::from(core)].resched
                && (between_calls || !threads[thread.index()].phase.in_kernel())
            {
                self.switch_from(threads, core, thread);
                if threads[thread.index()].place != Place::On(core) {
                    break;
                }
            }
            let state = &threads[thread.index()];
            let arrived = state.progress_from <= self.log.now;
            let follows = if arrived && state.at_check {
                match self.check_point(threads, thread) {
                    Some(reason) => Follows::LetGo(reason),
                    None if threads[thread.index()].has_main() => continue,
                    None => self.stop_at_check(threads, thread),
                }
            } else if arrived && state.left.is_zero() {
                between_calls = true;
                self.end_phase(threads, thread)
            } else {
                self.arm(threads, thread);
                break;
            };
            let follows = match follows {
                Follows::LetGo(reason) => self.let_go(threads, thread, reason),
                Follows::LeaveObject => self.let_go_of_lock(threads, thread, Reason::Blocking),
                follows => follows,
            };
            match follows {
                Follows::Return => self.return_to_lock(threads, thread),
                Follows::Knock => self.knock(threads, thread),
                Follows::GoOn => {
                    self.log.enter(&mut threads[thread.index()], Phase::Granted, Span::ZERO);
                }
                _ => {}
            }
        }
        self.acting = None;
    }
}
