//! `gilsim calibrate`: constants of a machine and its interpreters, fitted to measured runs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use comfy_table::{CellAlignment, ColumnConstraint};
use indicatif::ProgressStyle;
use serde_json::json;

use super::validate::{measured, percent, write_text};
use super::{Format, grid, json_text};
use crate::calibration::{Fit, Fitted, Stopped, fit, halves, score};
use crate::experiment::Error;
use crate::validation::score::{Summary, summary};
use crate::validation::{Cell, Constants};

/// A constant that is known no better than this is not determined.
const DETERMINED: f64 = 0.5;

#[derive(Debug, Args)]
pub struct CalibrateArgs {
    /// The measured runs: Parquet or JSON lines; those of the project if not given.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// The presets to write, for experiments.
    #[arg(long, value_name = "FILE", default_value = "calibrated.toml")]
    out: PathBuf,
    /// What the machine is called there; the name of the file of measured runs if not given.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How many sets of constants are tried.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    evaluations: u32,
    /// How often each cell is simulated with each set.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    replications: u32,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// No progress bar.
    #[arg(long, short)]
    quiet: bool,
}

/// The score of a half of the cells, before and after.
struct Half {
    what: &'static str,
    cells: usize,
    before: Vec<Summary>,
    after: Vec<Summary>,
}

pub fn calibrate(args: &CalibrateArgs) -> Result<String, Error> {
    let (against, runs) = measured(args.against.as_deref())?;
    if args.out.exists() {
        return Err(Error::file(&args.out, "exists: name another with --out, or remove it"));
    }
    let stem = Path::new(&against).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = args.name.clone().or(stem).unwrap_or_else(|| "calibrated".to_owned());
    let cells = Cell::of_runs(&runs);
    let count = cells.len();
    if count < 2 {
        let message = "has a single cell: half of the cells are for the fit, half to check it";
        return Err(Error::file(Path::new(&against), message));
    }
    let [seen, unseen] = halves(cells);
    let fit = search(args, &seen);
    let half = |what, cells: &[Cell]| {
        let of = |constants| summary(&score(cells, constants, 0..args.replications));
        let (before, after) = (of(&Constants::default()), of(&fit.constants));
        Half { what, cells: cells.len(), before, after }
    };
    let halves = [half("the fit has seen", &seen), half("the fit has not seen", &unseen)];
    let origin = format!(
        "gilsim {} calibrate, fitted to {} of the {count} cells of {against}",
        env!("CARGO_PKG_VERSION"),
        seen.len(),
    );
    let presets = presets(&name, &origin, &fit, &seen)?;
    write_text(&args.out, &presets).map_err(Error::Table)?;
    Ok(match args.format {
        Format::Json => json(&name, args, &fit, &halves),
        Format::Table => table(&name, args, &fit, &halves),
    })
}

/// The fit, with a bar; an interruption ends the search, and what it has found is kept.
fn search(args: &CalibrateArgs, cells: &[Cell]) -> Fit {
    let bar = super::bar(u64::from(args.evaluations), args.quiet);
    let template = "{bar:30} {pos}/{len} sets of constants, {eta} left; mean square {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    let interrupted = Arc::new(AtomicBool::new(false));
    let handler = {
        let (interrupted, bar) = (interrupted.clone(), bar.clone());
        move || {
            bar.suspend(|| super::tell("interrupted: the best constants so far are written"));
            // Who interrupts twice does not want to wait.
            if interrupted.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        }
    };
    let _ = ctrlc::set_handler(handler);
    let fit = fit(cells, args.evaluations, args.replications, &interrupted, &mut |tried, least| {
        bar.set_length(u64::from(args.evaluations.max(tried)));
        bar.set_position(u64::from(tried));
        bar.set_message(format!("{least:.3}"));
    });
    bar.finish_and_clear();
    fit
}

/// The constants as presets for experiments: a machine, and the interpreters that were measured on it.
fn presets(name: &str, origin: &str, fit: &Fit, cells: &[Cell]) -> Result<String, Error> {
    let parameters = |kind: &str| -> toml::Table {
        let mine = fit.fitted.iter().filter_map(|fitted| {
            let parameter = fitted.constant.name.strip_prefix(kind)?.strip_prefix('.')?;
            Some((parameter.to_owned(), fitted.value.to_string().into()))
        });
        mine.collect()
    };
    let preset = |kind: &str, parameters: toml::Table| {
        let mut preset = toml::Table::new();
        preset.insert("origin".to_owned(), origin.into());
        preset.insert(kind.to_owned(), parameters.into());
        toml::Value::Table(preset)
    };
    let mut linux = parameters("linux");
    if let Some(cores) = cells.iter().map(|cell| cell.setting().cores).max() {
        linux.insert("cores".to_owned(), i64::from(cores).into());
    }
    let mut interpreters = toml::Table::new();
    for cell in cells.iter().filter(|cell| cell.setting().lock == "on") {
        let ticks = cell.setting().check_interval_ticks.is_some();
        let kind = if ticks { "tick" } else { "timed_wait" };
        interpreters.insert(cell.setting().python.clone(), preset(kind, parameters(kind)));
    }
    let machines: toml::Table = [(name.to_owned(), preset("linux", linux))].into_iter().collect();
    let mut file = toml::Table::new();
    file.insert("machines".to_owned(), machines.into());
    if !interpreters.is_empty() {
        file.insert("interpreters".to_owned(), interpreters.into());
    }
    toml::to_string_pretty(&file).map_err(|error| Error::Text(error.to_string()))
}

