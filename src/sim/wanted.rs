//! What a run's sink wants, as the engine sees it.
//!
//! The engine is long, and compiled for each kind of sink and of machine. So it knows three kinds: who wants nothing, who wants
//! operations, and who wants more. Which sink that is, it finds out when it has a row.

use crate::trace::{EventRow, IntervalRow, OpRow, Sink};

/// The rows that a sink wants.
pub enum Wanted<'a> {
    Nothing,
    Operations(Operations<'a>),
    Everything(Everything<'a>),
}

impl<'a> Wanted<'a> {
    pub fn of<S: Sink>(sink: &'a mut S) -> Self {
        if S::INTERVALS || S::EVENTS {
            Self::Everything(Everything(sink))
        } else if S::OPS {
            Self::Operations(Operations(sink))
        } else {
            Self::Nothing
        }
    }
}

/// Hands operations on.
pub struct Operations<'a>(&'a mut dyn AnySink);

impl Sink for Operations<'_> {
    fn op(&mut self, row: &OpRow) {
        self.0.take_op(row);
    }
}

/// Hands all rows on.
pub struct Everything<'a>(&'a mut dyn AnySink);

impl Sink for Everything<'_> {
    const INTERVALS: bool = true;
    const EVENTS: bool = true;

    fn op(&mut self, row: &OpRow) {
        self.0.take_op(row);
    }
    fn interval(&mut self, row: &IntervalRow) {
        self.0.take_interval(row);
    }
    fn event(&mut self, row: &EventRow) {
        self.0.take_event(row);
    }
}

/// A sink of whatever type, which is given the rows that it wants.
trait AnySink {
    fn take_op(&mut self, row: &OpRow);
    fn take_interval(&mut self, row: &IntervalRow);
    fn take_event(&mut self, row: &EventRow);
}

impl<S: Sink> AnySink for S {
    fn take_op(&mut self, row: &OpRow) {
        if S::OPS {
            self.op(row);
        }
    }
    fn take_interval(&mut self, row: &IntervalRow) {
        if S::INTERVALS {
            self.interval(row);
        }
    }
    fn take_event(&mut self, row: &EventRow) {
        if S::EVENTS {
            self.event(row);
        }
    }
}

#[cfg(test)]
mod tests {
    use gilsim_policies::{Instant, Span, ThreadId};

    use super::*;
    use crate::trace::{EventKind, State, StateTimes};

    struct Intervals(u32);

    impl Sink for Intervals {
        const OPS: bool = false;
        const INTERVALS: bool = true;

        fn op(&mut self, row: &OpRow) {
            panic!("{row:?} is not wanted");
        }
        fn interval(&mut self, _row: &IntervalRow) {
            self.0 += 1;
        }
        fn event(&mut self, row: &EventRow) {
            panic!("{row:?} is not wanted");
        }
    }

    #[test]
    fn a_sink_is_given_what_it_wants_and_nothing_else() {
        let mut sink = Intervals(0);
        let Wanted::Everything(mut rows) = Wanted::of(&mut sink) else { panic!("it wants more") };
        let (thread, at, end) = (ThreadId(0), Instant::ZERO, Instant::from_ns(1));
        let (queued, times) = (Span::ZERO, StateTimes::default());
        rows.op(&OpRow { thread, start: at, end, queued, times });
        let (state, holds, core) = (State::Running, false, None);
        rows.interval(&IntervalRow { thread, state, holds, core, start: at, end });
        let (other, object) = (None, None);
        rows.event(&EventRow { at, thread, kind: EventKind::Block, core, other, object });
        assert_eq!(sink.0, 1);
    }
}
