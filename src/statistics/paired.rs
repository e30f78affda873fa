//! Two series with common random numbers: their difference, pair by pair.
//!
//! A. M. Law, "Simulation Modeling and Analysis", 5th ed., 2015, sections 10.2 and 11.2.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::mean::Estimate;
use super::ratio::ratio_of_means;

/// What pairs say of a difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The mean of the second less that of the first, with its interval.
    pub estimate: Estimate,
    /// How likely a difference at least so large would be if there were none: Student's two-sided test.
    pub p: f64,
    /// The correlation of the pairs; `None` if one series is constant.
    pub correlation: Option<f64>,
    /// How much less the difference varies than that of independent series would: 1 - Var(D) / (Var A + Var B).
    /// `None` if neither varies.
    pub variance_reduction: Option<f64>,
    /// The mean of the second as a multiple of that of the first, and the other way round, by the jackknife: the interval of
    /// the difference, divided by a mean that chance had a part in, would not be one of the ratio.
    pub ratios: [Option<Estimate>; 2],
}

/// The difference of paired values (first, second). `None` with fewer than two pairs, or if a value is no finite
/// number.
#[must_use]
pub fn difference(pairs: &[(f64, f64)], confidence: f64) -> Option<Difference> {
    let n = pairs.len() as f64;
    let values: Vec<_> = pairs.iter().map(|(first, second)| second - first).collect();
    let estimate = Estimate::of_mean(&values, confidence)?;
    estimate.half_width.filter(|half_width| half_width.is_finite())?;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
    let (a, b) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let moment = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
        pairs.iter().map(|(first, second)| of(first - a, second - b)).sum()
    };
    let (aa, bb, ab) = (moment(&|x, _| x * x), moment(&|_, y| y * y), moment(&|x, y| x * y));
    let squares = moment(&|x, y| (y - x) * (y - x));
    let some = |value: f64| Some(value).filter(|value| value.is_finite());
    let ratio = |pairs: &mut dyn Iterator<Item = (f64, f64)>| {
        ratio_of_means(&pairs.collect::<Vec<_>>(), confidence)
    };
    Some(Difference {
        estimate,
        p: p_value(estimate.mean, (squares / (n - 1.0) / n).sqrt(), n - 1.0),
        correlation: some(ab / (aa * bb).sqrt()),
        variance_reduction: some(1.0 - squares / (aa + bb)),
        ratios: [
            ratio(&mut pairs.iter().map(|(first, second)| (*second, *first))),
            ratio(&mut pairs.iter().copied()),
        ],
    })
}

/// How likely a mean at least so far from zero would be, given its standard error, if the true one were zero. NaN for what
/// is no number: neither below any level nor above.
#[must_use]
pub fn p_value(mean: f64, standard_error: f64, freedom: f64) -> f64 {
    if mean == 0.0 {
        return 1.0;
    }
    let t = (mean / standard_error).abs();
    // The library panics at NaN.
    let student = StudentsT::new(0.0, 1.0, freedom).ok().filter(|_| !t.is_nan());
    student.map_or(f64::NAN, |student| 2.0 * student.sf(t))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paired_test_of_a_textbook() {
        // Student's own: additional hours of sleep by two drugs (1908); R's t.test says t = 4.0621, p = 0.002833,
        // interval 0.7001 to 2.4599.
        let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let pairs: Vec<_> = first.into_iter().zip(second).collect();
        let found = difference(&pairs, 0.95).unwrap();
        let (low, high) = found.estimate.interval();
        assert!((found.estimate.mean - 1.58).abs() < 1e-9);
        assert!((low - 0.7001142).abs() < 1e-6 && (high - 2.4598858).abs() < 1e-6);
        assert!((found.p - 0.00283289).abs() < 1e-7, "{}", found.p);
        assert!((found.correlation.unwrap() - 0.7951702).abs() < 1e-6);
        // Var D = 1.5129, Var A = 3.2006, Var B = 4.0090.
        assert!(
            (found.variance_reduction.unwrap() - (1.0 - 1.512889 / (3.200556 + 4.009))).abs()
                < 1e-4
        );
    }

    #[test]
    fn what_does_not_vary_is_no_error() {
        let same = difference(&[(1.0, 3.0), (2.0, 4.0)], 0.95).unwrap();
        assert_eq!((same.estimate.mean, same.p), (2.0, 0.0));
        assert!((same.variance_reduction.unwrap() - 1.0).abs() < 1e-12);
        let none = difference(&[(1.0, 1.0), (1.0, 1.0)], 0.95).unwrap();
        assert_eq!((none.p, none.correlation, none.variance_reduction), (1.0, None, None));
        assert_eq!(difference(&[(1.0, 2.0)], 0.95), None);
    }

    #[test]
    fn what_is_no_number_has_no_difference() {
        for odd in [f64::NAN, f64::INFINITY] {
            assert_eq!(difference(&[(1.0, 2.0), (odd, 3.0), (2.0, 5.0)], 0.95), None);
            assert!(p_value(odd, odd, 9.0).is_nan());
        }
        assert!(p_value(1.0, 1.0, 0.0).is_nan());
    }
}
