//! Laws of duration: how long a step takes, or how far apart two requests are.
//!
//! Every law draws whole nanoseconds, at most [`LONGEST_RUN`]. The numbers come from `rand_distr`
//! with its own mathematics in Rust, so that a seed gives the same draws on every machine.

mod empirical;
mod spec;

use std::sync::Arc;

use gilsim_policies::Span;
use rand::RngExt;
use rand_distr::{Distribution, Exp1, Gamma, LogNormal, Pareto, Weibull};
use rand_xoshiro::Xoshiro256PlusPlus;

pub use empirical::Unit;
pub use spec::{LawSpec, Weighted};
pub(crate) use spec::{check_span, cumulate};

use super::LONGEST_RUN;

/// The longest draw, as a float.
const LONGEST_NS: f64 = LONGEST_RUN.ns() as f64;

/// A law of duration, ready to draw from. Made by [`LawSpec::compile`].
#[derive(Debug, Clone, PartialEq)]
#[repr(u8)]
pub enum Law {
    /// Always the same.
    Constant(Span),
    /// Memoryless.
    Exponential {
        /// Mean \[ns\].
        mean_ns: f64,
    },
    /// The logarithm is normal.
    LogNormal {
        /// What to draw from \[ns\].
        law: LogNormal<f64>,
        /// Mean \[ns\].
        mean_ns: f64,
        /// Mean of the square \[ns²\].
        square_ns2: f64,
    },
    /// A heavy tail.
    Pareto {
        /// What to draw from \[ns\].
        law: Pareto<f64>,
        /// Mean \[ns\]; infinite up to shape 1.
        mean_ns: f64,
    },
    /// The hazard grows or falls as a power of time.
    Weibull {
        /// What to draw from \[ns\].
        law: Weibull<f64>,
        /// Mean \[ns\].
        mean_ns: f64,
        /// Mean of the square \[ns²\].
        square_ns2: f64,
    },
    /// Sums of exponential stages, for any positive number of stages.
    Gamma {
        /// What to draw from \[ns\].
        law: Gamma<f64>,
        /// Mean \[ns\].
        mean_ns: f64,
        /// Mean of the square \[ns²\].
        square_ns2: f64,
    },
    /// Every length between two bounds alike, the bounds included.
    Uniform {
        /// Shortest.
        low: Span,
        /// Longest.
        high: Span,
    },
    /// One of several laws, by weight: the sum of the weights up to each law, the last being 1.
    Mixture(Vec<(f64, Law)>),
    /// One of the values that were measured, each as likely as the others.
    Empirical(Arc<[Span]>),
}

impl Law {
    /// The law whose logarithm is normal with a standard deviation of `sigma`, around the logarithm of `median_ns`. `None` if
    /// that is no law.
    #[must_use]
    pub fn log_normal(median_ns: f64, sigma: f64) -> Option<Self> {
        let law = LogNormal::new(libm::log(median_ns), sigma).ok()?;
        let variance = sigma * sigma;
        let mean_ns = median_ns * libm::exp(variance / 2.0);
        Some(Self::LogNormal { law, mean_ns, square_ns2: mean_ns * mean_ns * libm::exp(variance) })
    }

    /// One draw.
    #[inline(always)]
    pub fn sample(&self, rng: &mut Xoshiro256PlusPlus) -> Span {
        match self {
            Self::Constant(span) => *span,
            Self::Exponential { mean_ns } => {
                let unit: f64 = Exp1.sample(rng);
                Span::from_ns_f64((unit * mean_ns).min(LONGEST_NS))
            }
            _ => self.sample_long(rng),
        }
    }

    /// A draw that takes so long that a call does not matter.
    #[inline(never)]
    fn sample_long(&self, rng: &mut Xoshiro256PlusPlus) -> Span {
        let ns = match self {
            Self::Constant(_) | Self::Exponential { .. } => unreachable!("drawn by `sample`"),
            Self::LogNormal { law, .. } => law.sample(rng),
            Self::Pareto { law, .. } => law.sample(rng),
            Self::Weibull { law, .. } => law.sample(rng),
            Self::Gamma { law, .. } => law.sample(rng),
            Self::Uniform { low, high } => {
                return Span::from_ns(rng.random_range(low.ns()..=high.ns()));
            }
            Self::Mixture(laws) => {
                let point: f64 = rng.random();
                let drawn = laws.iter().find(|(upper, _)| point < *upper).or(laws.last());
                return drawn.map_or(Span::ZERO, |(_, law)| law.sample(rng));
            }
            Self::Empirical(values) => return values[rng.random_range(0..values.len())],
        };
        Span::from_ns_f64(ns).min(LONGEST_RUN)
    }

