//! Comparisons of series in words: what tables have in their cells, and the order of the series.

use super::report::{Mean, in_words};
use crate::analysis::compare::Comparison;
use crate::analysis::estimate::CONFIDENCE;

/// Whether less of a metric is better: times, losses and waste.
#[must_use]
pub fn lowest_is_best(metric: &str) -> bool {
    let costs = ["slowdown", "lost_updates", "freed_in_use", "never_freed", "memory_bytes"];
    metric.ends_with("_ns") || metric.contains("wait") || costs.contains(&metric)
}

/// For each series: its name, the metric, and less that of the series `base` the difference, the same as a share, how likely it
/// is by chance, and how much variance the pairs save.
#[must_use]
pub fn rows(at: &Comparison<'_>, metric: &str, base: usize) -> Vec<[String; 6]> {
    let row = |(place, series): (usize, &crate::analysis::compare::Series<'_>)| {
        let value = series
            .estimate
            .map_or_else(|| "-".to_owned(), |estimate| in_words(metric, estimate.into()));
        let nothing = String::new;
        let [difference, relative, p, less] = match at.pair(base, place) {
            _ if place == base => [nothing(), nothing(), nothing(), nothing()],
            None => ["inconclusive".to_owned(), nothing(), nothing(), nothing()],
            Some(pair) => {
                let of = at.series[base].estimate.map_or(f64::NAN, |estimate| estimate.mean);
                let relative = 100.0 * pair.difference.estimate.mean / of;
                let less = pair.difference.variance_reduction;
                [
                    in_words(metric, Mean::from(pair.difference.estimate)),
                    if relative.is_finite() { format!("{relative:+.1} %") } else { "-".to_owned() },
                    p_in_words(pair.p),
                    less.map_or_else(|| "-".to_owned(), |less| format!("{:.0} %", 100.0 * less)),
                ]
            }
        };
        [series.name.to_owned(), value, difference, relative, p, less]
    };
    at.series.iter().enumerate().map(row).collect()
}

/// The order of the series; those of one rank are joined.
#[must_use]
pub fn ranking(at: &Comparison<'_>, metric: &str) -> String {
    let ranks = at.ranking(lowest_is_best(metric), 1.0 - CONFIDENCE);
    let groups = ranks.chunk_by(|one, next| one.0 == next.0).map(|group| {
        let names: Vec<_> = group.iter().map(|(_, name)| *name).collect();
        let level = if names.len() > 1 { " (no difference shown)" } else { "" };
        format!("{}. {}{level}", group[0].0, names.join(", "))
    });
    let best = if lowest_is_best(metric) { "lowest" } else { "highest" };
    format!("{best} first: {}", groups.collect::<Vec<_>>().join("; "))
}

/// How likely something is by chance.
#[must_use]
pub fn p_in_words(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") }
}
