//! Estimates from independent replications.

use super::{Finding, Line, Method, Request, Runs};
use crate::analysis::estimate::known;
use crate::analysis::ratio::Ratio;
use crate::statistics::Estimate;
use crate::statistics::quantile::{
    IntervalError, QuantileEstimate, quantile, quantile_interval, quantile_lower_bound,
    quantile_upper_bound,
};
use crate::statistics::ratio::ratio_of_means;

/// What is estimated if nothing is asked for, beside the experiment's own metric.
const USUAL: [&str; 6] = [
    "ops_per_s",
    "latency_mean_ns",
    "latency_p99_ns",
    "cpu_per_op_ns",
    "lock_wait_per_op_ns",
    "fairness",
];

/// From here on, and from there down, a quantile is one of a tail: a bound on its far side says something.
const TAILS: (f64, f64) = (0.1, 0.9);

pub(super) fn lines(runs: &Runs<'_>, request: &Request) -> Vec<Line> {
    let own = runs.planned.point.experiment.metric.as_str();
    let usual = || USUAL.into_iter().chain((!USUAL.contains(&own)).then_some(own));
    let asked = request.metrics.iter().map(String::as_str);
    let metrics: Vec<_> = if asked.len() > 0 { asked.collect() } else { usual().collect() };
    let mut lines = Vec::new();
    for metric in metrics {
        lines.push(line(runs, metric));
        let values = sorted(runs, metric);
        lines.extend(request.quantiles.iter().map(|q| Line {
            metric: metric.to_owned(),
            method: Method::Quantile(*q),
            finding: match runs.are_too_short() {
                true => nothing(runs, None),
                false => of_quantile(&values, *q, runs.confidence),
            },
            theory: None,
            p_holm: None,
        }));
    }
    lines
}

/// The mean of a metric, or the ratio that it is.
fn line(runs: &Runs<'_>, metric: &str) -> Line {
    let method = if Ratio::named(metric).is_some() { Method::Ratio } else { Method::Mean };
    let estimate = match Ratio::named(metric) {
        Some(ratio) => ratio_of_means(&sums(runs, ratio), runs.confidence),
        None => {
            let values: Vec<_> = runs.rows.iter().filter_map(|run| known(run, metric)).collect();
            Estimate::of_mean(&values, runs.confidence)
        }
    };
    let theory = runs.theory(metric);
    let p_holm = theory.as_ref().zip(estimate).and_then(|(theory, estimate)| {
        let nearest = theory.nearest(estimate.mean);
        let off = (estimate.mean - nearest).abs() - runs.slack(metric) * nearest;
        estimate.p_value(off.max(0.0), runs.confidence)
    });
    let finding = estimate.and_then(Finding::of).unwrap_or_else(|| nothing(runs, estimate));
    Line { metric: metric.to_owned(), method, finding, theory, p_holm }
}

/// Why there is no interval.
fn nothing(runs: &Runs<'_>, estimate: Option<Estimate>) -> Finding {
    Finding::inconclusive(match estimate {
        _ if runs.are_too_short() => return Finding::inconclusive(runs.why_too_short()),
        None => "it exists in no replication",
        Some(_) if runs.rows.len() == 1 => {
            "one replication has no spread; needs `replications` of 2 at least"
        }
        Some(_) => "it exists in too few replications; needs 2 at least",
    })
}

/// Both sums of each replication that is long enough.
fn sums(runs: &Runs<'_>, ratio: &Ratio) -> Vec<(f64, f64)> {
    if runs.are_too_short() {
        return Vec::new();
    }
    let threads = |run: u32| runs.threads.get(&run).map_or(&[][..], Vec::as_slice);
    runs.rows.iter().map(|run| ratio.sums(run, threads(run.run))).collect()
}

/// A metric of each replication, in ascending order.
fn sorted(runs: &Runs<'_>, metric: &str) -> Vec<f64> {
    let mut values: Vec<f64> = match Ratio::named(metric) {
        Some(ratio) => sums(runs, ratio).into_iter().map(|(above, below)| above / below).collect(),
        None => runs.rows.iter().filter_map(|run| known(run, metric)).collect(),
    };
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    values
}

/// A quantile over replications. Where they are too few for an interval, a bound may do.
fn of_quantile(values: &[f64], q: f64, confidence: f64) -> Finding {
    let needed = match quantile_interval(values, q, confidence) {
        Ok(QuantileEstimate { n, value, low, high }) => {
            let (low, high) = (Some(low), Some(high));
            return Finding::Known { value, low, high, n, batches: None };
        }
        Err(IntervalError::TooFew { needed, .. }) => needed,
        Err(error) => return Finding::inconclusive(error.to_string()),
    };
    let known = |low, high| quantile(values, q).map(|value| (value, low, high));
    let (bound, found) = if q >= TAILS.1 {
        let bound = quantile_upper_bound(values, q, confidence);
        (bound, bound.ok().and_then(|high| known(None, Some(high))))
    } else if q <= TAILS.0 {
        let bound = quantile_lower_bound(values, q, confidence);
        (bound, bound.ok().and_then(|low| known(Some(low), None)))
    } else {
        (Err(IntervalError::TooFew { have: values.len(), needed }), None)
    };
    match (found, bound) {
        (Some((value, low, high)), _) => {
            Finding::Known { value, low, high, n: values.len(), batches: None }
        }
        (None, Err(IntervalError::TooFew { have, needed })) => {
            Finding::inconclusive(format!("needs {needed} replications; has {have}"))
        }
        (None, _) => Finding::inconclusive("it exists in no replication"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_need_enough_replications() {
        let values: Vec<_> = (1..=400).map(f64::from).collect();
        let of = |n: usize, q| of_quantile(&values[..n], q, 0.95);
        let why = |finding| match finding {
            Finding::Inconclusive { inconclusive } => inconclusive,
            other => panic!("{other:?}"),
        };
        assert_eq!(why(of(5, 0.5)), "needs 6 replications; has 5");
        let tail = "needs 299 replications; has 298";
        assert_eq!((why(of(298, 0.99)).as_str(), why(of(298, 0.01)).as_str()), (tail, tail));
        let known = |value, low, high, n| Finding::Known { value, low, high, n, batches: None };
        assert_eq!(of(6, 0.5), known(3.5, Some(1.0), Some(6.0), 6));
        assert_eq!(of(299, 0.99), known(296.02, None, Some(299.0), 299));
        let low = of(299, 0.01);
        assert!(matches!(low, Finding::Known { low: Some(1.0), high: None, .. }), "{low:?}");
        assert!(matches!(of(368, 0.99), Finding::Known { low: Some(_), high: Some(368.0), .. }));
        assert!(why(of(0, 0.5)).contains("has 0"));
    }
}
