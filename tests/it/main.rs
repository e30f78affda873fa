//! One binary for all integration tests: theory, facts of real interpreters, properties, layers.

mod facts;
mod layers;
mod properties;
mod support;
mod theory;
