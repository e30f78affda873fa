//! Cores without costs or delays: for exact theory.

use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};

/// Parameters of [`Ideal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IdealParameters {
    /// Number of cores; as many as there are threads if not given. A thread keeps its core until
    /// it blocks or sleeps; who finds no core queues, first come, first served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cores: Option<NonZeroU16>,
}

/// The machine.
#[derive(Debug)]
pub struct Ideal;