    /// The mean of the law, before draws are cut at [`LONGEST_RUN`] \[ns\]; may be infinite.
    #[must_use]
    pub fn mean_ns(&self) -> f64 {
        match self {
            Self::Constant(span) => span.ns() as f64,
            Self::Exponential { mean_ns }
            | Self::LogNormal { mean_ns, .. }
            | Self::Pareto { mean_ns, .. }
            | Self::Weibull { mean_ns, .. }
            | Self::Gamma { mean_ns, .. } => *mean_ns,
            Self::Uniform { low, high } => (low.ns() as f64 + high.ns() as f64) / 2.0,
            Self::Mixture(laws) => {
                let weigh = |below: &mut f64, (upper, law): &(f64, Self)| {
                    let weight = upper - std::mem::replace(below, *upper);
                    Some(weight * law.mean_ns())
                };
                laws.iter().scan(0.0, weigh).sum()
            }
            Self::Empirical(values) => {
                values.iter().map(|value| value.ns() as f64).sum::<f64>() / values.len() as f64
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rand_xoshiro::rand_core::SeedableRng;

    use super::*;

    const LAWS: [&str; 10] = [
        "'2ms'",
        "{ exponential = { mean = '2ms' } }",
        "{ log_normal = { median = '2ms', sigma = 0.5 } }",
        "{ pareto = { scale = '2ms', shape = 5.0 } }",
        "{ weibull = { scale = '2ms', shape = 0.8 } }",
        "{ gamma = { shape = 3, mean = '2ms' } }",
        "{ gamma = { shape = 0.5, scale = '2ms' } }",
        "{ uniform = { low = '1ms', high = '3ms' } }",
        "{ mixture = [{ weight = 3, law = '1ms' }, { weight = 1, law = { exponential = { mean = '4ms' } } }] }",
        "{ exponential = { mean = '20us' } }",
    ];

    fn law(text: &str) -> Law {
        let file: std::collections::HashMap<String, LawSpec> =
            toml::from_str(&format!("law = {text}")).unwrap();
        file["law"].compile(Path::new("")).unwrap()
    }

    #[test]
    fn means_are_what_they_should_be() {
        let draws = 100_000;
        for text in LAWS {
            let law = law(text);
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
            let values: Vec<f64> = (0..draws).map(|_| law.sample(&mut rng).ns() as f64).collect();
            let mean = values.iter().sum::<f64>() / f64::from(draws);
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            let error = (squares / f64::from(draws)).sqrt() / f64::from(draws).sqrt();
            // Half a nanosecond is what rounding may shift.
            assert!((mean - law.mean_ns()).abs() <= 4.0 * error + 0.5, "{text}: {mean} {law:?}");
        }
    }

    #[test]
    fn means_follow_the_formulas() {
        let means = LAWS.map(|text| law(text).mean_ns().round());
        let gamma_2_25 = 1.133_003_095_578_69; // Γ(1 + 1/0.8), by numerical integration
        let expected =
            [2e6, 2e6, 2e6 * 0.125_f64.exp(), 2.5e6, 2e6 * gamma_2_25, 2e6, 1e6, 2e6, 1.75e6, 2e4];
        assert_eq!(means, expected.map(f64::round));
    }

    #[test]
    fn a_seed_gives_the_same_draws_for_ever() {
        let draws = LAWS.map(|text| {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
            let law = law(text);
            [law.sample(&mut rng).ns(), law.sample(&mut rng).ns()]
        });
        assert_eq!(
            draws,
            [
                [2_000_000, 2_000_000],
                [305_025, 1_446_914],
                [802_366, 849_652],
                [3_567_715, 2_843_582],
                [7_548_880, 4_053_158],
                [438_483, 2_668_156],
                [750, 1_322_497],
                [1_110_720, 1_344_231],
                [1_000_000, 1_000_000],
                [3_050, 14_469],
            ]
        );
    }

    #[test]
    fn draws_are_cut_at_the_longest_run() {
        let law = law("{ pareto = { scale = '1h', shape = 0.01 } }");
        assert!(law.mean_ns().is_infinite());
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let longest = (0..100).map(|_| law.sample(&mut rng)).max();
        assert_eq!(longest, Some(LONGEST_RUN));
    }
}
