//! CPython up to 3.1: the holder releases and re-takes the lock every 100 ticks.
//!
//! **Origin.** CPython 2.7, `Python/ceval.c` (`_Py_CheckInterval`, `_Py_Ticker`) and
//! `Python/thread_pthread.h`. One counter, shared by all threads and never reset by a switch, goes
//! down by one at every tick; below zero, the holder sets it back to the interval, frees the lock,
//! and asks for it again at once. So the period is interval + 1 ticks. On POSIX the lock is a
//! semaphore: the longest sleeper is woken, and whoever runs first takes the lock. On two cores
//! the releaser nearly always wins that race, and the woken thread sleeps again: the GIL battle.
//! The mutex that Windows had ([`Handover::Direct`]) passes ownership to the longest sleeper.
//!
//! ```text
//!   t       A                          B                 lock   (interval 100, tick 10 ns)
//!   0       takes                                        A
//!   1 us                               asks, sleeps      A
//!   1.01    101st tick: lets go        is woken          free
//!   1.01    asks, takes                on its way        A      the releaser wins the race
//!   1.02                               runs, asks,       A      a failed acquisition
//!                                      sleeps
//!   2.02    202nd tick: lets go        is woken          free
//!   2.02    pre-empted                 on its way        free   the only way for B to get it
//!   2.03                               runs, takes       B
//!   2.50    asks, sleeps               101 ticks to go   B
//! ```
//!
//! **Deviations.** A tick has a fixed length; in reality a tick is one to several bytecodes. Pending
//! calls and signals, which make every tick a check, are left out. A program with a single thread
//! never looks, as in CPython, where the lock exists from the second thread on.

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use crate::spec::{Parameters, SpecError};
use crate::{
    Answer, Ask, Check, Policy, Primitive, Reason, Release, Span, Successor, Then, ThreadId, View,
};

/// How a released lock finds its next holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handover {
    /// The longest sleeper is woken, and anybody may take the lock first: POSIX semaphores.
    #[default]
    Barging,
    /// The longest sleeper has it at once: the mutex of CPython 2 on Windows.
    Direct,
}

/// Parameters of [`Tick`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TickParameters {
    /// Ticks between two checks: `sys.setcheckinterval`; 100 is CPython's default.
    pub interval: u32,
    /// Length of a tick. 8 ns: a counting loop of CPython 2.7.18 takes 25 ns an iteration on a 2.6 GHz
    /// Zen 4, and three ticks (calls that free the lock, counted).
    pub tick: Span,
    /// What a release does.
    pub handover: Handover,
}

impl Default for TickParameters {
    fn default() -> Self {
        Self { interval: 100, tick: Span::from_ns(8), handover: Handover::Barging }
    }
}

impl Parameters for TickParameters {
    fn summary(&self) -> &'static str {
        "CPython up to 3.1: release and re-take every 100 ticks"
    }

    fn help(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("interval", "ticks between two checks: sys.setcheckinterval"),
            ("tick", "length of a tick"),
            ("handover", "barging (POSIX semaphores) or direct (Windows)"),
        ]
    }

    fn validate(&self) -> Result<(), SpecError> {
        SpecError::unless_positive("tick", self.tick)
    }

    fn build(&self, _threads: usize, _seed: u64) -> Option<Box<dyn Policy>> {
        Some(Box::new(Tick::new(*self)))
    }
}

/// The policy.
#[derive(Debug, Clone)]
pub struct Tick {
    parameters: TickParameters,
    /// Ticks until the counter falls below zero, less one.
    ticker: u64,
}

impl Tick {
    /// A fresh interpreter.
    #[must_use]
    pub fn new(parameters: TickParameters) -> Self {
        Self { parameters, ticker: u64::from(parameters.interval) }
    }

    fn period(&self) -> u64 {
        u64::from(self.parameters.interval) + 1
    }
}

impl Policy for Tick {
    fn ask(&mut self, view: &View, _thread: ThreadId, _ask: Ask) -> Answer {
        if view.holder.is_none() { Answer::TAKE } else { Answer::SLEEP }
    }

