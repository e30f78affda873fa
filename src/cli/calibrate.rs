//! `gilsim calibrate`: constants of a machine and its interpreters, fitted to measured runs.

mod presets;
mod report;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use self::presets::presets;
use self::report::{json, table};
use super::Format;
use super::validate::{measured, write_text};
use crate::calibration::{Fit, Progress, fit, halves, score};
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

/// How often the half is simulated that the fit does not see: before and after.
const UNSEEN: u64 = 2;

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
    let bar = bar(args.quiet);
    let fit = search(args, &seen, &bar);
    let scored = |constants| {
        let summary = summary(&score(&unseen, constants, 0..args.replications));
        bar.inc(1);
        summary
    };
    let halves = [
        Half {
            what: "the fit has seen",
            cells: seen.len(),
            before: summary(&fit.scores_before),
            after: summary(&fit.scores_after),
        },
        Half {
            what: "the fit has not seen",
            cells: unseen.len(),
            before: scored(&Constants::default()),
            after: scored(&fit.constants),
        },
    ];
    bar.finish_and_clear();
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

fn bar(quiet: bool) -> ProgressBar {
    let bar = super::bar(0, quiet);
    let template = "{bar:30} {pos}/{len} sets of constants, {eta} left; mean square {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// The fit; an interruption ends the search, and what it has found is kept.
fn search(args: &CalibrateArgs, cells: &[Cell], bar: &ProgressBar) -> Fit {
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
    let mut tell = |progress: Progress| {
        bar.set_length(u64::from(progress.of) + UNSEEN);
        bar.set_position(progress.done.into());
        bar.set_message(format!("{:.3}", progress.least));
    };
    let fit = fit(cells, args.evaluations, args.replications, &interrupted, &mut tell);
    // Slopes that an interruption left out are not to come any more.
    bar.set_length(bar.position() + UNSEEN);
    fit
}
