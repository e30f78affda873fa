//! What follows at the end of each phase of a thread, and the steps of its program.

use gilsim_policies::{Ask, Check, Reason, Span, Then, ThreadId};

use super::account::Log;
use super::engine::Simulation;
use super::thread::{Pause, Phase, Thread};
use crate::machine::Machine;
use crate::trace::{EventKind, Sink, State};
use crate::workload::{Arrivals, Law, Want};

/// What follows when a thread has done something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)] // As with `Entry`: told by a tag of its own.
pub(super) enum Follows {
    /// The phase that it has entered.
    Work,
    /// It lets the lock go.
    LetGo(Reason),
    /// It comes back to the lock from outside.
    Return,
    /// It asks for the lock.
    Ask(Ask),
    /// It asks for the lock of an object.
    Knock,
    /// It lets the lock of an object go.
    LeaveObject,
    /// The next step of its program.
    GoOn,
    /// Nothing, for the time being: it sleeps, blocks, thinks or has ended.
    Rest,
}

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// The phase of a thread on a core is over: what follows?
    #[inline(always)]
    pub fn end_phase(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        let state = &threads[thread.index()];
        let follows = match state.phase {
            Phase::Compute => Follows::GoOn,
            Phase::Ask(ask) => self.answer(threads, thread, ask),
            Phase::Granted if state.at != state.main => self.has_entered(threads, thread),
            Phase::CHold | Phase::Granted => self.resume(threads, thread).unwrap_or(Follows::GoOn),
            Phase::WakeSwitched => self.has_taken(threads, thread),
            phase => self.end_rare_phase(threads, thread, phase),
        };
        if follows == Follows::GoOn { self.next_step(threads, thread) } else { follows }
    }

    /// A phase is over that lies between letting the lock go and asking for it again, or is not about the lock.
    pub fn end_rare_phase(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        phase: Phase,
    ) -> Follows {
        match phase {
            Phase::CRelease => Follows::Return,
            Phase::Boot => self.booted(threads, thread),
            Phase::Prepare => Follows::GoOn,
            Phase::Count => {
                self.counted(threads, thread);
                Follows::GoOn
            }
            Phase::Collect => self.start_world(threads, thread),
            Phase::StartWorld => self.started(threads, thread).unwrap_or(Follows::GoOn),
            Phase::Release(reason) => self.release(threads, thread, reason),
            Phase::WakeNext { reason, then } => self.has_woken(threads, thread, reason, then),
            Phase::Unguard { reason, then } => self.unguard(threads, thread, reason, then),
            Phase::Switched(reason) => self.without_lock(threads, thread, reason),
            Phase::FallAwaiting(reason) => {
                self.await_switch(threads, thread, reason);
                Follows::Rest
            }
            Phase::FallAsleep => self.look_again(threads, thread),
            phase => unreachable!("{thread} is on a core in {phase:?}"),
        }
    }

    /// The holder stands at a check point that matters. Says why it lets the lock go, if it does.
    pub fn check_point(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Option<Reason> {
        let state = &mut threads[thread.index()];
        state.at_check = false;
        let lock = self.locks.get_mut(state.main as usize)?;
        lock.view.now = self.log.now;
        let check = lock.policy.check(&lock.view);
        if check == Check::CarryOn {
            return None;
        }
        state.burst = state.left;
        state.totals.forced_drops += 1;
        Some(Reason::CheckPoint)
    }

    /// Goes on with an interrupted computation; says what follows, unless that is the next step.
    #[inline(always)]
    pub fn resume(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Option<Follows> {
        if threads[thread.index()].burst.is_zero() {
            return None;
        }
        if !M::INSTANT && self.world.collects() && self.stands(threads, thread) {
            return Some(Follows::Rest);
        }
        let state = &mut threads[thread.index()];
        let burst = std::mem::take(&mut state.burst);
        Self::compute(&mut self.log, state, burst);
        Some(Follows::Work)
    }

    /// Computes for so long. On a cold core, the same code takes longer: time in which it passes no more
    /// check points.
    #[inline(always)]
    fn compute(log: &mut Log<'_, M, S>, state: &mut Thread<'_>, span: Span) {
        if M::INSTANT || state.cold.is_zero() {
            log.enter(state, Phase::Compute, span);
        } else {
            state.burst = span;
            let cold = std::mem::take(&mut state.cold);
            log.enter(state, Phase::CHold, cold);
        }
    }

    /// Walks through the program up to the next step that takes time or needs the lock freed.
    #[inline(always)]
    pub fn next_step(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        if !M::INSTANT && self.world.collects() && self.stands(threads, thread) {
            return Follows::Rest;
        }
        if !M::INSTANT
            && threads[thread.index()].reenters
            && let Some(follows) = self.reenter(threads, thread)
        {
            return follows;
        }
        let mut state = &mut threads[thread.index()];
        let program = &state.group.program;
        loop {
            match state.cursor.advance(program, self.populations) {
                Want::OpStart => self.log.op_start(state),
                Want::OpEnd => self.log.op_end(state),
                Want::PassEnd => {
                    if let Some(reason) = self.end_pass(threads, thread) {
                        return Follows::LetGo(reason);
                    }
                    state = &mut threads[thread.index()];
                    continue;
                }
                Want::Compute(Span::ZERO) | Want::CHold(Span::ZERO) => {}
                Want::Compute(span) => {
                    let span = self.stretch(span);
                    Self::compute(&mut self.log, state, span);
                    return Follows::Work;
                }
                Want::CHold(span) => {
                    self.log.enter(state, Phase::CHold, span);
                    return Follows::Work;
                }
                Want::Yield if !state.has_main() => {}
                Want::Yield => return Follows::LetGo(state.pause_for(Pause::None)),
                Want::CRelease(span) => {
                    state.pause_for(Pause::CCode(span));
                    return self.pauses(threads, thread);
                }
                Want::Block(span) => {
                    state.pause_for(Pause::Block(span));
                    return self.pauses(threads, thread);
                }
                want => {
                    state.at_head = false;
                    if let Some(follows) = self.rare_want(threads, thread, want) {
                        return follows;
                    }
                    state = &mut threads[thread.index()];
                    continue;
                }
            }
            state.at_head = false;
        }
    }

    /// Carries out what few programs want. Says what follows, unless it is the next step.
    #[inline(never)]
    fn rare_want(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        want: Want,
    ) -> Option<Follows> {
        match want {
            Want::Refer(object) => (!self.refer(threads, thread, object)).then_some(Follows::Work),
            Want::Forget => (!self.forget(threads, thread)).then_some(Follows::Work),
            Want::Enter(access) => self.enter(threads, thread, access),
            Want::Leave => self.leave(threads, thread),
            Want::Allocate(count) => self.allocate(threads, thread, count),
            Want::Prepare(span) => {
                self.log.enter(&mut threads[thread.index()], Phase::Prepare, span);
                Some(Follows::Work)
            }
            Want::Look => self.look(threads, thread).map(Follows::LetGo),
            want => unreachable!("{thread} wants {want:?} from elsewhere"),
        }
    }

    /// How long computing takes that the workload says takes `span`.
    #[inline]
    fn stretch(&self, span: Span) -> Span {
        match self.runtime.stretch_permille {
            1000 => span,
            permille => Span::from_ns((u128::from(span.ns()) * u128::from(permille) / 1000) as u64),
        }
    }

    /// Lets go of all that it must not have while it blocks or runs code without the lock.
    #[inline]
    fn pauses(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        if !M::INSTANT && !threads[thread.index()].references.is_empty() {
            let takes = self.suspend_sections(threads, thread);
            if !takes.is_zero() {
                let (reason, then) = (Reason::Blocking, Then::GoOn);
                let wakes = Phase::WakeNext { reason, then };
                self.log.enter(&mut threads[thread.index()], wakes, takes);
                return Follows::Work;
            }
        }
        Follows::LetGo(Reason::Blocking)
    }

    /// A pass is over. Says why the thread lets the lock go, unless it begins the next.
    #[inline(always)]
    fn end_pass(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Option<Reason> {
        let state = &mut threads[thread.index()];
        state.passes += 1;
        let group = state.group;
        let closed = matches!(group.arrivals, Arrivals::Closed { .. });
        let done = group.passes.is_some_and(|passes| state.passes >= passes)
            || group.stop.is_some_and(|stop| closed && self.log.now >= stop);
        if done {
            return Some(Reason::Exit);
        }
        match &group.arrivals {
            Arrivals::Closed { think: Law::Constant(Span::ZERO) } => {
                self.log.mark_pass(state, Span::ZERO);
                None
            }
            Arrivals::Closed { think } => {
                let span = state.think.next(think);
                Some(state.pause_for(Pause::Think(span)))
            }
            Arrivals::Open { polls: None, .. } => self.next_request(threads, thread),
            Arrivals::Open { polls: Some(_), .. } => self.serve_or_poll(threads, thread),
        }
    }

    /// Begins to serve the next request. Says why the thread lets the lock go, if there is none.
    pub fn next_request(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Option<Reason> {
        if let Some(queued) = self.take_request(threads, thread) {
            self.log.mark_pass(&mut threads[thread.index()], queued);
            None
        } else if self.stream_is_closed(threads, thread) {
            Some(Reason::Exit)
        } else {
            Some(threads[thread.index()].pause_for(Pause::AwaitRequest))
        }
    }

    /// Takes up the oldest waiting request to the thread's group; says how long it waited.
    fn take_request(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Option<Span> {
        let group = threads[thread.index()].totals.group as usize;
        let arrival = self.streams[group].as_mut()?.waiting.pop_front()?;
        Some(self.log.now - arrival)
    }

    pub fn stream_is_closed(&self, threads: &[Thread<'_>], thread: ThreadId) -> bool {
        let group = threads[thread.index()].totals.group as usize;
        self.streams[group].as_ref().is_some_and(|stream| stream.closed)
    }

    /// Begins a pass of a thread that comes from outside.
    pub fn begin_pass(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, queued: Span) {
        self.log.mark_pass(&mut threads[thread.index()], queued);
        self.return_to_lock(threads, thread);
    }

    /// A thread without a request, or before its first think time, waits off its core. Comes back if there
    /// is a request after all.
    pub fn go_idle(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        let state = &mut threads[thread.index()];
        state.phase = Phase::Idle;
        let group = state.totals.group as usize;
        match &state.group.arrivals {
            Arrivals::Closed { think } => {
                let span = state.think.next(think);
                self.queue.set(thread.index(), self.log.now + span);
            }
            Arrivals::Open { .. } => match self.take_request(threads, thread) {
                Some(queued) => {
                    self.log.mark_pass(&mut threads[thread.index()], queued);
                    return Follows::Return;
                }
                None if self.stream_is_closed(threads, thread) => {
                    self.exit_off_core(threads, thread);
                }
                None => {
                    if let Some(stream) = &mut self.streams[group] {
                        stream.idle.insert(thread);
                    }
                }
            },
        }
        Follows::Rest
    }

    /// What a thread does on its core once it has let the lock go.
    pub fn without_lock(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        reason: Reason,
    ) -> Follows {
        let state = &mut threads[thread.index()];
        match (reason, state.pause) {
            (Reason::Blocking, Pause::GoOn) => {
                state.at = state.main;
                Follows::GoOn
            }
            (Reason::Blocking, Pause::Enter(lock)) => {
                state.at = lock;
                Follows::Knock
            }
            (Reason::Exit, _) => self.exit(threads, thread),
            (Reason::CheckPoint, _)
            | (Reason::Blocking, Pause::None | Pause::CCode(Span::ZERO)) => Follows::Return,
            (Reason::Blocking, Pause::CCode(span)) => {
                self.log.enter(state, Phase::CRelease, span);
                Follows::Work
            }
            (Reason::Blocking, Pause::Block(_) | Pause::Think(_) | Pause::AwaitRequest) => {
                self.block(threads, thread)
            }
        }
    }

    /// Blocks, thinks, or waits for a request, off its core.
    pub fn block(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        let state = &mut threads[thread.index()];
        match state.pause {
            Pause::Block(span) => {
                self.log.emit(state, EventKind::Block, None);
                state.phase = Phase::Blocked;
                self.leave_core(threads, thread, State::Blocked);
                self.set_timer(threads, thread, self.log.now + span);
            }
            Pause::Think(span) => self.think(threads, thread, span),
            Pause::AwaitRequest => {
                if self.stream_is_closed(threads, thread) {
                    return self.exit(threads, thread);
                }
                self.leave_core(threads, thread, State::Blocked);
                return self.go_idle(threads, thread);
            }
            Pause::None | Pause::CCode(_) | Pause::GoOn | Pause::Enter(_) => {
                unreachable!("{thread} blocks for nothing")
            }
        }
        Follows::Rest
    }

    /// Thinks for so long, off its core.
    #[inline(always)]
    pub fn think(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, span: Span) {
        threads[thread.index()].phase = Phase::Idle;
        self.leave_core(threads, thread, State::Blocked);
        self.queue.set(thread.index(), self.log.now + span);
    }

    #[cold]
    pub fn exit(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        let state = &mut threads[thread.index()];
        self.log.emit(state, EventKind::Exit, None);
        state.phase = Phase::Exited;
        self.count_out(threads, thread);
        self.leave_core(threads, thread, State::Blocked);
        let state = &mut threads[thread.index()];
        state.totals = self.log.account(state, None);
        Follows::Rest
    }

    /// Ends a thread that is not on a core.
    #[cold]
    pub fn exit_off_core(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let state = &mut threads[thread.index()];
        self.log.emit(state, EventKind::Exit, None);
        state.totals = self.log.account(state, None);
        state.phase = Phase::Exited;
        self.count_out(threads, thread);
    }
}
