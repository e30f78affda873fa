//! Priorities: threads that use up a full slice are penalised, threads that give the lock back early
//! are rewarded.
//!
//! **Origin.** The multi-level feedback queue of time-sharing systems (Corbató 1962; as in
//! Arpaci-Dusseau, *Operating Systems: Three Easy Pieces*, chapter 8), applied to the lock. David
//! Beazley's patch of February 2010 to CPython's lock is its smallest case, with two classes: who is
//! forced to drop by time-out becomes CPU-bound (low), who releases voluntarily becomes I/O-bound
//! (high), and a high thread makes a low holder drop at once.
//!
//! A thread is on a level; 0 is the highest, and where it starts. A waiter of a higher level than
//! the holder asks for the lock at once, if the policy interrupts; any other waiter after the
//! interval, unless the lock changed hands meanwhile, as in [`timed_wait`](crate::timed_wait). A
//! release wakes the highest sleeper, of equals the one that first asked.
//!
//! ```text
//!   t [ms]  A (computes)            B (I/O)                 lock   two classes, interval 5
//!   0       takes                                           A
//!   0                               asks, sleeps            A      A is high still: no interruption
//!   5                               times out: drop request A
//!   5+      lets go: penalty,       is woken                free   A used up its slice: low
//!           awaits the switch
//!   5+      asks, sleeps            takes                   B
//!   6       is woken, takes         lets go to block: bonus A      B stays high
//!   7                               asks: interrupts,       A      high against low
//!                                   sleeps
//!   7+      lets go, no penalty     is woken, takes         B      A had not used up its slice
//! ```
//!
//! **Deviations from Beazley's patch.** Its pick rule among high and low waiters is not known
//! exactly; here the highest goes first. A slice is used up when the drop follows a time-out.

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use crate::spec::{Parameters, SpecError};
use crate::{
    Answer, Ask, Check, Entry, Policy, Primitive, Reason, Release, Span, Successor, Then, ThreadId,
    View,
};

/// Named sets of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Beazley's patch: 2 levels, penalty 1, bonus 1, no ageing, interrupts.
    #[default]
    TwoClass,
    /// A feedback queue: 8 levels, penalty 1, bonus 1, a waiter rises a level every 100 ms, interrupts.
    MultilevelFeedback,
}

/// Parameters of [`Priority`]: a setting, and what differs from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PriorityParameters {
    /// Where every parameter that is not given comes from.
    pub setting: Setting,
    /// Number of levels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levels: Option<NonZeroU64>,
    /// Levels that a thread goes down when it has used up a slice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub penalty: Option<u64>,
    /// Levels that a thread goes up when it lets go of its own accord.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bonus: Option<u64>,
    /// Waiting time for which a sleeper counts one level higher, against starvation; `"0ns"`: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ageing: Option<Span>,
    /// Whether a higher thread makes the holder drop at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupts: Option<bool>,
    /// How long a waiter waits before it asks the holder to let go; 5 ms as in CPython.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Span>,
    /// Distance between check points, as in [`timed_wait`](crate::timed_wait).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_spacing: Option<Span>,
}

/// Every parameter, with its value.
#[derive(Debug, Clone, Copy)]
struct Rule {
    lowest: u64,
    penalty: u64,
    bonus: u64,
    ageing: Option<Span>,
    interrupts: bool,
    interval: Span,
    check_spacing: Span,
}

impl From<PriorityParameters> for Rule {
    fn from(given: PriorityParameters) -> Self {
        let (levels, ageing) = match given.setting {
            Setting::TwoClass => (2, Span::ZERO),
            Setting::MultilevelFeedback => (8, Span::from_ms(100)),
        };
        let ageing = given.ageing.unwrap_or(ageing);
        Self {
            lowest: given.levels.map_or(levels, u64::from) - 1,
            penalty: given.penalty.unwrap_or(1),
            bonus: given.bonus.unwrap_or(1),
            ageing: (!ageing.is_zero()).then_some(ageing),
            interrupts: given.interrupts.unwrap_or(true),
            interval: given.interval.unwrap_or(Span::from_ms(5)),
            check_spacing: given.check_spacing.unwrap_or(Span::from_ns(25)),
        }
    }
}

