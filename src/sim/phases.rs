//! What a thread does at the end of each phase: the steps of its program, and the calls into the lock.

use gilsim_policies::{Ask, Check, Entry, Reason, Span, Successor, Then, ThreadId};

use super::engine::Simulation;
use super::thread::{Pause, Phase, Place};
use crate::machine::{Machine, SystemCall};
use crate::trace::{EventKind, Sink, State};
use crate::workload::{Arrivals, Law, Want};

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// The phase of a thread on a core is over: what follows?
    pub fn end_phase(&mut self, thread: ThreadId) {
        match self.threads[thread.index()].phase {
            Phase::Compute | Phase::CHold => self.next_step(thread),
            Phase::CRelease => self.return_to_lock(thread),
            Phase::Ask(ask) => self.answer(thread, ask),
            Phase::Granted => self.resume(thread),
            Phase::Release(reason) => self.release(thread, reason),
            Phase::WakeNext { reason, then } => self.after_release(thread, reason, then),
            Phase::WakeSwitched => self.resume(thread),
            Phase::FallAsleep => self.asleep(thread),
            Phase::AwaitSwitch(reason) => self.await_switch(thread, reason),
            Phase::Switched(reason) => self.without_lock(thread, reason),
            Phase::Blocking => self.block(thread),
            phase => unreachable!("{thread} is on a core in {phase:?}"),
        }
    }

    /// The holder stands at a check point that matters.
    pub fn check_point(&mut self, thread: ThreadId) {
        self.threads[thread.index()].at_check = false;
        let Some(lock) = &mut self.lock else { return };
        let check = lock.consult(self.now, self.alive, |policy, view| policy.check(view));
        if check == Check::LetGo {
            let state = &mut self.threads[thread.index()];
            state.burst = state.left;
            state.totals.forced_drops += 1;
            self.let_go(thread, Reason::CheckPoint);
        }
    }

    /// Goes on with an interrupted computation, or with the next step.
    fn resume(&mut self, thread: ThreadId) {
        let burst = std::mem::take(&mut self.threads[thread.index()].burst);
        if burst.is_zero() {
            self.next_step(thread);
        } else {
            self.enter(thread, Phase::Compute, burst);
        }
    }

    /// Walks through the program up to the next step that takes time or needs the lock freed.
    fn next_step(&mut self, thread: ThreadId) {
        let program = {
            let group = self.threads[thread.index()].totals.group;
            &self.groups[group as usize].program
        };
        loop {
            let want = self.threads[thread.index()].cursor.advance(program);
            match want {
                Want::OpStart => self.op_start(thread),
                Want::OpEnd => self.op_end(thread),
                Want::PassEnd => {
                    if self.end_pass(thread) {
                        return;
                    }
                    continue;
                }
                Want::Compute(Span::ZERO) | Want::CHold(Span::ZERO) => {}
                Want::Compute(span) => return self.enter(thread, Phase::Compute, span),
                Want::CHold(span) => return self.enter(thread, Phase::CHold, span),
                Want::Yield if self.lock.is_none() => {}
                Want::Yield => return self.pause(thread, Pause::None),
                Want::CRelease(span) => return self.pause(thread, Pause::CCode(span)),
                Want::Block(span) => return self.pause(thread, Pause::Block(span)),
            }
            self.threads[thread.index()].at_head = false;
        }
    }

    /// Lets the lock go for something that does not need it.
    fn pause(&mut self, thread: ThreadId, pause: Pause) {
        let state = &mut self.threads[thread.index()];
        state.pause = pause;
        state.at_head = false;
        self.let_go(thread, Reason::Blocking);
    }

    /// A pass is over; says whether the thread has something else to do than to begin the next.
    fn end_pass(&mut self, thread: ThreadId) -> bool {
        let now = self.now;
        let state = &mut self.threads[thread.index()];
        state.passes += 1;
        let group = &self.groups[state.totals.group as usize];
        let done = group.passes.is_some_and(|passes| state.passes >= passes)
            || group.stop.is_some_and(|stop| {
                now >= stop && matches!(group.arrivals, Arrivals::Closed { .. })
            });
        if done {
            self.let_go(thread, Reason::Exit);
            return true;
        }
        match &group.arrivals {
            Arrivals::Closed { think: Law::Constant(Span::ZERO) } => {
                self.mark_pass(thread, Span::ZERO);
                false
            }
            Arrivals::Closed { think } => {
                let span = think.sample(&mut state.think);
                self.pause(thread, Pause::Idle(Some(span)));
                true
            }
            Arrivals::Open { .. } => match self.take_request(thread) {
                Some(queued) => {
                    self.mark_pass(thread, queued);
                    false
                }
                None if self.stream_is_closed(thread) => {
                    self.let_go(thread, Reason::Exit);
                    true
                }
                None => {
                    self.pause(thread, Pause::Idle(None));
                    true
                }
            },
        }
    }

    /// Takes up the oldest waiting request to the thread's group; says how long it waited.
    fn take_request(&mut self, thread: ThreadId) -> Option<Span> {
        let group = self.threads[thread.index()].totals.group as usize;
        let arrival = self.streams[group].as_mut()?.waiting.pop_front()?;
        Some(self.now - arrival)
    }

    fn stream_is_closed(&self, thread: ThreadId) -> bool {
        let group = self.threads[thread.index()].totals.group as usize;
        self.streams[group].as_ref().is_some_and(|stream| stream.closed)
    }

    /// Begins a pass of a thread that comes from outside.
    pub fn begin_pass(&mut self, thread: ThreadId, queued: Span) {
        self.mark_pass(thread, queued);
        self.return_to_lock(thread);
    }

    /// A thread without a request, or before its first think time, waits off its core.
    pub fn go_idle(&mut self, thread: ThreadId) {
        let state = &mut self.threads[thread.index()];
        state.phase = Phase::Idle;
        let group = state.totals.group as usize;
        match &self.groups[group].arrivals {
            Arrivals::Closed { think } => {
                let span = think.sample(&mut state.think);
                self.queue.set(thread.index(), self.now + span);
            }
            Arrivals::Open { .. } => match self.take_request(thread) {
                Some(queued) => self.begin_pass(thread, queued),
                None => {
                    if let Some(stream) = &mut self.streams[group] {
                        stream.idle.insert(thread);
                    }
                }
            },
        }
    }

    /// Comes back from outside and asks for the lock.
    pub fn return_to_lock(&mut self, thread: ThreadId) {
        if self.lock.is_some() {
            self.threads[thread.index()].asked_since = self.now;
            self.emit(thread, EventKind::Request, None);
            self.proceed(thread, Phase::Ask(Ask::Fresh));
        } else {
            self.enter(thread, Phase::Granted, Span::ZERO);
            self.ready_if_off(thread);
        }
    }

    /// Enters a phase that begins with a call into the lock, getting a core first if need be.
    fn proceed(&mut self, thread: ThreadId, phase: Phase) {
        self.enter(thread, phase, self.costs.lock_call);
        self.ready_if_off(thread);
    }

    fn ready_if_off(&mut self, thread: ThreadId) {
        if self.threads[thread.index()].place == Place::Off {
            self.make_ready(thread);
        }
    }

    /// Puts the thread's question to the policy, and carries out the answer.
    fn answer(&mut self, thread: ThreadId, ask: Ask) {
        let (now, alive) = (self.now, self.alive);
        let Some(lock) = &mut self.lock else { return };
        let state = &mut self.threads[thread.index()];
        if std::mem::take(&mut state.in_flight) {
            lock.in_flight -= 1;
        }
        let holder = lock.holder;
        let answer = lock.consult(now, alive, |policy, view| policy.ask(view, thread, ask));
        if ask == Ask::Woken && answer.entry != Entry::Take {
            state.totals.failed_acquisitions += 1;
            self.emit(thread, EventKind::FailedAcquire, holder);
        }
        match answer.entry {
            Entry::Take => self.acquire(thread),
            Entry::Sleep { timeout } => self.lie_down(thread, timeout),
        }
        if answer.ask_drop {
            self.threads[thread.index()].totals.drop_requests += 1;
            self.emit(thread, EventKind::DropRequest, holder);
            self.rearm_holder();
        }
        if let Entry::Sleep { .. } = answer.entry {
            if M::INSTANT {
                self.asleep(thread);
            } else {
                self.enter_kernel(thread, Phase::FallAsleep);
            }
        }
    }

    /// Starts a call that goes to sleep.
    fn enter_kernel(&mut self, thread: ThreadId, phase: Phase) {
        let takes = self.machine.system_call(SystemCall::Sleep);
        self.enter(thread, phase, takes);
    }

    fn lie_down(&mut self, thread: ThreadId, timeout: Option<Span>) {
        let Some(lock) = &mut self.lock else { return };
        let state = &mut self.threads[thread.index()];
        lock.sleepers.push(thread, state.asked_since);
        state.deadline = timeout.map(|timeout| self.now + timeout + self.costs.timer_slack);
        self.emit(thread, EventKind::Sleep, None);
    }

    fn acquire(&mut self, thread: ThreadId) {
        let switched = self.give(thread);
        let waiters = match &mut self.lock {
            Some(lock) if switched && !lock.switch_waiters.is_empty() => {
                std::mem::take(&mut lock.switch_waiters)
            }
            _ => return self.resume(thread),
        };
        self.enter(thread, Phase::WakeSwitched, Span::ZERO);
        let takes = waiters.into_iter().map(|waiter| self.wake_switched(waiter)).sum();
        self.threads[thread.index()].left = takes;
    }

    /// Gives the free lock to a thread; says whether that is a switch.
    fn give(&mut self, thread: ThreadId) -> bool {
        self.mark(thread);
        let Some(lock) = &mut self.lock else { return false };
        let before = lock.switches;
        lock.give(self.now, self.alive, thread);
        let switched = lock.switches != before;
        let state = &mut self.threads[thread.index()];
        state.holds = true;
        state.totals.acquisitions += 1;
        self.emit(thread, EventKind::Acquire, None);
        switched
    }

    pub fn release(&mut self, thread: ThreadId, reason: Reason) {
        self.mark(thread);
        let Some(lock) = &mut self.lock else { return };
        let (release, held) = lock.free(self.now, self.alive, reason);
        let state = &mut self.threads[thread.index()];
        state.holds = false;
        state.totals.held += held;
        state.switches_at_release = lock.switches;
        let kind = if reason == Reason::CheckPoint {
            EventKind::ForcedDrop
        } else {
            state.totals.voluntary_releases += 1;
            EventKind::VoluntaryRelease
        };
        self.emit(thread, kind, None);
        let next = match release.successor {
            Successor::Nobody => return self.after_release(thread, reason, release.then),
            Successor::Wake(next) => {
                self.call_to_lock(next);
                next
            }
            Successor::HandOver(next) => {
                self.call_to_lock(next);
                self.give(next);
                next
            }
        };
        if M::INSTANT {
            self.wake_sleeper(next, thread);
            return self.after_release(thread, reason, release.then);
        }
        // The sleeper is on its way from the begin of the call, the caller goes on from its end.
        self.enter(thread, Phase::WakeNext { reason, then: release.then }, Span::ZERO);
        let takes = self.wake_sleeper(next, thread);
        self.threads[thread.index()].left = takes;
    }

    /// A sleeper leaves the queue: it is on its way to the lock.
    fn call_to_lock(&mut self, thread: ThreadId) {
        let Some(lock) = &mut self.lock else { return };
        assert!(lock.sleepers.remove(thread), "the policy wakes {thread}, which does not sleep");
        lock.in_flight += 1;
        self.threads[thread.index()].in_flight = true;
    }

    /// A sleeper that was called is woken, by the thread `by`; says what the call costs.
    fn wake_sleeper(&mut self, thread: ThreadId, by: ThreadId) -> Span {
        self.emit(thread, EventKind::Wake, Some(by));
        if self.threads[thread.index()].phase == Phase::Asleep {
            if self.threads[thread.index()].deadline.is_some() {
                self.queue.clear(thread.index());
            }
            self.wake_into(thread, self.woken_phase(thread))
        } else {
            self.threads[thread.index()].woken = true;
            self.machine.system_call(SystemCall::WakeNobody)
        }
    }

    /// Wakes a thread for a phase that begins with a call into the lock; says what waking costs.
    fn wake_into(&mut self, thread: ThreadId, phase: Phase) -> Span {
        self.proceed(thread, phase);
        match self.threads[thread.index()].place {
            Place::Arriving(_) => self.machine.system_call(SystemCall::WakeThere),
            _ => self.machine.system_call(SystemCall::WakeHere),
        }
    }

    /// What a sleeper does that somebody has woken.
    fn woken_phase(&self, thread: ThreadId) -> Phase {
        if self.threads[thread.index()].holds { Phase::Granted } else { Phase::Ask(Ask::Woken) }
    }

    /// The call to sleep at the lock is over: sleep, unless something has happened meanwhile.
    fn asleep(&mut self, thread: ThreadId) {
        let state = &mut self.threads[thread.index()];
        if std::mem::take(&mut state.woken) {
            let phase = self.woken_phase(thread);
            return self.proceed(thread, phase);
        }
        let deadline = state.deadline;
        if deadline.is_some_and(|deadline| deadline <= self.now) && !state.in_flight {
            return self.time_out(thread);
        }
        state.phase = Phase::Asleep;
        self.leave_core(thread, State::LockWait);
        if let Some(deadline) = deadline {
            self.queue.set(thread.index(), deadline.max(self.now));
        }
    }

    /// A sleep at the lock is over by time-out.
    pub fn time_out(&mut self, thread: ThreadId) {
        let Some(lock) = &mut self.lock else { return };
        if !lock.sleepers.remove(thread) {
            // It is being woken at this moment, and that counts.
            return;
        }
        lock.in_flight += 1;
        let state = &mut self.threads[thread.index()];
        state.in_flight = true;
        state.totals.time_outs += 1;
        self.emit(thread, EventKind::TimeOut, None);
        self.proceed(thread, Phase::Ask(Ask::TimedOut));
    }

    fn after_release(&mut self, thread: ThreadId, reason: Reason, then: Then) {
        let Some(lock) = &mut self.lock else { return };
        let switched = lock.switches != self.threads[thread.index()].switches_at_release;
        if then == Then::AwaitSwitch && !switched {
            lock.switch_waiters.push(thread);
            self.emit(thread, EventKind::AwaitSwitch, None);
            self.enter_kernel(thread, Phase::AwaitSwitch(reason));
        } else {
            self.without_lock(thread, reason);
        }
    }

    /// The call to await a switch is over: sleep, unless it has happened.
    fn await_switch(&mut self, thread: ThreadId, reason: Reason) {
        let state = &mut self.threads[thread.index()];
        if std::mem::take(&mut state.woken) {
            return self.without_lock(thread, reason);
        }
        state.phase = Phase::AwaitingSwitch(reason);
        self.leave_core(thread, State::LockWait);
    }

    /// Wakes a thread that awaits a switch; says what the call costs.
    fn wake_switched(&mut self, thread: ThreadId) -> Span {
        match self.threads[thread.index()].phase {
            Phase::AwaitingSwitch(reason) => self.wake_into(thread, Phase::Switched(reason)),
            _ => {
                self.threads[thread.index()].woken = true;
                self.machine.system_call(SystemCall::WakeNobody)
            }
        }
    }

    /// What a thread does on its core once it has let the lock go.
    pub fn without_lock(&mut self, thread: ThreadId, reason: Reason) {
        match (reason, self.threads[thread.index()].pause) {
            (Reason::Exit, _) => self.exit(thread),
            (Reason::CheckPoint, _)
            | (Reason::Blocking, Pause::None | Pause::CCode(Span::ZERO)) => {
                self.return_to_lock(thread);
            }
            (Reason::Blocking, Pause::CCode(span)) => self.enter(thread, Phase::CRelease, span),
            (Reason::Blocking, Pause::Block(_) | Pause::Idle(_)) if M::INSTANT => {
                self.block(thread);
            }
            (Reason::Blocking, Pause::Block(_) | Pause::Idle(_)) => {
                self.enter_kernel(thread, Phase::Blocking);
            }
        }
    }

    /// The call to block is over: block.
    fn block(&mut self, thread: ThreadId) {
        match self.threads[thread.index()].pause {
            Pause::Block(span) => {
                self.emit(thread, EventKind::Block, None);
                self.threads[thread.index()].phase = Phase::Blocked;
                self.leave_core(thread, State::Blocked);
                self.queue.set(thread.index(), self.now + span + self.costs.timer_slack);
            }
            Pause::Idle(Some(span)) => {
                self.threads[thread.index()].phase = Phase::Idle;
                self.leave_core(thread, State::Blocked);
                self.queue.set(thread.index(), self.now + span);
            }
            Pause::Idle(None) if self.stream_is_closed(thread) => self.exit(thread),
            Pause::Idle(None) => {
                self.leave_core(thread, State::Blocked);
                self.go_idle(thread);
            }
            Pause::None | Pause::CCode(_) => unreachable!("{thread} blocks for nothing"),
        }
    }

    fn exit(&mut self, thread: ThreadId) {
        self.emit(thread, EventKind::Exit, None);
        self.threads[thread.index()].phase = Phase::Exited;
        self.alive -= 1;
        self.leave_core(thread, State::Blocked);
        self.close_account(thread);
    }
}
