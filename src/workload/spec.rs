//! Groups and steps as experiment files write them.
//!
//! ```toml
//! [groups.io]
//! threads = 2
//! program = [{ compute = { exponential = { mean = "1ms" } } }, { block = "10ms" }]
//! ```

use std::fmt;

use gilsim_policies::Span;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::Serves;
use super::law::LawSpec;
use super::object::{Message, Order};

/// Threads that run the same program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSpec {
    /// How many threads.
    #[serde(default = "one")]
    pub threads: u32,
    /// How often each thread runs through its program; for ever if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iterations: Option<u64>,
    /// When its threads start.
    #[serde(default)]
    pub start: Span,
    /// A thread ends at its first completed pass from this instant on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Span>,
    /// Requests to the group. Without them, each thread begins anew when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<ArrivalSpec>,
    /// What a thread does to find out whether a request waits. Without it, it sleeps until one comes.
    #[serde(default, deserialize_with = "polls", skip_serializing_if = "Option::is_none")]
    pub polls: Option<PollSpec>,
    /// What a pass is given and gives back, where that has to be passed on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub message: Message,
    /// Whether its C code needs the lock even of an interpreter that can do without.
    #[serde(default, skip_serializing_if = "is_default")]
    pub needs_lock: bool,
    /// What each thread does.
    pub program: Vec<StepSpec>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

const fn one() -> u32 {
    1
}

/// What sets a thread going, other than the end of its pass before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ArrivalSpec {
    /// A closed loop: each thread spends some time outside, without the lock, before each pass.
    Think(LawSpec),
    /// An open loop: requests come independently of each other, whether or not a thread is free.
    Poisson {
        /// Mean time between two requests to the group.
        mean_gap: Span,
    },
    /// An open loop: the time between two requests to the group has any law.
    Gap(LawSpec),
}

/// A thread that looks for requests again and again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PollSpec {
    /// What it does before each look; no operation.
    pub steps: Vec<StepSpec>,
    /// Which requests it serves before it does so again.
    #[serde(default)]
    pub serves: Serves,
}

/// Reads a table, and no array of its values.
fn polls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PollSpec>, D::Error> {
    struct Table;
    impl<'de> Visitor<'de> for Table {
        type Value = Option<PollSpec>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a table")
        }
        fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Self::Value, A::Error> {
            PollSpec::deserialize(MapAccessDeserializer::new(table)).map(Some)
        }
    }
    deserializer.deserialize_any(Table)
}

/// A step of a program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StepSpec {
    /// Compute under the lock, looking at check points.
    Compute(LawSpec),
    /// Run C code that keeps the lock: no check points inside.
    CHold(LawSpec),
    /// Let the lock go, run C code on a core, take the lock back.
    CRelease(LawSpec),
    /// Let the lock go, block, take the lock back.
    Block(LawSpec),
    /// Let the lock go and take it back at once.
    Yield,
    /// Run some steps several times.
    Repeat {
        /// How many times.
        times: u64,
        /// The steps.
        steps: Vec<Self>,
    },
    /// Run one of several lists of steps, by weight.
    Choice(Vec<Branch>),
    /// These steps are one operation, whose latency counts. Without any, a whole pass is one.
    Op(Vec<Self>),
    /// Look at objects while running some steps.
    Read(AccessSpec),
    /// Change objects while running some steps.
    Change(AccessSpec),
    /// Have the program's own locks of objects while running some steps.
    Lock(AccessSpec),
    /// Make so many objects that the collector has to look at.
    Allocate(u64),
}

/// An access to objects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessSpec {
    /// The populations of the objects, one object of each; a name alone stands for a list of one.
    #[serde(alias = "object", deserialize_with = "one_or_more")]
    pub objects: Vec<String>,
    /// In which order they are taken, if they are several.
    #[serde(default, skip_serializing_if = "is_default")]
    pub order: Order,
    /// What is done meanwhile; may be nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepSpec>,
}

/// Reads a name, or a list of names.
fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Names;
    impl<'de> Visitor<'de> for Names {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the name of an object, or a list of names")
        }
        fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
            Ok(vec![name.to_owned()])
        }
        fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<Self::Value, A::Error> {
            Vec::deserialize(SeqAccessDeserializer::new(names))
        }
    }
    deserializer.deserialize_any(Names)
}

/// A branch of a choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// How likely it is, compared to the other branches.
    pub weight: f64,
    /// Its steps; may be none.
    pub steps: Vec<StepSpec>,
}

impl StepSpec {
    /// Whether the step, or one inside it, satisfies `test`.
    pub fn any(&self, test: &impl Fn(&Self) -> bool) -> bool {
        let any = |steps: &[Self]| steps.iter().any(|step| step.any(test));
        test(self)
            || match self {
                Self::Repeat { steps, .. }
                | Self::Op(steps)
                | Self::Read(AccessSpec { steps, .. })
                | Self::Change(AccessSpec { steps, .. })
                | Self::Lock(AccessSpec { steps, .. }) => any(steps),
                Self::Choice(branches) => branches.iter().any(|branch| any(&branch.steps)),
                _ => false,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_read_what_they_write() {
        let text = r#"
            threads = 3
            iterations = 7
            start = "1ms"
            stop = "1s"
            arrivals = { poisson = { mean_gap = "10ms" } }
            polls = { steps = ["yield", { compute = "2us" }], serves = "one" }
            program = [
                "yield",
                { c_hold = { exponential = { mean = "1ms" } } },
                { op = [{ repeat = { times = 2, steps = [{ block = "1ms" }] } }] },
                { choice = [{ weight = 1, steps = [{ c_release = "1ms" }] }, { weight = 2.5, steps = [] }] },
            ]
        "#;
        let group: GroupSpec = toml::from_str(text).unwrap();
        assert_eq!(group.threads, 3);
        assert!(
            group.program.iter().any(|step| step.any(&|step| matches!(step, StepSpec::Block(_))))
        );
        let written = toml::to_string(&group).unwrap();
        assert_eq!(toml::from_str::<GroupSpec>(&written), Ok(group), "{written}");
    }

    #[test]
    fn errors_keep_their_place() {
        for (text, place, message) in [
            ("program = [{ compite = '1ms' }]", "compite", "unknown variant `compite`"),
            ("program = ['yeld']", "'yeld'", "unknown variant `yeld`"),
            ("program = [{ compute = 1 }]", "1", "a duration such as"),
            (
                "program = [{ repeat = { time = 1 } }]",
                "time",
                "unexpected keys in table: time, available keys: times, steps",
            ),
            (
                "program = []\narrivals = { poisson = { gap = '1ms' } }",
                "gap",
                "unexpected keys in table: gap",
            ),
            ("program = []\nthreads = -1", "-1", "expected u32"),
        ] {
            let error = toml::from_str::<GroupSpec>(text).unwrap_err();
            assert_eq!(error.span().map(|span| &text[span]), Some(place), "{text}: {error}");
            assert!(error.message().contains(message), "{text}: {error}");
        }
    }
}
