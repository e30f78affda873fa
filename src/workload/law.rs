//! Laws of duration.

use gilsim_policies::Span;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

/// As written in experiment files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LawSpec {
    /// Always the same.
    Constant(Span),
}

/// A law of duration, ready to draw from.
#[derive(Debug, Clone, PartialEq)]
pub enum Law {
    /// Always the same.
    Constant(Span),
}

impl Law {
    /// One draw.
    pub fn sample(&self, _rng: &mut Xoshiro256PlusPlus) -> Span {
        let Self::Constant(span) = self;
        *span
    }
}
