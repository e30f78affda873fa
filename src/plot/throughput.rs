//! What the figure `throughput` shows: a column of the table of runs against what is swept.

use super::axis::Axis;
use super::latency::median;
use super::metric::Shown;
use super::{Choice, PlotError, Plots, distinct};
use crate::analysis::estimate::PointEstimate;
use crate::figure::throughput::{Data, Panel, Point, Series};
use crate::statistics::Estimate;
use crate::trace::tables::RunRow;

impl Plots {
    pub(super) fn throughput(&self, all: &[&RunRow], choice: &Choice) -> Result<Data, PlotError> {
        let Shown { metric, baseline, label, quantity, estimates } = self.shown(all, choice)?;
        let runs = choice.of(all);
        let axis = Axis::of(&runs);
        let titles: Vec<String> = runs.iter().map(|run| axis.panel(run)).collect();
        let reference = match baseline {
            Some(baseline) => Some((1.0, baseline.to_owned())),
            None => (metric == "slowdown").then(|| (1.0, "one thread alone".to_owned())),
        };
        let panels = distinct(titles.iter().map(String::as_str))
            .into_iter()
            .map(|title| {
                let here: Vec<_> =
                    estimates.iter().filter(|at| axis.panel(at.first) == title).collect();
                let series = distinct(here.iter().map(|at| at.first.policy.as_str()))
                    .into_iter()
                    .map(|policy| self.series(policy, metric, baseline, &here, &axis))
                    .filter(|series| !series.simulated.is_empty())
                    .collect();
                // A ratio of two series has no theory.
                let theory =
                    if baseline.is_some() { Vec::new() } else { self.theory(&here, &axis, metric) };
                Panel { title: title.to_owned(), series, theory }
            })
            .filter(|panel: &Panel| !panel.series.is_empty())
            .collect();
        let (y_label, y) = (label, quantity);
        Ok(Data { x_label: axis.label(), x: axis.sweep(), y_label, y, reference, panels })
    }

    fn series(
        &self,
        policy: &str,
        metric: &str,
        baseline: Option<&str>,
        here: &[&PointEstimate<'_>],
        axis: &Axis,
    ) -> Series {
        let mut series =
            Series { policy: self.policy(policy), simulated: Vec::new(), measured: Vec::new() };
        for at in here.iter().filter(|at| at.first.policy == policy) {
            let Some(x) = axis.place(at.first) else { continue };
            if let Some(estimate) = at.estimate {
                series.simulated.push(point(x, estimate));
            }
            let values = match baseline {
                None => self.measured.values(policy, &at.first.point, metric),
                Some(_) => Vec::new(),
            };
            if let (Some(y), Some(low), Some(high)) =
                (median(&values), values.first(), values.last())
            {
                series.measured.push(Point { x, y, low: *low, high: *high });
            }
        }
        series.simulated.sort_by(|one, other| one.x.total_cmp(&other.x));
        series.measured.sort_by(|one, other| one.x.total_cmp(&other.x));
        series
    }
}

/// An estimate with its interval. No column of runs is ever below zero, so neither is the mean that is estimated.
fn point(x: f64, estimate: Estimate) -> Point {
    let (low, high) = estimate.interval();
    Point { x, y: estimate.mean, low: low.max(0.0), high }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_end_at_zero() {
        let wide = Estimate { mean: 9.0, half_width: Some(12.0), n: 5 };
        assert_eq!(point(2.0, wide), Point { x: 2.0, y: 9.0, low: 0.0, high: 21.0 });
    }
}
