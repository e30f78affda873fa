//! Experiments: from a file to runs, and from runs to results on disk.
//!
//! A [`Plan`] is read from a file: overrides, cases and sweeps are resolved, and everything is checked
//! before anything is written. `runner` does the runs on all cores, `store` keeps what comes
//! of them, such that a kill at any moment loses only the runs in flight.

mod condition;
mod document;
pub mod error;
mod explain;
mod path;
pub mod plan;
mod source;
pub mod spec;
mod sweep;

pub use error::{ConfigError, Error};
pub use plan::{Plan, PlannedRun, Point};
pub use source::Sources;
pub use spec::{ExperimentSpec, Level};

#[cfg(test)]
mod tests;
