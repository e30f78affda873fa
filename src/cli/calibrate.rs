//! `gilsim calibrate`: constants of a machine and its interpreters, fitted to measured runs.

mod presets;
mod report;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use indicatif::ProgressStyle;

use self::presets::presets;
use self::report::{json, table};
use super::Format;
use super::validate::{measured, write_text};
use crate::calibration::{Fit, fit, halves, score};
use crate::experiment::Error;
use crate::validation::score::{Summary, summary};
use crate::validation::{Cell, Constants};

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
