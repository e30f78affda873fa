//! What a thread does in its calls into the lock to let it go: freeing it, waking others, awaiting a switch.

use gilsim_policies::{Ask, Reason, Release, Span, Successor, Then, ThreadId};

use super::engine::Simulation;
use super::phases::Follows;
use super::thread::{Phase, Place, Thread};
use crate::machine::Machine;
use crate::trace::{EventKind, Sink, State};

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// Lets the lock go, or does at once what the thread wants to do without it.
    #[inline(always)]
    pub fn let_go(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        reason: Reason,
    ) -> Follows {
        let Some(lock) = &self.lock else {
            return self.without_lock(threads, thread, reason);
        };
        // Who is about to fall asleep has the mutex, and lets it go on the way.
        let mut takes = self.costs.lock_call;
        if lock.guarded && !lock.falling_asleep.is_empty() {
            takes += self.machine.contended_call();
        }
        self.log.enter(&mut threads[thread.index()], Phase::Release(reason), takes);
        Follows::Work
    }

    /// Frees the lock, and sets the successor on its way.
    pub fn release(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        reason: Reason,
    ) -> Follows {
        let Release { successor, then } = self.free(threads, thread, reason);
        if !matches!(successor, Successor::HandOver(_)) {
            self.turn_back(threads);
        }
        let (next, phase) = match successor {
            Successor::Nobody => return self.after_release(threads, thread, reason, then),
            Successor::Futile => {
                let state = &mut threads[thread.index()];
                self.log.enter(state, Phase::WakeNext { reason, then }, self.costs.futile_wake);
                return Follows::Work;
            }
            Successor::Wake(next) => (next, Phase::Ask(Ask::Woken)),
            Successor::HandOver(next) => (next, Phase::Granted),
        };
        // The sleeper is on its way from the begin of the call, the caller goes on from its end.
        let state = &mut threads[thread.index()];
        self.log.enter(state, Phase::WakeNext { reason, then }, Span::ZERO);
        if let Some(lock) = &mut self.lock
            && lock.guarded
        {
            lock.guard = Some(thread);
        }
        threads[thread.index()].left = self.wake_into(threads, next, phase);
        Follows::Work
    }

    /// Those who are on the way into the call that sleeps see that the lock is free, and ask again.
    fn turn_back(&mut self, threads: &mut [Thread<'_>]) {
        let Some(lock) = &mut self.lock else { return };
        for thread in std::mem::take(&mut lock.falling_asleep) {
            let state = &mut threads[thread.index()];
            if let Some(lock) = &mut self.lock
                && !state.in_flight
            {
                lock.call(state);
                lock.send(state);
                self.log.emit(state, EventKind::Wake, None);
            }
            self.back_out(threads, thread, Phase::Ask(Ask::Woken));
        }
    }

    /// Makes its way back out of the call in which it was about to fall asleep.
    fn back_out(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, phase: Phase) {
        let runs = matches!(threads[thread.index()].place, Place::On(_));
        if runs {
            self.progress(threads, thread);
        }
        let state = &mut threads[thread.index()];
        let takes = state.left + self.costs.lock_call;
        self.log.enter(state, phase, takes);
        if runs {
            self.arm(threads, thread);
        }
    }

    /// The releaser has woken its successor.
    pub fn has_woken(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        reason: Reason,
        then: Then,
    ) -> Follows {
        if self.lock.as_ref().is_some_and(|lock| lock.guard == Some(thread)) {
            let state = &mut threads[thread.index()];
            self.log.enter(state, Phase::Unguard { reason, then }, self.costs.lock_call);
            return Follows::Work;
        }
        self.after_release(threads, thread, reason, then)
    }

    /// Unlocks the mutex that guards the lock's state, and wakes those who sleep at it.
    pub fn unguard(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        reason: Reason,
        then: Then,
    ) -> Follows {
        let Some(lock) = &mut self.lock else { unreachable!("there is no lock to guard") };
        lock.guard = None;
        let waiters = std::mem::take(&mut lock.guard_waiters);
        if waiters.is_empty() {
            return self.after_release(threads, thread, reason, then);
        }
        self.log.enter(&mut threads[thread.index()], Phase::WakeNext { reason, then }, Span::ZERO);
        let mut takes = Span::ZERO;
        for waiter in waiters {
            let Phase::AtGuard(ask) = threads[waiter.index()].phase else {
                unreachable!("{waiter} does not wait for the mutex");
            };
            takes += self.wake_into(threads, waiter, Phase::Ask(ask));
        }
        threads[thread.index()].left = takes;
        Follows::Work
    }

    /// Frees the lock. A successor is no longer among the sleepers, and has the lock if it is handed over;
    /// it is yet to be woken.
    #[inline(always)]
    pub fn free(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        reason: Reason,
    ) -> Release {
        let Some(lock) = &mut self.lock else { unreachable!("{thread} frees no lock") };
        let release = lock.free(&mut self.log, &mut threads[thread.index()], reason);
        let (Successor::Wake(next) | Successor::HandOver(next)) = release.successor else {
            return release;
        };
        let sleeper = &mut threads[next.index()];
        lock.call(sleeper);
        if matches!(release.successor, Successor::HandOver(_)) {
            lock.give(&mut self.log, sleeper);
        } else {
            lock.send(sleeper);
        }
        self.log.emit(sleeper, EventKind::Wake, Some(thread));
        if sleeper.phase == Phase::Asleep && sleeper.deadline.is_some() {
            self.queue.clear(next.index());
        }
        release
    }

    /// Wakes a thread for a phase that begins with a call into the lock; says what waking costs.
    #[inline(always)]
    fn wake_into(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, phase: Phase) -> Span {
        let state = &threads[thread.index()];
        if state.place != Place::Off {
            if matches!(state.phase, Phase::FallAsleep | Phase::FallAwaiting(_)) {
                if let Some(lock) = &mut self.lock {
                    lock.falling_asleep.retain(|other| *other != thread);
                }
                self.back_out(threads, thread, phase);
            }
            return self.costs.futile_wake;
        }
        let state = &mut threads[thread.index()];
        self.log.enter(state, phase, self.costs.lock_call);
        let interrupts = self.wake_up(threads, thread);
        self.machine.wake_call(interrupts)
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
            return Follows::Work;
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
        if M::INSTANT || self.costs.condition_call.is_zero() {
            self.await_switch(threads, thread, reason);
        } else {
            self.log.enter(state, Phase::FallAwaiting(reason), self.costs.condition_call);
        }
        true
    }

    /// Sleeps from now on until another thread has taken the lock.
    pub fn await_switch(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, reason: Reason) {
        threads[thread.index()].phase = Phase::AwaitingSwitch(reason);
        self.leave_core(threads, thread, State::LockWait);
    }

    /// Wakes a thread that awaits a switch; says what the call costs.
    pub fn wake_switched(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Span {
        let (Phase::AwaitingSwitch(reason) | Phase::FallAwaiting(reason)) =
            threads[thread.index()].phase
        else {
            unreachable!("{thread} does not await a switch");
        };
        self.wake_into(threads, thread, Phase::Switched(reason))
    }
}
