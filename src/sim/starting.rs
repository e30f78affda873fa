//! How threads start and end.

use gilsim_policies::{Reason, Span, ThreadId};

use super::engine::Simulation;
use super::phases::Follows;
use super::thread::{Pause, Phase, Thread};
use crate::architecture::Interpreters;
use crate::machine::Machine;
use crate::trace::{EventKind, Sink};
use crate::workload::{Arrivals, Law};

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    #[cold]
    pub fn start(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        self.unborn -= 1;
        let state = &mut threads[thread.index()];
        state.state_since = self.log.now;
        state.totals.start = self.log.now;
        let (group, main, founder) = (state.group, state.main, state.founder);
        self.alive += 1;
        if let Some(lock) = self.locks.get_mut(main as usize) {
            lock.view.threads += 1;
        }
        self.log.emit(state, EventKind::Start, None);
        // A holder that was alone may have to look at its check points from now on.
        self.rearm_holder(threads, main);
        if founder && matches!(self.runtime.interpreters, Interpreters::Several(_)) {
            if !self.runtime.boot.is_zero() {
                return self.boot(threads, thread);
            }
            self.admit(threads, thread);
        }
        match &group.arrivals {
            Arrivals::Closed { think: Law::Constant(Span::ZERO) } => {
                self.begin_pass(threads, thread, Span::ZERO);
            }
            Arrivals::Open { polls: Some(_), .. } => self.return_to_lock(threads, thread),
            Arrivals::Closed { .. } | Arrivals::Open { polls: None, .. } => {
                if self.go_idle(threads, thread) == Follows::Return {
                    self.return_to_lock(threads, thread);
                }
            }
        }
    }

    /// The other threads of an interpreter that has started up may start.
    fn admit(&mut self, threads: &[Thread<'_>], founder: ThreadId) {
        let of = |thread: ThreadId| self.runtime.interpreter(thread.0);
        let unborn = threads.iter().filter(|other| other.phase == Phase::Unborn);
        let others = unborn.filter(|other| other.id != founder && of(other.id) == of(founder));
        for other in others {
            self.queue.set(other.id.index(), other.group.start.max(self.log.now));
        }
    }

    /// Starts up, on a core.
    pub fn boot(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        let boot = self.runtime.boot;
        self.log.enter(&mut threads[thread.index()], Phase::Boot, boot);
        self.make_ready(threads, thread);
    }

    /// Has started up: begins its first pass, or waits for it.
    pub fn booted(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        self.admit(threads, thread);
        let state = &mut threads[thread.index()];
        match &state.group.arrivals {
            Arrivals::Closed { think: Law::Constant(Span::ZERO) } => {
                self.log.mark_pass(state, Span::ZERO);
                Follows::Return
            }
            Arrivals::Closed { think } => {
                let span = state.think.next(think);
                state.pause_for(Pause::Think(span));
                self.block(threads, thread)
            }
            Arrivals::Open { polls: Some(_), .. } => Follows::Return,
            Arrivals::Open { polls: None, .. } => match self.next_request(threads, thread) {
                None => Follows::Return,
                Some(Reason::Exit) => self.exit(threads, thread),
                Some(_) => self.block(threads, thread),
            },
        }
    }

    /// Takes note of a thread's end; where they run one by one, the next starts.
    pub fn count_out(&mut self, threads: &[Thread<'_>], thread: ThreadId) {
        self.alive -= 1;
        if let Some(lock) = self.locks.get_mut(threads[thread.index()].main as usize) {
            lock.view.threads -= 1;
        }
        let next = threads.iter().find(|other| other.phase == Phase::Unborn);
        if let Some(next) = next.filter(|_| self.runtime.one_by_one) {
            self.queue.set(next.id.index(), next.group.start.max(self.log.now));
        }
    }
}
