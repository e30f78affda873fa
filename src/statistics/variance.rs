//! How much of a variance lies between groups, and how much within: one-way analysis of variance with random effects.
//!
//! Exact intervals for normal values and groups of one size: S. R. Searle, G. Casella, C. E. McCulloch, "Variance
//! Components", 1992, section 3.6. With values that are far from normal they hold less often than they say.

use statrs::distribution::{ContinuousCDF, FisherSnedecor};

/// A variance that is made up of two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Components {
    /// The variance of what the values of a group have in common; not below zero.
    pub between: f64,
    /// The variance of the values of a group.
    pub within: f64,
    /// The share of what is within in the sum of both; `None` if nothing varies.
    pub share_within: Option<f64>,
    /// The interval of that share.
    pub interval: Option<(f64, f64)>,
}

/// Takes a variance apart. `None` with fewer than two groups, or groups of fewer than two values or of several sizes, or
/// if a value is no finite number.
#[must_use]
pub fn components(groups: &[Vec<f64>], confidence: f64) -> Option<Components> {
    let size = groups.first()?.len();
    let whole = groups.iter().all(|group| group.len() == size);
    let finite = groups.iter().flatten().all(|value| value.is_finite());
    if groups.len() < 2 || size < 2 || !whole || !finite {
        return None;
    }
    let means: Vec<_> = groups.iter().map(|group| mean(group)).collect();
    let (k, n) = (groups.len() as f64, size as f64);
    let (freedom_between, freedom_within) = (k - 1.0, k * (n - 1.0));
    let of_means = n * squares(&means) / freedom_between;
    let within = groups.iter().map(|group| squares(group)).sum::<f64>() / freedom_within;
    let between = ((of_means - within) / n).max(0.0);
    let law = FisherSnedecor::new(freedom_between, freedom_within).ok()?;
    // How many times as large as what is within what is between may be, at least or at most.
    let times = |p: f64| ((of_means / within / law.inverse_cdf(p) - 1.0) / n).max(0.0);
    let tail = (1.0 - confidence) / 2.0;
    let interval = match within {
        0.0 => (0.0, 0.0),
        _ => (1.0 / (1.0 + times(tail)), 1.0 / (1.0 + times(1.0 - tail))),
    };
    let varies = between + within > 0.0;
    Some(Components {
        between,
        within,
        share_within: varies.then(|| within / (between + within)),
        interval: varies.then_some(interval),
    })
}

/// The mean of values.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The sum of squares about the mean: none if all are equal, whatever rounding makes of the mean.
fn squares(values: &[f64]) -> f64 {
    let varies = values.iter().any(|value| *value != values[0]);
    let mean = mean(values);
    if varies { values.iter().map(|value| (value - mean).powi(2)).sum() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calcium_in_turnip_leaves() {
        // G. W. Snedecor, W. G. Cochran, "Statistical Methods", 6th ed., 1967, table 10.13.1: mean squares 0.2961 and
        // 0.0066, components 0.0724 and 0.0066.
        let leaves = [
            [3.28, 3.09, 3.03, 3.03],
            [3.52, 3.48, 3.38, 3.38],
            [2.88, 2.80, 2.81, 2.76],
            [3.34, 3.38, 3.23, 3.26],
        ];
        let found = components(&leaves.map(Vec::from), 0.95).unwrap();
        assert!((found.between - 0.0724).abs() < 5e-5, "{found:?}");
        assert!((found.within - 0.0066).abs() < 5e-5, "{found:?}");
        let share = found.share_within.unwrap();
        assert!((share - found.within / (found.between + found.within)).abs() < 1e-12);
        // Mean squares 0.296121 and 0.006602, so F = 44.852; with 3 and 12 degrees of freedom its printed quantiles 0.025
        // and 0.975 are 1 / 14.34 and 4.474.
        let (low, high) = found.interval.unwrap();
        let ends = [44.852 * 14.34, 44.852 / 4.474].map(|f| 1.0 / (1.0 + (f - 1.0) / 4.0));
        assert!((low - ends[0]).abs() < 1e-4 && (high - ends[1]).abs() < 1e-4, "{low} {high}");
    }

    #[test]
    fn what_does_not_vary_within_has_no_share() {
        let found = components(&[vec![0.1; 3], vec![0.7; 3], vec![0.3; 3]], 0.95).unwrap();
        assert_eq!((found.within, found.share_within), (0.0, Some(0.0)));
        assert_eq!(found.interval, Some((0.0, 0.0)));
        let same = components(&[vec![0.1; 3], vec![0.1; 3]], 0.95).unwrap();
        assert_eq!((same.share_within, same.interval), (None, None));
        // Means that are more alike than chance makes them.
        let all = components(&[vec![1.0, 3.0], vec![3.0, 1.0]], 0.95).unwrap();
        assert_eq!((all.between, all.share_within), (0.0, Some(1.0)));
        assert_eq!(all.interval.unwrap().1, 1.0);
    }

    #[test]
    fn what_can_not_be_taken_apart() {
        for groups in [
            vec![],
            vec![vec![1.0, 2.0]],
            vec![vec![1.0], vec![2.0]],
            vec![vec![1.0, 2.0], vec![3.0]],
            vec![vec![1.0, 2.0], vec![3.0, f64::NAN]],
        ] {
            assert_eq!(components(&groups, 0.95), None, "{groups:?}");
        }
    }
}
