//! The mean of one long, correlated series, from batches of it that are about independent.
//!
//! B. Schmeiser, "Batch size effects in the analysis of simulation output", Operations Research 30, 1982: more than 30 batches
//! gain nothing, and fewer than 10 cost much. J. von Neumann, "Distribution of the ratio of the mean square successive
//! difference to the variance", 1941: successive batches that are alike give it away.

use statrs::distribution::{ContinuousCDF, Normal};

use super::mean::Estimate;

/// In how many batches a series is cut, tried in turn: larger ones depend less on each other.
const BATCHES: [usize; 5] = [30, 24, 20, 15, 10];

/// How likely a test for independence is to reject batches that are.
const REJECTS: f64 = 0.10;

/// The mean of a series of a steady state, in the order in which it came, and its interval: by the most batches, from 30 to
/// 10, of which successive ones are not shown to be alike. `None` if they always are, or if there are fewer than two values
/// for each of 10 batches: the series is too short to tell. What does not fill a batch is left out, at the begin.
#[must_use]
pub fn batch_means(series: &[f64], confidence: f64) -> Option<Estimate> {
    BATCHES.into_iter().find_map(|batches| {
        let size = series.len() / batches;
        let means: Vec<_> = series
            .get(series.len() - size * batches..)
            .filter(|_| size >= 2)?
            .chunks(size)
            .map(|batch| batch.iter().sum::<f64>() / size as f64)
            .collect();
        are_independent(&means).then(|| Estimate::of_mean(&means, confidence)).flatten()
    })
}

/// Von Neumann's test against a positive correlation of successive values.
fn are_independent(values: &[f64]) -> bool {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let successive: f64 = values.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum();
    if squares == 0.0 {
        return true;
    }
    // The ratio is about normal, with mean 2 and variance 4 (n - 2) / (n^2 - 1), if they are independent.
    let score = (1.0 - successive / squares / 2.0) / ((n - 2.0) / (n * n - 1.0)).sqrt();
    Normal::new(0.0, 1.0).is_ok_and(|normal| score <= normal.inverse_cdf(1.0 - REJECTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_neighbours_are_seen() {
        let alternating: Vec<_> = (0..20).map(|at| f64::from(at % 2)).collect();
        assert!(are_independent(&alternating));
        let rising: Vec<_> = (0..20).map(f64::from).collect();
        assert!(!are_independent(&rising));
        assert!(are_independent(&[3.0; 10]));
    }

    #[test]
    fn a_trend_has_no_mean() {
        let rising: Vec<_> = (0..3_000).map(f64::from).collect();
        assert_eq!(batch_means(&rising, 0.95), None);
        assert_eq!(batch_means(&[1.0; 19], 0.95), None);
        let same = batch_means(&[1.0; 100], 0.95).unwrap();
        assert_eq!((same.n, same.mean, same.half_width), (30, 1.0, Some(0.0)));
    }
}
