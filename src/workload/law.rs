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
    /// Exponential.
    Exponential {
        /// Mean.
        mean_ns: f64,
    },
}

impl Law {
    /// One draw.
    pub fn sample(&self, rng: &mut Xoshiro256PlusPlus) -> Span {
        use rand_distr::Distribution;
        match self {
            Self::Constant(span) => *span,
            Self::Exponential { mean_ns } => {
                let unit: f64 = rand_distr::Exp1.sample(rng);
                Span::from_ns_f64(mean_ns * unit)
            }
        }
    }
}
