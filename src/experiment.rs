//! Experiments: from a file to runs, and from runs to results on disk.
//!
//! A [`Plan`] is read from a file: overrides, cases and sweeps are resolved, and everything is checked
//! before anything is written. [`conduct`](conduct::conduct) does what the plan says: [`runner`] does the runs on all
//! cores, [`execute`](execute::execute) a single one, and [`store`] keeps what comes of them, such that a kill at any moment
//! loses only the runs in flight.

pub mod claims;
pub mod comparison;
mod condition;
pub mod conduct;
pub mod deadlock;
pub mod difference;
mod document;
pub mod error;
pub mod estimates;
pub mod execute;
mod explain;
pub mod journal;
pub mod manifest;
pub mod methods;
pub mod output_analysis;
mod path;
pub mod plan;
mod precision;
pub mod presets;
pub mod report;
pub mod reproduce;
pub mod runner;
pub mod sensitivity;
mod series;
mod source;
pub mod spec;
pub mod store;
mod sweep;
mod warm_up;

pub use error::{ConfigError, Error};
pub use plan::{Plan, PlannedRun, Point};
pub use source::Sources;
pub use spec::ExperimentSpec;

#[cfg(test)]
mod tests;
