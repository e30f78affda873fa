//! CPython 3.2 and later: a waiter asks the holder to let go after 5 ms.
//!
//! **Origin.** CPython, `Python/ceval_gil.c` (`take_gil`, `drop_gil`); introduced for 3.2 by Antoine
//! Pitrou. A waiter sleeps for at most the interval. If it times out and no *other* thread has taken
//! the lock meanwhile (`switch_number`), it sets the drop request, which the holder sees at its
//! next check point. The holder then frees the lock, wakes one sleeper, and sleeps until another
//! thread has taken the lock (`FORCE_SWITCHING`). Taking the lock clears the request. Anybody who
//! comes by may take a free lock (barging), and the thread that asked is not always the one that gets it.
//!
//! ```text
//!   t [ms]  A (computes)               B (computes)              lock
//!   0       takes                                                A
//!   1                                  asks, sleeps up to 5      A
//!   6                                  times out: drop request   A
//!   6+      check point: lets go,      is woken                  free
//!           awaits the switch
//!   6+      goes on, asks, sleeps      runs, takes               B     the request is cleared
//!   11+     times out: drop request                              B
//!   11+                                check point: lets go      free
//! ```
//!
//! So two computing threads alternate in slices of the interval, plus the lateness of a timer and a
//! wake-up; and a thread that returns from I/O waits for an interval: the convoy effect.
//!
//! **Versions.** The distance between check points is that of a loop's iteration from 3.10 on (they
//! lie at function entries and backward jumps) and that of an opcode before.

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use crate::spec::{Parameters, SpecError};
use crate::{
    Answer, Ask, Check, Entry, PickRule, Picker, Policy, Primitive, Reason, Release, Span,
    Successor, Then, ThreadId, View,
};

/// Parameters of [`TimedWait`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimedWaitParameters {
    /// How long a waiter waits before it asks the holder to let go: `sys.setswitchinterval`; 5 ms is
    /// CPython's default.
    pub interval: Span,
    /// Distance between check points. 25 ns: one iteration of a counting loop of CPython 3.13 on a
    /// 2.6 GHz Zen 4 (3.10 and later check once an iteration); about 8 ns, an opcode, up to 3.9.
    pub check_spacing: Span,
    /// Whom a release wakes. `fifo_requeue`: glibc's condition variables (2.25 and later) signal the oldest
    /// group of waiters, the kernel wakes the longest sleeper, and who times out and waits again is in the youngest
    /// group.
    pub pick: PickRule,
    /// Whether a forced drop lasts until another thread has taken the lock: `FORCE_SWITCHING`, on in
    /// every release.
    pub force_switching: bool,
}

impl Default for TimedWaitParameters {
    fn default() -> Self {
        Self {
            interval: Span::from_ms(5),
            check_spacing: Span::from_ns(25),
            pick: PickRule::FifoRequeue,
            force_switching: true,
        }
    }
}

impl Parameters for TimedWaitParameters {
    fn summary(&self) -> &'static str {
        "CPython 3.2 and later: a waiter asks for the lock after 5 ms"
    }

    fn help(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("interval", "how long a waiter waits before it asks: sys.setswitchinterval"),
            (
                "check_spacing",
                "time between check points: 8ns to 3.9 (opcodes), 25ns since (loops)",
            ),
            ("pick", "who is woken: fifo_arrival, fifo_requeue, lifo or random"),
            ("force_switching", "whether a forced drop lasts until another thread has the lock"),
        ]
    }

    fn validate(&self) -> Result<(), SpecError> {
        SpecError::unless_positive("interval", self.interval)?;
        SpecError::unless_positive("check_spacing", self.check_spacing)
    }

    fn build(&self, threads: usize, seed: u64) -> Option<Box<dyn Policy>> {
        Some(Box::new(TimedWait::new(*self, threads, seed)))
    }
}

/// The policy.
#[derive(Debug, Clone)]
pub struct TimedWait {
    parameters: TimedWaitParameters,
    picker: Picker,
    drop_requested: bool,
    last_holder: Option<ThreadId>,
    /// How often the lock went to a thread other than the one before.
    switches: u64,
    /// The count of switches at which each thread fell asleep.
    switches_at_sleep: Vec<u64>,
}

impl TimedWait {
    /// A fresh interpreter for threads numbered below `threads`.
    #[must_use]
    pub fn new(parameters: TimedWaitParameters, threads: usize, seed: u64) -> Self {
        Self {
            parameters,
            picker: Picker::new(parameters.pick, seed),
            drop_requested: false,
            last_holder: None,
            switches: 0,
            switches_at_sleep: vec![0; threads],
        }
    }
}

impl Policy for TimedWait {
    fn ask(&mut self, view: &View, thread: ThreadId, ask: Ask) -> Answer {
        if view.holder.is_none() {
            return Answer::TAKE;
        }
        let asleep_since = &mut self.switches_at_sleep[thread.index()];
        let ask_drop = ask == Ask::TimedOut && *asleep_since == self.switches;
        *asleep_since = self.switches;
        self.drop_requested |= ask_drop;
        Answer { entry: Entry::Sleep { timeout: Some(self.parameters.interval) }, ask_drop }
    }

