//! Statistics of plain numbers: what can be said of a system from what some runs of it gave.
//!
//! Libraries give the distributions; what is here is what none has, after the papers that each file names.

pub mod batch_means;
pub mod fairness;
pub mod family;
pub mod mean;
pub mod paired;
pub mod precision;
pub mod quantile;
pub mod ratio;
pub mod sobol;
pub mod variance;
pub mod warm_up;

pub use fairness::jain;
pub use mean::Estimate;
pub use quantile::quantile;

#[cfg(test)]
mod coverage;
