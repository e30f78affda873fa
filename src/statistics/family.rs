//! Many tests at once: some succeed by chance alone.

use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};

/// Probabilities corrected for their number: whoever calls those below 0.05 shown is wrong about any of them in one
/// family of 20 at most. In the order given; NaN stays NaN, and counts as one of them.
///
/// S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<_> = (0..p.len()).collect();
    // NaN last, whatever its sign.
    order.sort_by(|a, b| p[*a].abs().total_cmp(&p[*b].abs()));
    let mut corrected = vec![1.0; p.len()];
    let mut highest = 0.0_f64;
    for (place, &index) in order.iter().enumerate() {
        let left = (p.len() - place) as f64;
        highest = highest.max(left * p[index]).min(1.0);
        corrected[index] = if p[index].is_nan() { f64::NAN } else { highest };
    }
    corrected
}

/// The confidence that each of so many intervals needs for all of them to hold together with `confidence`, after
/// Bonferroni, as dependent as they may be.
#[must_use]
pub fn simultaneous(confidence: f64, intervals: usize) -> f64 {
    1.0 - (1.0 - confidence) / intervals.max(1) as f64
}

/// What independent tests of true statements say together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Together {
    /// The sum of the squares of their normal scores.
    pub chi_square: f64,
    /// Number of tests, the degrees of freedom.
    pub freedom: usize,
    /// How likely it is to be at least so large. Near 0, something is wrong; near 1, the intervals are wider than they
    /// should be.
    pub p: f64,
}

impl Together {
    /// How likely the sum would be at least so unusual, large or small: a test of the statements and of the intervals
    /// as well.
    #[must_use]
    pub fn two_sided(&self) -> f64 {
        2.0 * self.p.min(1.0 - self.p)
    }
}

/// Adds up two-sided p-values of independent tests; `None` without any, or if one is not between 0 and 1.
#[must_use]
pub fn together(p: &[f64]) -> Option<Together> {
    if !p.iter().all(|p| (0.0..=1.0).contains(p)) {
        return None;
    }
    let normal = Normal::new(0.0, 1.0).ok()?;
    // A probability of zero would have an infinite score.
    let score = |p: &f64| normal.inverse_cdf(p.clamp(1e-300, 1.0) / 2.0);
    let chi_square: f64 = p.iter().map(score).map(|z| z * z).sum();
    let law = ChiSquared::new(p.len() as f64).ok()?;
    Some(Together { chi_square, freedom: p.len(), p: law.sf(chi_square) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holm_by_hand() {
        let corrected = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in corrected.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - expected).abs() < 1e-12, "{corrected:?}");
        }
        assert_eq!(holm(&[0.9, 0.6]), [1.0, 1.0]);
        assert_eq!(holm(&[]), [0.0; 0]);
        for nan in [f64::NAN, -f64::NAN] {
            let found = holm(&[nan, 0.01, 0.02]);
            assert!(found[0].is_nan());
            assert!((found[1] - 0.03).abs() < 1e-12 && (found[2] - 0.04).abs() < 1e-12);
        }
    }

    #[test]
    fn squares_add_up_to_chi_square() {
        // Scores 1.959964 and 0.674490: 3.841459 + 0.454937.
        let both = together(&[0.05, 0.5]).unwrap();
        assert!((both.chi_square - 4.296396).abs() < 1e-5 && both.freedom == 2);
        // With two degrees of freedom, exp(-x/2).
        assert!((both.p - (-4.296396_f64 / 2.0).exp()).abs() < 1e-6);
        assert!(together(&[1e-9, 0.5]).unwrap().p < 1e-6, "one is far off");
        assert!(together(&[0.999; 20]).unwrap().p > 0.999, "all are too good");
        assert_eq!((together(&[]), together(&[0.5, f64::NAN])), (None, None));
    }

    #[test]
    fn unusual_both_ways() {
        // The quantiles 0.025 and 0.975 of chi-square with 10 degrees of freedom, from printed tables.
        for chi_square in [3.247, 20.483] {
            let law = ChiSquared::new(10.0).unwrap();
            let found = Together { chi_square, freedom: 10, p: law.sf(chi_square) };
            assert!((found.two_sided() - 0.05).abs() < 1e-4);
        }
        assert!(together(&[0.999; 20]).unwrap().two_sided() < 0.001);
        assert!(together(&[1e-4; 20]).unwrap().two_sided() < 0.001);
    }

    #[test]
    fn together_each_needs_more() {
        assert!((simultaneous(0.95, 10) - 0.995).abs() < 1e-12);
        assert_eq!((simultaneous(0.95, 1), simultaneous(0.95, 0)), (0.95, 0.95));
    }
}
