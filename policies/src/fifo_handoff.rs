//! First come, first served, by direct hand-over.
//!
//! **Origin.** The textbook FIFO lock. Ruby 3.3's lock hands over like this
//! (`thread_sched_wakeup_next_thread`), and so did the mutex that CPython 2 used on Windows. The
//! releaser names the longest waiter as the next holder; nobody can barge in, so the order is fair
//! and predictable, but the lock stands idle while the new holder wakes. There are no check points.
//!
//! ```text
//!   t   A                 B                      lock
//!   0   takes                                    A
//!   1                     asks, sleeps           A
//!   2   lets go to block  has the lock, wakes    B
//!   3   asks, sleeps                             B      no barging
//!   4                     runs                   B
//!   5   has the lock      lets go to block       A
//! ```

use serde::{Deserialize, Serialize};

use crate::spec::Parameters;
use crate::{Answer, Ask, Policy, Primitive, Reason, Release, Successor, Then, ThreadId, View};

/// The policy; it has no parameters and no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FifoHandoff {}

impl Parameters for FifoHandoff {
    fn summary(&self) -> &'static str {
        "the releaser names the longest waiter as the next holder; who computes never lets go"
    }

    fn build(&self, _threads: usize, _seed: u64) -> Option<Box<dyn Policy>> {
        Some(Box::new(*self))
    }
}

impl Policy for FifoHandoff {
    fn ask(&mut self, view: &View, _thread: ThreadId, _ask: Ask) -> Answer {
        if view.holder.is_none() { Answer::TAKE } else { Answer::SLEEP }
    }

    fn release(&mut self, view: &View, _reason: Reason) -> Release {
        let successor = view.sleepers.first().map_or(Successor::Nobody, Successor::HandOver);
        Release { successor, then: Then::GoOn }
    }

    fn primitive(&self) -> Primitive {
        Primitive::Queue
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{A, B, Script};

    #[test]
    fn worked_timeline() {
        let mut lock = Script::new(FifoHandoff {});
        lock.at_ms(0).ask(A, Ask::Fresh, Answer::TAKE);
        lock.at_ms(1).ask(B, Ask::Fresh, Answer::SLEEP);
        lock.at_ms(2).release(Reason::Blocking, Successor::HandOver(B), Then::GoOn);
        lock.at_ms(3).ask(A, Ask::Fresh, Answer::SLEEP);
        lock.at_ms(5).release(Reason::Blocking, Successor::HandOver(A), Then::GoOn);
        assert_eq!(lock.holder(), Some(A));
    }
}
