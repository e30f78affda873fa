//! What can be computed without simulating: closed forms and exact recursions.
//!
//! Threads *think* outside for a mean time, then want a lock and *hold* it. Times may be in any unit, as long as it is the
//! same one; throughput is then per unit of time. docs/theory.md has the values that the simulator is held against.

pub mod bounds;
pub mod gil;
pub mod network;
pub mod open;
pub mod repairman;
pub mod scaling;

/// A closed system in its steady state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steady {
    /// Completed operations per unit of time, of all threads.
    pub throughput: f64,
    /// Mean time from a request to the end of the hold.
    pub response: f64,
}

impl Steady {
    /// The response by the interactive response-time law: n threads, of which each thinks or waits.
    fn of_throughput(throughput: f64, threads: u32, think: f64) -> Self {
        Self { throughput, response: f64::from(threads) / throughput - think }
    }
}
