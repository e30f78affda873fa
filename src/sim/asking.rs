//! What a thread does in its calls into the lock to get it: asking, taking, falling asleep.

use gilsim_policies::{Ask, Entry, Primitive, Span, ThreadId};

use super::engine::Simulation;
use super::phases::Follows;
use super::thread::{Phase, Place, Thread};
use crate::machine::Machine;
use crate::trace::{EventKind, Sink, State};

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// Comes back from outside and asks for the lock.
    pub fn return_to_lock(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        if M::INSTANT {
            return self.arrives(threads, thread);
        }
        let state = &mut threads[thread.index()];
        if state.has_main() {
            self.knock(threads, thread);
        } else {
            self.log.enter(state, Phase::Granted, Span::ZERO);
            if state.place == Place::Off {
                self.make_ready(threads, thread);
            }
        }
    }

    /// Asks for the lock that it is busy with.
    #[inline(always)]
    pub fn knock(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let state = &mut threads[thread.index()];
        state.asked_since = self.log.now;
        self.log.emit(state, EventKind::Request, None);
        self.call_lock(threads, thread, Ask::Fresh);
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

    /// Puts the thread's question to the policy, and carries out the answer.
    #[inline(always)]
    pub fn answer(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, ask: Ask) -> Follows {
        if let Some(lock) = self.locks.get_mut(threads[thread.index()].at as usize) {
            if lock.guard.is_some_and(|owner| owner != thread) {
                self.wait_at_guard(threads, thread, Phase::AtGuard(ask));
                return Follows::Rest;
            }
            if lock.first_fit {
                lock.guard = Some(thread);
            }
        }
        if self.may_take(threads, thread, ask) {
            self.acquire(threads, thread)
        } else {
            Follows::Work
        }
    }

    /// Puts the thread's question to the policy, and sends it to sleep if it may not take the lock.
    #[inline(always)]
    fn may_take(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, mut ask: Ask) -> bool {
        let state = &mut threads[thread.index()];
        let Some(lock) = self.locks.get_mut(state.at as usize) else { return true };
        let mut answer = lock.ask(self.log.now, state, ask);
        while answer.entry == Entry::Spin {
            ask = ask.again();
            if !self.costs.yield_call.is_zero() {
                self.log.enter(state, Phase::Ask(ask), self.costs.yield_call);
                return false;
            }
            // Where yielding takes no time, nothing happens meanwhile.
            answer = lock.ask(self.log.now, state, ask);
        }
        if let Entry::Sleep { timeout } = answer.entry {
            self.sleeps(threads, thread, ask, timeout, answer.ask_drop);
        }
        answer.entry == Entry::Take
    }

    /// Goes to sleep at the lock that it is busy with.
    #[inline(always)]
    fn sleeps(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        ask: Ask,
        timeout: Option<Span>,
        ask_drop: bool,
    ) {
        let state = &mut threads[thread.index()];
        let (now, at) = (self.log.now, state.at as usize);
        let of_object = self.locks[at].of_object;
        state.totals.object_waits += u64::from(of_object && ask != Ask::Woken);
        let suspended = if state.references.is_empty() {
            Span::ZERO
        } else {
            self.suspend_sections(threads, thread)
        };
        let state = &mut threads[thread.index()];
        let lock = &mut self.locks[at];
        if ask == Ask::Woken {
            state.totals.failed_acquisitions += u64::from(!of_object);
            self.log.emit(state, EventKind::FailedAcquire, lock.view.holder);
        }
        if lock.first_fit && timeout.is_some_and(|timeout| self.costs.is_up(now, timeout)) {
            self.time_is_up(threads, thread);
            if ask_drop {
                self.request_drop(threads, thread);
            }
            return;
        }
        state.deadline = timeout.map(|timeout| now + timeout);
        self.log.emit(state, EventKind::Sleep, None);
        let warm = match lock.primitive {
            Primitive::Condition => self.costs.condition_call,
            Primitive::Semaphore | Primitive::Queue => self.costs.sleep_call,
        };
        let takes = warm + self.machine.cold_call(state.cold) + suspended;
        let at_once = takes.is_zero() && !lock.first_fit;
        if at_once || lock.primitive != Primitive::Semaphore {
            lock.view.sleepers.push(thread, state.asked_since);
        } else {
            lock.send(state);
        }
        if !at_once {
            self.log.enter(state, Phase::FallAsleep, takes);
            lock.falling_asleep.push(thread);
        }
        if ask_drop {
            self.request_drop(threads, thread);
        }
        if at_once {
            self.fall_asleep(threads, thread);
        }
    }

    /// The wait is over before it begins: asks again, and has kept the mutex.
    #[cold]
    fn time_is_up(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let state = &mut threads[thread.index()];
        state.totals.time_outs += 1;
        self.log.emit(state, EventKind::TimeOut, None);
        let takes = self.costs.deadline_check + self.costs.lock_call;
        self.log.enter(state, Phase::Ask(Ask::TimedOut), takes);
    }

    /// Asks the holder to let go.
    #[inline(always)]
    pub fn request_drop(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let state = &mut threads[thread.index()];
        let at = state.at;
        let Some(lock) = self.locks.get(at as usize) else { return };
        state.totals.drop_requests += 1;
        self.log.emit(state, EventKind::DropRequest, lock.view.holder);
        self.rearm_holder(threads, at);
    }

    #[inline(always)]
    fn acquire(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        let state = &mut threads[thread.index()];
        let Some(lock) = self.locks.get_mut(state.at as usize) else { return Follows::GoOn };
        let switched = lock.give(&mut self.log, state);
        if lock.of_object {
            return self.has_entered(threads, thread);
        }
        if !switched || lock.switch_waiters.is_empty() {
            return self.has_taken(threads, thread);
        }
        let waiters = std::mem::take(&mut lock.switch_waiters);
        self.log.enter(state, Phase::WakeSwitched, Span::ZERO);
        let takes = waiters.into_iter().map(|waiter| self.wake_switched(threads, waiter)).sum();
        threads[thread.index()].left = takes;
        Follows::Work
    }

    /// Has the lock, and unlocks the mutex if it has that too.
    pub fn has_taken(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        let at = threads[thread.index()].at as usize;
        if self.locks.get(at).is_some_and(|lock| lock.guard == Some(thread))
            && let Some(takes) = self.unlock(threads, at)
        {
            self.log.enter(&mut threads[thread.index()], Phase::WakeSwitched, takes);
            return Follows::Work;
        }
        self.resume(threads, thread).unwrap_or(Follows::GoOn)
    }

    /// Another thread has the mutex that guards the lock's state: sleeps until it is free.
    #[cold]
    pub fn wait_at_guard(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, phase: Phase) {
        let Some(lock) = self.locks.get_mut(threads[thread.index()].at as usize) else { return };
        lock.guard_waiters.push(thread);
        threads[thread.index()].phase = phase;
        self.leave_core(threads, thread, State::LockWait);
    }

    /// The kernel looks at the lock's word before it lets the caller sleep: who finds the lock free goes back.
    pub fn look_again(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        // The call unlocks the mutex, and wakes who sleeps at it.
        let at = threads[thread.index()].at as usize;
        if self.locks.get(at).is_some_and(|lock| lock.guard == Some(thread)) {
            let takes = self.unlock(threads, at).unwrap_or_default();
            self.log.enter(&mut threads[thread.index()], Phase::FallAsleep, takes);
            return Follows::Work;
        }
        let state = &mut threads[thread.index()];
        let Some(lock) = self.locks.get_mut(state.at as usize) else { return Follows::Rest };
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
        let Some(lock) = self.locks.get_mut(state.at as usize) else { return };
        let of_object = lock.of_object;
        if !M::INSTANT {
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
        if !M::INSTANT && of_object {
            self.find_cycle(threads, thread);
        }
    }

    /// A sleep at the lock is over by time-out.
    pub fn time_out(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let state = &mut threads[thread.index()];
        let Some(lock) = self.locks.get_mut(state.at as usize) else { return };
        lock.call(state);
        lock.send(state);
        state.totals.time_outs += 1;
        self.log.emit(state, EventKind::TimeOut, None);
        if M::INSTANT {
            return self.times_out(threads, thread);
        }
        self.call_lock(threads, thread, Ask::TimedOut);
    }
}