impl Parameters for PriorityParameters {
    fn summary(&self) -> &'static str {
        "penalise full slices, reward early releases"
    }

    fn help(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("setting", "two_class (Beazley 2010) or multilevel_feedback: the defaults below"),
            ("levels", "number of levels: 2 or 8"),
            ("penalty", "levels down after a full slice: 1"),
            ("bonus", "levels up after letting go early: 1"),
            ("ageing", "a waiter counts a level higher after so long: 0ns (never) or 100ms"),
            ("interrupts", "whether a higher thread makes the holder drop at once: true"),
            ("interval", "how long a waiter waits before it asks: 5ms"),
            ("check_spacing", "time between check points: 25ns"),
        ]
    }

    fn validate(&self) -> Result<(), SpecError> {
        let rule = Rule::from(*self);
        SpecError::unless_positive("interval", rule.interval)?;
        SpecError::unless_positive("check_spacing", rule.check_spacing)
    }

    fn build(&self, threads: usize, _seed: u64) -> Option<Box<dyn Policy>> {
        Some(Box::new(Priority::new(*self, threads)))
    }
}

/// Why the holder was asked to let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    Interrupt,
    TimeOut,
}

#[derive(Debug, Clone, Copy, Default)]
struct Standing {
    level: u64,
    switches_at_sleep: u64,
}

/// The policy.
#[derive(Debug, Clone)]
pub struct Priority {
    rule: Rule,
    threads: Vec<Standing>,
    request: Option<Request>,
    last_holder: Option<ThreadId>,
    switches: u64,
}

impl Priority {
    /// A fresh lock for threads numbered below `threads`, all on the highest level.
    #[must_use]
    pub fn new(parameters: PriorityParameters, threads: usize) -> Self {
        Self {
            rule: parameters.into(),
            threads: vec![Standing::default(); threads],
            request: None,
            last_holder: None,
            switches: 0,
        }
    }

    /// The level of a thread that has waited since some instant: ageing raises it.
    fn level(&self, view: &View, thread: ThreadId) -> u64 {
        let level = self.threads[thread.index()].level;
        let waited = || view.now - view.sleepers.since(thread);
        let rise = self.rule.ageing.map_or(0, |ageing| waited().ns() / ageing.ns());
        level.saturating_sub(rise)
    }

    fn pick(&self, view: &View) -> Option<ThreadId> {
        view.sleepers
            .iter()
            .min_by_key(|&thread| (self.level(view, thread), view.sleepers.since(thread)))
    }
}

impl Policy for Priority {
    fn ask(&mut self, view: &View, thread: ThreadId, ask: Ask) -> Answer {
        let Some(holder) = view.holder else {
            return Answer::TAKE;
        };
        let holder_level = self.threads[holder.index()].level;
        let standing = &mut self.threads[thread.index()];
        let request = if self.rule.interrupts && standing.level < holder_level {
            Some(Request::Interrupt)
        } else if ask == Ask::TimedOut && standing.switches_at_sleep == self.switches {
            Some(Request::TimeOut)
        } else {
            None
        };
        standing.switches_at_sleep = self.switches;
        // The first request stands: a holder that was interrupted is not penalised.
        self.request = self.request.or(request);
        Answer {
            entry: Entry::Sleep { timeout: Some(self.rule.interval) },
            ask_drop: request.is_some(),
        }
    }

    fn acquired(&mut self, _view: &View, thread: ThreadId) {
        if self.last_holder != Some(thread) {
            self.last_holder = Some(thread);
            self.switches += 1;
        }
        self.request = None;
    }

    fn release(&mut self, view: &View, reason: Reason) -> Release {
        let request = self.request.take();
        if let Some(holder) = view.holder {
            let level = &mut self.threads[holder.index()].level;
            match (reason, request) {
                (Reason::Blocking, _) => *level = level.saturating_sub(self.rule.bonus),
                (Reason::CheckPoint, Some(Request::TimeOut)) => {
                    *level = (*level + self.rule.penalty).min(self.rule.lowest);
                }
                _ => {}
            }
        }
        let forced = request.is_some() && reason != Reason::Exit;
        Release {
            successor: self.pick(view).map_or(Successor::Nobody, Successor::Wake),
            then: if forced { Then::AwaitSwitch } else { Then::GoOn },
        }
    }

    fn primitive(&self) -> Primitive {
        Primitive::Condition
    }

    fn check_spacing(&self) -> Option<Span> {
        Some(self.rule.check_spacing)
    }

    fn next_check(&self, _view: &View) -> Option<NonZeroU64> {
        self.request.map(|_| NonZeroU64::MIN)
    }

