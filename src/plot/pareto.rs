//! What the figure `pareto` shows: means of throughput and of a high quantile of latency.

use super::axis::Axis;
use super::metric::describe;
use super::{PlotError, Plots, distinct, focus};
use crate::analysis::estimate::estimate;
use crate::figure::pareto::{Data, Panel, Point, Series, Value};
use crate::statistics::Estimate;
use crate::trace::tables::RunRow;

const LATENCY: &str = "latency_p99_ns";

impl Plots {
    pub(super) fn pareto(&self, runs: &[&RunRow]) -> Result<Data, PlotError> {
        let panels = gather(runs)?
            .into_iter()
            .map(|(case, series)| {
                let series = series
                    .into_iter()
                    .map(|(policy, points)| Series { policy: self.policy(policy), points });
                Panel { title: case.to_owned(), series: series.collect() }
            })
            .collect();
        let (x_label, _) = describe("ops_per_s", &focus(runs));
        let y_label = "latency, 99th percentile".to_owned();
        Ok(Data { x_label, y_label, joined: Axis::of(runs).is_alone(), panels })
    }
}

type PolicyPoints<'a> = Vec<(&'a str, Vec<Point>)>;

/// For each case, the points of each policy in the order of the sweep.
fn gather<'a>(runs: &[&'a RunRow]) -> Result<Vec<(&'a str, PolicyPoints<'a>)>, PlotError> {
    let throughputs = estimate(runs.iter().copied(), "ops_per_s")?;
    let latencies = estimate(runs.iter().copied(), LATENCY)?;
    let mut cases = Vec::new();
    for case in distinct(runs.iter().map(|run| run.case.as_str())) {
        let mut series = Vec::new();
        for policy in distinct(runs.iter().map(|run| run.policy.as_str())) {
            // Both have the same cases, points and policies in the same order.
            let both = throughputs.iter().zip(&latencies);
            let mine = both.filter(|(at, _)| at.first.case == case && at.first.policy == policy);
            let point = |throughput: Estimate, latency: Estimate| Point {
                throughput: value(throughput),
                latency_ns: value(latency),
            };
            let points: Vec<_> = mine
                .filter_map(|(x, y)| Some(point(x.estimate?, y.estimate?)))
                // A logarithmic axis has no place for zero.
                .filter(|point| point.latency_ns.mean > 0.0)
                .collect();
            if !points.is_empty() {
                series.push((policy, points));
            }
        }
        if !series.is_empty() {
            cases.push((case, series));
        }
    }
    Ok(cases)
}

/// Neither is ever below zero.
fn value(estimate: Estimate) -> Value {
    let (low, high) = estimate.interval();
    Value { mean: estimate.mean, low: low.max(0.0), high }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_means_of_policies_at_places() {
        let run = |point: &str, policy: &str, ops, p99| RunRow {
            point: point.to_owned(),
            policy: policy.to_owned(),
            ops_per_s: ops,
            latency_p99_ns: p99,
            ..RunRow::default()
        };
        let runs = [
            run("threads=1", "tick", Some(1.0), Some(10)),
            run("threads=1", "none", Some(1.0), None),
            run("threads=1", "tick", Some(3.0), Some(30)),
            run("threads=2", "tick", Some(5.0), Some(50)),
            run("threads=3", "tick", Some(5.0), Some(0)),
        ];
        let cases = gather(&runs.iter().collect::<Vec<_>>()).unwrap();
        let [(_, series)] = &cases[..] else { panic!("{cases:?}") };
        let [("tick", points)] = &series[..] else { panic!("{series:?}") };
        let means: Vec<_> =
            points.iter().map(|point| (point.throughput.mean, point.latency_ns.mean)).collect();
        assert_eq!(means, [(2.0, 20.0), (5.0, 50.0)]);
        assert_eq!(points[0].throughput.low, 0.0);
        assert!(gather(&[]).unwrap().is_empty());
    }
}
