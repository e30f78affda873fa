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

/// There are too few values for an interval: it would have to reach beyond the least or the greatest of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{have} values are too few for an interval of this quantile, which needs {needed}")]
pub struct TooFew {
    /// How many there are.
    pub have: usize,
    /// How many are needed.
    pub needed: u64,
}

/// The quantile `q`, between 0 and 1, of independent values in ascending order, and its two-sided interval.
///
/// # Errors
///
/// There are too few values: for a median with a confidence of 0.95, fewer than 6.
pub fn quantile_interval(
    sorted: &[f64],
    q: f64,
    confidence: f64,
) -> Result<QuantileEstimate, TooFew> {
    let n = sorted.len();
    let tail = (1.0 - confidence) / 2.0;
    let (low, high) = (rank_below(n as u64, q, tail), rank_below(n as u64, 1.0 - q, tail));
    match (quantile(sorted, q), low, high) {
        (Some(value), Some(low), Some(high)) => {
            Ok(QuantileEstimate { n, value, low: sorted[low], high: sorted[n - 1 - high] })
        }
        _ => Err(TooFew { have: n, needed: fewest(q, tail).max(fewest(1.0 - q, tail)) }),
    }
}

/// A value that the true quantile `q` of independent values in ascending order does not exceed, with the confidence.
///
/// # Errors
///
/// There are too few values: for a 99th percentile with a confidence of 0.95, fewer than 299.
pub fn quantile_bound(sorted: &[f64], q: f64, confidence: f64) -> Result<f64, TooFew> {
    let (n, tail) = (sorted.len(), 1.0 - confidence);
    let rank = rank_below(n as u64, 1.0 - q, tail);
    rank.map(|rank| sorted[n - 1 - rank]).ok_or(TooFew { have: n, needed: fewest(1.0 - q, tail) })
}

/// The highest rank, from 0, whose value exceeds the true quantile `q` with a probability of at most `tail`. It does if at
/// most so many of the values lie below the quantile.
fn rank_below(n: u64, q: f64, tail: f64) -> Option<usize> {
    let below = Binomial::new(q, n).ok()?;
    let rank = (0..n).take_while(|rank| below.cdf(*rank) <= tail).last()?;
    usize::try_from(rank).ok()
}

/// How many values are needed until the least of them exceeds the quantile `q` with a probability of at most `tail`: all
/// would have to, each does with 1 - q.
fn fewest(q: f64, tail: f64) -> u64 {
    // A whole number, unless the quantile is that of the least value itself.
    (tail.ln() / (-q).ln_1p()).ceil() as u64
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
        let needed = |q| quantile_interval(&values[..2], q, 0.95).unwrap_err().needed;
        assert_eq!(needed(0.5), 6);
        assert!(quantile_interval(&values[..5], 0.5, 0.95).is_err());
        for (q, least) in [(0.99, 299), (0.999, 2995)] {
            assert_eq!(quantile_bound(&values[..2], q, 0.95).unwrap_err().needed, least);
            let enough = usize::try_from(least).unwrap();
            assert!(quantile_bound(&values[..enough - 1], q, 0.95).is_err());
            assert_eq!(quantile_bound(&values[..enough], q, 0.95), Ok(values[enough - 1]));
        }
    }
}
