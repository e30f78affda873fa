//! How far a simulated cell is from the measured one.

use serde::Serialize;

use super::Cell;
use super::metric::{Compared, METRICS, Metric};
use crate::trace::tables::ProbeRow;

/// A number of a cell, measured and simulated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Values {
    /// Median over the measured repetitions.
    pub measured: f64,
    /// The least measured repetition.
    pub measured_low: f64,
    /// The greatest measured repetition.
    pub measured_high: f64,
    /// Median over the simulated repetitions.
    pub simulated: f64,
}

/// A metric of a cell, measured beside simulated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// The cell, in a few words.
    pub cell: String,
    /// Which of the cells it is.
    #[serde(skip)]
    pub index: usize,
    /// The metric.
    pub metric: &'static str,
    /// The values; a distribution has none, only an error.
    #[serde(flatten)]
    pub values: Option<Values>,
    /// Difference over the measured value. Of a distribution, the mean over its quantiles of
    /// |ln(simulated/measured)|: 0.1 says that they are 10 % off, more or less.
    pub error: f64,
    /// The largest error of a measured repetition against the median of all.
    pub spread: f64,
    /// Whether the error lies inside the spread.
    pub inside: bool,
    /// Whether the error is within 25 %, or within what the real machine does by itself where that is
    /// wider.
    pub good: bool,
}

/// How far off is still good.
pub const TOLERANCE: f64 = 0.25;

/// Every metric of every cell; `simulated` has the runs of each cell.
#[must_use]
pub fn scores(cells: &[Cell], simulated: &[&[ProbeRow]]) -> Vec<Score> {
    let score = |index: usize, metric: &Metric| {
        let runs = (cells[index].runs.as_slice(), simulated[index]);
        let (values, error, spread) = match metric.of {
            Compared::Number(of) => numbers(of, runs, metric.least, (1.0, 1.0))?,
            Compared::Relative(of) => {
                let alone = cells.iter().position(|other| other.is_alone_like(&cells[index]))?;
                let one = |runs| median(runs, of);
                let ones = (one(&cells[alone].runs)?, one(simulated[alone])?);
                numbers(of, runs, metric.least, ones)?
            }
            Compared::Distribution(of) => distributions(of, runs, metric.least)?,
        };
        Some(Score {
            cell: cells[index].title(),
            index,
            metric: metric.name,
            values,
            error,
            spread,
            inside: error.abs() <= spread,
            good: error.abs() <= TOLERANCE.max(spread),
        })
    };
    (0..cells.len())
        .flat_map(|index| METRICS.iter().filter_map(move |metric| score(index, metric)))
        .collect()
}

/// Measured and simulated runs of a cell.
type Runs<'a> = (&'a [ProbeRow], &'a [ProbeRow]);

/// Values, error and spread.
type Comparison = (Option<Values>, f64, f64);

/// Numbers, each over what one is.
fn numbers(
    of: fn(&ProbeRow) -> Option<f64>,
    (measured, simulated): Runs<'_>,
    least: f64,
    ones: (f64, f64),
) -> Option<Comparison> {
    let middle = median(measured, of)? / ones.0;
    let repetitions = || measured.iter().filter_map(of).map(|value| value / ones.0);
    let values = Values {
        measured: middle,
        measured_low: repetitions().fold(f64::INFINITY, f64::min),
        measured_high: repetitions().fold(f64::NEG_INFINITY, f64::max),
        simulated: median(simulated, of)? / ones.1,
    };
    let error = |value: f64| (value - middle) / middle.abs().max(least);
    let spread = repetitions().map(|value| error(value).abs()).fold(0.0, f64::max);
    Some((Some(values), error(values.simulated), spread))
}

fn distributions(
    of: fn(&ProbeRow) -> Option<[f64; 6]>,
    (measured, simulated): Runs<'_>,
    least: f64,
) -> Option<Comparison> {
    let middle = quantiles(measured, of)?;
    let distance = |other: [f64; 6]| {
        let pairs = middle.iter().zip(other);
        let each = pairs.map(|(one, other)| (other.max(least) / one.max(least)).ln().abs());
        each.sum::<f64>() / middle.len() as f64
    };
    let spread = measured.iter().filter_map(of).map(distance).fold(0.0, f64::max);
    Some((None, distance(quantiles(simulated, of)?), spread))
}

/// The median over runs of each quantile.
#[must_use]
pub fn quantiles(runs: &[ProbeRow], of: fn(&ProbeRow) -> Option<[f64; 6]>) -> Option<[f64; 6]> {
    let mut middle = [0.0; 6];
    for (at, middle) in middle.iter_mut().enumerate() {
        *middle = median(runs, |run| Some(of(run)?[at]))?;
    }
    Some(middle)
}

fn median(runs: &[ProbeRow], of: impl Fn(&ProbeRow) -> Option<f64>) -> Option<f64> {
    median_of(runs.iter().filter_map(of).collect())
}

