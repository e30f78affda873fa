//! The mean of one long, correlated series, from batches of it that are about independent.
//!
//! B. Schmeiser, "Batch size effects in the analysis of simulation output", Operations Research 30, 1982: more than 30
//! batches gain nothing, and fewer than 10 cost much. J. von Neumann, "Distribution of the ratio of the mean square
//! successive difference to the variance", 1941: successive batches that are alike give it away.

use statrs::distribution::{ContinuousCDF, Normal};

use super::mean::Estimate;

/// In how many batches a series is cut, tried in turn: larger ones depend less on each other.
const BATCHES: [usize; 5] = [30, 24, 20, 15, 10];

/// How likely a test for independence is to reject batches that are.
const REJECTS: f64 = 0.10;

/// The mean of a series, and of how many values its batches were made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchMeans {
    /// The mean and its interval; its `n` is the number of batches.
    pub estimate: Estimate,
    /// How many values each batch has.
    pub size: usize,
    /// Von Neumann's test: by how many standard errors successive batches are more alike than independent ones.
    pub score: f64,
}

/// Nothing can be said about the mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Inconclusive {
    /// There are not two values for each of the fewest batches.
    #[error("{have} values of a series are too few for batches of them, which need {needed}")]
    TooFew {
        /// How many there are.
        have: usize,
        /// How many are needed, at least.
        needed: usize,
    },
    /// Even the largest batches are too short to be independent.
    #[error("batches of {size} values still depend on those before: the series is too short")]
    Dependent {
        /// How many values the largest batches have.
        size: usize,
    },
}

/// The mean of a series of a steady state, in the order in which it came, and its interval: by the most batches, from
/// 30 to 10, of which successive ones are not shown to be alike. What does not fill a batch is left out, at the begin.
///
/// # Errors
///
/// Successive batches are alike however large they are, or there are fewer than two values for each of 10 batches: the
/// series is too short to tell.
pub fn batch_means(series: &[f64], confidence: f64) -> Result<BatchMeans, Inconclusive> {
    let found = BATCHES.into_iter().find_map(|batches| {
        let size = series.len() / batches;
        let means: Vec<_> = series
            .get(series.len() - size * batches..)
            .filter(|_| size >= 2)?
            .chunks(size)
            .map(|batch| batch.iter().sum::<f64>() / size as f64)
            .collect();
        let estimate = Estimate::of_mean(&means, confidence)?;
        let score = von_neumann(&means);
        (score <= highest_score()).then_some(BatchMeans { estimate, size, score })
    });
    found.ok_or_else(|| {
        let (have, fewest) = (series.len(), BATCHES[BATCHES.len() - 1]);
        match have / fewest {
            0 | 1 => Inconclusive::TooFew { have, needed: 2 * fewest },
            size => Inconclusive::Dependent { size },
        }
    })
}

/// The highest score of batches that are taken to be independent: a tenth of those that are score higher.
#[must_use]
pub fn highest_score() -> f64 {
    Normal::new(0.0, 1.0).map_or(0.0, |normal| normal.inverse_cdf(1.0 - REJECTS))
}

/// By how many standard errors successive values are more alike than independent ones; zero if all are equal.
fn von_neumann(values: &[f64]) -> f64 {
    if values.windows(2).all(|pair| pair[0] == pair[1]) {
        return 0.0;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let successive: f64 = values.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum();
    // The ratio is about normal, with mean 2 and variance 4 (n - 2) / (n^2 - 1), if they are independent.
    (1.0 - successive / squares / 2.0) / ((n - 2.0) / (n * n - 1.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_neighbours_are_seen() {
        let alternating: Vec<_> = (0..20).map(|at| f64::from(at % 2)).collect();
        assert!(von_neumann(&alternating) < -3.0);
        let rising: Vec<_> = (0..20).map(f64::from).collect();
        assert!(von_neumann(&rising) > 3.0);
        assert_eq!(von_neumann(&[3.0; 10]), 0.0);
        // The 0.9 quantile of the normal distribution, from printed tables.
        assert!((highest_score() - 1.2816).abs() < 1e-4);
    }

    #[test]
    fn a_trend_has_no_mean() {
        let rising: Vec<_> = (0..3_000).map(f64::from).collect();
        assert_eq!(batch_means(&rising, 0.95), Err(Inconclusive::Dependent { size: 300 }));
        let few = Inconclusive::TooFew { have: 19, needed: 20 };
        assert_eq!(batch_means(&[1.0; 19], 0.95), Err(few));
        let same = batch_means(&[1.0; 100], 0.95).unwrap();
        let estimate = Estimate { n: 30, mean: 1.0, half_width: Some(0.0) };
        assert_eq!(same, BatchMeans { estimate, size: 3, score: 0.0 });
        // Rounding is no variation.
        assert!((1..200).all(|at| batch_means(&[0.01 * f64::from(at); 100], 0.95).is_ok()));
        let odd = batch_means(&[f64::NAN; 100], 0.95);
        assert_eq!(odd, Err(Inconclusive::Dependent { size: 10 }));
    }

    #[test]
    fn batches_grow_until_they_are_independent() {
        // Two equal values after each other, in steps that alternate: of 60 values, 30 batches of 2 alternate.
        let pairs: Vec<_> = (0..60).map(|at| f64::from(at / 2 % 2)).collect();
        assert_eq!(batch_means(&pairs, 0.95).unwrap().size, 2);
        // Ten values up and ten down: batches of 2 and 3 resemble their neighbours, those of 6 do not.
        let waves: Vec<_> = (0..60).map(|at| f64::from(at / 10 % 2)).collect();
        let found = batch_means(&waves, 0.95).unwrap();
        assert!(found.size > 3, "{}", found.size);
        assert_eq!(found.estimate.n, 60 / found.size);
    }

    #[test]
    fn von_neumanns_ratio_by_hand() {
        // 0 to 5: Σ (x - 2.5)² = 17.5, Σ differences² = 5, so the score is (1 - 1/7) / √(4/35) = 2.535 > 1.282.
        let values = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        assert!((von_neumann(&values) - 6.0 / 7.0 / (4.0_f64 / 35.0).sqrt()).abs() < 1e-12);
    }
}
