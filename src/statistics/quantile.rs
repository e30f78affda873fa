//! Quantiles, and between which values the true one lies.
//!
//! How many of n independent values lie below the true quantile q is binomial, whatever their law, so the values of two
//! ranks enclose it with a confidence that is known exactly (order statistics; H. A. David & H. N. Nagaraja, "Order
//! Statistics", 3rd ed., 2003, section 7.1). If there are too few of them, no two ranks do.

use statrs::distribution::{Binomial, DiscreteCDF};

/// The quantile `q` of values in ascending order, by linear interpolation between the two nearest
/// (type 7 of R. J. Hyndman & Y. Fan, "Sample quantiles in statistical packages", 1996, which R and
/// NumPy use too). `None` without values.
#[must_use]
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = q.clamp(0.0, 1.0) * last as f64;
    let below = place.floor();
    let (low, high) = (sorted[below as usize], sorted[place.ceil() as usize]);
    Some(low + (place - below) * (high - low))
}

/// A quantile, and an interval that holds the true one with the confidence that was asked for, or more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantileEstimate {
    /// Number of values.
    pub n: usize,
    /// The quantile of the values.
    pub value: f64,
    /// The interval's lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// There is no interval.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum IntervalError {
    /// It would have to reach beyond the least or the greatest of the values.
    #[error("{have} values are too few for this quantile, whose interval needs {needed}")]
    TooFew {
        /// How many there are.
        have: usize,
        /// How many are needed.
        needed: u64,
    },
    /// No number of values would do.
    #[error("the quantile {q} has no interval: quantiles and confidences lie between 0 and 1")]
    NotBetween {
        /// The quantile that was asked for.
        q: f64,
    },
}

/// The quantile `q` of independent values in ascending order, and its two-sided interval.
///
/// # Errors
///
/// There are too few values: for a median with a confidence of 0.95, fewer than 6. Or `q` or the confidence is not
/// between 0 and 1.
pub fn quantile_interval(
    sorted: &[f64],
    q: f64,
    confidence: f64,
) -> Result<QuantileEstimate, IntervalError> {
    let n = sorted.len();
    let tail = (1.0 - confidence) / 2.0;
    let needed = fewest(q, tail)?.max(fewest(1.0 - q, tail)?);
    let (low, high) = (rank_below(n as u64, q, tail), rank_below(n as u64, 1.0 - q, tail));
    match (quantile(sorted, q), low, high) {
        (Some(value), Some(low), Some(high)) => {
            Ok(QuantileEstimate { n, value, low: sorted[low], high: sorted[n - 1 - high] })
        }
        _ => Err(IntervalError::TooFew { have: n, needed }),
    }
}

/// A value that the true quantile `q` of independent values in ascending order does not exceed, with the confidence.
///
/// # Errors
///
/// There are too few values: for a 99th percentile with a confidence of 0.95, fewer than 299. Or `q` or the confidence
/// is not between 0 and 1.
pub fn quantile_upper_bound(sorted: &[f64], q: f64, confidence: f64) -> Result<f64, IntervalError> {
    let n = sorted.len();
    Ok(sorted[n - 1 - bound(n, 1.0 - q, confidence)?])
}

/// A value that the true quantile `q` of independent values in ascending order is not less than, with the confidence.
///
/// # Errors
///
/// There are too few values: for a first percentile with a confidence of 0.95, fewer than 299. Or `q` or the confidence
/// is not between 0 and 1.
pub fn quantile_lower_bound(sorted: &[f64], q: f64, confidence: f64) -> Result<f64, IntervalError> {
    Ok(sorted[bound(sorted.len(), q, confidence)?])
}

/// The rank of a one-sided lower bound.
fn bound(n: usize, q: f64, confidence: f64) -> Result<usize, IntervalError> {
    let tail = 1.0 - confidence;
    let needed = fewest(q, tail)?;
    rank_below(n as u64, q, tail).ok_or(IntervalError::TooFew { have: n, needed })
}

/// The highest rank, from 0, whose value exceeds the true quantile `q` with a probability of at most `tail`. It does if
/// at most so many of the values lie below the quantile.
fn rank_below(n: u64, q: f64, tail: f64) -> Option<usize> {
    let below = Binomial::new(q, n).ok()?;
    let rank = (0..n).take_while(|rank| below.cdf(*rank) <= tail).last()?;
    usize::try_from(rank).ok()
}

