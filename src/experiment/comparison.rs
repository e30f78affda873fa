//! Comparisons of series in words: what tables have in their cells, and the order of the series.

use indexmap::IndexMap;

use super::report::{Mean, in_words};
use crate::analysis::compare::{Comparison, compare};
use crate::analysis::estimate::{CONFIDENCE, UnknownMetric};
use crate::statistics::family::holm;
use crate::trace::tables::RunRow;

/// The points of a case, each with its series against each other.
#[derive(Debug)]
pub struct OfCase<'a> {
    /// The case; empty if the experiment has none.
    pub case: &'a str,
    /// What is compared.
    pub metric: String,
    /// The series that differences are taken from.
    pub baseline: String,
    /// They.
    pub points: Vec<Comparison<'a>>,
}

impl OfCase<'_> {
    /// The points that have the baseline, each with its place among the series.
    pub fn with_baseline(&self) -> impl Iterator<Item = (&Comparison<'_>, usize)> {
        let place =
            |at: &Comparison<'_>| at.series.iter().position(|series| series.name == self.baseline);
        self.points.iter().filter_map(move |at| Some((at, place(at)?)))
    }
}

/// Compares the series of each case. Where no metric or baseline is asked for, it is the case's own, as the configuration has it;
/// or else the throughput, and the first series.
///
/// # Errors
///
/// No column of this name holds numbers.
pub fn by_case<'a>(
    runs: &'a [RunRow],
    config: &str,
    metric: Option<&str>,
    baseline: Option<&str>,
) -> Result<Vec<OfCase<'a>>, UnknownMetric> {
    let config: toml::Table = config.parse().unwrap_or_default();
    let own = |case: &str, key: &str| {
        let of_case = config.get("cases").and_then(|cases| cases.get(case)?.get(key));
        of_case.or_else(|| config.get(key))?.as_str().map(str::to_owned)
    };
    let mut cases: IndexMap<&str, Vec<&RunRow>> = IndexMap::new();
    for run in runs {
        cases.entry(&run.case).or_default().push(run);
    }
    let mut all = Vec::new();
    for (case, runs) in cases {
        let asked = |name: Option<&str>, key| name.map(str::to_owned).or_else(|| own(case, key));
        let metric = asked(metric, "metric").unwrap_or_else(|| "ops_per_s".to_owned());
        let baseline = asked(baseline, "baseline").unwrap_or_else(|| runs[0].policy.clone());
        let points = compare(runs, &metric, CONFIDENCE)?;
        all.push(OfCase { case, metric, baseline, points });
    }
    // Whoever looks at all cases looks at one family of tests.
    let pairs = || all.iter().flat_map(|of| &of.points).flat_map(|at| &at.pairs);
    let corrected = holm(&pairs().map(|pair| pair.difference.p).collect::<Vec<_>>());
    let points = all.iter_mut().flat_map(|of| &mut of.points);
    let pairs = points.flat_map(|at| &mut at.pairs);
    pairs.zip(corrected).for_each(|(pair, p)| pair.p = p);
    Ok(all)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_case_has_its_own_metric_and_baseline() {
        let run = |case: &str, policy: &str, replication: u32| RunRow {
            case: case.to_owned(),
            policy: policy.to_owned(),
            replication,
            ops_per_s: Some(f64::from(10 + replication)),
            slowdown: Some(f64::from(1 + replication)),
            ..RunRow::default()
        };
        let runs: Vec<_> = ["one", "two"]
            .into_iter()
            .flat_map(|case| ["a", "b"].map(|policy| [0, 1].map(|rep| run(case, policy, rep))))
            .flatten()
            .collect();
        let config = "metric = \"ops_per_s\"\n[cases.one]\n[cases.two]\nmetric = \"slowdown\"\nbaseline = \"b\"\n";
        let named = |metric, baseline| {
            let found = by_case(&runs, config, metric, baseline).unwrap();
            let of = |of: &OfCase<'_>| {
                let places: Vec<_> = of.with_baseline().map(|(_, place)| place).collect();
                (of.case.to_owned(), of.metric.clone(), places)
            };
            found.iter().map(of).collect::<Vec<_>>()
        };
        let expected = |metrics: [&str; 2], places: [&[usize]; 2]| {
            [0, 1].map(|at| {
                (["one", "two"][at].to_owned(), metrics[at].to_owned(), places[at].to_vec())
            })
        };
        assert_eq!(named(None, None), expected(["ops_per_s", "slowdown"], [&[0], &[1]]));
        assert_eq!(named(Some("slowdown"), Some("b")), expected(["slowdown"; 2], [&[1], &[1]]));
        assert_eq!(named(None, Some("c")), expected(["ops_per_s", "slowdown"], [&[], &[]]));
        assert!(by_case(&runs, config, Some("nothing"), None).is_err());
    }
}
