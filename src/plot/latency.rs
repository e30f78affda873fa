//! What the figure `latency` shows: the operations of the focus group, all replications together.

use super::{Choice, PlotError, Plots, distinct, focus, several_cases, title};
use crate::analysis::estimate::CONFIDENCE;
use crate::figure::latency::{Bounds, Curve, Data, Panel, Quantile, Step, Times};
use crate::statistics::ratio::ratio_of_means;
use crate::trace::tables::RunRow;

/// The quantiles that measured values may give, and their columns.
const QUANTILES: [(f64, &str); 6] = [
    (5.0, "latency_p5_ns"),
    (25.0, "latency_p25_ns"),
    (50.0, "latency_p50_ns"),
    (75.0, "latency_p75_ns"),
    (95.0, "latency_p95_ns"),
    (99.0, "latency_p99_ns"),
];

/// Fewer replications say too little of how much they differ for a band.
pub(super) const LEAST_REPLICATIONS: usize = 6;

/// As many steps as a curve of print width can show.
const MOST_STEPS: usize = 600;

impl Plots {
    pub(super) fn latency(&self, runs: &[&RunRow], choice: &Choice) -> Result<Data, PlotError> {
        let of_run = |run: &RunRow| Ok(self.results.latencies_ns(run.run, &run.focus)?);
        let measured = |policy: &str, point: &str| self.measured_quantiles(policy, point);
        let panels = self.curves(runs, of_run, measured)?;
        let focus = focus(runs);
        let name = if focus.is_empty() || focus.contains(',') {
            "latency".to_owned()
        } else {
            format!("latency of {focus}")
        };
        Ok(Data { times: Times::Latencies, name, cdf: choice.cdf, panels })
    }

    /// A panel for each point and a curve for each policy, of times \[ns\] of its runs.
    pub(super) fn curves(
        &self,
        runs: &[&RunRow],
        mut of_run: impl FnMut(&RunRow) -> Result<Vec<u64>, PlotError>,
        measured: impl Fn(&str, &str) -> Vec<Quantile>,
    ) -> Result<Vec<Panel>, PlotError> {
        let mut panels = Vec::new();
        for case in distinct(runs.iter().map(|run| run.case.as_str())) {
            let of_case: Vec<_> = runs.iter().filter(|run| run.case == case).collect();
            for point in distinct(of_case.iter().map(|run| run.point.as_str())) {
                let here: Vec<_> = of_case.iter().filter(|run| run.point == point).collect();
                let mut curves = Vec::new();
                for policy in distinct(here.iter().map(|run| run.policy.as_str())) {
                    let mut replications = Vec::new();
                    for run in here.iter().filter(|run| run.policy == policy) {
                        let mut times = of_run(run)?;
                        times.sort_unstable();
                        replications.push(times);
                    }
                    let mut times = replications.concat();
                    times.sort_unstable();
                    let measured = measured(policy, point);
                    if !times.is_empty() || !measured.is_empty() {
                        let steps = steps(&times);
                        let band = band(&replications, &steps);
                        curves.push(Curve { policy: self.policy(policy), steps, band, measured });
                    }
                }
                if !curves.is_empty() {
                    panels.push(Panel { title: title(several_cases(runs), case, point), curves });
                }
            }
        }
        Ok(panels)
    }

    fn measured_quantiles(&self, policy: &str, point: &str) -> Vec<Quantile> {
        let quantile = |(percent, column): (f64, &str)| {
            let time_ns = median(&self.measured.values(policy, point, column))?;
            Some(Quantile { percent, time_ns })
        };
        QUANTILES.into_iter().filter_map(quantile).collect()
    }
}

/// The middle of sorted values; the mean of the two in the middle if their number is even.
pub(super) fn median(sorted: &[f64]) -> Option<f64> {
    crate::statistics::quantile(sorted, 0.5)
}

/// The share of times above each of them, at a selection of steps that is finer in the tail.
fn steps(sorted: &[u64]) -> Vec<Step> {
    let count = sorted.len();
    let longer = |place: usize| (count - place - 1) as f64 / count as f64;
    let mut steps: Vec<Step> = Vec::new();
    let mut last_drawn = f64::INFINITY;
    // Between two steps the curve falls by the same factor, but in the bulk by a small difference.
    let factor = (count.max(2) as f64).powf(-1.0 / (MOST_STEPS as f64 / 2.0));
    for (place, time) in sorted.iter().enumerate() {
        let share = longer(place);
        let falls = share <= last_drawn * factor || last_drawn - share >= 2.0 / MOST_STEPS as f64;
        if falls || place + 1 == count {
            steps.push(Step { time_ns: *time as f64, longer: share });
            last_drawn = share;
        }
    }
    steps
}

/// Where the shares at some steps lie, given the sorted times of each replication: the jackknife of a ratio, as replications
/// have different numbers of times. Nothing if there are too few of them.
fn band(replications: &[Vec<u64>], steps: &[Step]) -> Vec<Bounds> {
    let known: Vec<_> = replications.iter().filter(|times| !times.is_empty()).collect();
    if known.len() < LEAST_REPLICATIONS {
        return Vec::new();
    }
    let bounds = |step: &Step| {
        let counts = known.iter().map(|times| {
            let up_to = times.partition_point(|time| *time as f64 <= step.time_ns);
            ((times.len() - up_to) as f64, times.len() as f64)
        });
        let share = ratio_of_means(&counts.collect::<Vec<_>>(), CONFIDENCE)?;
        let (low, high) = share.interval();
        Some(Bounds { time_ns: step.time_ns, low: low.clamp(0.0, 1.0), high: high.clamp(0.0, 1.0) })
    };
    steps.iter().filter_map(bounds).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_keep_bulk_and_tail() {
        let latencies: Vec<u64> = (1..=100_000).collect();
        let steps = steps(&latencies);
        assert!(steps.len() < 2 * MOST_STEPS, "{}", steps.len());
        assert_eq!(steps.last().map(|step| (step.time_ns, step.longer)), Some((1e5, 0.0)));
        let tail = steps.iter().filter(|step| step.longer < 1e-3 && step.longer > 0.0).count();
        assert!(tail > 50, "{tail} steps in the last thousandth");
        let exact = |step: &Step| (step.longer - (1.0 - step.time_ns / 1e5)).abs() < 1e-9;
        assert!(steps.iter().all(exact));
    }

    #[test]
    fn a_band_needs_six_replications_and_holds_their_shares() {
        let replication = |longest: u64| (1..=longest).collect::<Vec<u64>>();
        let longest = [90, 95, 100, 100, 105, 110];
        let replications: Vec<_> = longest.map(replication).into();
        let mut times = replications.concat();
        times.sort_unstable();
        let steps = steps(&times);
        assert!(band(&replications[..5], &steps).is_empty());
        let band = band(&replications, &steps);
        assert_eq!(band.len(), steps.len());
        let inside = |bounds: &Bounds| {
            let longer = times.iter().filter(|time| **time as f64 > bounds.time_ns).count();
            (bounds.low..=bounds.high).contains(&(longer as f64 / times.len() as f64))
        };
        assert!(band.iter().all(inside), "{band:?}");
        // At 50 the share is (2 n - 100) / 2 n of each: about a half, give or take Student's 2.57 standard errors.
        let half = band.iter().find(|bounds| bounds.time_ns == 50.0).unwrap();
        assert!((half.high - half.low - 0.075).abs() < 0.005, "{half:?}");
    }
}
