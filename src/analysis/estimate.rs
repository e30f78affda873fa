//! Metrics over replications: for each case, point and policy, a mean and its confidence interval; also as a multiple of
//! what another policy makes of the same random draws.

use indexmap::IndexMap;

use crate::names::did_you_mean;
use crate::statistics::Estimate;
use crate::trace::tables::{Coverage, RunRow};

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
#[error("the table of runs has no numbers in a column \"{column}\"{}", or_else(column, known))]
pub struct UnknownMetric {
    /// What was asked for.
    pub column: String,
    /// What there is.
    pub known: Vec<String>,
}

/// There is nothing to compare with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the results have no series \"{name}\" to compare with{}", or_else(name, known))]
pub struct UnknownBaseline {
    /// What was asked for.
    pub name: String,
    /// What there is.
    pub known: Vec<String>,
}

/// What was meant, or what there is.
fn or_else(name: &str, known: &[String]) -> String {
    let near = did_you_mean(name, known.iter().map(String::as_str));
    if near.is_empty() { format!("; there are {}", known.join(", ")) } else { near }
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
    runs: impl IntoIterator<Item = &'a RunRow>,
    column: &str,
) -> Result<Vec<PointEstimate<'a>>, UnknownMetric> {
    let runs: Vec<_> = runs.into_iter().collect();
    check_metric(&runs, column)?;
    Ok(averages(&runs, |run| known(run, column)))
}

/// Whether there are numbers in a column.
pub(super) fn check_metric(runs: &[&RunRow], column: &str) -> Result<(), UnknownMetric> {
    let known = metrics(runs);
    if known.iter().any(|name| name == column) {
        return Ok(());
    }
    Err(UnknownMetric { column: column.to_owned(), known })
}

/// Averages a column as a multiple of what it is under the policy `baseline`: in the run of the same case, point and
/// replication, which has the same random draws. There is none where the baseline has no number, or zero.
///
/// # Errors
///
/// No policy is called `baseline`.
pub fn relative<'a>(
    runs: impl IntoIterator<Item = &'a RunRow>,
    column: &str,
    baseline: &str,
) -> Result<Vec<PointEstimate<'a>>, UnknownBaseline> {
    fn pair(run: &RunRow) -> (&str, &str, u32) {
        (&run.case, &run.point, run.replication)
    }
    let runs: Vec<_> = runs.into_iter().collect();
    let of_baseline = runs.iter().filter(|run| run.policy == baseline);
    let divisors: IndexMap<_, _> =
        of_baseline.filter_map(|run| Some((pair(run), known(run, column)?))).collect();
    if !runs.iter().any(|run| run.policy == baseline) {
        let mut known: Vec<_> = runs.iter().map(|run| run.policy.clone()).collect();
        known.sort();
        known.dedup();
        return Err(UnknownBaseline { name: baseline.to_owned(), known });
    }
    let ratio = |run: &RunRow| Some(known(run, column)? / divisors.get(&pair(run))?);
    Ok(averages(&runs, |run| ratio(run).filter(|ratio| ratio.is_finite())))
}

/// A number of a run that is long enough to say it.
pub(crate) fn known(run: &RunRow, column: &str) -> Option<f64> {
    run.number(column).filter(|_| run.coverage != Coverage::TooShort)
}

/// Averages over replications, in the order in which the runs first name a case, a point and a policy.
fn averages<'a>(
    runs: &[&'a RunRow],
    value: impl Fn(&RunRow) -> Option<f64>,
) -> Vec<PointEstimate<'a>> {
    let mut points: IndexMap<_, Vec<&RunRow>> = IndexMap::new();
    for &run in runs {
        points.entry((&run.case, &run.point, &run.policy)).or_default().push(run);
    }
    let point = |runs: Vec<&'a RunRow>| {
        let values: Vec<_> = runs.iter().filter_map(|run| value(run)).collect();
        PointEstimate { first: runs[0], estimate: Estimate::of_mean(&values, CONFIDENCE) }
    };
    points.into_values().map(point).collect()
}

/// The columns that hold numbers.
fn metrics(runs: &[&RunRow]) -> Vec<String> {
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
    fn ratios_are_taken_run_by_run() {
        let with = |policy: &str, replication, ops| RunRow {
            replication,
            ops_per_s: Some(ops),
            ..run("", policy, None)
        };
        let runs = [
            with("fork", 0, 30.0),
            with("fork", 1, 80.0),
            with("one", 1, 20.0),
            with("one", 0, 10.0),
            with("fork", 2, 1.0),
        ];
        let points = relative(&runs, "ops_per_s", "one").unwrap();
        let means = points.iter().map(|point| point.estimate.map(|e| (e.n, e.mean)));
        assert_eq!(means.collect::<Vec<_>>(), [Some((2, 3.5)), Some((2, 1.0))]);
        let error = relative(&runs, "ops_per_s", "two").unwrap_err();
        assert_eq!(error.known, ["fork", "one"]);
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
