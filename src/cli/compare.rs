//! `gilsim compare`: series against each other on common random numbers.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Format, grid, json_text};
use crate::analysis::Results;
use crate::analysis::compare::Comparison;
use crate::analysis::estimate::{CONFIDENCE, UnknownBaseline};
use crate::experiment::Error;
use crate::experiment::comparison::{OfCase, by_case, lowest_is_best, ranking, rows};
use crate::experiment::output_analysis::needs_replications;
use crate::experiment::report::heading;

#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The directory of the results.
    results: PathBuf,
    /// A number of the table of runs; each case's own if not given.
    #[arg(long, value_name = "COLUMN")]
    metric: Option<String>,
    /// The series that the others are compared with; each case's own, or the first, if not given.
    #[arg(long, value_name = "SERIES")]
    baseline: Option<String>,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub fn compare(args: &CompareArgs) -> Result<String, Error> {
    let results = Results::open(&args.results).map_err(|error| Error::Text(error.to_string()))?;
    let config = results.metadata("gilsim.config").unwrap_or_default();
    needs_replications(config)?;
    let (metric, baseline) = (args.metric.as_deref(), args.baseline.as_deref());
    let cases = by_case(results.runs(), config, metric, baseline)
        .map_err(|error| Error::Usage(error.to_string()))?;
    if let Some(baseline) = &args.baseline {
        let mut known: Vec<_> = results.runs().iter().map(|run| run.policy.clone()).collect();
        if !known.contains(baseline) {
            known.sort();
            known.dedup();
            let error = UnknownBaseline { name: baseline.clone(), known };
            return Err(Error::Usage(error.to_string()));
        }
    }
    Ok(match args.format {
        Format::Json => {
            let points =
                cases.iter().flat_map(|of| of.points.iter().map(|at| as_json(at, &of.metric)));
            // If all cases have the same.
            let one = cases.first().map(|of| &of.metric);
            let one = one.filter(|metric| cases.iter().all(|of| of.metric == **metric));
            json_text(&json!({
                "metric": one,
                "confidence": CONFIDENCE,
                "points": points.collect::<Vec<_>>(),
            }))
        }
        Format::Table => table(&cases),
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
        "metric": metric,
        "pairs": pairs.collect::<Vec<_>>(),
        "ranking": ranking.iter().map(|(rank, name)| json!({ "rank": rank, "series": name }))
            .collect::<Vec<_>>(),
    })
}

fn table(cases: &[OfCase<'_>]) -> String {
    let mut text = String::new();
    for of in cases {
        let OfCase { metric, baseline, .. } = of;
        for (at, base) in of.with_baseline() {
            let title = heading(at.case, at.point);
            let _ = writeln!(text, "{}", heading(&title, &format!("{metric}, less {baseline}")));
            let mut grid =
                grid(&["series", metric, "difference", "relative", "p", "less variance"]);
            grid.add_rows(rows(at, metric, base));
            let _ = writeln!(text, "{}", grid.trim_fmt());
            let _ = writeln!(text, "{}\n", ranking(at, metric));
        }
    }
    let family: usize = cases.iter().flat_map(|of| &of.points).map(|at| at.pairs.len()).sum();
    let _ = writeln!(
        text,
        "± is half of the {:.0} % confidence interval, by pairs of runs with the same random numbers; p is corrected for\n\
         {family} comparisons (Holm); less variance: what the pairs save against independent runs",
        100.0 * CONFIDENCE
    );
    text
}
