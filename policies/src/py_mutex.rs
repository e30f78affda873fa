//! The lock of an object in CPython without a global lock: spin a little, then park; be fair after a while.
//!
//! **Origin.** `PyMutex` of CPython 3.13 and later, `Python/lock.c`: one byte, locked and parked. Who finds it locked
//! yields its core up to 40 times, as long as nobody is parked, and then parks in a queue of the process. A release
//! wakes the longest sleeper; anybody may take the lock before it gets there, unless it has waited for more
//! than 1 ms: then it is handed the lock. There are no check points.
//!
//! ```text
//!   t [ms]   A                 B                        lock
//!   0        takes                                      A
//!   0.1                        asks, yields 40 times    A
//!   0.2                        parks                    A
//!   0.5      lets go           is woken, on its way     free
//!   0.5      asks, takes                                A      A barges in
//!   0.6                        runs, parks again        A
//!   1.3      lets go           has waited 1.2 ms        B      handed over
//! ```

use serde::{Deserialize, Serialize};

use crate::spec::Parameters;
use crate::{
    Answer, Ask, Policy, Primitive, Reason, Release, Span, Successor, Then, ThreadId, View,
};

/// Parameters of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PyMutexParameters {
    /// How often a thread yields its core before it parks. Default 40: `MAX_SPIN_COUNT`.
    pub spins: u32,
    /// Who has waited for longer is handed the lock. Default 1 ms: `TIME_TO_BE_FAIR_NS`.
    pub fair_after: Span,
}

impl Default for PyMutexParameters {
    fn default() -> Self {
        Self { spins: 40, fair_after: Span::from_ms(1) }
    }
}

impl Parameters for PyMutexParameters {
    fn summary(&self) -> &'static str {
        "the lock of an object in CPython 3.13: spin, park, hand over after 1 ms"
    }

    fn help(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("spins", "how often a thread yields its core before it parks, from 0 on"),
            ("fair_after", "who has waited for longer is handed the lock, from 0ns on"),
        ]
    }

    fn build(&self, _threads: usize, _seed: u64) -> Option<Box<dyn Policy>> {
        Some(Box::new(PyMutex { parameters: *self }))
    }
}

/// The policy; it has no state of its own.
#[derive(Debug)]
struct PyMutex {
    parameters: PyMutexParameters,
}

impl Policy for PyMutex {
    fn ask(&mut self, view: &View, _thread: ThreadId, ask: Ask) -> Answer {
        let spun = match ask {
            Ask::Fresh => 0,
            Ask::Spun(times) => times,
            // It has spun before it slept.
            Ask::Woken | Ask::TimedOut => self.parameters.spins,
        };
        if view.holder.is_none() {
            Answer::TAKE
        } else if spun < self.parameters.spins && view.sleepers.is_empty() {
            Answer::SPIN
        } else {
            Answer::SLEEP
        }
    }

    fn release(&mut self, view: &View, _reason: Reason) -> Release {
        let successor = match view.sleepers.first() {
            None => Successor::Nobody,
            Some(first) if view.now - view.sleepers.since(first) > self.parameters.fair_after => {
                Successor::HandOver(first)
            }
            Some(first) => Successor::Wake(first),
        };
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
        let mut lock = Script::new(PyMutex { parameters: PyMutexParameters::default() });
        lock.at_us(0).ask(A, Ask::Fresh, Answer::TAKE);
        lock.at_us(100).ask(B, Ask::Fresh, Answer::SPIN);
        lock.at_us(199).ask(B, Ask::Spun(39), Answer::SPIN);
        lock.at_us(200).ask(B, Ask::Spun(40), Answer::SLEEP);
        lock.at_us(500).release(Reason::Blocking, Successor::Wake(B), Then::GoOn);
        lock.at_us(500).ask(A, Ask::Fresh, Answer::TAKE);
        lock.at_us(600).ask(B, Ask::Woken, Answer::SLEEP);
        lock.at_us(1_300).release(Reason::Blocking, Successor::HandOver(B), Then::GoOn);
    }
}
