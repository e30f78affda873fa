//! Estimates from one long run: operations in batches that are about independent.

use super::super::error::Error;
use super::{Batches, Finding, Line, Method, Request, Runs};
use crate::analysis::Results;
use crate::names::list;
use crate::statistics::Estimate;
use crate::statistics::batch_means::{BatchMeans, Inconclusive, batch_means};
use crate::trace::tables::Ending;

/// What is a mean over operations.
const METRICS: [&str; 2] = ["ops_per_s", "latency_mean_ns"];

/// Nanoseconds in a second: throughput is one over the mean time from one completion to the next.
const SECOND: f64 = 1e9;

pub(super) fn lines(
    runs: &Runs<'_>,
    results: &Results,
    request: &Request,
) -> Result<Vec<Line>, Error> {
    let asked: Vec<_> = request.metrics.iter().map(String::as_str).collect();
    let instead = "for others, run several replications with `analysis = { steady_state = {} }`";
    if let Some(other) = asked.iter().find(|metric| !METRICS.contains(metric)) {
        let message = format!(
            "`{other}` is no mean over the operations of one long run, as the experiment's `batch_means` asks for; \
             there are {}; {instead}",
            list(METRICS)
        );
        return Err(Error::Usage(message));
    }
    if !request.quantiles.is_empty() {
        let message =
            format!("one long run (`batch_means`) has no quantiles over replications; {instead}");
        return Err(Error::Usage(message));
    }
    let run = runs.rows[0];
    let completions = results.completions_ns(run.run, &run.focus);
    let mut completions = completions.map_err(|error| Error::Text(error.to_string()))?;
    completions.retain(|(end, _)| *end > run.warm_up_ns);
    let latencies: Vec<_> = completions.iter().map(|(_, latency)| *latency as f64).collect();
    let gaps: Vec<_> = completions.windows(2).map(|pair| (pair[1].0 - pair[0].0) as f64).collect();
    let metrics = if asked.is_empty() { METRICS.to_vec() } else { asked };
    let line = |metric: &str| {
        let series = if metric == "ops_per_s" { &gaps } else { &latencies };
        line(runs, metric, batch_means(series, runs.confidence))
    };
    Ok(metrics.into_iter().map(line).collect())
}

fn line(runs: &Runs<'_>, metric: &str, found: Result<BatchMeans, Inconclusive>) -> Line {
    let is_rate = metric == "ops_per_s";
    let theory = runs.theory(metric);
    let finding = match &found {
        _ if runs.are_too_short() => Finding::inconclusive(runs.why_too_short()),
        _ if runs.rows[0].ending == Ending::Deadlock => {
            Finding::inconclusive("the run ended in a deadlock, so there is no steady state")
        }
        Err(error) => Finding::inconclusive(format!("{error}; {}", runs.longer())),
        Ok(BatchMeans { estimate, size, score }) => {
            let batches = Some(Batches { size: *size, score: *score });
            let Estimate { n, mean, .. } = *estimate;
            let (low, high) = estimate.interval();
            if !is_rate {
                let (low, high) = (Some(low), Some(high));
                Finding::Known { value: mean, low, high, n, batches }
            } else if low > 0.0 {
                let (low, high) = (Some(SECOND / high), Some(SECOND / low));
                Finding::Known { value: SECOND / mean, low, high, n, batches }
            } else {
                Finding::inconclusive(format!("the batches differ too much; {}", runs.longer()))
            }
        }
    };
    let known = matches!(finding, Finding::Known { .. });
    let p_holm = theory.as_ref().zip(found.ok().filter(|_| known)).and_then(|(theory, found)| {
        // Of throughput, the time between completions is what is normal.
        let value = |of: f64| if is_rate { SECOND / of } else { of };
        let mean = found.estimate.mean;
        let nearest = value(theory.nearest(value(mean)));
        let off = (mean - nearest).abs() - runs.slack(metric) * nearest;
        found.estimate.p_value(off.max(0.0), runs.confidence)
    });
    Line { metric: metric.to_owned(), method: Method::BatchMeans, finding, theory, p_holm }
}
