//! What follows at the end of each phase of a thread, and the steps of its program.

use gilsim_policies::{Check, Reason, Span, ThreadId};

use super::engine::Simulation;
use super::thread::{Pause, Phase};
use crate::machine::Machine;
use crate::trace::{EventKind, Sink, State};
use crate::workload::{Arrivals, Law, Want};

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// The phase of a thread on a core is over: what follows?
    #[inline(always)]
    pub fn end_phase(&mut self, thread: ThreadId) {
        match self.threads[thread.index()].phase {
            Phase::Compute | Phase::CHold => self.next_step(thread),
            Phase::CRelease => self.return_to_lock(thread),
            Phase::Ask(ask) => self.answer(thread, ask),
            Phase::Granted | Phase::WakeSwitched => self.resume(thread),
            Phase::Release(reason) => self.release(thread, reason),
            Phase::WakeNext { reason, then } => self.after_release(thread, reason, then),
            Phase::Switched(reason) => self.without_lock(thread, reason),
            phase => unreachable!("{thread} is on a core in {phase:?}"),
        }
    }

    /// The holder stands at a check point that matters.
    pub fn check_point(&mut self, thread: ThreadId) {
        let Some(lock) = &mut self.lock else { return };
        let state = &mut self.threads[thread.index()];
        state.at_check = false;
        let check = lock.consult(self.log.now, self.alive, |policy, view| policy.check(view));
        if check == Check::LetGo {
            state.burst = state.left;
            state.totals.forced_drops += 1;
            self.let_go(thread, Reason::CheckPoint);
        }
    }

    /// Goes on with an interrupted computation, or with the next step.
    #[inline(always)]
    pub fn resume(&mut self, thread: ThreadId) {
        let state = &mut self.threads[thread.index()];
        let burst = std::mem::take(&mut state.burst);
        if burst.is_zero() {
            self.next_step(thread);
        } else {
            self.log.enter(state, Phase::Compute, burst);
        }
    }

    /// Walks through the program up to the next step that takes time or needs the lock freed.
    fn next_step(&mut self, thread: ThreadId) {
        let groups = self.groups;
        let mut state = &mut self.threads[thread.index()];
        let program = &groups[state.totals.group as usize].program;
        loop {
            match state.cursor.advance(program) {
                Want::OpStart => self.log.op_start(state),
                Want::OpEnd => self.log.op_end(state),
                Want::PassEnd => {
                    if self.end_pass(thread) {
                        return;
                    }
                    state = &mut self.threads[thread.index()];
                    continue;
                }
                Want::Compute(Span::ZERO) | Want::CHold(Span::ZERO) => {}
                Want::Compute(span) => return self.log.enter(state, Phase::Compute, span),
                Want::CHold(span) => return self.log.enter(state, Phase::CHold, span),
                Want::Yield if self.lock.is_none() => {}
                Want::Yield => return self.pause(thread, Pause::None),
                Want::CRelease(span) => return self.pause(thread, Pause::CCode(span)),
                Want::Block(span) => return self.pause(thread, Pause::Block(span)),
            }
            state.at_head = false;
        }
    }

    /// Lets the lock go for something that does not need it.
    #[inline(always)]
    fn pause(&mut self, thread: ThreadId, pause: Pause) {
        let state = &mut self.threads[thread.index()];
        state.pause = pause;
        state.at_head = false;
        self.let_go(thread, Reason::Blocking);
    }

    /// A pass is over; says whether the thread has something else to do than to begin the next.
    #[inline(always)]
    fn end_pass(&mut self, thread: ThreadId) -> bool {
        let state = &mut self.threads[thread.index()];
        state.passes += 1;
        let group = &self.groups[state.totals.group as usize];
        let closed = matches!(group.arrivals, Arrivals::Closed { .. });
        let done = group.passes.is_some_and(|passes| state.passes >= passes)
            || group.stop.is_some_and(|stop| closed && self.log.now >= stop);
        if done {
            self.let_go(thread, Reason::Exit);
            return true;
        }
        match &group.arrivals {
            Arrivals::Closed { think: Law::Constant(Span::ZERO) } => {
                self.log.mark_pass(state, Span::ZERO);
                false
            }
            Arrivals::Closed { think } => {
                let span = think.sample(&mut state.think);
                self.pause(thread, Pause::Idle(Some(span)));
                true
            }
            Arrivals::Open { .. } => self.next_request(thread),
        }
    }

    /// Begins to serve the next request; says whether there is none.
    fn next_request(&mut self, thread: ThreadId) -> bool {
        if let Some(queued) = self.take_request(thread) {
            self.log.mark_pass(&mut self.threads[thread.index()], queued);
            return false;
        }
        if self.stream_is_closed(thread) {
            self.let_go(thread, Reason::Exit);
        } else {
            self.pause(thread, Pause::Idle(None));
        }
        true
    }

    /// Takes up the oldest waiting request to the thread's group; says how long it waited.
    fn take_request(&mut self, thread: ThreadId) -> Option<Span> {
        let group = self.threads[thread.index()].totals.group as usize;
        let arrival = self.streams[group].as_mut()?.waiting.pop_front()?;
        Some(self.log.now - arrival)
    }

    fn stream_is_closed(&self, thread: ThreadId) -> bool {
        let group = self.threads[thread.index()].totals.group as usize;
        self.streams[group].as_ref().is_some_and(|stream| stream.closed)
    }

    /// Begins a pass of a thread that comes from outside.
    #[inline(always)]
    pub fn begin_pass(&mut self, thread: ThreadId, queued: Span) {
        self.log.mark_pass(&mut self.threads[thread.index()], queued);
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
                self.queue.set(thread.index(), self.log.now + span);
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

    /// What a thread does on its core once it has let the lock go.
    #[inline(always)]
    pub fn without_lock(&mut self, thread: ThreadId, reason: Reason) {
        let state = &mut self.threads[thread.index()];
        match (reason, state.pause) {
            (Reason::Exit, _) => self.exit(thread),
            (Reason::CheckPoint, _)
            | (Reason::Blocking, Pause::None | Pause::CCode(Span::ZERO)) => {
                self.return_to_lock(thread);
            }
            (Reason::Blocking, Pause::CCode(span)) => self.log.enter(state, Phase::CRelease, span),
            (Reason::Blocking, Pause::Block(_) | Pause::Idle(_)) => self.block(thread),
        }
    }

    /// Blocks, thinks, or waits for a request, off its core.
    #[inline(always)]
    fn block(&mut self, thread: ThreadId) {
        let state = &mut self.threads[thread.index()];
        let until = match state.pause {
            Pause::Block(span) => {
                self.log.emit(state, EventKind::Block, None);
                state.phase = Phase::Blocked;
                self.log.now + span + self.machine.timer_lateness()
            }
            Pause::Idle(Some(span)) => {
                state.phase = Phase::Idle;
                self.log.now + span
            }
            Pause::Idle(None) => {
                if self.stream_is_closed(thread) {
                    return self.exit(thread);
                }
                self.leave_core(thread, State::Blocked);
                return self.go_idle(thread);
            }
            Pause::None | Pause::CCode(_) => unreachable!("{thread} blocks for nothing"),
        };
        self.leave_core(thread, State::Blocked);
        self.queue.set(thread.index(), until);
    }

    fn exit(&mut self, thread: ThreadId) {
        let state = &mut self.threads[thread.index()];
        self.log.emit(state, EventKind::Exit, None);
        state.phase = Phase::Exited;
        self.alive -= 1;
        self.leave_core(thread, State::Blocked);
        self.log.close_account(&mut self.threads[thread.index()], None);
    }

    /// Ends a thread that is not on a core.
    pub fn exit_off_core(&mut self, thread: ThreadId) {
        let state = &mut self.threads[thread.index()];
        self.log.emit(state, EventKind::Exit, None);
        self.log.close_account(state, None);
        state.phase = Phase::Exited;
        self.alive -= 1;
    }
}
