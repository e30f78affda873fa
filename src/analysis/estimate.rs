//! Metrics over replications: for each case, point and policy, a mean and its confidence interval.

use indexmap::IndexMap;

use super::stats::Estimate;
use crate::trace::tables::RunRow;

/// The confidence of every interval that is drawn or printed.
pub const CONFIDENCE: f64 = 0.95;

/// A metric under a policy at one point of a sweep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointEstimate<'a> {
    /// The first replication: names the case, the point, the policy and the swept numbers.
    pub first: &'a RunRow,
    /// Mean over replications, with a 95 % confidence interval; `None` if the metric exists in no
    /// replication.
    pub estimate: Option<Estimate>,
}

/// There is no such number in the table of runs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the table of runs has no numbers in a column \"{column}\"; it has {}", known.join(", "))]
pub struct UnknownMetric {
    /// What was asked for.
    pub column: String,
    /// What there is.
    pub known: Vec<String>,
}

/// Averages a column over replications, in the order in which the runs first name a case, a point
/// and a policy.
///
/// A quantile such as `latency_p99_ns` is averaged like any other metric: replications are
/// independent, so their spread gives an honest interval, which the operations of one run would not.
///
/// # Errors
///
/// No column of this name holds numbers.
pub fn estimate<'a>(
    runs: &'a [RunRow],
    column: &str,
) -> Result<Vec<PointEstimate<'a>>, UnknownMetric> {
    let known = metrics(runs);
    if !known.iter().any(|name| name == column) {
        return Err(UnknownMetric { column: column.to_owned(), known });
    }
    let mut points: IndexMap<_, Vec<&RunRow>> = IndexMap::new();
    for run in runs {
        points.entry((&run.case, &run.point, &run.policy)).or_default().push(run);
    }
    let point = |runs: Vec<&'a RunRow>| {
        let values: Vec<_> = runs.iter().filter_map(|run| run.number(column)).collect();
        PointEstimate { first: runs[0], estimate: Estimate::of_mean(&values, CONFIDENCE) }
    };
    Ok(points.into_values().map(point).collect())
}

/// The columns that hold numbers.
fn metrics(runs: &[RunRow]) -> Vec<String> {
    let mut names: Vec<_> = RunRow::numbers().map(str::to_owned).collect();
    for (name, _) in runs.iter().flat_map(|run| &run.sweep) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(point: &str, policy: &str, p99: Option<u64>) -> RunRow {
        RunRow {
            point: point.to_owned(),
            policy: policy.to_owned(),
            latency_p99_ns: p99,
            sweep: vec![("sweep_cores".to_owned(), 2.0)],
            ..RunRow::default()
        }
    }

    #[test]
    fn replications_are_averaged_point_by_point() {
        let runs = [
            run("cores=2", "tick", Some(10)),
            run("cores=2", "fifo", None),
            run("cores=2", "tick", Some(20)),
            run("cores=1", "tick", Some(40)),
            run("cores=2", "tick", None),
        ];
        let points = estimate(&runs, "latency_p99_ns").unwrap();
        let means: Vec<_> = points
            .iter()
            .map(|point| {
                (&*point.first.point, &*point.first.policy, point.estimate.map(|e| (e.n, e.mean)))
            })
            .collect();
        assert_eq!(
            means,
            [
                ("cores=2", "tick", Some((2, 15.0))),
                ("cores=2", "fifo", None),
                ("cores=1", "tick", Some((1, 40.0))),
            ]
        );
        // Student's quantile for one degree of freedom, times the standard error of 10 and 20.
        let half_width = points[0].estimate.unwrap().half_width.unwrap();
        assert!((half_width - 12.7062 * 5.0).abs() < 1e-3, "{half_width}");
    }

    #[test]
    fn unknown_metrics_are_refused_with_a_list_of_the_known() {
        let runs = [run("", "tick", None)];
        for column in ["latency", "policy", "sweep_spinners"] {
            let error = estimate(&runs, column).unwrap_err();
            assert_eq!(error.column, column);
            assert!(error.known.iter().any(|name| name == "sweep_cores"));
        }
        assert_eq!(estimate(&runs, "sweep_cores").unwrap()[0].estimate.unwrap().mean, 2.0);
    }
}