fn determined(fitted: &Fitted) -> String {
    match fitted.error {
        Some(error) if error <= DETERMINED => format!("± {}", percent(error)),
        Some(_) => "not determined".to_owned(),
        None => "not known".to_owned(),
    }
}

fn table(name: &str, args: &CalibrateArgs, fit: &Fit, halves: &[Half]) -> String {
    let mut constants = grid(&["constant", "default", "fitted", "determined", "what it is"]);
    if let Some(column) = constants.column_mut(0) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    if let Some(column) = constants.column_mut(4) {
        column.set_cell_alignment(CellAlignment::Left);
        column.remove_constraint();
    }
    for fitted in &fit.fitted {
        constants.add_row([
            fitted.constant.name.to_owned(),
            fitted.default.to_string(),
            fitted.value.to_string(),
            determined(fitted),
            fitted.constant.meaning.to_owned(),
        ]);
    }
    let stopped = match fit.stopped {
        Stopped::Settled => "the search settled",
        Stopped::Spent => "the search tried as many sets as it was allowed to (--evaluations)",
        Stopped::Interrupted => "the search was interrupted",
    };
    let mut text = format!(
        "{}\n\ndetermined: the standard error, from what the residuals do when each constant moves\n\
         mean square of the residuals: {:.3}, with the defaults {:.3}\n{stopped}\n",
        constants.trim_fmt(),
        fit.after,
        fit.before,
    );
    for half in halves {
        let header = ["metric", "cells", "error\nbefore", "\nafter", "good\nbefore", "\nafter"];
        let mut scores = grid(&header);
        for (before, after) in half.before.iter().zip(&half.after) {
            scores.add_row([
                before.metric.to_owned(),
                before.cells.to_string(),
                percent(before.median_error),
                percent(after.median_error),
                percent(before.good),
                percent(after.good),
            ]);
        }
        let _ = write!(text, "\n{} cells that {}\n{}\n", half.cells, half.what, scores.trim_fmt());
    }
    let _ = write!(
        text,
        "\n{}\n\nIn an experiment beside it:\n\npresets = \"{}\"\nmachine = {{ preset = \"{name}\" }}\n",
        args.out.display(),
        args.out.file_name().unwrap_or_default().to_string_lossy(),
    );
    text
}

fn json(name: &str, args: &CalibrateArgs, fit: &Fit, halves: &[Half]) -> String {
    let constants = fit.fitted.iter().map(|fitted| {
        json!({
            "constant": fitted.constant.name,
            "default_ns": fitted.default.ns(),
            "fitted_ns": fitted.value.ns(),
            "relative_standard_error": fitted.error,
            "determined": fitted.error.is_some_and(|error| error <= DETERMINED),
        })
    });
    let halves = halves.iter().map(|half| {
        json!({ "cells": half.cells, "what": half.what, "before": half.before, "after": half.after })
    });
    json_text(&json!({
        "machine": name,
        "file": args.out,
        "mean_square_before": fit.before,
        "mean_square_after": fit.after,
        "settled": fit.stopped == Stopped::Settled,
        "constants": constants.collect::<Vec<_>>(),
        "halves": halves.collect::<Vec<_>>(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::presets::Presets;
    use crate::machine::MachineSpec;
    use crate::trace::tables::ProbeRow;
    use gilsim_policies::PolicySpec;

    #[test]
    fn what_is_written_is_a_file_of_presets() {
        let setting = |python: &str, ticks: Option<u64>| ProbeRow {
            python: python.into(),
            lock: "on".into(),
            cores: 3,
            task: "sleep".into(),
            sleep_ns: Some(100_000_000),
            check_interval_ticks: ticks,
            ..ProbeRow::default()
        };
        let cells = [setting("cpython-2.7", Some(100)), setting("cpython-3.13", None)];
        let cells = cells.map(|run| Cell { runs: vec![run] });
        let fit = fit(&cells, 1, 1, &AtomicBool::new(true), &mut |_, _| {});
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        std::fs::write(&file, presets("my machine", "a test", &fit, &cells).unwrap()).unwrap();
        let read = Presets::load(Some(&file)).unwrap();
        let MachineSpec::Linux(machine) = read.machines["my machine"].spec else {
            panic!("{read:?}")
        };
        let cores = machine.cores;
        let defaults = Constants::default();
        assert_eq!(machine, crate::machine::LinuxParameters { cores, ..defaults.machine });
        assert_eq!(cores.get(), 3);
        let interpreter = |name: &str| read.interpreters[name].spec;
        assert_eq!(interpreter("cpython-2.7"), PolicySpec::Tick(defaults.tick));
        assert_eq!(interpreter("cpython-3.13"), PolicySpec::TimedWait(defaults.timed_wait));
        assert_eq!(read.machines["my machine"].origin, "a test");
    }
}
