//! Estimates in words: what tables have in their cells.

use std::fmt::Write as _;

use super::{Estimates, Finding, Line, Method, Series};
use crate::analysis::ratio::{RATIOS, Ratio};
use crate::experiment::report::{Mean, in_words};
use crate::reference::Theory;
use crate::statistics::batch_means::highest_score;

/// A line's cells, and what stands below it.
#[derive(Debug, Clone)]
pub struct Row {
    /// The metric, its estimate, the interval, from how many, and what theory says. If nothing is known, the reason stands
    /// in place of the interval, and nothing after it.
    pub cells: [String; 5],
    /// How a single run was cut.
    pub below: Option<String>,
}

/// What the configuration is called where something is known exactly.
#[must_use]
pub fn models(series: &Series) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for line in &series.estimates {
        match &line.theory {
            Some(Theory::Exact { model, .. }) if !names.contains(&model.as_str()) => {
                names.push(model)
            }
            _ => {}
        }
    }
    names
}

/// How it was estimated, as far as it was.
#[must_use]
pub fn legend(found: &Estimates) -> String {
    let lines = || found.series.iter().flat_map(|series| &series.estimates);
    let any = |is: fn(&Method) -> bool| lines().any(|line| is(&line.method));
    let parts = [
        (any(|method| *method == Method::Mean), "means over n replications by Student's t"),
        (any(|method| *method == Method::Ratio), "ratios of sums (/) by the jackknife"),
        (any(|method| matches!(method, Method::Quantile(_))), "quantiles by order statistics"),
        (any(|method| *method == Method::BatchMeans), "means of one run by n batches"),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|(used, _)| *used).map(|(_, what)| what).collect();
    let parts: Vec<_> = parts.chunks(2).map(|two| two.join("; ")).collect();
    let mut text = format!("{}\n", parts.join(";\n"));
    let used = |ratio: &&Ratio| lines().any(|line| line.metric == ratio.name);
    for Ratio { name, about, .. } in RATIOS.iter().filter(used) {
        let _ = writeln!(text, "{name}: {about}");
    }
    if lines().any(|line| line.theory.is_some()) {
        let _ = writeln!(
            text,
            "theory is about the long run; ≠: further off than chance and a pass of each\n\
             thread explain ({} tests, Holm, {:.0} %)",
            found.tested,
            100.0 * (1.0 - found.confidence)
        );
    }
    text
}

/// What a line of a series says.
#[must_use]
pub fn cells(line: &Line, series: &Series, found: &Estimates) -> Row {
    let name = match line.method {
        Method::Ratio if series.focus.is_some() => format!("{} / (all groups)", line.metric),
        Method::Mean | Method::BatchMeans => line.metric.clone(),
        Method::Ratio => format!("{} /", line.metric),
        Method::Quantile(q) => format!("{}, {q}", line.metric),
    };
    let differs = line.p_holm.is_some_and(|p| p < 1.0 - found.confidence);
    let mark = if differs { " ≠" } else { "" };
    match &line.finding {
        Finding::Inconclusive { inconclusive } => {
            let value = "inconclusive".to_owned();
            Row {
                cells: [name, value, inconclusive.clone(), String::new(), String::new()],
                below: None,
            }
        }
        Finding::Known { value, low, high, n, batches } => {
            let width = high.unwrap_or(*value) - low.unwrap_or(*value);
            let scale = Scale::of(&line.metric, *value, width / 2.0);
            let interval = match (low, high) {
                (Some(low), Some(high)) => {
                    format!("{} to {}", scale.plain(*low), scale.plain(*high))
                }
                (None, Some(high)) => format!("at most {}", scale.words(*high)),
                (Some(low), None) => format!("at least {}", scale.words(*low)),
                (None, None) => String::new(),
            };
            let theory = line.theory.as_ref().map_or_else(String::new, |theory| {
                format!("{}{mark}", theory_in_words(&line.metric, theory, *value, &scale))
            });
            let below = batches.map(|batches| {
                format!(
                    "{n} batches of {} operations, independent by von Neumann's test: {:.2} < {:.2}",
                    batches.size,
                    batches.score,
                    highest_score()
                )
            });
            Row { cells: [name, scale.words(*value), interval, n.to_string(), theory], below }
        }
    }
}

/// Bounds are rough, unless the estimate is about to touch one.
const NEAR: f64 = 0.01;

fn theory_in_words(metric: &str, theory: &Theory, estimate: f64, scale: &Scale) -> String {
    let words = |bound: f64| match (bound - estimate).abs() < NEAR * bound {
        true => scale.words(bound),
        false => in_words(metric, Mean { mean: bound, half_width: None }),
    };
    match theory {
        Theory::Exact { value, .. } => scale.words(*value),
        Theory::Between { low, high } => match (*low > 0.0, high.is_finite()) {
            (true, true) if words(*low) == words(*high) => words(*low),
            (true, true) => format!("{} to {}", words(*low), words(*high)),
            (false, true) => format!("at most {}", words(*high)),
            (true, false) => format!("at least {}", words(*low)),
            (false, false) => String::new(),
        },
    }
}

/// More decimals than these tell nobody anything.
const MOST_DECIMALS: f64 = 3.0;

/// The unit of a line, and how many decimals its interval is worth.
struct Scale {
    divisor: f64,
    unit: &'static str,
    decimals: usize,
}

impl Scale {
    /// Two digits of half the interval's width; four of the value if it has none, and none of zero.
    fn of(metric: &str, value: f64, half_width: f64) -> Self {
        let units: &[(f64, &str)] = if metric.ends_with("_ns") {
            &[(1e9, " s"), (1e6, " ms"), (1e3, " us"), (1.0, " ns")]
        } else {
            &[(1e9, " G"), (1e6, " M"), (1e4, " k"), (1.0, "")]
        };
        let reached = units.iter().find(|(least, _)| value.abs() >= *least);
        let (least, unit) = *reached.unwrap_or(&(1.0, units[3].1));
        let divisor = if least == 1e4 { 1e3 } else { least };
        let (of, digits) = if half_width > 0.0 { (half_width, 1.0) } else { (value.abs(), 3.0) };
        let decimals = if of > 0.0 { digits - (of / divisor).log10().floor() } else { 0.0 };
        Self { divisor, unit, decimals: decimals.clamp(0.0, MOST_DECIMALS) as usize }
    }

    fn plain(&self, value: f64) -> String {
        format!("{:.*}", self.decimals, value / self.divisor)
    }

    fn words(&self, value: f64) -> String {
        format!("{}{}", self.plain(value), self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_decides_how_many_digits_there_are() {
        let words =
            |metric: &str, value: f64, half: f64| Scale::of(metric, value, half).words(value);
        assert_eq!(words("latency_mean_ns", 2.732_079e6, 12_345.0), "2.732 ms");
        assert_eq!(words("ops_per_s", 785.4176, 0.0), "785.4");
        assert_eq!(words("ops_per_s", 123_456.7, 250.0), "123.46 k");
        assert_eq!(words("fairness", 0.98765, 0.012), "0.988");
        assert_eq!(words("latency_mean_ns", 0.0, 0.0), "0 ns");
    }
}
