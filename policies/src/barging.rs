//! A plain mutex: whoever comes first takes it.
//!
//! **Origin.** The textbook mutex, and what a POSIX mutex or a futex does without priorities: a
//! release frees the lock and wakes the longest sleeper, and any running thread may take it before
//! the sleeper gets there. There are no check points: a holder keeps the lock until it blocks.
//!
//! ```text
//!   t   A                 B                      lock
//!   0   takes                                    A
//!   1                     asks, sleeps           A
//!   2   lets go to block  is woken, on its way   free
//!   3   asks, takes                              A      A barges in
//!   4                     runs, asks, sleeps     A      a failed acquisition
//!   5   lets go to block  is woken               free
//!   6                     runs, asks, takes      B
//! ```

use serde::{Deserialize, Serialize};

use crate::spec::Parameters;
use crate::{Answer, Ask, Policy, Reason, Release, Successor, Then, ThreadId, View};

/// The policy; it has no parameters and no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Barging {}

impl Parameters for Barging {
    fn summary(&self) -> &'static str {
        "a plain mutex: whoever comes first takes it; who computes never lets go"
    }

    fn build(&self, _threads: usize, _seed: u64) -> Option<Box<dyn Policy>> {
        Some(Box::new(*self))
    }
}

impl Policy for Barging {
    fn ask(&mut self, view: &View, _thread: ThreadId, _ask: Ask) -> Answer {
        if view.holder.is_none() { Answer::TAKE } else { Answer::SLEEP }
    }

    fn release(&mut self, view: &View, _reason: Reason) -> Release {
        let successor = view.sleepers.first().map_or(Successor::Nobody, Successor::Wake);
        Release { successor, then: Then::GoOn }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{A, B, Script};

    #[test]
    fn worked_timeline() {
        let mut lock = Script::new(Barging {});
        lock.at_ms(0).ask(A, Ask::Fresh, Answer::TAKE);
        lock.at_ms(1).ask(B, Ask::Fresh, Answer::SLEEP);
        lock.at_ms(2).release(Reason::Blocking, Successor::Wake(B), Then::GoOn);
        lock.at_ms(3).ask(A, Ask::Fresh, Answer::TAKE);
        lock.at_ms(4).ask(B, Ask::Woken, Answer::SLEEP);
        lock.at_ms(5).release(Reason::Blocking, Successor::Wake(B), Then::GoOn);
        lock.at_ms(6).ask(B, Ask::Woken, Answer::TAKE);
    }
}
