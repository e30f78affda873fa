//! Fits the constants of a machine and of its interpreters to measured runs.
//!
//! The fit sees half of the cells; the rest say how it does on cells that it has not seen. What is
//! made small is the mean square of the *residuals*: for each metric of each cell, how far the simulated value is off, in
//! units of the measured repetitions' spread, and no further than a few of them, so that no single
//! cell rules the fit. Random numbers are the same for all constants that are tried.

mod constant;
mod fit;
mod halves;

use std::ops::Range;

pub use constant::{CONSTANTS, Constant};
pub use fit::{Fit, Fitted, Progress, Stopped, fit};
pub use halves::halves;

use crate::validation::score::{Score, scores};
use crate::validation::simulate::simulate_all;
use crate::validation::{Cell, Constants};

/// Repetitions seldom show how far a cell can be off: a spread counts as at least so much.
const LEAST_SPREAD: f64 = 0.05;

/// Residuals beyond are no worse.
const MOST: f64 = 4.0;

/// The score of cells under the constants, from these replications of each.
#[must_use]
pub fn score(cells: &[Cell], constants: &Constants, replications: Range<u32>) -> Vec<Score> {
    let runs = simulate_all(cells, constants, replications.clone(), || {});
    let runs: Vec<_> = runs.chunks(replications.len()).collect();
    scores(cells, &runs)
}

/// How far each of the `wanted` scores is off, in units of the spread; what can't be had any more is as far off
/// as can be.
fn residuals(wanted: &[Score], scores: &[Score]) -> Vec<f64> {
    let mut found = scores.iter().peekable();
    let residual = |wanted: &Score| {
        let same = |score: &&Score| score.index == wanted.index && score.metric == wanted.metric;
        let Some(score) = found.next_if(same) else { return MOST };
        let off = score.error.abs().ln_1p().copysign(score.error);
        (off / score.spread.max(LEAST_SPREAD)).clamp(-MOST, MOST)
    };
    wanted.iter().map(residual).collect()
}

fn mean_square(residuals: &[f64]) -> f64 {
    residuals.iter().map(|residual| residual * residual).sum::<f64>() / residuals.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residuals_are_in_spreads_and_bounded() {
        let score = |index, error, spread| Score {
            cell: String::new(),
            index,
            metric: "ops_per_s",
            values: None,
            error,
            spread,
            inside: false,
            good: false,
        };
        let wanted =
            [score(0, 0.0, 0.0), score(1, 0.0, 0.0), score(2, 0.0, 0.0), score(3, 0.0, 0.0)];
        let got = [score(0, -0.1, 0.2), score(1, 0.1, 0.0), score(3, 9.0, 0.1)];
        let residuals = residuals(&wanted, &got);
        assert!((residuals[0] + 1.1_f64.ln() / 0.2).abs() < 1e-12);
        assert!((residuals[1] - 1.1_f64.ln() / 0.05).abs() < 1e-12);
        assert_eq!(residuals[2..], [MOST, MOST]);
        assert!((mean_square(&[1.0, -3.0]) - 5.0).abs() < 1e-12);
    }
}