    fn release(&mut self, view: &View, _reason: Reason) -> Release {
        let successor = match (view.sleepers.first(), self.parameters.handover) {
            (Some(sleeper), Handover::Barging) => Successor::Wake(sleeper),
            (Some(sleeper), Handover::Direct) => Successor::HandOver(sleeper),
            // glibc counts a waiter until it has the semaphore, not until it wakes.
            (None, Handover::Barging) if view.in_flight > 0 => Successor::Futile,
            (None, _) => Successor::Nobody,
        };
        Release { successor, then: Then::GoOn }
    }

    fn primitive(&self) -> Primitive {
        match self.parameters.handover {
            Handover::Barging => Primitive::Semaphore,
            // It counts its owners before they sleep.
            Handover::Direct => Primitive::Queue,
        }
    }

    fn check_spacing(&self) -> Option<Span> {
        Some(self.parameters.tick)
    }

    fn next_check(&self, view: &View) -> Option<NonZeroU64> {
        if view.threads > 1 { NonZeroU64::new(self.ticker + 1) } else { None }
    }

    fn round_in_vain(&self) -> Option<Span> {
        Some(self.parameters.tick * self.period())
    }

    fn pass_checks(&mut self, count: u64) {
        // A single thread's ticks count too, and set the counter back now and then.
        let passed = count % self.period();
        self.ticker = (self.ticker + self.period() - passed) % self.period();
    }

    fn check(&mut self, _view: &View) -> Check {
        self.ticker = u64::from(self.parameters.interval);
        Check::LetGo
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{A, B, Script};

    #[test]
    fn worked_timeline() {
        let mut lock = Script::new(Tick::new(TickParameters::default()));
        lock.at_us(0).ask(A, Ask::Fresh, Answer::TAKE);
        assert_eq!(lock.next_check(), Some(101));
        lock.at_us(1).ask(B, Ask::Fresh, Answer::SLEEP);
        lock.check(Check::LetGo);
        lock.release(Reason::CheckPoint, Successor::Wake(B), Then::GoOn);
        lock.ask(A, Ask::Fresh, Answer::TAKE);
        lock.ask(B, Ask::Woken, Answer::SLEEP);
        lock.at_us(2).check(Check::LetGo);
        lock.release(Reason::CheckPoint, Successor::Wake(B), Then::GoOn);
        lock.ask(B, Ask::Woken, Answer::TAKE);
        lock.ask(A, Ask::Fresh, Answer::SLEEP);
        assert_eq!(lock.next_check(), Some(101));
    }

    #[test]
    fn a_release_while_the_woken_is_on_its_way_calls_in_vain() {
        let mut lock = Script::new(Tick::new(TickParameters::default()));
        lock.ask(A, Ask::Fresh, Answer::TAKE);
        lock.ask(B, Ask::Fresh, Answer::SLEEP);
        lock.release(Reason::CheckPoint, Successor::Wake(B), Then::GoOn);
        lock.ask(A, Ask::Fresh, Answer::TAKE);
        lock.release(Reason::CheckPoint, Successor::Futile, Then::GoOn);
        lock.ask(B, Ask::Woken, Answer::TAKE);
        lock.release(Reason::Blocking, Successor::Nobody, Then::GoOn);
    }

    #[test]
    fn the_counter_is_shared_and_survives_a_switch() {
        let mut lock = Script::new(Tick::new(TickParameters::default()));
        lock.ask(A, Ask::Fresh, Answer::TAKE);
        lock.policy.pass_checks(70);
        lock.release(Reason::Blocking, Successor::Nobody, Then::GoOn);
        lock.ask(B, Ask::Fresh, Answer::TAKE);
        assert_eq!(lock.next_check(), Some(31));
        lock.policy.pass_checks(31 + 101);
        assert_eq!(lock.next_check(), Some(101), "it was set back twice meanwhile");
    }

    #[test]
    fn windows_hands_over_and_never_fails() {
        let parameters = TickParameters { handover: Handover::Direct, ..Default::default() };
        let mut lock = Script::new(Tick::new(parameters));
        lock.ask(A, Ask::Fresh, Answer::TAKE);
        lock.ask(B, Ask::Fresh, Answer::SLEEP);
        lock.check(Check::LetGo);
        lock.release(Reason::CheckPoint, Successor::HandOver(B), Then::GoOn);
        lock.ask(A, Ask::Fresh, Answer::SLEEP);
        assert_eq!(lock.holder(), Some(B));
    }
}
