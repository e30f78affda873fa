//! The registry: every policy by its name, with its parameters, as experiment files write it.

use serde::{Deserialize, Serialize};

use crate::{Policy, Span};

/// What the registry asks of a policy's parameters.
pub trait Parameters {
    /// What the policy is, in a line.
    fn summary(&self) -> &'static str;

    /// Each parameter by its name, and what it is and may be, in a line.
    fn help(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// Names the parameter that makes no sense.
    fn validate(&self) -> Result<(), SpecError> {
        Ok(())
    }

    /// A fresh lock for threads numbered below `threads`; `None` if there is no lock.
    /// `seed` decides what is left to chance.
    fn build(&self, threads: usize, seed: u64) -> Option<Box<dyn Policy>>;
}

macro_rules! registry {
    ($($name:literal $variant:ident($parameters:ty),)+) => {
        /// A policy and its parameters.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum PolicySpec {
            $(
                #[doc = concat!("`", $name, "`")]
                #[serde(rename = $name)]
                $variant($parameters),
            )+
        }

        impl PolicySpec {
            /// One of each policy with its defaults, in reading order.
            #[must_use]
            pub fn all() -> Vec<Self> {
                vec![$(Self::$variant(Default::default())),+]
            }

            /// Its name in experiment files.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name),+
                }
            }

            fn parameters(&self) -> &dyn Parameters {
                match self {
                    $(Self::$variant(parameters) => parameters),+
                }
            }
        }
    };
}

// One line for each policy.
registry! {
    "tick" Tick(crate::tick::TickParameters),
    "timed_wait" TimedWait(crate::timed_wait::TimedWaitParameters),
    "priority" Priority(crate::priority::PriorityParameters),
    "fifo_handoff" FifoHandoff(crate::fifo_handoff::FifoHandoff),
    "barging" Barging(crate::barging::Barging),
    "py_mutex" PyMutex(crate::py_mutex::PyMutexParameters),
    "none" None(NoLock),
}

/// No global lock at all: free threading, or processes that share nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoLock {}

impl Parameters for NoLock {
    fn summary(&self) -> &'static str {
        "no global lock at all"
    }

    fn build(&self, _threads: usize, _seed: u64) -> Option<Box<dyn Policy>> {
        None
    }
}

/// Why a set of parameters makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpecError {
    /// The parameter.
    pub parameter: &'static str,
    /// What is wrong with it, as the rest of a sentence that begins with its name.
    pub message: &'static str,
}

impl SpecError {
    /// Refuses a time of nothing.
    pub(crate) const fn unless_positive(parameter: &'static str, span: Span) -> Result<(), Self> {
        let message = "must be longer than 0ns";
        if span.is_zero() { Err(Self { parameter, message }) } else { Ok(()) }
    }
}

impl std::fmt::Display for SpecError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` {}", self.parameter, self.message)
    }
}

impl std::error::Error for SpecError {}

impl PolicySpec {
    /// What it is, in a line.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.parameters().summary()
    }

    /// Each parameter by its name, and what it is and may be, in a line.
    #[must_use]
    pub fn help(&self) -> &'static [(&'static str, &'static str)] {
        self.parameters().help()
    }

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// Names the parameter that makes no sense.
    pub fn validate(&self) -> Result<(), SpecError> {
        self.parameters().validate()
    }

    /// A fresh lock for threads numbered below `threads`; `None` if there is no lock.
    /// `seed` decides what is left to chance.
    #[must_use]
    pub fn build(&self, threads: usize, seed: u64) -> Option<Box<dyn Policy>> {
        self.parameters().build(threads, seed)
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
        for text in
            ["timed_wait = { intervall = '5ms' }", "none = { cores = 1 }", "no_such_policy = {}"]
        {
            assert!(toml::from_str::<PolicySpec>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_of_nothing_are_refused() {
        let spec: PolicySpec = toml::from_str("timed_wait = { check_spacing = '0ns' }").unwrap();
        let error = spec.validate().unwrap_err();
        assert_eq!(error.to_string(), "`check_spacing` must be longer than 0ns");
        assert!(PolicySpec::all().iter().all(|spec| spec.validate().is_ok()));
    }

    #[test]
    fn help_names_every_parameter_and_no_other() {
        for spec in PolicySpec::all() {
            let name = spec.name();
            let table = toml::Table::try_from(spec).unwrap();
            for parameter in table[name].as_table().unwrap().keys() {
                assert!(spec.help().iter().any(|(known, _)| known == parameter), "{parameter}");
            }
            let unknown = format!("{name} = {{ no_such_parameter = {{}} }}");
            let allowed = toml::from_str::<PolicySpec>(&unknown).unwrap_err().to_string();
            for (parameter, _) in spec.help() {
                assert!(allowed.contains(&format!("`{parameter}`")), "{parameter}: {allowed}");
            }
            assert_eq!(allowed.matches('`').count(), 2 * (1 + spec.help().len()), "{allowed}");
        }
    }
}
