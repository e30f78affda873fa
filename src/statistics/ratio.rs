//! The jackknife: an estimate that is less biased, and an interval, for what is no mean, such as a ratio of means.
//!
//! R. G. Miller, "The jackknife - a review", Biometrika 61, 1974: the estimate is made anew without each replication in
//! turn, and Student's interval is that of the n pseudo-values n T - (n - 1) T without the i-th.

use super::mean::Estimate;

/// The jackknife of any function of `n` independent replications: `of` is its value for all of them, given `None`, or
/// for all but one. `None` without replications, or if a value is no finite number.
#[must_use]
pub fn jackknife(n: usize, confidence: f64, of: impl Fn(Option<usize>) -> f64) -> Option<Estimate> {
    let whole = of(None);
    if n == 1 {
        return whole.is_finite().then_some(Estimate { n, mean: whole, half_width: None });
    }
    let pseudo = |left_out| n as f64 * whole - (n as f64 - 1.0) * of(Some(left_out));
    let values: Vec<_> = (0..n).map(pseudo).collect();
    Estimate::of_mean(&values, confidence).filter(|estimate| estimate.mean.is_finite())
}

/// The ratio of the means of two series of paired, independent values, and its interval. `None` without values, or if
/// the second mean, or that of all but one, is zero.
#[must_use]
pub fn ratio_of_means(pairs: &[(f64, f64)], confidence: f64) -> Option<Estimate> {
    let (above, below) =
        pairs.iter().fold((0.0, 0.0), |(above, below), pair| (above + pair.0, below + pair.1));
    jackknife(pairs.len(), confidence, |left_out| {
        let (a, b) = left_out.map_or((0.0, 0.0), |at| pairs[at]);
        (above - a) / (below - b)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pseudo_values_by_hand() {
        // The ratio of all, and without each pair in turn.
        let pairs = [(6.0, 3.0), (4.0, 2.0), (3.0, 1.0)];
        let whole = 13.0 / 6.0;
        let pseudo: Vec<f64> =
            [7.0 / 3.0, 9.0 / 4.0, 10.0 / 5.0].iter().map(|t| 3.0 * whole - 2.0 * t).collect();
        let expected = Estimate::of_mean(&pseudo, 0.95).unwrap();
        let found = ratio_of_means(&pairs, 0.95).unwrap();
        assert!((found.mean - expected.mean).abs() < 1e-12);
        assert!((found.half_width.unwrap() - expected.half_width.unwrap()).abs() < 1e-12);
    }

    #[test]
    fn a_constant_ratio_is_known_exactly() {
        let found = ratio_of_means(&[(2.0, 1.0), (6.0, 3.0), (10.0, 5.0)], 0.95).unwrap();
        assert!((found.mean - 2.0).abs() < 1e-12 && found.half_width.unwrap() < 1e-12);
        assert_eq!(ratio_of_means(&[], 0.95), None);
        assert_eq!(ratio_of_means(&[(1.0, 0.0), (1.0, 0.0)], 0.95), None);
        assert_eq!(ratio_of_means(&[(1.0, 2.0)], 0.95).unwrap().half_width, None);
    }

    #[test]
    fn of_the_variance_it_is_the_unbiased_one() {
        // The jackknife of Σ (x - mean)² / n divides by n - 1 instead (Miller 1974).
        let values = [1.0, 4.0, 2.0, 8.0, 5.0];
        let variance = |left_out: Option<usize>| {
            let rest = values.iter().enumerate().filter(|(at, _)| Some(*at) != left_out);
            let rest: Vec<_> = rest.map(|(_, value)| *value).collect();
            let n = rest.len() as f64;
            let mean = rest.iter().sum::<f64>() / n;
            rest.iter().map(|value: &f64| (value - mean).powi(2)).sum::<f64>() / n
        };
        let found = jackknife(5, 0.95, variance).unwrap();
        assert!((variance(None) - 6.0).abs() < 1e-12);
        assert!((found.mean - 7.5).abs() < 1e-12);
    }

    #[test]
    fn of_a_mean_it_is_students_interval() {
        let values = [3.0, 1.0, 4.0, 1.0, 5.0];
        let mean = |left_out: Option<usize>| match left_out {
            Some(at) => (14.0 - values[at]) / 4.0,
            None => 14.0 / 5.0,
        };
        let (found, student) =
            (jackknife(5, 0.9, mean).unwrap(), Estimate::of_mean(&values, 0.9).unwrap());
        assert!((found.mean - student.mean).abs() < 1e-12);
        assert!((found.half_width.unwrap() - student.half_width.unwrap()).abs() < 1e-12);
    }
}
