//! Linux: EEVDF with a tick.

use std::num::NonZeroU16;

use gilsim_policies::Span;
use serde::{Deserialize, Serialize};

/// Parameters of [`Linux`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinuxParameters {
    /// Number of cores.
    pub cores: NonZeroU16,
    /// Time between two scheduler ticks: 4 ms at HZ=250.
    pub tick: Span,
}

impl Default for LinuxParameters {
    fn default() -> Self {
        Self { cores: NonZeroU16::new(2).expect("2 is not zero"), tick: Span::from_ms(4) }
    }
}

/// The machine.
#[derive(Debug)]
pub struct Linux;