fn median_of(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (low, high) =
        (values.get(values.len().checked_sub(1)? / 2)?, values.get(values.len() / 2)?);
    Some(f64::midpoint(*low, *high))
}

/// A metric over all cells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The metric.
    pub metric: &'static str,
    /// Number of cells that have it.
    pub cells: usize,
    /// Median of the errors' sizes.
    pub median_error: f64,
    /// Quantile 0.9 of them.
    pub p90_error: f64,
    /// Median of the spreads.
    pub median_spread: f64,
    /// Share of the cells whose error lies inside their spread.
    pub inside: f64,
    /// Share of the cells that are good ([`Score::good`]).
    pub good: f64,
}

/// The metrics over all cells.
#[must_use]
pub fn summary(scores: &[Score]) -> Vec<Summary> {
    let of = |metric: &Metric| {
        let mine: Vec<_> = scores.iter().filter(|score| score.metric == metric.name).collect();
        let mut errors: Vec<_> = mine.iter().map(|score| score.error.abs()).collect();
        errors.sort_by(f64::total_cmp);
        let share = |is: fn(&Score) -> bool| {
            mine.iter().filter(|score| is(score)).count() as f64 / mine.len() as f64
        };
        Some(Summary {
            metric: metric.name,
            cells: mine.len(),
            p90_error: *errors.get((errors.len() * 9).div_ceil(10).checked_sub(1)?)?,
            median_error: median_of(errors)?,
            median_spread: median_of(mine.iter().map(|score| score.spread).collect())?,
            inside: share(|score| score.inside),
            good: share(|score| score.good),
        })
    };
    METRICS.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(spinners: u32, wall_ns: u64, quantile: u64) -> ProbeRow {
        ProbeRow {
            lock: "on".to_owned(),
            spinners,
            wall_ns,
            shared_units: Some(100),
            slice_p5_ns: Some(quantile),
            slice_p25_ns: Some(quantile),
            slice_p50_ns: Some(quantile),
            slice_p75_ns: Some(quantile),
            slice_p95_ns: Some(quantile),
            slice_p99_ns: Some(quantile),
            ..ProbeRow::default()
        }
    }

    fn score(metric: &str, measured: &[ProbeRow], simulated: &[ProbeRow]) -> Score {
        let cells = Cell::of_runs(measured);
        let ours = Cell::of_runs(simulated);
        let runs: Vec<_> = ours.iter().map(|cell| cell.runs.as_slice()).collect();
        let mut scores = scores(&cells, &runs);
        scores.retain(|score| score.metric == metric);
        assert_eq!(scores.len(), 1, "{scores:?}");
        scores.remove(0)
    }

    #[test]
    fn a_distribution_is_as_far_off_as_its_quantiles() {
        let measured = [1_000_000, 1_100_000, 900_000].map(|quantile| run(2, 1, quantile));
        let off = |quantile| score("slice_distribution", &measured, &[run(2, 1, quantile)]);
        for (quantile, inside, good) in
            [(1_050_000, true, true), (800_000, false, true), (1_300_000, false, false)]
        {
            let score = off(quantile);
            assert!((score.error - (quantile as f64 / 1e6).ln().abs()).abs() < 1e-12, "{score:?}");
            assert!((score.spread - (1.0_f64 / 0.9).ln()).abs() < 1e-12, "{score:?}");
            assert_eq!((score.inside, score.good), (inside, good), "{score:?}");
        }
        // Half of them are right.
        let half = ProbeRow { slice_p5_ns: Some(1_000_000), ..run(2, 1, 2_000_000) };
        let half = ProbeRow { slice_p25_ns: Some(1_000_000), ..half };
        let half = ProbeRow { slice_p50_ns: Some(1_000_000), ..half };
        let score = score("slice_distribution", &measured, &[half]);
        assert!((score.error - 2.0_f64.ln() / 2.0).abs() < 1e-12, "{score:?}");
    }

    #[test]
    fn what_can_not_be_told_apart_is_no_error() {
        let score = score("slice_distribution", &[run(2, 1, 0)], &[run(2, 1, 30_000)]);
        assert_eq!((score.error, score.spread, score.values), (0.0, 0.0, None));
    }

    #[test]
    fn slowdown_is_relative_to_one_thread() {
        let measured = [run(1, 10, 0), run(2, 19, 0), run(2, 20, 0), run(2, 22, 0)];
        let score = score("slowdown", &measured, &[run(1, 20, 0), run(2, 50, 0)]);
        let values = score.values.unwrap();
        assert_eq!((values.measured_low, values.measured, values.measured_high), (1.9, 2.0, 2.2));
        assert_eq!((values.simulated, score.error), (2.5, 0.25));
        assert!((score.spread - 0.1).abs() < 1e-12 && score.good && !score.inside);
    }
}
