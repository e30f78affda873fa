//! What theory says beside the points of the figure `throughput`.

use super::axis::Axis;
use super::{Plots, distinct};
use crate::analysis::estimate::PointEstimate;
use crate::experiment::estimates::system;
use crate::figure::throughput::Curve;
use crate::reference::Theory;

/// More bounds than these tell nothing but that there are many.
const MOST_BOUNDS: usize = 4;

impl Plots {
    /// The curves of a panel, each once: of a series that is known exactly everywhere its values, of others their bounds.
    pub(super) fn theory(
        &self,
        here: &[&PointEstimate<'_>],
        axis: &Axis,
        metric: &str,
    ) -> Vec<Curve> {
        let known = |at: &PointEstimate<'_>| {
            let planned = self.recorded.as_ref()?.planned(at.first)?;
            Some((axis.place(at.first)?, system(&planned)?.theory(metric)?))
        };
        let mut curves: Vec<Curve> = Vec::new();
        for series in distinct(here.iter().map(|at| at.first.policy.as_str())) {
            let points = here.iter().filter(|at| at.first.policy == series);
            let mut found: Vec<_> = points.filter_map(|at| known(at)).collect();
            found.sort_by(|one, other| one.0.total_cmp(&other.0));
            for curve in of_series(&found) {
                if !curves.iter().any(|other| is_same(other, &curve)) {
                    curves.push(curve);
                }
            }
        }
        if curves.iter().filter(|curve| !curve.is_exact).count() > MOST_BOUNDS {
            curves.retain(|curve| curve.is_exact);
        }
        curves
    }
}

/// The curves of one series: places in ascending order, and what is known there.
fn of_series(found: &[(f64, Theory)]) -> Vec<Curve> {
    let is_exact = found.iter().all(|(_, theory)| matches!(theory, Theory::Exact { .. }));
    let along = |value: &dyn Fn(&Theory) -> f64| Curve {
        is_exact,
        points: found
            .iter()
            .map(|(x, theory)| (*x, value(theory)))
            .filter(|(_, y)| y.is_finite() && *y > 0.0)
            .collect(),
    };
    let high = along(&|theory| theory.nearest(f64::INFINITY));
    let low = along(&|theory| theory.nearest(0.0));
    let curves = if is_exact { vec![high] } else { vec![high, low] };
    // A bound that is missing here and there is none of the whole.
    curves
        .into_iter()
        .filter(|curve| curve.points.len() == found.len() && !found.is_empty())
        .collect()
}

fn is_same(one: &Curve, other: &Curve) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs();
    let pairs = || one.points.iter().zip(&other.points);
    one.is_exact == other.is_exact
        && one.points.len() == other.points.len()
        && pairs().all(|(a, b)| near(a.0, b.0) && near(a.1, b.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_go_through_what_is_exact_on_the_way() {
        let exact = |value| Theory::Exact { value, model: String::new() };
        let found = [(1.0, exact(5.0)), (2.0, Theory::Between { low: 0.0, high: 9.0 })];
        let curves = of_series(&found);
        let bound = |points| Curve { is_exact: false, points };
        assert_eq!(
            curves,
            [bound(vec![(1.0, 5.0), (2.0, 9.0)])],
            "nothing bounds the second from below"
        );
        let curves = of_series(&found[..1]);
        assert_eq!(curves, [Curve { is_exact: true, points: vec![(1.0, 5.0)] }]);
        assert!(is_same(&curves[0], &curves[0].clone()));
        assert!(!is_same(&curves[0], &bound(vec![(1.0, 5.0)])));
    }
}
