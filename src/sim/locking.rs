//! What a thread does in its calls into the lock: asking, sleeping, letting go, waking others.

use gilsim_policies::{Ask, Entry, Reason, Span, Successor, Then, ThreadId};

use super::engine::Simulation;
use super::phases::Follows;
use super::thread::{Phase, Place, Thread};
use crate::machine::Machine;
use crate::trace::{EventKind, Sink, State};

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// Comes back from outside and asks for the lock.
    #[inline(always)]
    pub fn return_to_lock(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        if M::INSTANT {
            return self.arrives(threads, thread);
        }
        let state = &mut threads[thread.index()];
        if self.lock.is_some() {
            state.asked_since = self.log.now;
            self.log.emit(state, EventKind::Request, None);
            self.call_lock(threads, thread, Ask::Fresh);
        } else {
            self.log.enter(state, Phase::Granted, Span::ZERO);
            if state.place == Place::Off {
                self.make_ready(threads, thread);
            }
        }
    }

    /// Calls into the lock to ask for it, getting a core first if need be.
    #[inline(always)]
    fn call_lock(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, ask: Ask) {
        let state = &mut threads[thread.index()];
        self.log.enter(state, Phase::Ask(ask), self.costs.lock_call);
        if state.place == Place::Off {
            self.make_ready(threads, thread);
        }
    }

    /// Puts the thread's question to the policy, and carries out the answer. Says whether the thread goes
    /// on with the next step of its program.
    #[inline(always)]
    pub fn answer(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, ask: Ask) -> bool {
        self.may_take(threads, thread, ask) && self.acquire(threads, thread)
    }

    /// Puts the thread's question to the policy, and sends it to sleep if it may not take the lock.
    #[inline(always)]
    pub fn may_take(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, ask: Ask) -> bool {
        let Some(lock) = &mut self.lock else { return true };
        let state = &mut threads[thread.index()];
        if std::mem::take(&mut state.in_flight) {
            lock.in_flight -= 1;
        }
        let (now, holder) = (self.log.now, lock.view.holder);
        let answer = lock.policy.ask(&lock.view, thread, ask);
        let Entry::Sleep { timeout } = answer.entry else {
            return true;
        };
        if ask == Ask::Woken {
            state.totals.failed_acquisitions += 1;
            self.log.emit(state, EventKind::FailedAcquire, holder);
        }
        lock.view.sleepers.push(thread, state.asked_since);
        state.deadline = timeout.map(|timeout| now + timeout + self.machine.timer_lateness());
        self.log.emit(state, EventKind::Sleep, None);
        if answer.ask_drop {
            state.totals.drop_requests += 1;
            self.log.emit(state, EventKind::DropRequest, holder);
            self.rearm_holder(threads);
        }
        self.fall_asleep(threads, thread);
        false
    }

    /// Says whether the thread goes on with the next step of its program.
    #[inline(always)]
    fn acquire(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> bool {
        let Some(lock) = &mut self.lock else { return true };
        let state = &mut threads[thread.index()];
        let switched = lock.give(&mut self.log, state);
        if !switched || lock.switch_waiters.is_empty() {
            return self.resume(threads, thread);
        }
        let waiters = std::mem::take(&mut lock.switch_waiters);
        self.log.enter(state, Phase::WakeSwitched, Span::ZERO);
        let takes = waiters.into_iter().map(|waiter| self.wake_switched(threads, waiter)).sum();
        threads[thread.index()].left = takes;
        false
    }

    /// Lets the lock go, or does at once what the thread wants to do without it.
    #[inline(always)]
    pub fn let_go(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        reason: Reason,
    ) -> Follows {
        if self.lock.is_none() {
            return self.without_lock(threads, thread, reason);
        }
        let state = &mut threads[thread.index()];
        self.log.enter(state, Phase::Release(reason), self.costs.lock_call);
        Follows::Work
    }

    /// Frees the lock, and sets the successor on its way.
    pub fn release(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        reason: Reason,
    ) -> Follows {
        let (next, then) = self.free(threads, thread, reason);
        let Some(next) = next else {
            return self.after_release(threads, thread, reason, then);
        };
        // The sleeper is on its way from the begin of the call, the caller goes on from its end.
        let state = &mut threads[thread.index()];
        self.log.enter(state, Phase::WakeNext { reason, then }, Span::ZERO);
        let granted = threads[next.index()].holds;
        let phase = if granted { Phase::Granted } else { Phase::Ask(Ask::Woken) };
        threads[thread.index()].left = self.wake_into(threads, next, phase);
        Follows::Work
    }

    /// Frees the lock. Says who is to be woken, having the lock already if it is handed over, and what the
    /// releaser does then.
    #[inline(always)]
    pub fn free(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        reason: Reason,
    ) -> (Option<ThreadId>, Then) {
        let Some(lock) = &mut self.lock else { unreachable!("{thread} frees no lock") };
        let release = lock.free(&mut self.log, &mut threads[thread.index()], reason);
        let (Successor::Wake(next) | Successor::HandOver(next)) = release.successor else {
            return (None, release.then);
        };
        let sleeper = &mut threads[next.index()];
        lock.call(sleeper);
        if matches!(release.successor, Successor::HandOver(_)) {
            lock.give(&mut self.log, sleeper);
        } else {
            lock.send(sleeper);
        }
        self.log.emit(sleeper, EventKind::Wake, Some(thread));
        if sleeper.deadline.is_some() {
            self.queue.clear(next.index());
        }
        (Some(next), release.then)
    }

    /// Wakes a thread for a phase that begins with a call into the lock; says what waking costs.
    #[inline(always)]
    fn wake_into(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, phase: Phase) -> Span {
        let state = &mut threads[thread.index()];
        self.log.enter(state, phase, self.costs.lock_call);
        let interrupts = self.make_ready(threads, thread);
        self.machine.wake_call(interrupts)
    }

    /// Sleeps at the lock from now on. The way into the call that sleeps is part of the context switch.
    #[inline(always)]
    fn fall_asleep(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let state = &mut threads[thread.index()];
        state.phase = Phase::Asleep;
        let deadline = state.deadline;
        if state.place == Place::Off {
            self.log.set_state(state, State::LockWait);
            state.totals.voluntary_switches += 1;
        } else {
            self.leave_core(threads, thread, State::LockWait);
        }
        if let Some(deadline) = deadline {
            self.queue.set(thread.index(), deadline);
        }
    }

    /// A sleep at the lock is over by time-out.
    pub fn time_out(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let Some(lock) = &mut self.lock else { return };
        let state = &mut threads[thread.index()];
        lock.call(state);
        lock.send(state);
        state.totals.time_outs += 1;
        self.log.emit(state, EventKind::TimeOut, None);
        if M::INSTANT {
            self.take_core(threads, thread);
            return self.follow(threads, thread, Follows::Ask(Ask::TimedOut));
        }
        self.call_lock(threads, thread, Ask::TimedOut);
    }

    /// The successor is awake: the releaser goes on, or awaits the switch.
    pub fn after_release(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        reason: Reason,
        then: Then,
    ) -> Follows {
        if self.awaits_switch(threads, thread, reason, then) {
            return Follows::Rest;
        }
        self.without_lock(threads, thread, reason)
    }

    /// Sends the releaser to sleep if it is to await a switch that has not come yet.
    #[inline(always)]
    pub fn awaits_switch(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        reason: Reason,
        then: Then,
    ) -> bool {
        if then == Then::GoOn {
            return false;
        }
        let Some(lock) = &mut self.lock else { return false };
        let state = &mut threads[thread.index()];
        if lock.switches != state.switches_at_release {
            return false;
        }
        lock.switch_waiters.push(thread);
        self.log.emit(state, EventKind::AwaitSwitch, None);
        state.phase = Phase::AwaitingSwitch(reason);
        self.leave_core(threads, thread, State::LockWait);
        true
    }

    /// Wakes a thread that awaits a switch; says what the call costs.
    fn wake_switched(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Span {
        let Phase::AwaitingSwitch(reason) = threads[thread.index()].phase else {
            unreachable!("{thread} does not await a switch");
        };
        self.wake_into(threads, thread, Phase::Switched(reason))
    }
}
