//! Two sinks that take the same rows side by side.

use super::{EventRow, IntervalRow, OpRow, Sink};

/// Gives every row to both sinks, the first one first.
///
/// It wants what either of them wants, so a sink may be given rows that it did not ask for; the
/// default methods of [`Sink`] drop those.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tee<A, B>(pub A, pub B);

impl<A: Sink, B: Sink> Sink for Tee<A, B> {
    const OPS: bool = A::OPS || B::OPS;
    const INTERVALS: bool = A::INTERVALS || B::INTERVALS;
    const EVENTS: bool = A::EVENTS || B::EVENTS;

    fn op(&mut self, row: &OpRow) {
        self.0.op(row);
        self.1.op(row);
    }
    fn interval(&mut self, row: &IntervalRow) {
        self.0.interval(row);
        self.1.interval(row);
    }
    fn event(&mut self, row: &EventRow) {
        self.0.event(row);
        self.1.event(row);
    }
}

#[cfg(test)]
mod tests {
    use gilsim_policies::{Instant, ThreadId};

    use super::*;
    use crate::trace::{EventKind, MemorySink, NullSink};

    #[test]
    fn both_sinks_get_the_rows_and_either_can_ask_for_them() {
        const {
            assert!(<Tee<NullSink, MemorySink> as Sink>::EVENTS);
            assert!(<Tee<MemorySink, NullSink> as Sink>::INTERVALS);
            assert!(!<Tee<NullSink, NullSink> as Sink>::EVENTS);
        }
        let mut tee = Tee(MemorySink::default(), MemorySink::default());
        let row = EventRow {
            at: Instant::from_ns(3),
            thread: ThreadId(1),
            kind: EventKind::Wake,
            core: None,
            other: Some(ThreadId(0)),
            object: Some(2),
        };
        tee.event(&row);
        assert_eq!(tee.0.events, [row]);
        assert_eq!(tee.1.events, [row]);
    }
}