/// How many values are needed until the least of them exceeds the quantile `q` with a probability of at most `tail`:
/// all would have to, each does with 1 - q.
fn fewest(q: f64, tail: f64) -> Result<u64, IntervalError> {
    let inside = 0.0 < q && q < 1.0 && 0.0 < tail && tail < 1.0;
    // A whole number.
    inside.then(|| (tail.ln() / (-q).ln_1p()).ceil() as u64).ok_or(IntervalError::NotBetween { q })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9 * b.abs().max(1.0)
    }

    #[test]
    fn quantiles_interpolate() {
        let values = [1.0, 2.0, 3.0, 4.0, 10.0];
        for (q, value) in
            [(0.0, 1.0), (0.25, 2.0), (0.5, 3.0), (0.9, 7.6), (1.0, 10.0), (0.125, 1.5)]
        {
            assert!(close(quantile(&values, q).unwrap(), value), "{q}");
        }
        assert_eq!(quantile(&[7.0], 0.99), Some(7.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn intervals_have_the_ranks_of_printed_tables() {
        // Ranks of intervals for a median with 95 % (Conover, "Practical Nonparametric Statistics", 1999, table A3).
        for (n, low, high) in [(6, 1, 6), (10, 2, 9), (20, 6, 15), (30, 10, 21)] {
            let values: Vec<_> = (1..=n).map(f64::from).collect();
            let interval = quantile_interval(&values, 0.5, 0.95).unwrap();
            assert_eq!((interval.low, interval.high), (f64::from(low), f64::from(high)), "{n}");
        }
    }

    #[test]
    fn too_few_values_have_no_interval() {
        let values: Vec<_> = (0..3_000).map(f64::from).collect();
        let needed = |error| match error {
            IntervalError::TooFew { have: 2, needed } => usize::try_from(needed).unwrap(),
            other => panic!("{other}"),
        };
        assert_eq!(needed(quantile_interval(&values[..2], 0.5, 0.95).unwrap_err()), 6);
        assert!(quantile_interval(&values[..5], 0.5, 0.95).is_err());
        for (q, least) in [(0.99, 299), (0.999, 2995)] {
            let upper = |n: usize| quantile_upper_bound(&values[..n], q, 0.95);
            let lower = |n: usize| quantile_lower_bound(&values[..n], 1.0 - q, 0.95);
            assert_eq!(needed(upper(2).unwrap_err()), least);
            assert_eq!(needed(lower(2).unwrap_err()), least);
            assert!(upper(least - 1).is_err() && lower(least - 1).is_err());
            assert_eq!((upper(least), lower(least)), (Ok(values[least - 1]), Ok(0.0)));
        }
    }

    #[test]
    fn what_is_needed_is_enough_and_no_less() {
        let values: Vec<_> = (0..700).map(f64::from).collect();
        for percent in 1..100 {
            let q = f64::from(percent) / 100.0;
            for confidence in [0.8, 0.9, 0.95, 0.99] {
                let Err(IntervalError::TooFew { needed, .. }) =
                    quantile_interval(&[], q, confidence)
                else {
                    panic!("nothing is enough for {q}");
                };
                let has = |n: u64| quantile_interval(&values[..n as usize], q, confidence).is_ok();
                assert!(has(needed) && !has(needed - 1), "{q}, {confidence}: {needed}");
            }
        }
    }

    #[test]
    fn bounds_have_the_ranks_of_printed_tables() {
        // One-sided sign test with 95 %: at most 5 of 20, 10 of 30 below the median (Conover, table A3).
        for (n, rank) in [(5, 1), (20, 6), (30, 11)] {
            let values: Vec<_> = (1..=n).map(f64::from).collect();
            assert_eq!(quantile_lower_bound(&values, 0.5, 0.95), Ok(f64::from(rank)), "{n}");
            let high = f64::from(n + 1 - rank);
            assert_eq!(quantile_upper_bound(&values, 0.5, 0.95), Ok(high), "{n}");
        }
    }

    #[test]
    fn the_extremes_have_no_interval() {
        for (q, confidence) in [(0.0, 0.95), (1.0, 0.95), (f64::NAN, 0.95), (0.5, 1.0), (0.5, -1.0)]
        {
            let refused = |error| matches!(error, IntervalError::NotBetween { .. });
            assert!(quantile_interval(&[1.0; 9], q, confidence).is_err_and(refused));
            assert!(quantile_upper_bound(&[1.0; 9], q, confidence).is_err_and(refused));
            assert!(quantile_lower_bound(&[1.0; 9], q, confidence).is_err_and(refused));
        }
    }
}
