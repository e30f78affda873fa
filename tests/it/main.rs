//! One binary for all integration tests: theory, facts of real interpreters,
//! published figures, properties, files, layers.

#[cfg(feature = "analysis")]
mod architectures;
#[cfg(feature = "analysis")]
mod estimates;
mod experiments;
#[cfg(feature = "analysis")]
mod explain;
mod facts;
mod layers;
#[cfg(feature = "analysis")]
mod output_analysis;
#[cfg(feature = "analysis")]
mod page;
mod properties;
mod published;
#[cfg(feature = "analysis")]
mod reference;
#[cfg(feature = "analysis")]
mod reproduction;
#[cfg(feature = "analysis")]
mod sensitivity;
mod support;
mod theory;
