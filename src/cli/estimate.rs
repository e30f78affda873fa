//! `gilsim estimate`: what results say, with intervals, and theory beside it.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::{Format, json_text};
use crate::analysis::Results;
use crate::analysis::estimate::CONFIDENCE;
use crate::experiment::Error;
use crate::experiment::estimates::words::{self, Row};
use crate::experiment::estimates::{Estimates, Request, Series, estimates};
use crate::experiment::report::heading;
use crate::experiment::reproduce::Recorded;

#[derive(Debug, Args)]
pub struct EstimateArgs {
    /// The directory of the results.
    results: PathBuf,
    /// A number of the table of runs, or a ratio; may be given several times. The usual ones if not given.
    #[arg(long = "metric", value_name = "NAME")]
    metrics: Vec<String>,
    /// A quantile over replications of each metric, such as 0.5; may be given several times.
    #[arg(long = "quantile", value_name = "Q")]
    quantiles: Vec<f64>,
    /// The confidence of each interval.
    #[arg(long, value_name = "SHARE", default_value_t = CONFIDENCE)]
    level: f64,
    /// The folder that the experiment's files are relative to; where they were if not given.
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub fn estimate(args: &EstimateArgs) -> Result<String, Error> {
    let recorded = Recorded::open(&args.results, args.files.as_deref())?;
    let results = Results::open(&args.results).map_err(|error| Error::Text(error.to_string()))?;
    let request = Request {
        metrics: args.metrics.clone(),
        quantiles: args.quantiles.clone(),
        confidence: args.level,
    };
    let found = estimates(&recorded, &results, &request)?;
    Ok(match args.format {
        Format::Json => json_text(&serde_json::json!(found)),
        Format::Table => table(&found),
    })
}

fn table(found: &Estimates) -> String {
    let percent = format!("{:.4}", 100.0 * found.confidence);
    let percent = percent.trim_end_matches('0').trim_end_matches('.').to_owned();
    let head = ["", "estimate", &format!("{percent} % interval"), "n", "theory"].map(str::to_owned);
    let blocks: Vec<(&Series, Vec<Row>)> = found
        .series
        .iter()
        .map(|series| {
            let cells = |line| words::cells(line, series, found);
            (series, series.estimates.iter().map(cells).collect())
        })
        .collect();
    let rows = || blocks.iter().flat_map(|(_, rows)| rows).map(|row| &row.cells);
    let width = |column: usize| {
        // What stands in place of an interval may be longer.
        let known = |cells: &&[String; 5]| column == 0 || !cells[3].is_empty();
        let cells = rows().filter(known).chain([&head]);
        cells.map(|cells| cells[column].chars().count()).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2), width(3)];
    let put = |text: &mut String, cells: &[String; 5]| {
        let [name, value, interval, n, theory] = cells;
        let [w0, w1, w2, w3] = widths;
        let line = format!(" {name:<w0$}  {value:>w1$}  {interval:<w2$}  {n:>w3$}  {theory}");
        let _ = writeln!(text, "{}", line.trim_end());
    };
    let mut text = String::new();
    put(&mut text, &head);
    for (series, rows) in &blocks {
        let title = heading(&series.case, &series.point);
        let title = heading(&title, &series.series);
        let names = words::models(series).join(", ");
        let names = if names.is_empty() { names } else { format!(" ({names})") };
        let _ = writeln!(text, "{title}{names}");
        for row in rows {
            put(&mut text, &row.cells);
            if let Some(below) = &row.below {
                let _ = writeln!(text, "   {below}");
            }
        }
        if series.deadlocks > 0 {
            let Series { deadlocks, replications, .. } = series;
            let _ = writeln!(
                text,
                "   {deadlocks} of {replications} runs ended in a deadlock: this is about what came before"
            );
        }
    }
    let _ = write!(text, "\n{}", words::legend(found));
    text
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::Cli;
    use crate::analysis::ratio::RATIOS;

    #[test]
    fn the_help_names_every_ratio() {
        let mut command = Cli::command();
        let estimate = command.find_subcommand_mut("estimate").unwrap();
        let help = estimate.render_long_help().to_string();
        for ratio in &RATIOS {
            assert!(help.contains(ratio.name), "{} is not in\n{help}", ratio.name);
        }
    }
}
