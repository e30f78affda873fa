//! `gilsim validate`: measured runs of real interpreters beside simulated ones.

mod markdown;
mod table;

use std::fs::create_dir_all;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::{json_text, short_list};
use crate::analysis::probe::{OWN_RUNS, own_runs, read_probe};
use crate::experiment::Error;
use crate::plot::validation::draw_all;
use crate::trace::parquet::{PendingFile, WriteError, write_rows};
use crate::trace::tables::ProbeRow;
use crate::validation::score::{Score, Summary, scores, summary};
use crate::validation::simulate::simulate_all;
use crate::validation::{Cell, Constants};

#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// The measured runs: Parquet or JSON lines; those of the project if not given.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// How often each cell is simulated.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000))]
    replications: u32,
    /// The directory of simulated runs, scores and figures; files that are there already are replaced.
    #[arg(long, value_name = "DIR", default_value = "results/validate")]
    out: PathBuf,
    /// For people, for programs, or for a page of documentation.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// No progress bar.
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// A table for people: the cells farthest off.
    #[default]
    Table,
    /// JSON for programs.
    Json,
    /// Markdown: every cell.
    Markdown,
}

/// What came of it.
struct Report<'a> {
    /// What the measured runs are called.
    against: String,
    replications: u32,
    cells: &'a [Cell],
    summary: Vec<Summary>,
    scores: Vec<Score>,
}

pub fn validate(args: &ValidateArgs) -> Result<String, Error> {
    let (against, runs) = measured(args.against.as_deref())?;
    let cells = Cell::of_runs(&runs);
    // Nobody should wait for runs that can't be stored.
    create_dir_all(&args.out).map_err(|error| Error::file(&args.out, error))?;
    let times = 0..args.replications;
    let bar = super::bar((cells.len() * times.len()) as u64, args.quiet);
    let simulated = simulate_all(&cells, &Constants::default(), times, || bar.inc(1));
    bar.finish_and_clear();
    let runs: Vec<_> = simulated.chunks(args.replications as usize).collect();
    let scores = scores(&cells, &runs);
    let report = Report {
        against,
        replications: args.replications,
        cells: &cells,
        summary: summary(&scores),
        scores,
    };
    let json = json_text(&report.json());

    let table = args.out.join("simulated.parquet");
    let metadata = vec![("gilsim.against".to_owned(), report.against.clone())];
    write_rows(&table, &simulated, &metadata).map_err(Error::Table)?;
    let text = args.out.join("scores.json");
    write_text(&text, &json).map_err(Error::Table)?;
    let figures = args.out.join("figures");
    let drawn = draw_all(&cells, &runs, &report.scores, &figures);
    let mut files = vec![table, text];
    files.extend(drawn.map_err(|error| Error::file(&figures, error))?);

    Ok(match args.format {
        Format::Json => json,
        Format::Markdown => report.markdown(),
        Format::Table => {
            format!("{}\n{}\n", report.table(), short_list(&files, &args.out).join("\n"))
        }
    })
}

/// The measured runs in a file, or the project's own; and what they are called.
pub(super) fn measured(path: Option<&Path>) -> Result<(String, Vec<ProbeRow>), Error> {
    let name = path.map_or(OWN_RUNS.to_owned(), |path| path.display().to_string());
    let runs = path.map_or_else(own_runs, read_probe);
    Ok((name, runs.map_err(|error| Error::Text(error.to_string()))?))
}

/// A text file that is whole or not there.
pub(super) fn write_text(path: &Path, text: &str) -> Result<(), WriteError> {
    let pending = PendingFile::create(path)?;
    let written = pending.file().write_all(text.as_bytes());
    written.map_err(|source| WriteError::Io { path: path.to_owned(), source })?;
    pending.finish()
}

impl Report<'_> {
    fn json(&self) -> serde_json::Value {
        json!({
            "against": self.against,
            "replications": self.replications,
            "metrics": self.summary,
            "cells": self.scores,
        })
    }

    /// How much was compared with what.
    fn title(&self) -> String {
        let (count, times) = (self.cells.len(), self.replications);
        let times = if times == 1 { "once".to_owned() } else { format!("{times} times") };
        format!("{count} cells of {}, each simulated {times}", self.against)
    }
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Three digits that matter.
fn short(value: f64) -> String {
    // The power of ten after rounding: 9.999 is 10.0.
    let power = format!("{value:.2e}").split_once('e').and_then(|(_, power)| power.parse().ok());
    let decimals = (2 - power.unwrap_or(0_i32)).clamp(0, 9);
    if value == 0.0 { "0".to_owned() } else { format!("{value:.0$}", decimals as usize) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_are_shown() {
        let numbers = [0.0, 0.000_412_3, 0.099_96, 1.0, 9.999, 12.34, 999.7, 47_921.4, -1.5];
        let texts = ["0", "0.000412", "0.100", "1.00", "10.0", "12.3", "1000", "47921", "-1.50"];
        assert_eq!(numbers.map(short), texts);
    }

    #[test]
    fn everything_is_written_and_replaced() {
        let run = |spinners| ProbeRow {
            python: "cpython-3.13.0".to_owned(),
            lock: "on".to_owned(),
            cores: 1,
            task: "sleep".to_owned(),
            sleep_ns: Some(10_000_000),
            spinners,
            wall_ns: 1_000_000_000,
            latency_mean_ns: Some(10_200_000),
            ops: Some(98),
            ..ProbeRow::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let (against, out) = (folder.path().join("mine.parquet"), folder.path().join("a/b"));
        write_rows(&against, &[run(0), run(1)], &Vec::new()).unwrap();
        let mut args = ValidateArgs {
            against: Some(against.clone()),
            replications: 2,
            out: out.clone(),
            format: Format::Table,
            quiet: true,
        };
        let text = validate(&args).unwrap();
        assert!(text.contains("2 cells of") && text.contains("ops_per_s"), "{text}");
        // One figure: without quantiles there are no distributions.
        assert!(text.trim_end().ends_with("a/b/figures (6 files)"), "{text}");
        let simulated = read_probe(&out.join("simulated.parquet")).unwrap();
        assert_eq!(simulated.iter().map(|row| row.repetition).collect::<Vec<_>>(), [0, 1, 0, 1]);

        args.format = Format::Json;
        let json = validate(&args).unwrap();
        assert_eq!(std::fs::read_to_string(out.join("scores.json")).unwrap(), json);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["cells"][1]["metric"], "ops_per_s");
        assert_eq!(json["cells"][1]["measured"], 98.0);

        args.out = against;
        let error = validate(&args).unwrap_err().to_string();
        assert!(error.contains("mine.parquet: "), "{error}");
    }

    #[test]
    fn texts_replace_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scores.json");
        write_text(&path, "first and longer").unwrap();
        write_text(&path, "second").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "second");
        let error = write_text(&path.join("x.json"), "").unwrap_err().to_string();
        assert!(error.contains("scores.json/x.json"), "{error}");
    }
}
