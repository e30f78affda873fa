//! The registry: every policy by its name, with its parameters, as experiment files write it.

use serde::{Deserialize, Serialize};

use crate::barging::Barging;
use crate::fifo_handoff::FifoHandoff;
use crate::priority::{Priority, PriorityParameters};
use crate::tick::{Tick, TickParameters};
use crate::timed_wait::{TimedWait, TimedWaitParameters};
use crate::{Policy, Span};

/// A policy and its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicySpec {
    /// CPython up to 3.1.
    Tick(TickParameters),
    /// CPython 3.2 and later.
    TimedWait(TimedWaitParameters),
    /// Priorities by behaviour.
    Priority(PriorityParameters),
    /// First come, first served, by direct hand-over.
    FifoHandoff(NoParameters),
    /// A plain mutex.
    Barging(NoParameters),
    /// No global lock at all.
    None(NoParameters),
}

/// An empty table of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

/// Why a set of parameters makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecError {
    /// A time that has to be longer than nothing is not; names the parameter.
    ZeroSpan(&'static str),
}

impl std::fmt::Display for SpecError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ZeroSpan(name) => write!(f, "`{name}` must be longer than 0ns"),
        }
    }
}

impl std::error::Error for SpecError {}

impl PolicySpec {
    /// One of each policy with its defaults, in reading order.
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![
            Self::Tick(TickParameters::default()),
            Self::TimedWait(TimedWaitParameters::default()),
            Self::Priority(PriorityParameters::default()),
            Self::FifoHandoff(NoParameters {}),
            Self::Barging(NoParameters {}),
            Self::None(NoParameters {}),
        ]
    }

    /// Its name in experiment files.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Tick(_) => "tick",
            Self::TimedWait(_) => "timed_wait",
            Self::Priority(_) => "priority",
            Self::FifoHandoff(_) => "fifo_handoff",
            Self::Barging(_) => "barging",
            Self::None(_) => "none",
        }
    }

    /// What it is, in a line.
    #[must_use]
    pub const fn summary(&self) -> &'static str {
        match self {
            Self::Tick(_) => "CPython up to 3.1: release and re-take every 100 ticks",
            Self::TimedWait(_) => "CPython 3.2 and later: a waiter asks for the lock after 5 ms",
            Self::Priority(_) => "penalise full slices, reward early releases",
            Self::FifoHandoff(_) => "the releaser names the longest waiter as the next holder",
            Self::Barging(_) => "a plain mutex: whoever comes first takes it",
            Self::None(_) => "no global lock at all",
        }
    }

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// Names the parameter that makes no sense.
    pub fn validate(&self) -> Result<(), SpecError> {
        let spans = match self {
            Self::Tick(given) => vec![("tick", Some(given.tick))],
            Self::TimedWait(given) => {
                vec![
                    ("interval", Some(given.interval)),
                    ("check_spacing", Some(given.check_spacing)),
                ]
            }
            Self::Priority(given) => {
                vec![("interval", given.interval), ("check_spacing", given.check_spacing)]
            }
            Self::FifoHandoff(_) | Self::Barging(_) | Self::None(_) => vec![],
        };
        match spans.into_iter().find(|(_, span)| *span == Some(Span::ZERO)) {
            Some((name, _)) => Err(SpecError::ZeroSpan(name)),
            None => Ok(()),
        }
    }

    /// A fresh lock for threads numbered below `threads`; `None` if there is no lock.
    /// `seed` decides what is left to chance.
    #[must_use]
    pub fn build(&self, threads: usize, seed: u64) -> Option<Box<dyn Policy>> {
        Some(match *self {
            Self::Tick(parameters) => Box::new(Tick::new(parameters)),
            Self::TimedWait(parameters) => Box::new(TimedWait::new(parameters, threads, seed)),
            Self::Priority(parameters) => Box::new(Priority::new(parameters, threads)),
            Self::FifoHandoff(_) => Box::new(FifoHandoff),
            Self::Barging(_) => Box::new(Barging),
            Self::None(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_reads_what_it_writes() {
        for spec in PolicySpec::all() {
            let text = toml::to_string(&spec).unwrap();
            assert!(text.contains(spec.name()), "{text}");
            assert_eq!(toml::from_str::<PolicySpec>(&text), Ok(spec));
        }
    }

    #[test]
    fn unknown_parameters_are_refused() {
        for text in ["timed_wait = { intervall = '5ms' }", "none = { cores = 1 }", "fair = {}"] {
            assert!(toml::from_str::<PolicySpec>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_of_nothing_are_refused() {
        let spec: PolicySpec = toml::from_str("timed_wait = { check_spacing = '0ns' }").unwrap();
        assert_eq!(spec.validate(), Err(SpecError::ZeroSpan("check_spacing")));
        assert!(PolicySpec::all().iter().all(|spec| spec.validate().is_ok()));
    }
}
