//! What a thread does in its calls into the lock to get it: asking, taking, falling asleep.

use gilsim_policies::{Ask, Entry, Primitive, Span, ThreadId};

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
        if self.lock.as_ref().is_some_and(|lock| lock.guard.is_some()) {
            self.wait_at_guard(threads, thread, ask);
            return false;
        }
        self.may_take(threads, thread, ask) && self.acquire(threads, thread)
    }

    /// Puts the thread's question to the policy, and sends it to sleep if it may not take the lock.
    #[inline(always)]
    pub fn may_take(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, ask: Ask) -> bool {
        let Some(lock) = &mut self.lock else { return true };
        let state = &mut threads[thread.index()];
        if std::mem::take(&mut state.in_flight) {
            lock.view.in_flight -= 1;
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
        state.deadline = timeout.map(|timeout| now + timeout);
        self.log.emit(state, EventKind::Sleep, None);
        let warm = match lock.primitive {
            Primitive::Condition => self.costs.condition_call,
            Primitive::Semaphore | Primitive::Queue => self.costs.sleep_call,
        };
        let takes = warm + self.machine.cold_call(state.cold);
        let at_once = M::INSTANT || takes.is_zero();
        if at_once || lock.primitive != Primitive::Semaphore {
            lock.view.sleepers.push(thread, state.asked_since);
        } else {
            lock.send(state);
        }
        if !at_once {
            self.log.enter(state, Phase::FallAsleep, takes);
            lock.falling_asleep.push(thread);
        }
        if answer.ask_drop {
            state.totals.drop_requests += 1;
            self.log.emit(state, EventKind::DropRequest, holder);
            self.rearm_holder(threads);
        }
        if at_once {
            self.fall_asleep(threads, thread);
        }
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

    /// A releaser has the mutex that guards the lock's state: sleeps until it is free.
    #[cold]
    fn wait_at_guard(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, ask: Ask) {
        let Some(lock) = &mut self.lock else { return };
        lock.guard_waiters.push(thread);
        threads[thread.index()].phase = Phase::AtGuard(ask);
        self.leave_core(threads, thread, State::LockWait);
    }

    /// The kernel looks at the lock's word before it lets the caller sleep: who finds the lock free goes back.
    pub fn look_again(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        let Some(lock) = &mut self.lock else { return Follows::Rest };
        let state = &mut threads[thread.index()];
        if std::mem::take(&mut state.in_flight) {
            lock.view.in_flight -= 1;
            if lock.view.holder.is_none() {
                lock.falling_asleep.retain(|other| *other != thread);
                lock.send(state);
                let takes = self.costs.sleep_call + self.costs.lock_call;
                self.log.enter(state, Phase::Ask(Ask::Woken), takes);
                return Follows::Work;
            }
            lock.view.sleepers.push(thread, state.asked_since);
        }
        self.fall_asleep(threads, thread);
        Follows::Rest
    }

    /// Sleeps at the lock from now on.
    #[inline(always)]
    pub fn fall_asleep(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let state = &mut threads[thread.index()];
        state.phase = Phase::Asleep;
        let deadline = state.deadline;
        if let Some(lock) = &mut self.lock
            && !M::INSTANT
        {
            lock.falling_asleep.retain(|other| *other != thread);
        }
        if state.place == Place::Off {
            self.log.set_state(state, State::LockWait);
            state.totals.voluntary_switches += 1;
        } else {
            self.leave_core(threads, thread, State::LockWait);
        }
        if let Some(deadline) = deadline {
            self.set_timer(threads, thread, deadline);
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
}
