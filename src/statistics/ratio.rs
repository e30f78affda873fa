//! The jackknife: an estimate that is less biased, and an interval, for what is no mean, such as a ratio of means.
//!
//! R. G. Miller, "The jackknife - a review", Biometrika 61, 1974: the estimate is made anew without each replication in turn,
//! and Student's interval is that of the n pseudo-values n T - (n - 1) T without the i-th.

use super::mean::Estimate;

/// The ratio of the means of two series of paired, independent values, and its interval. `None` without values, or if the
/// second mean, or that of all but one, is zero.
#[must_use]
pub fn ratio_of_means(pairs: &[(f64, f64)], confidence: f64) -> Option<Estimate> {
    let (above, below) =
        pairs.iter().fold((0.0, 0.0), |(above, below), pair| (above + pair.0, below + pair.1));
    let whole = above / below;
    let n = pairs.len() as f64;
    if pairs.len() == 1 {
        return whole.is_finite().then_some(Estimate { n: 1, mean: whole, half_width: None });
    }
    let pseudo = |pair: &(f64, f64)| n * whole - (n - 1.0) * (above - pair.0) / (below - pair.1);
    let values: Vec<_> = pairs.iter().map(pseudo).collect();
    Estimate::of_mean(&values, confidence).filter(|estimate| estimate.mean.is_finite())
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
}
