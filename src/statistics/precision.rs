//! How many replications a mean needs until it is known well enough.
//!
//! A. M. Law, "Simulation Modeling and Analysis", 5th ed., 2015, section 9.4.1: with half of the interval's width h at most
//! γ/(1+γ) of the mean's estimate, the error relative to the true mean is at most γ. K. Hoad, S. Robinson & R. Davies,
//! "Automated selection of the number of replications for a discrete-event simulation", JORS 61, 2010: an interval may be
//! narrow by chance, so it has to stay so while a few more replications come in.

use super::mean::Estimate;

/// Fewer replications say too little about their own spread.
const FEWEST: usize = 10;

/// How many replications must follow during which the interval stays narrow, at least, and per hundred.
const LOOK_AHEAD: usize = 5;

/// How many values are needed until their mean has a relative error of at most `relative`, judged by those there are:
/// `None` if these are enough. The interval must have been narrow for the last few of them, too.
#[must_use]
pub fn needed(values: &[f64], relative: f64, confidence: f64) -> Option<usize> {
    let have = values.len();
    let last = have.max(FEWEST + LOOK_AHEAD);
    let ahead = LOOK_AHEAD * last.max(100) / 100;
    let excess = |n: usize| {
        let Estimate { mean, half_width, .. } = Estimate::of_mean(values.get(..n)?, confidence)?;
        let allowed = relative / (1.0 + relative) * mean.abs();
        // What is always zero is known, too.
        half_width.map(|half| if half == 0.0 { 0.0 } else { half / allowed })
    };
    let narrow = |n: usize| excess(n).is_some_and(|excess| excess <= 1.0);
    if have >= FEWEST + ahead && (have - ahead..=have).all(narrow) {
        return None;
    }
    // The width falls with the square root of the number.
    let predicted = excess(have).map_or(0.0, |excess| have as f64 * excess * excess);
    // About a mean of zero, no relative error is small enough: the cast saturates.
    let predicted = predicted.ceil() as usize;
    Some(predicted.max(FEWEST).saturating_add(ahead).max(have + 1))
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn equal_values_need_no_more_than_the_fewest() {
        assert_eq!(needed(&[2.0; 14], 0.05, 0.95), Some(15));
        assert_eq!(needed(&[2.0; 15], 0.05, 0.95), None);
        assert_eq!(needed(&[0.0; 15], 0.05, 0.95), None);
        assert_eq!(needed(&[], 0.05, 0.95), Some(15));
    }

    #[test]
    fn the_prediction_follows_the_square_root() {
        // A standard deviation of 1 and a mean of 10, within 1 %: (1.96 / 0.099)^2 = 392.
        let values: Vec<_> = (0..100).map(|at| 10.0 + f64::from(at % 2 * 2 - 1)).collect();
        let more = needed(&values, 0.01, 0.95).unwrap();
        assert!((395..425).contains(&more), "{more}");
    }

    #[test]
    fn the_mean_is_as_close_as_was_asked_for() {
        let mut off = 0;
        for seed in 0..400 {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            let mut values: Vec<f64> = Vec::new();
            while let Some(more) = needed(&values, 0.05, 0.95) {
                let more = more.min(2 * values.len().max(5));
                values.resize_with(more, || rng.random_range(0.0..2.0));
            }
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            off += usize::from((mean - 1.0).abs() > 0.05);
        }
        // 5 in 100, and three standard errors.
        assert!(off <= 33, "{off} of 400");
    }
}
