//! Closed forms of queueing theory for threads and a lock: what a simulation has to agree with.
//!
//! Plain numbers in, plain numbers out. All times are in one unit, which the caller chooses, and rates are per that
//! unit. `None` stands where a formula has no answer: a queue that grows for ever, a negative time, no thread.

pub mod bounds;
pub mod convoy;
pub mod gil;
pub mod moments;
pub mod network;
pub mod open;
pub mod polling;
pub mod priority;
pub mod repairman;
pub mod scaling;

pub use moments::Moments;
pub use repairman::{FiniteSource, Performance};

#[cfg(test)]
mod chain;

/// Whether something can be a length of time. False for what is no number, too.
fn is_time(value: f64) -> bool {
    value >= 0.0 && value.is_finite()
}

/// Whether something can be a length of time that is divided by.
fn is_positive(value: f64) -> bool {
    value > 0.0 && value.is_finite()
}

#[cfg(test)]
mod support {
    /// Fails unless two numbers agree to a relative error.
    #[track_caller]
    pub fn assert_near(found: f64, expected: f64, relative: f64) {
        let off = (found - expected).abs();
        assert!(off <= relative * expected.abs(), "{found} instead of {expected}");
    }
}
