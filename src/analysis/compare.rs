//! Series against each other on common random numbers: which differ, and in what order they stand.
//!
//! Replications of the same number draw the same random numbers, so differences are taken run by run. Every pair of series
//! at every point is one of a family of tests, and Holm's correction holds for the family.

use indexmap::IndexMap;

use super::estimate::{UnknownMetric, check_metric, known};
use crate::statistics::Estimate;
use crate::statistics::family::holm;
use crate::statistics::paired::{Difference, difference};
use crate::trace::tables::RunRow;

/// The series of a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison<'a> {
    /// The case; empty if the experiment has none.
    pub case: &'a str,
    /// The swept values; empty without a sweep.
    pub point: &'a str,
    /// The series, in the order in which the runs first name them.
    pub series: Vec<Series<'a>>,
    /// Every pair of series of which both have the metric in two replications at least.
    pub pairs: Vec<Pair>,
}

/// A series at a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Series<'a> {
    /// Its name.
    pub name: &'a str,
    /// The metric; `None` if it exists in no replication.
    pub estimate: Option<Estimate>,
}

/// Two series at a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The first series' place.
    pub first: usize,
    /// The second series' place.
    pub second: usize,
    /// The second less the first.
    pub difference: Difference,
    /// How likely such a difference would be without any, corrected for the number of pairs.
    pub p: f64,
}

impl Comparison<'_> {
    /// How a series compares with another: the other one less this, if both can be compared.
    #[must_use]
    pub fn pair(&self, one: usize, other: usize) -> Option<Pair> {
        let find = |first, second| {
            self.pairs.iter().find(|pair| (pair.first, pair.second) == (first, second))
        };
        let turned = |pair: &Pair| {
            let mut pair = Pair { first: one, second: other, ..*pair };
            pair.difference.estimate.mean = -pair.difference.estimate.mean;
            pair.difference.ratios.reverse();
            pair
        };
        find(one, other).copied().or_else(|| find(other, one).map(turned))
    }

    /// The series in order, the lowest first if `lowest_is_best`, with their ranks: 1 and the number of series that are
    /// shown to be better, with an error of `alpha` in the family. Equal ranks mean that no difference is shown.
    #[must_use]
    pub fn ranking(&self, lowest_is_best: bool, alpha: f64) -> Vec<(usize, &str)> {
        let known: Vec<_> = self
            .series
            .iter()
            .enumerate()
            .filter_map(|(place, series)| Some((place, series.estimate?.mean)))
            .collect();
        let is_better = |one: f64, than: f64| if lowest_is_best { one < than } else { one > than };
        let rank = |&(place, mean): &(usize, f64)| {
            let better = known.iter().filter(|(other, others)| {
                is_better(*others, mean)
                    && self.pair(place, *other).is_some_and(|pair| pair.p < alpha)
            });
            (1 + better.count(), mean, self.series[place].name)
        };
        let mut ranks: Vec<_> = known.iter().map(rank).collect();
        ranks.sort_by(|a, b| {
            let means = if lowest_is_best { a.1.total_cmp(&b.1) } else { b.1.total_cmp(&a.1) };
            a.0.cmp(&b.0).then(means)
        });
        ranks.into_iter().map(|(rank, _, name)| (rank, name)).collect()
    }
}

/// Compares the series of every point by a column.
///
/// # Errors
///
/// No column of this name holds numbers.
pub fn compare<'a>(
    runs: impl IntoIterator<Item = &'a RunRow>,
    column: &str,
    confidence: f64,
) -> Result<Vec<Comparison<'a>>, UnknownMetric> {
    let runs: Vec<_> = runs.into_iter().collect();
    check_metric(&runs, column)?;
    let mut points: IndexMap<(&str, &str), IndexMap<&str, Vec<&RunRow>>> = IndexMap::new();
    for run in runs {
        let point = points.entry((&run.case, &run.point)).or_default();
        point.entry(&run.policy).or_default().push(run);
    }
    let mut comparisons: Vec<_> = points
        .into_iter()
        .map(|((case, point), series)| at_point(case, point, &series, column, confidence))
        .collect();
    let all = || comparisons.iter().flat_map(|comparison| &comparison.pairs);
    let corrected = holm(&all().map(|pair| pair.difference.p).collect::<Vec<_>>());
    let pairs = comparisons.iter_mut().flat_map(|comparison| &mut comparison.pairs);
    pairs.zip(corrected).for_each(|(pair, p)| pair.p = p);
    Ok(comparisons)
}