    fn check(&mut self, _view: &View) -> Check {
        if self.request.is_some() { Check::LetGo } else { Check::CarryOn }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{A, B, C, Script, THREADS};

    const WAIT: Answer =
        Answer { entry: Entry::Sleep { timeout: Some(Span::from_ms(5)) }, ask_drop: false };
    const WAIT_AND_ASK_DROP: Answer = Answer { ask_drop: true, ..WAIT };

    fn script(parameters: PriorityParameters) -> Script<Priority> {
        Script::new(Priority::new(parameters, THREADS))
    }

    #[test]
    fn worked_timeline() {
        let mut lock = script(PriorityParameters::default());
        lock.at_ms(0).ask(A, Ask::Fresh, Answer::TAKE);
        lock.ask(B, Ask::Fresh, WAIT);
        lock.at_ms(5).ask(B, Ask::TimedOut, WAIT_AND_ASK_DROP);
        lock.check(Check::LetGo);
        lock.release(Reason::CheckPoint, Successor::Wake(B), Then::AwaitSwitch);
        lock.ask(B, Ask::Woken, Answer::TAKE);
        lock.ask(A, Ask::Fresh, WAIT);
        lock.at_ms(6).release(Reason::Blocking, Successor::Wake(A), Then::GoOn);
        lock.ask(A, Ask::Woken, Answer::TAKE);
        lock.at_ms(7).ask(B, Ask::Fresh, WAIT_AND_ASK_DROP);
        lock.check(Check::LetGo);
        lock.release(Reason::CheckPoint, Successor::Wake(B), Then::AwaitSwitch);
        lock.ask(B, Ask::Woken, Answer::TAKE);
        assert_eq!(lock.policy.threads[A.index()].level, 1, "interrupted, not penalised again");
    }

    #[test]
    fn without_interruption_a_higher_thread_waits_for_the_interval() {
        let mut lock = script(PriorityParameters { interrupts: Some(false), ..Default::default() });
        lock.policy.threads[A.index()].level = 1;
        lock.at_ms(0).ask(A, Ask::Fresh, Answer::TAKE);
        lock.at_ms(1).ask(B, Ask::Fresh, WAIT);
        lock.at_ms(6).ask(B, Ask::TimedOut, WAIT_AND_ASK_DROP);
    }

    #[test]
    fn the_highest_goes_first_and_of_equals_the_first() {
        let mut lock = script(PriorityParameters::default());
        lock.policy.threads[B.index()].level = 1;
        lock.at_ms(0).ask(A, Ask::Fresh, Answer::TAKE);
        lock.at_ms(1).ask(B, Ask::Fresh, WAIT);
        lock.at_ms(2).ask(C, Ask::Fresh, WAIT);
        lock.at_ms(3).release(Reason::Exit, Successor::Wake(C), Then::GoOn);
        lock.policy.threads[B.index()].level = 0;
        lock.at_ms(4).ask(C, Ask::Woken, Answer::TAKE);
        lock.at_ms(5).ask(A, Ask::Fresh, WAIT);
        lock.at_ms(6).release(Reason::Exit, Successor::Wake(B), Then::GoOn);
    }

    #[test]
    fn ageing_lifts_a_starving_waiter() {
        let parameters = PriorityParameters {
            setting: Setting::MultilevelFeedback,
            ageing: Some(Span::from_ms(10)),
            ..Default::default()
        };
        let mut lock = script(parameters);
        lock.policy.threads[B.index()].level = 3;
        lock.at_ms(0).ask(A, Ask::Fresh, Answer::TAKE);
        lock.at_ms(1).ask(B, Ask::Fresh, WAIT);
        lock.at_ms(32).ask(C, Ask::Fresh, WAIT);
        lock.at_ms(33).release(Reason::Exit, Successor::Wake(B), Then::GoOn);
    }

    #[test]
    fn penalty_and_bonus_stay_within_the_levels() {
        let mut lock = script(PriorityParameters { penalty: Some(9), ..Default::default() });
        lock.at_ms(0).ask(A, Ask::Fresh, Answer::TAKE);
        lock.ask(B, Ask::Fresh, WAIT);
        lock.at_ms(5).ask(B, Ask::TimedOut, WAIT_AND_ASK_DROP);
        lock.release(Reason::CheckPoint, Successor::Wake(B), Then::AwaitSwitch);
        assert_eq!(lock.policy.threads[A.index()].level, 1);
        lock.ask(B, Ask::Woken, Answer::TAKE);
        lock.release(Reason::Blocking, Successor::Nobody, Then::GoOn);
        assert_eq!(lock.policy.threads[B.index()].level, 0);
    }
}
