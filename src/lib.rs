//! Simulates how policies schedule threads on a global lock, such as CPython's GIL.

#[cfg(feature = "analysis")]
pub mod analysis;
pub mod architecture;
#[cfg(feature = "analysis")]
pub mod calibration;
#[cfg(feature = "analysis")]
pub mod cli;
#[cfg(feature = "analysis")]
pub mod experiment;
#[cfg(feature = "analysis")]
pub mod explain;
#[cfg(feature = "analysis")]
pub mod export;
#[cfg(feature = "analysis")]
pub mod figure;
pub mod machine;
#[cfg(feature = "analysis")]
pub mod measurement;
#[cfg(feature = "analysis")]
pub mod metrics;
mod names;
#[cfg(feature = "analysis")]
pub mod notebook;
#[cfg(feature = "analysis")]
pub mod page;
#[cfg(feature = "analysis")]
pub mod plot;
pub mod reference;
pub mod sim;
#[cfg(feature = "analysis")]
pub mod statistics;
pub mod theory;
pub mod trace;
#[cfg(feature = "analysis")]
pub mod validation;
#[cfg(feature = "analysis")]
pub mod verification;
pub mod workload;

pub use gilsim_policies as policies;
