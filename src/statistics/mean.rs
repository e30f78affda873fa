//! Means of independent values.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::paired::p_value;

/// A mean and how far it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Number of values.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Half the width of the confidence interval, which is symmetric about the mean; `None` for a
    /// single value.
    pub half_width: Option<f64>,
}

impl Estimate {
    /// The mean of independent values, and its confidence interval after Student: with a confidence
    /// of 0.95, intervals made in this way contain the true mean 95 times in 100. `None` without values.
    ///
    /// The interval assumes that means of so many values are about normal. Replications are
    /// independent; operations of one run are not.
    #[must_use]
    pub fn of_mean(values: &[f64], confidence: f64) -> Option<Self> {
        let n = values.len();
        if n == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        let freedom = n as f64 - 1.0;
        let half_width = StudentsT::new(0.0, 1.0, freedom).ok().map(|student| {
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            let standard_error = (squares / freedom / n as f64).sqrt();
            student.inverse_cdf(0.5 + confidence / 2.0) * standard_error
        });
        Some(Self { n, mean, half_width })
    }

    /// How likely a mean that is at least so far `off` the true one would be, after Student, if `confidence` is that of the
    /// interval. `None` without an interval.
    #[must_use]
    pub fn p_value(&self, off: f64, confidence: f64) -> Option<f64> {
        let freedom = self.n as f64 - 1.0;
        let student = StudentsT::new(0.0, 1.0, freedom).ok()?;
        let standard_error = self.half_width? / student.inverse_cdf(0.5 + confidence / 2.0);
        Some(p_value(off, standard_error, freedom))
    }

    /// The ends of the confidence interval; both are the mean for a single value.
    #[must_use]
    pub fn interval(&self) -> (f64, f64) {
        let half_width = self.half_width.unwrap_or(0.0);
        (self.mean - half_width, self.mean + half_width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9 * b.abs().max(1.0)
    }

    #[test]
    fn intervals_use_students_quantiles() {
        // Quantiles 0.975 and 0.995 of Student's distribution, from printed tables.
        for (n, confidence, t) in [
            (2, 0.95, 12.7062),
            (3, 0.95, 4.30265),
            (5, 0.95, 2.77645),
            (10, 0.95, 2.26216),
            (31, 0.99, 2.75000),
        ] {
            let values: Vec<_> = (0..n).map(f64::from).collect();
            let estimate = Estimate::of_mean(&values, confidence).unwrap();
            let n = f64::from(n);
            // The variance of 0..n is n (n + 1) / 12.
            let standard_error = ((n + 1.0) / 12.0).sqrt();
            let measured = estimate.half_width.unwrap() / standard_error;
            assert!((measured - t).abs() < 1e-4, "{n}: {measured}");
            assert!(close(estimate.mean, (n - 1.0) / 2.0));
        }
    }

    #[test]
    fn the_ends_of_the_interval_are_as_likely_as_it_says() {
        for confidence in [0.8, 0.95, 0.99] {
            let estimate = Estimate::of_mean(&[1.0, 4.0, 2.0, 8.0], confidence).unwrap();
            let p = estimate.p_value(estimate.half_width.unwrap(), confidence).unwrap();
            assert!((p - (1.0 - confidence)).abs() < 1e-9, "{p}");
        }
        let same = Estimate::of_mean(&[2.0; 4], 0.95).unwrap();
        assert_eq!((same.p_value(0.0, 0.95), same.p_value(1.0, 0.95)), (Some(1.0), Some(0.0)));
        assert_eq!(Estimate::of_mean(&[2.0], 0.95).unwrap().p_value(0.0, 0.95), None);
    }

    #[test]
    fn one_value_has_no_interval_and_none_has_no_mean() {
        let one = Estimate::of_mean(&[3.0], 0.95).unwrap();
        assert_eq!((one.n, one.mean, one.half_width), (1, 3.0, None));
        assert_eq!(one.interval(), (3.0, 3.0));
        assert_eq!(Estimate::of_mean(&[], 0.95), None);
        let same = Estimate::of_mean(&[2.0; 4], 0.95).unwrap();
        assert_eq!(same.interval(), (2.0, 2.0));
    }
}