    fn acquired(&mut self, _view: &View, thread: ThreadId) {
        // A holder that lets go and comes back first does not count as a switch.
        if self.last_holder != Some(thread) {
            self.last_holder = Some(thread);
            self.switches += 1;
        }
        self.drop_requested = false;
    }

    fn release(&mut self, view: &View, reason: Reason) -> Release {
        let successor = self.picker.pick(&view.sleepers).map_or(Successor::Nobody, Successor::Wake);
        // A voluntary release waits too if a request happens to be pending.
        let requested = std::mem::take(&mut self.drop_requested);
        let forced = requested && self.parameters.force_switching && reason != Reason::Exit;
        Release { successor, then: if forced { Then::AwaitSwitch } else { Then::GoOn } }
    }

    fn primitive(&self) -> Primitive {
        Primitive::Condition
    }

    fn check_spacing(&self) -> Option<Span> {
        Some(self.parameters.check_spacing)
    }

    fn next_check(&self, _view: &View) -> Option<NonZeroU64> {
        if self.drop_requested { Some(NonZeroU64::MIN) } else { None }
    }

    fn check(&mut self, _view: &View) -> Check {
        if self.drop_requested { Check::LetGo } else { Check::CarryOn }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{A, B, C, Script, THREADS};

    const INTERVAL: Span = Span::from_ms(5);
    const WAIT: Answer =
        Answer { entry: Entry::Sleep { timeout: Some(INTERVAL) }, ask_drop: false };
    const WAIT_AND_ASK_DROP: Answer = Answer { ask_drop: true, ..WAIT };

    fn script() -> Script<TimedWait> {
        Script::new(TimedWait::new(TimedWaitParameters::default(), THREADS, 0))
    }

    #[test]
    fn worked_timeline() {
        let mut lock = script();
        lock.at_ms(0).ask(A, Ask::Fresh, Answer::TAKE);
        lock.at_ms(1).ask(B, Ask::Fresh, WAIT);
        assert_eq!(lock.next_check(), None, "nobody has asked yet: no check point matters");
        lock.at_ms(6).ask(B, Ask::TimedOut, WAIT_AND_ASK_DROP);
        assert_eq!(lock.next_check(), Some(1));
        lock.check(Check::LetGo);
        lock.release(Reason::CheckPoint, Successor::Wake(B), Then::AwaitSwitch);
        lock.ask(B, Ask::Woken, Answer::TAKE);
        assert_eq!(lock.next_check(), None, "the request is cleared");
        lock.ask(A, Ask::Fresh, WAIT);
        lock.at_ms(11).ask(A, Ask::TimedOut, WAIT_AND_ASK_DROP);
        lock.check(Check::LetGo);
        lock.release(Reason::CheckPoint, Successor::Wake(A), Then::AwaitSwitch);
    }

    #[test]
    fn a_switch_during_the_wait_suppresses_the_request() {
        let mut lock = script();
        lock.at_ms(0).ask(A, Ask::Fresh, Answer::TAKE);
        lock.at_ms(1).ask(B, Ask::Fresh, WAIT);
        lock.at_ms(2).release(Reason::Blocking, Successor::Wake(B), Then::GoOn);
        lock.at_ms(2).ask(C, Ask::Fresh, Answer::TAKE);
        lock.at_ms(3).ask(B, Ask::Woken, WAIT);
        lock.at_ms(4).ask(A, Ask::Fresh, WAIT);
        lock.at_ms(8).ask(B, Ask::TimedOut, WAIT_AND_ASK_DROP);
        lock.release(Reason::CheckPoint, Successor::Wake(A), Then::AwaitSwitch);
        lock.ask(A, Ask::Woken, Answer::TAKE);
        lock.at_ms(13).ask(B, Ask::TimedOut, WAIT);
    }

    #[test]
    fn a_release_and_re_take_by_the_holder_is_no_switch() {
        let mut lock = script();
        lock.at_ms(0).ask(A, Ask::Fresh, Answer::TAKE);
        lock.at_ms(1).ask(B, Ask::Fresh, WAIT);
        lock.at_ms(2).release(Reason::Blocking, Successor::Wake(B), Then::GoOn);
        lock.at_ms(2).ask(A, Ask::Fresh, Answer::TAKE);
        lock.at_ms(2).ask(B, Ask::Woken, WAIT);
        lock.at_ms(3).release(Reason::Blocking, Successor::Wake(B), Then::GoOn);
        lock.at_ms(3).ask(A, Ask::Fresh, Answer::TAKE);
        lock.at_ms(3).ask(B, Ask::Woken, WAIT);
        lock.at_ms(8).ask(B, Ask::TimedOut, WAIT_AND_ASK_DROP);
    }

    #[test]
    fn a_voluntary_release_with_a_pending_request_waits_for_the_switch() {
        let mut lock = script();
        lock.at_ms(0).ask(A, Ask::Fresh, Answer::TAKE);
        lock.at_ms(1).ask(B, Ask::Fresh, WAIT);
        lock.at_ms(6).ask(B, Ask::TimedOut, WAIT_AND_ASK_DROP);
        lock.release(Reason::Blocking, Successor::Wake(B), Then::AwaitSwitch);
    }
}
