//! What a thread does in its calls into the lock to let it go: freeing it, waking others, awaiting a switch.

use gilsim_policies::{Ask, Reason, Release, Span, Successor, Then, ThreadId};

use super::check::impossible;
use super::engine::Simulation;
use super::lock::Lock;
use super::phases::Follows;
use super::thread::{Phase, Place, Thread};
use crate::machine::Machine;
use crate::trace::{EventKind, Sink, State};

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// Lets the lock go, or does at once what the thread wants to do without it.
    pub fn let_go(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        reason: Reason,
    ) -> Follows {
        if !threads[thread.index()].has_main() {
            return self.without_lock(threads, thread, reason);
        }
        self.let_go_of_lock(threads, thread, reason)
    }

    /// Lets go of the lock that it is busy with.
    #[inline(always)]
    pub fn let_go_of_lock(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        reason: Reason,
    ) -> Follows {
        let Some(lock) = self.locks.get(threads[thread.index()].at as usize) else {
            impossible(thread, "has no lock to let go of");
        };
        // Those who are about to fall asleep have the mutex, one after the other, and let it go on the way.
        let mut takes = self.costs.lock_call;
        if lock.is_guarded() {
            let now = self.log.now;
            let here = |other: &&ThreadId| threads[other.index()].is_here(now);
            for _ in lock.falling_asleep.iter().filter(here) {
                takes += self.machine.contended_call(now - lock.view.held_since);
            }
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
        let at = threads[thread.index()].at as usize;
        if let Some(lock) = self.locks.get_mut(at).filter(|lock| lock.first_fit) {
            if lock.guard.is_some() {
                self.wait_at_guard(threads, thread, Phase::AtGuardToRelease(reason));
                return Follows::Rest;
            }
            lock.guard = Some(thread);
        }
        let Release { successor, then } = self.free(threads, thread, reason);
        let goes_on = reason == Reason::CheckPoint && then == Then::GoOn;
        let (next, phase) = match successor {
            Successor::Nobody => {
                if goes_on {
                    self.skip_rounds(threads, thread, Span::ZERO);
                }
                return self.unguard(threads, thread, reason, then);
            }
            Successor::Futile => {
                if goes_on {
                    self.skip_rounds(threads, thread, self.costs.futile_wake);
                }
                let at = threads[thread.index()].at as usize;
                let takes = self.costs.futile_wake + self.bucket_is_taken(threads, at);
                let state = &mut threads[thread.index()];
                self.log.enter(state, Phase::WakeNext { reason, then }, takes);
                return Follows::Work;
            }
            Successor::Wake(next) => {
                if goes_on && let Some(computes) = self.duel_round(threads, thread, next) {
                    self.duel(threads, thread, next, computes);
                    return Follows::Work;
                }
                (next, self.signal(threads, next))
            }
            Successor::HandOver(next) => (next, Phase::Granted),
        };
        // The sleeper is on its way from the begin of the call, the caller goes on from its end.
        let state = &mut threads[thread.index()];
        self.log.enter(state, Phase::WakeNext { reason, then }, Span::ZERO);
        let at = threads[thread.index()].at as usize;
        if let Some(lock) = self.locks.get_mut(at).filter(|lock| lock.is_guarded()) {
            lock.guard = Some(thread);
        }
        threads[thread.index()].left = self.wake_into(threads, next, phase);
        Follows::Work
    }

    /// What a woken thread does first: it asks, or sleeps again, if its signal went to one that was on the way into
    /// the call that sleeps.
    fn signal(&mut self, threads: &mut [Thread<'_>], next: ThreadId) -> Phase {
        let at = threads[next.index()].at as usize;
        let Some(lock) = self.locks.get_mut(at) else { unreachable!("there is no lock to signal") };
        let now = self.log.now;
        let runs = |other: ThreadId| threads[other.index()].is_here(now);
        let Some(first) = lock.signalled(next, runs) else { return Phase::Ask(Ask::Woken) };
        let sleeper = &mut threads[next.index()];
        sleeper.in_flight = false;
        lock.view.in_flight -= 1;
        lock.view.sleepers.push(next, sleeper.asked_since);
        lock.join_group(next);
        let state = &mut threads[first.index()];
        lock.call(state);
        lock.send(state);
        self.log.emit(state, EventKind::Wake, None);
        lock.falling_asleep.retain(|other| *other != first);
        self.back_out(threads, first, Phase::Ask(Ask::Woken));
        Phase::FallAsleep
    }

    /// How long a poster waits for the lock of the semaphore's futex hash bucket: a sleeper on a cold core has it until
    /// its last look at the semaphore, which then sees the post.
    fn bucket_is_taken(&self, threads: &[Thread<'_>], lock: usize) -> Span {
        let Some(lock) = self.locks.get(lock) else { return Span::ZERO };
        let takes = |thread: &ThreadId| {
            let state = &threads[thread.index()];
            let looks_at = (state.progress_from + state.left).max(self.log.now);
            let rest = looks_at - self.log.now;
            let looks =
                matches!(state.place, Place::On(_)) && rest <= self.machine.cold_call(state.cold);
            if looks { rest } else { Span::ZERO }
        };
        lock.falling_asleep.iter().map(takes).max().unwrap_or(Span::ZERO)
    }

    /// Makes its way back out of the call in which it was about to fall asleep, at the latest after the kernel's last
    /// look, and to the mutex of who called it.
    fn back_out(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, phase: Phase) {
        let runs = matches!(threads[thread.index()].place, Place::On(_));
        if runs {
            self.progress(threads, thread);
        }
        let state = &mut threads[thread.index()];
        let mut takes = state.left.min(self.costs.sleep_call) + self.costs.lock_call;
        if self.locks.get(state.at as usize).is_some_and(Lock::is_guarded) {
            takes += self.machine.contended_call(Span::ZERO);
        }
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
        let lock = self.locks.get(threads[thread.index()].at as usize);
        if lock.is_some_and(|lock| lock.guard == Some(thread)) {
            let state = &mut threads[thread.index()];
            self.log.enter(state, Phase::Unguard { reason, then }, self.costs.lock_call);
            return Follows::Work;
        }
        self.after_release(threads, thread, reason, then)
    }

    /// Unlocks the mutex that guards the lock's state, if the releaser has it.
    pub fn unguard(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        reason: Reason,
        then: Then,
    ) -> Follows {
        let at = threads[thread.index()].at as usize;
        if self.locks.get(at).is_some_and(|lock| lock.guard == Some(thread))
            && let Some(takes) = self.unlock(threads, at)
        {
            self.log.enter(&mut threads[thread.index()], Phase::WakeNext { reason, then }, takes);
            return Follows::Work;
        }
        self.after_release(threads, thread, reason, then)
    }

    /// Unlocks a lock's mutex, and wakes who sleeps at it: the first, if those who come by may be faster, or all. Says
    /// what waking costs, if it wakes anybody.
    pub fn unlock(&mut self, threads: &mut [Thread<'_>], lock: usize) -> Option<Span> {
        let lock = self.locks.get_mut(lock)?;
        lock.guard = None;
        let waiting = lock.guard_waiters.len();
        let woken = if lock.first_fit { waiting.min(1) } else { waiting };
        if woken == 0 {
            return None;
        }
        let waiters: Vec<_> = lock.guard_waiters.drain(..woken).collect();
        let wake = |waiter: ThreadId| {
            let phase = match threads[waiter.index()].phase {
                Phase::AtGuard(ask) => Phase::Ask(ask),
                Phase::AtGuardToRelease(reason) => Phase::Release(reason),
                _ => unreachable!("{waiter} does not wait for the mutex"),
            };
            self.wake_into(threads, waiter, phase)
        };
        Some(waiters.into_iter().map(wake).sum())
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
        let at = threads[thread.index()].at;
        let Some(lock) = self.locks.get_mut(at as usize) else {
            impossible(thread, "frees no lock")
        };
        self.freed = Some(at);
        let release = lock.free(&mut self.log, &mut threads[thread.index()], reason);
        let (Successor::Wake(next) | Successor::HandOver(next)) = release.successor else {
            return release;
        };
        if !M::INSTANT {
            lock.close_group();
        }
        let sleeper = &mut threads[next.index()];
        lock.call(sleeper);
        if matches!(release.successor, Successor::HandOver(_)) {
            lock.give(&mut self.log, sleeper);
        } else {
            lock.send(sleeper);
        }
        self.log.emit(sleeper, EventKind::Wake, Some(thread));
        if sleeper.phase == Phase::Asleep && sleeper.deadline.is_some() {
            self.cancel_timer(threads, next);
        }
        release
    }

    /// Wakes a thread for a phase that begins with a call into the lock; says what waking costs.
    pub fn wake_into(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        phase: Phase,
    ) -> Span {
        let state = &threads[thread.index()];
        // Who was woken in vain may still wait for the interrupt that brings it to its core.
        if state.place != Place::Off || state.phase == Phase::FallAsleep {
            let falls_asleep = matches!(state.phase, Phase::FallAsleep | Phase::FallAwaiting(_));
            if falls_asleep && state.phase != phase {
                if let Some(lock) = self.locks.get_mut(state.at as usize) {
                    lock.falling_asleep.retain(|other| *other != thread);
                }
                self.back_out(threads, thread, phase);
            }
            return self.costs.futile_wake;
        }
        if phase == Phase::FallAsleep
            && let Some(lock) = self.locks.get_mut(state.at as usize)
        {
            lock.falling_asleep.push(thread);
        }
        let state = &mut threads[thread.index()];
        self.log.enter(state, phase, self.costs.lock_call);
        let interrupts = self.wake_up(threads, thread);
        self.machine.wake_call(interrupts)
    }

    /// Frees the lock that it is busy with and wakes its successor, all at once; says what waking costs.
    pub fn free_and_wake(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Span {
        match self.free(threads, thread, Reason::Blocking).successor {
            Successor::Nobody | Successor::Futile => Span::ZERO,
            Successor::Wake(next) => self.wake_into(threads, next, Phase::Ask(Ask::Woken)),
            Successor::HandOver(next) => self.wake_into(threads, next, Phase::Granted),
        }
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

    /// Sends the releaser to sleep if it is to await a switch that has not come yet. Who leaves an object does not: it wants the
    /// lock no more, and so takes it from nobody.
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
        let state = &mut threads[thread.index()];
        let Some(lock) = self.locks.get_mut(state.at as usize) else { return false };
        if lock.of_object || lock.switches != state.switches_at_release {
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
