//! What each thread wants next: programs, and how long each step takes.
//!
//! A workload knows nothing of locks and cores. It is a list of groups; the threads of a group run
//! one [`Program`] over and over, or once for each request that arrives at the group.

mod compile;
pub mod law;
pub mod object;
pub mod path;
pub mod program;
pub mod spec;
pub mod stream;

use gilsim_policies::{Instant, Span};
use serde::{Deserialize, Serialize};

pub use law::{Law, LawSpec};
pub use object::{Access, Message, Nesting, Order, Population, PopulationSpec};
pub use path::{KeyPath, Part, SpecError};
pub use program::{Cursor, Program, Step, Want};
pub use spec::{AccessSpec, ArrivalSpec, GroupSpec, PollSpec, StepSpec};
pub use stream::{Draws, StreamKey};

/// Every thread of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Workload {
    /// The groups, in the order of the file. Threads are numbered through them in this order.
    pub groups: Vec<Group>,
    /// The objects that they touch.
    pub populations: Vec<Population>,
    /// Which objects are taken while others are had.
    pub nestings: Vec<Nesting>,
}

impl Workload {
    /// Number of threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.groups.iter().map(|group| group.threads as usize).sum()
    }

    /// Number of objects.
    #[must_use]
    pub fn objects(&self) -> u32 {
        self.populations.last().map_or(0, |last| last.first + last.count)
    }

    /// An object's population, and its place in it if it is not alone.
    #[must_use]
    pub fn object_name(&self, object: u32) -> String {
        match self.populations.iter().rfind(|population| population.first <= object) {
            Some(population) if population.count == 1 => population.name.clone(),
            Some(population) => format!("{}[{}]", population.name, object - population.first),
            None => format!("object {object}"),
        }
    }
}

/// Threads that run the same program.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its name in tables and figures.
    pub name: String,
    /// How many threads.
    pub threads: u32,
    /// What each of them does.
    pub program: Program,
    /// What a pass is given and gives back, where that has to be passed on.
    pub message: Message,
    /// Whether its C code needs the lock even of an interpreter that can do without.
    pub needs_lock: bool,
    /// How often each thread runs through its program; for ever if `None`.
    pub passes: Option<u64>,
    /// When its threads start.
    pub start: Instant,
    /// A thread ends at its first completed pass from this instant on.
    pub stop: Option<Instant>,
    /// What sets a thread going.
    pub arrivals: Arrivals,
}

impl Group {
    /// Threads that run these steps over and over, from the start on.
    #[must_use]
    pub fn new(name: &str, threads: u32, steps: Vec<Step>) -> Self {
        Self {
            name: name.to_owned(),
            threads,
            program: Program::new(steps),
            message: Message::default(),
            needs_lock: false,
            passes: None,
            start: Instant::ZERO,
            stop: None,
            arrivals: Arrivals::Closed { think: Law::Constant(Span::ZERO) },
        }
    }
}

/// What makes a thread begin a pass through its program.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrivals {
    /// The end of the pass before: a closed loop.
    Closed {
        /// Time that a thread spends outside, without the lock, before each pass.
        think: Law,
    },
    /// A request to the group: an open loop. The idle thread with the lowest number takes it; if none
    /// is idle, or if threads poll, it queues, first come, first served.
    Open {
        /// Time between two requests to the group.
        gap: Law,
        /// Which requests its threads serve after a look, if they never sleep, but look again and again.
        polls: Option<Serves>,
    },
}

/// Which requests a thread serves after it has looked for some, before it looks again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Serves {
    /// The first, if there is one.
    One,
    /// As many as wait when it looks, as an event loop does.
    Waiting,
    /// All, until none is left, as a loop around `queue.get_nowait()` does.
    #[default]
    UntilEmpty,
}

/// The longest that a run can last, and so any duration in it.
///
/// Event keys hold a time in 48 bits of nanoseconds.
pub const LONGEST_RUN: Span = Span::from_s(72 * 3600);
