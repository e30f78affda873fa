//! What each thread wants next: programs, and how long each step takes.
//!
//! A workload knows nothing of locks and cores. It is a list of groups; the threads of a group run
//! one [`Program`] over and over, or once for each request that arrives at the group.

mod compile;
pub mod law;
pub mod path;
pub mod program;
pub mod spec;

use gilsim_policies::{Instant, Span};

pub use law::{Law, LawSpec};
pub use path::{KeyPath, Part, SpecError};
pub use program::{Cursor, Draws, Program, Step, StreamKey, Want};
pub use spec::{ArrivalSpec, GroupSpec, StepSpec};

/// Every thread of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// The groups, in the order of the file. Threads are numbered through them in this order.
    pub groups: Vec<Group>,
}

impl Workload {
    /// Number of threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.groups.iter().map(|group| group.threads as usize).sum()
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
    /// How often each thread runs through its program; for ever if `None`.
    pub passes: Option<u64>,
    /// When its threads start.
    pub start: Instant,
    /// A thread ends at its first completed pass from this instant on.
    pub stop: Option<Instant>,
    /// What sets a thread going.
    pub arrivals: Arrivals,
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
    /// is idle, it queues, first come, first served.
    Open {
        /// Time between two requests to the group.
        gap: Law,
    },
}

/// The longest that a run can last, and so any duration in it.
///
/// Event keys hold a time in 48 bits of nanoseconds.
pub const LONGEST_RUN: Span = Span::from_s(72 * 3600);
