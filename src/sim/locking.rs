//! What a thread does in its calls into the lock: asking, sleeping, letting go, waking others.

use gilsim_policies::{Ask, Entry, Reason, Span, Successor, Then, ThreadId};

use super::engine::Simulation;
use super::thread::{Phase, Place};
use crate::machine::Machine;
use crate::trace::{EventKind, Sink, State};

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// Comes back from outside and asks for the lock.
    #[inline(always)]
    pub fn return_to_lock(&mut self, thread: ThreadId) {
        let state = &mut self.threads[thread.index()];
        if self.lock.is_some() {
            state.asked_since = self.log.now;
            self.log.emit(state, EventKind::Request, None);
            self.call_lock(thread, Phase::Ask(Ask::Fresh));
        } else {
            self.log.enter(state, Phase::Granted, Span::ZERO);
            if state.place == Place::Off {
                self.make_ready(thread);
            }
        }
    }

    /// Enters a phase that begins with a call into the lock, getting a core first if need be.
    #[inline(always)]
    fn call_lock(&mut self, thread: ThreadId, phase: Phase) {
        let state = &mut self.threads[thread.index()];
        self.log.enter(state, phase, self.costs.lock_call);
        if state.place == Place::Off {
            self.make_ready(thread);
        }
    }

    /// Puts the thread's question to the policy, and carries out the answer.
    #[inline(always)]
    pub fn answer(&mut self, thread: ThreadId, ask: Ask) {
        let Some(lock) = &mut self.lock else { return };
        let state = &mut self.threads[thread.index()];
        if std::mem::take(&mut state.in_flight) {
            lock.in_flight -= 1;
        }
        let (now, holder) = (self.log.now, lock.holder);
        let answer = lock.consult(now, self.alive, |policy, view| policy.ask(view, thread, ask));
        if ask == Ask::Woken && answer.entry != Entry::Take {
            state.totals.failed_acquisitions += 1;
            self.log.emit(state, EventKind::FailedAcquire, holder);
        }
        match answer.entry {
            Entry::Take => self.acquire(thread),
            Entry::Sleep { timeout } => {
                lock.sleepers.push(thread, state.asked_since);
                let late = |timeout| now + timeout + self.machine.timer_lateness();
                state.deadline = timeout.map(late);
                self.log.emit(state, EventKind::Sleep, None);
            }
        }
        if answer.ask_drop {
            let state = &mut self.threads[thread.index()];
            state.totals.drop_requests += 1;
            self.log.emit(state, EventKind::DropRequest, holder);
            self.rearm_holder();
        }
        if answer.entry != Entry::Take {
            self.fall_asleep(thread);
        }
    }

    #[inline(always)]
    fn acquire(&mut self, thread: ThreadId) {
        let Some(lock) = &mut self.lock else { return };
        let state = &mut self.threads[thread.index()];
        let switched = lock.give(&mut self.log, self.alive, state);
        if !switched || lock.switch_waiters.is_empty() {
            return self.resume(thread);
        }
        let waiters = std::mem::take(&mut lock.switch_waiters);
        self.log.enter(state, Phase::WakeSwitched, Span::ZERO);
        let takes = waiters.into_iter().map(|waiter| self.wake_switched(waiter)).sum();
        self.threads[thread.index()].left = takes;
    }

    /// Lets the lock go, or does at once what the thread wants to do without it.
    #[inline(always)]
    pub fn let_go(&mut self, thread: ThreadId, reason: Reason) {
        if self.lock.is_none() {
            self.without_lock(thread, reason);
        } else if M::INSTANT {
            self.release(thread, reason);
        } else {
            let state = &mut self.threads[thread.index()];
            self.log.enter(state, Phase::Release(reason), self.costs.lock_call);
        }
    }

    /// Frees the lock, and sets the successor on its way.
    #[inline(always)]
    pub fn release(&mut self, thread: ThreadId, reason: Reason) {
        let Some(lock) = &mut self.lock else { return };
        let state = &mut self.threads[thread.index()];
        let release = lock.free(&mut self.log, self.alive, state, reason);
        let then = release.then;
        let (Successor::Wake(next) | Successor::HandOver(next)) = release.successor else {
            return self.after_release(thread, reason, then);
        };
        let sleeper = &mut self.threads[next.index()];
        lock.call(sleeper);
        if matches!(release.successor, Successor::HandOver(_)) {
            lock.give(&mut self.log, self.alive, sleeper);
        }
        if M::INSTANT {
            self.wake_sleeper(next, thread);
            return self.after_release(thread, reason, then);
        }
        // The sleeper is on its way from the begin of the call, the caller goes on from its end.
        let state = &mut self.threads[thread.index()];
        self.log.enter(state, Phase::WakeNext { reason, then }, Span::ZERO);
        let takes = self.wake_sleeper(next, thread);
        self.threads[thread.index()].left = takes;
    }

    /// A sleeper that was called is woken, by the thread `by`; says what the call costs.
    #[inline(always)]
    fn wake_sleeper(&mut self, thread: ThreadId, by: ThreadId) -> Span {
        let state = &mut self.threads[thread.index()];
        self.log.emit(state, EventKind::Wake, Some(by));
        if state.deadline.is_some() {
            self.queue.clear(thread.index());
        }
        let phase = if state.holds { Phase::Granted } else { Phase::Ask(Ask::Woken) };
        self.wake_into(thread, phase)
    }

    /// Wakes a thread for a phase that begins with a call into the lock; says what waking costs.
    #[inline(always)]
    fn wake_into(&mut self, thread: ThreadId, phase: Phase) -> Span {
        let state = &mut self.threads[thread.index()];
        self.log.enter(state, phase, self.costs.lock_call);
        let interrupts = self.make_ready(thread);
        self.machine.wake_call(interrupts)
    }

    /// Sleeps at the lock from now on. The way into the call that sleeps is part of the context switch.
    #[inline(always)]
    fn fall_asleep(&mut self, thread: ThreadId) {
        let state = &mut self.threads[thread.index()];
        state.phase = Phase::Asleep;
        let deadline = state.deadline;
        self.leave_core(thread, State::LockWait);
        if let Some(deadline) = deadline {
            self.queue.set(thread.index(), deadline);
        }
    }

    /// A sleep at the lock is over by time-out.
    pub fn time_out(&mut self, thread: ThreadId) {
        let Some(lock) = &mut self.lock else { return };
        let state = &mut self.threads[thread.index()];
        lock.call(state);
        state.totals.time_outs += 1;
        self.log.emit(state, EventKind::TimeOut, None);
        self.call_lock(thread, Phase::Ask(Ask::TimedOut));
    }

    /// The successor is awake: the releaser goes on, or awaits the switch.
    #[inline(always)]
    pub fn after_release(&mut self, thread: ThreadId, reason: Reason, then: Then) {
        if then == Then::AwaitSwitch {
            let Some(lock) = &mut self.lock else { return };
            let state = &mut self.threads[thread.index()];
            if lock.switches == state.switches_at_release {
                lock.switch_waiters.push(thread);
                self.log.emit(state, EventKind::AwaitSwitch, None);
                state.phase = Phase::AwaitingSwitch(reason);
                return self.leave_core(thread, State::LockWait);
            }
        }
        self.without_lock(thread, reason);
    }

    /// Wakes a thread that awaits a switch; says what the call costs.
    fn wake_switched(&mut self, thread: ThreadId) -> Span {
        let Phase::AwaitingSwitch(reason) = self.threads[thread.index()].phase else {
            unreachable!("{thread} does not await a switch");
        };
        self.wake_into(thread, Phase::Switched(reason))
    }
}
