//! One binary for all integration tests: theory, facts of real interpreters, properties, files, layers.

#[cfg(feature = "analysis")]
mod experiments;
mod facts;
mod layers;
mod properties;
mod support;
mod theory;