fn at_point<'a>(
    case: &'a str,
    point: &'a str,
    series: &IndexMap<&'a str, Vec<&'a RunRow>>,
    column: &str,
    confidence: f64,
) -> Comparison<'a> {
    // By replication: series may have different numbers of them.
    let values: Vec<IndexMap<u32, f64>> = series
        .values()
        .map(|runs| runs.iter().filter_map(|run| Some((run.replication, known(run, column)?))))
        .map(Iterator::collect)
        .collect();
    let mut pairs = Vec::new();
    for first in 0..values.len() {
        for second in first + 1..values.len() {
            let both = values[first].iter();
            let both: Vec<_> =
                both.filter_map(|(at, one)| Some((*one, *values[second].get(at)?))).collect();
            if let Some(difference) = difference(&both, confidence) {
                pairs.push(Pair { first, second, difference, p: difference.p });
            }
        }
    }
    let of = |(name, values): (&&'a str, &IndexMap<u32, f64>)| {
        let values: Vec<_> = values.values().copied().collect();
        Series { name, estimate: Estimate::of_mean(&values, confidence) }
    };
    Comparison { case, point, series: series.keys().zip(&values).map(of).collect(), pairs }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(of: &[(&str, &[f64])]) -> Vec<RunRow> {
        let run = |policy: &str, replication: u32, value: f64| RunRow {
            policy: policy.to_owned(),
            replication,
            ops_per_s: Some(value),
            ..RunRow::default()
        };
        of.iter()
            .flat_map(|(policy, values)| {
                (0..).zip(*values).map(|(replication, value)| run(policy, replication, *value))
            })
            .collect()
    }

    #[test]
    fn what_is_shown_is_ranked_and_what_is_not_is_level() {
        let runs = runs(&[
            ("a", &[10.0, 20.0, 30.0, 40.0]),
            // One more each time, whatever the draws: only pairs show it.
            ("b", &[11.0, 21.1, 31.0, 41.0]),
            ("c", &[11.1, 21.0, 30.9, 41.2]),
        ]);
        let comparisons = compare(&runs, "ops_per_s", 0.95).unwrap();
        let comparison = &comparisons[0];
        assert_eq!(comparison.pairs.len(), 3);
        assert_eq!(comparison.ranking(false, 0.05), [(1, "c"), (1, "b"), (3, "a")]);
        assert_eq!(comparison.ranking(true, 0.05), [(1, "a"), (2, "b"), (2, "c")]);
        let turned = comparison.pair(1, 0).unwrap();
        assert!((turned.difference.estimate.mean + 1.025).abs() < 1e-9);
        assert!(turned.difference.variance_reduction.unwrap() > 0.99);
        assert!(turned.p >= turned.difference.p);
    }

    #[test]
    fn pairs_are_of_the_same_replication() {
        let mut runs = runs(&[("a", &[1.0, 2.0, 4.0]), ("b", &[1.0, 2.0])]);
        runs[3].replication = 2;
        // 4 with 1, and 2 with 2.
        let comparisons = compare(&runs, "ops_per_s", 0.95).unwrap();
        let estimate = comparisons[0].pairs[0].difference.estimate;
        assert_eq!((estimate.n, estimate.mean), (2, -1.5));
    }

    #[test]
    fn a_single_replication_shows_nothing() {
        let runs = runs(&[("a", &[1.0]), ("b", &[2.0])]);
        let comparisons = compare(&runs, "ops_per_s", 0.95).unwrap();
        assert!(comparisons[0].pairs.is_empty());
        assert_eq!(comparisons[0].ranking(false, 0.05), [(1, "b"), (1, "a")]);
        assert!(compare(&runs, "ops", 0.95).is_err());
    }
}
