//! `gilsim validate`: measured runs of real interpreters beside simulated ones.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};
use rayon::prelude::*;
use serde_json::json;

use super::{Format, json_text};
use crate::analysis::probe::read_probe;
use crate::experiment::Error;
use crate::machine::LinuxParameters;
use crate::trace::tables::ProbeRow;
use crate::validation::Cell;
use crate::validation::score::{Score, Summary, scores, summary};
use crate::validation::simulate::simulate;

/// Where the measured runs of the project lie.
const OURS: &str = "results/measured/linux-6.18-hz250-2core.parquet";

/// How many of the cells that are off are listed.
const LISTED: usize = 20;

#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// The measured runs: Parquet or JSON lines.
    #[arg(long, value_name = "FILE", default_value = OURS)]
    against: PathBuf,
    /// How often each cell is simulated.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
    replications: u32,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// No progress bar.
    #[arg(long, short)]
    quiet: bool,
}

pub fn validate(args: &ValidateArgs) -> Result<String, Error> {
    let cells = Cell::of_runs(&read(&args.against)?);
    let jobs: Vec<_> = cells
        .iter()
        .flat_map(|cell| (0..args.replications).map(move |repetition| (cell, repetition)))
        .collect();
    let bar = super::bar(jobs.len() as u64, args.quiet);
    let simulated: Vec<_> = jobs
        .into_par_iter()
        .map(|(cell, repetition)| {
            let row = simulate(cell, LinuxParameters::default(), repetition);
            bar.inc(1);
            row
        })
        .collect();
    bar.finish_and_clear();
    let runs: Vec<_> = simulated.chunks(args.replications as usize).collect();
    let scores = scores(&cells, &runs);
    let summary = summary(&scores);
    Ok(match args.format {
        Format::Json => {
            json_text(&json!({ "against": args.against, "metrics": summary, "cells": scores }))
        }
        Format::Table => table(&args.against, cells.len(), &summary, scores),
    })
}

fn read(path: &Path) -> Result<Vec<ProbeRow>, Error> {
    if path == Path::new(OURS) && !path.exists() {
        let message =
            "is missing: call gilsim in the project's folder, or name a file with --against";
        return Err(Error::file(path, message));
    }
    read_probe(path).map_err(|error| Error::Text(error.to_string()))
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Three digits that matter.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn grid(header: &[&str]) -> Table {
    let mut grid = Table::new();
    grid.load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(super::width())
        .set_header(header);
    for column in grid.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    grid
}

fn table(path: &Path, cells: usize, summary: &[Summary], mut scores: Vec<Score>) -> String {
    let mut metrics = grid(&["metric", "cells", "median error", "90 % within", "good"]);
    for line in summary {
        metrics.add_row([
            line.metric.to_owned(),
            line.cells.to_string(),
            percent(line.median_error),
            percent(line.p90_error),
            percent(line.good),
        ]);
    }
    let mut text = format!("{} cells of {}\n\n", cells, path.display());
    let _ = writeln!(text, "{}", metrics.trim_fmt());
    let _ = writeln!(
        text,
        "good: within 25 %, or within the spread of the real machine's repetitions\n"
    );
    scores.retain(|score| !score.good());
    scores.sort_by(|one, other| other.error.abs().total_cmp(&one.error.abs()));
    let mut off = grid(&["farthest off", "metric", "measured", "simulated", "error"]);
    for score in scores.iter().take(LISTED) {
        off.add_row([
            score.cell.clone(),
            score.metric.to_owned(),
            short(score.measured),
            short(score.simulated),
            format!("{:+.0} %", score.error * 100.0),
        ]);
    }
    let _ = writeln!(text, "{}", off.trim_fmt());
    if scores.len() > LISTED {
        let _ = writeln!(text, "... and {} more: --format json has all", scores.len() - LISTED);
    }
    text
}
