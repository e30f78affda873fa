//! The account of each thread's time, and what sinks are told.

use gilsim_policies::{Instant, Span, ThreadId};

use super::engine::Simulation;
use super::thread::Place;
use crate::machine::Machine;
use crate::trace::{EventKind, EventRow, IntervalRow, OpRow, Sink, State};

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// Changes the state in which a thread's time counts from now on.
    #[inline]
    pub fn set_state(&mut self, thread: ThreadId, state: State) {
        self.mark(thread);
        self.threads[thread.index()].state = state;
    }

    /// Accounts for the time since the last mark. Call it before what the account says of a thread
    /// changes: its state, its core, or whether it holds the lock.
    #[inline]
    pub fn mark(&mut self, thread: ThreadId) {
        let account = &mut self.threads[thread.index()];
        let (since, state, now) = (account.state_since, account.state, self.now);
        if since == now {
            return;
        }
        account.state_since = now;
        // On a core, a stretch may begin with a context switch.
        let switched = match account.place {
            Place::On(_) if !M::INSTANT => account.switched_at.clamp(since, now),
            _ => since,
        };
        self.book(thread, State::Overhead, since, switched);
        self.book(thread, state, switched, now);
    }

    #[inline]
    fn book(&mut self, thread: ThreadId, state: State, start: Instant, end: Instant) {
        if start == end {
            return;
        }
        let account = &mut self.threads[thread.index()];
        account.totals.times.0[state as usize] += end - start;
        if S::INTERVALS {
            let (holds, core) = (account.holds, account.place.core());
            self.sink.interval(&IntervalRow { thread, state, holds, core, start, end });
        }
    }

    /// Tells the sink what happened to a thread.
    #[inline]
    pub fn emit(&mut self, thread: ThreadId, kind: EventKind, other: Option<ThreadId>) {
        if S::EVENTS {
            let core = self.threads[thread.index()].place.core();
            self.sink.event(&EventRow { at: self.now, thread, kind, core, other });
        }
    }

    /// An operation begins now, or began with the pass.
    pub fn op_start(&mut self, thread: ThreadId) {
        if !self.threads[thread.index()].at_head {
            self.mark(thread);
            let account = &mut self.threads[thread.index()];
            account.op_start = self.now;
            account.op_queued = Span::ZERO;
            account.op_times = account.totals.times;
        }
        self.emit(thread, EventKind::OpStart, None);
    }

    /// An operation is done.
    pub fn op_end(&mut self, thread: ThreadId) {
        self.mark(thread);
        self.emit(thread, EventKind::OpEnd, None);
        let account = &mut self.threads[thread.index()];
        account.totals.ops += 1;
        self.sink.op(&OpRow {
            thread,
            start: account.op_start,
            end: self.now,
            queued: account.op_queued,
            times: account.totals.times.since(&account.op_times),
        });
    }

    /// A pass begins, and with it an operation that stands at its head.
    pub fn mark_pass(&mut self, thread: ThreadId, queued: Span) {
        self.mark(thread);
        let account = &mut self.threads[thread.index()];
        account.at_head = true;
        account.op_start = self.now;
        account.op_queued = queued;
        account.op_times = account.totals.times;
    }

    /// The last entry in a thread's account.
    pub fn close_account(&mut self, thread: ThreadId) {
        self.mark(thread);
        let now = self.now;
        let account = &mut self.threads[thread.index()];
        account.totals.end = now;
        if account.holds {
            let since = self.lock.as_ref().map_or(now, |lock| lock.held_since);
            account.totals.held += now - since;
        }
        let totals = &account.totals;
        assert_eq!(
            totals.times.total(),
            totals.end - totals.start,
            "{thread}'s time does not add up"
        );
    }
}
