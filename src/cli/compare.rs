//! `gilsim compare`: series against each other on common random numbers.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Format, grid, json_text};
use crate::analysis::Results;
use crate::analysis::compare::{Comparison, compare as compare_runs};
use crate::analysis::estimate::{CONFIDENCE, UnknownBaseline};
use crate::experiment::Error;
use crate::experiment::comparison::{lowest_is_best, ranking, rows};
use crate::experiment::output_analysis::needs_replications;
use crate::experiment::report::heading;

#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The directory of the results.
    results: PathBuf,
    /// A number of the table of runs; the experiment's own if not given.
    #[arg(long, value_name = "COLUMN")]
    metric: Option<String>,
    /// The series that the others are compared with; the first if not given.
    #[arg(long, value_name = "SERIES")]
    baseline: Option<String>,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub fn compare(args: &CompareArgs) -> Result<String, Error> {
    let results = Results::open(&args.results).map_err(|error| Error::Text(error.to_string()))?;
    needs_replications(results.metadata("gilsim.config").unwrap_or_default())?;
    let own = results.metadata("metric").unwrap_or("ops_per_s");
    let metric = args.metric.clone().unwrap_or_else(|| own.to_owned());
    let comparisons = compare_runs(results.runs(), &metric, CONFIDENCE)
        .map_err(|error| Error::Usage(error.to_string()))?;
    if let Some(baseline) = &args.baseline {
        let mut names: Vec<_> = comparisons.iter().flat_map(|at| &at.series).collect();
        names.dedup_by_key(|series| series.name);
        if names.iter().all(|series| series.name != baseline) {
            let known = names.iter().map(|series| series.name.to_owned()).collect();
            let error = UnknownBaseline { name: baseline.clone(), known };
            return Err(Error::Usage(error.to_string()));
        }
    }
    Ok(match args.format {
        Format::Json => json_text(&json!({
            "metric": metric,
            "confidence": CONFIDENCE,
            "points": comparisons.iter().map(|at| as_json(at, &metric)).collect::<Vec<_>>(),
        })),
        Format::Table => table(&comparisons, &metric, args.baseline.as_deref()),
    })
}

fn as_json(at: &Comparison<'_>, metric: &str) -> serde_json::Value {
    let pairs = at.pairs.iter().map(|pair| {
        let (low, high) = pair.difference.estimate.interval();
        json!({
            "first": at.series[pair.first].name,
            "second": at.series[pair.second].name,
            "difference": pair.difference.estimate.mean,
            "low": low,
            "high": high,
            "pairs": pair.difference.estimate.n,
            "p": pair.difference.p,
            "p_holm": pair.p,
            "correlation": pair.difference.correlation,
            "variance_reduction": pair.difference.variance_reduction,
        })
    });
    let ranking = at.ranking(lowest_is_best(metric), 1.0 - CONFIDENCE);
    json!({
        "case": at.case,
        "point": at.point,
        "pairs": pairs.collect::<Vec<_>>(),
        "ranking": ranking.iter().map(|(rank, name)| json!({ "rank": rank, "series": name }))
            .collect::<Vec<_>>(),
    })
}

fn table(comparisons: &[Comparison<'_>], metric: &str, baseline: Option<&str>) -> String {
    let mut text = String::new();
    for at in comparisons {
        let named = |name| at.series.iter().position(|series| series.name == name);
        let base = baseline.map_or(Some(0), named);
        let Some(base) = base else { continue };
        let title = heading(at.case, at.point);
        if !title.is_empty() {
            let _ = writeln!(text, "{title}");
        }
        let mut grid = grid(&["series", metric, "difference", "relative", "p", "less variance"]);
        grid.add_rows(rows(at, metric, base));
        let _ = writeln!(text, "{}", grid.trim_fmt());
        let _ = writeln!(text, "{}\n", ranking(at, metric));
    }
    let family: usize = comparisons.iter().map(|at| at.pairs.len()).sum();
    let _ = writeln!(
        text,
        "± is half of the {:.0} % confidence interval, by pairs of runs with the same random numbers; p is corrected for\n\
         {family} comparisons (Holm); less variance: what the pairs save against independent runs",
        100.0 * CONFIDENCE
    );
    text
}
