//! The account of each thread's time, and what sinks are told.

use std::marker::PhantomData;

use gilsim_policies::{Instant, Span, ThreadId};

use super::ThreadTotals;
use super::thread::{Phase, Place, Thread};
use crate::machine::Machine;
use crate::trace::{EventKind, EventRow, IntervalRow, OpRow, Sink, State};

/// The clock, and the sink that is told what happens when.
pub(super) struct Log<'a, M, S> {
    pub now: Instant,
    pub sink: &'a mut S,
    /// The machine says what an account has to reckon with.
    pub machine: PhantomData<M>,
}

impl<M: Machine, S: Sink> Log<'_, M, S> {
    /// Changes the state in which a thread's time counts from now on.
    #[inline(always)]
    pub fn set_state(&mut self, thread: &mut Thread<'_>, state: State) {
        self.mark(thread);
        thread.state = state;
    }

    /// Starts a phase of a thread, which counts if the thread is on a core.
    #[inline(always)]
    pub fn enter(&mut self, thread: &mut Thread<'_>, phase: Phase, takes: Span) {
        let state = phase.state_on_core();
        thread.phase = phase;
        thread.left = takes;
        if matches!(thread.place, Place::On(_)) && thread.state != state {
            self.set_state(thread, state);
        }
    }

    /// Accounts for the time since the last mark. Call it before what the account says of a thread
    /// changes: its state, its core, or whether it holds the lock.
    #[inline(always)]
    pub fn mark(&mut self, thread: &mut Thread<'_>) {
        let (since, now) = (thread.state_since, self.now);
        if since == now {
            return;
        }
        thread.state_since = now;
        if M::INSTANT || since >= thread.switched_at || !matches!(thread.place, Place::On(_)) {
            return self.book(thread, thread.state, since, now);
        }
        self.book_arrival(thread, since);
    }

    /// Accounts for the time since a stay on a core began: with the core's waking up and a context switch.
    #[inline(never)]
    fn book_arrival(&mut self, thread: &mut Thread<'_>, since: Instant) {
        let now = self.now;
        let arrived = thread.arrives_at.clamp(since, now);
        let switched = thread.switched_at.clamp(arrived, now);
        self.book(thread, State::CoreWait, since, arrived);
        self.book(thread, State::Overhead, arrived, switched);
        self.book(thread, thread.state, switched, now);
    }

    #[inline(always)]
    fn book(&mut self, thread: &mut Thread<'_>, state: State, start: Instant, end: Instant) {
        if start == end {
            return;
        }
        thread.book(state, end - start);
        if thread.holds && state == State::Running {
            thread.totals.running_locked += end - start;
        }
        if !M::INSTANT && state == State::LockWait && thread.at != thread.main {
            thread.totals.object_wait += end - start;
        }
        if S::INTERVALS {
            let Thread { id: thread, holds, place, .. } = *thread;
            let core = if state == State::CoreWait { None } else { place.core() };
            self.sink.interval(&IntervalRow { thread, state, holds, core, start, end });
        }
    }

    /// Tells the sink what happened to a thread.
    #[inline]
    pub fn emit(&mut self, thread: &Thread<'_>, kind: EventKind, other: Option<ThreadId>) {
        if S::EVENTS {
            let (at, core, object) = (self.now, thread.place.core(), thread.object());
            self.sink.event(&EventRow { at, thread: thread.id, kind, core, other, object });
        }
    }

    /// An operation begins now, or began with the pass.
    #[inline]
    pub fn op_start(&mut self, thread: &mut Thread<'_>) {
        if !thread.at_head {
            self.mark_op(thread, Span::ZERO);
        }
        self.emit(thread, EventKind::OpStart, None);
    }

    /// An operation is done.
    #[inline]
    pub fn op_end(&mut self, thread: &mut Thread<'_>) {
        if S::OPS {
            self.mark(thread);
        }
        self.emit(thread, EventKind::OpEnd, None);
        thread.totals.ops += 1;
        if S::OPS {
            self.sink.op(&OpRow {
                thread: thread.id,
                start: thread.op_start,
                end: self.now,
                queued: thread.op_queued,
                times: thread.totals.times.since(&thread.op_times),
            });
        }
    }

    /// A pass begins, and with it an operation that stands at its head.
    #[inline]
    pub fn mark_pass(&mut self, thread: &mut Thread<'_>, queued: Span) {
        thread.at_head = true;
        self.mark_op(thread, queued);
        if S::EVENTS && thread.cursor.begins_with_op() {
            self.emit(thread, EventKind::OpStart, None);
        }
    }

    #[inline]
    fn mark_op(&mut self, thread: &mut Thread<'_>, queued: Span) {
        if S::OPS {
            self.mark(thread);
            thread.op_start = self.now;
            thread.op_queued = queued;
            thread.op_times = thread.totals.times;
        }
    }

    /// The account up to now of a thread that may hold the lock since `held_since`.
    pub fn account(
        &mut self,
        thread: &mut Thread<'_>,
        held_since: Option<Instant>,
    ) -> ThreadTotals {
        self.mark(thread);
        let mut totals = ThreadTotals { end: self.now, ..thread.totals };
        totals.polling += thread.polled();
        if let Some(since) = held_since.filter(|_| thread.holds) {
            totals.held += self.now - since;
        }
        let lived = totals.end - totals.start;
        assert_eq!(totals.times.total(), lived, "{}'s time does not add up", thread.id);
        totals
    }
}
