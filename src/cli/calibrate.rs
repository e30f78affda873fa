//! `gilsim calibrate`: constants of a machine and its interpreters, fitted to measured runs.

mod interruption;
mod presets;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use self::interruption::Interruption;
use self::presets::presets;
use self::report::{json, table};
use super::Format;
use super::validate::{measured, write_text};
use crate::calibration::{Progress, fit, halves, score};
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

/// What there is to say, and what the program returns.
pub fn calibrate(args: &CalibrateArgs) -> Result<(String, ExitCode), Error> {
    let bar = bar(args.quiet);
    let interruption = Arc::new(Interruption::new(&args.out));
    interruption.listen(&bar);
    let text = until(&interruption, args, &bar)?;
    let interrupted = interruption.asked().load(Ordering::Relaxed);
    Ok((text, if interrupted { ExitCode::from(130) } else { ExitCode::SUCCESS }))
}

fn until(
    interruption: &Interruption,
    args: &CalibrateArgs,
    bar: &ProgressBar,
) -> Result<String, Error> {
    let (against, runs) = measured(args.against.as_deref())?;
    can_be_written(&args.out)?;
    let stem = Path::new(&against).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = args.name.clone().or(stem).unwrap_or_else(|| "calibrated".to_owned());
    let cells = Cell::of_runs(&runs);
    let [seen, unseen] = halves(cells.clone());
    if seen.is_empty() || unseen.is_empty() {
        let message = "has too few cells: half of them are for the fit, half to check it, and threads \
                       that share work are compared with the lone one; measure more settings";
        return Err(Error::file(Path::new(&against), message));
    }
    let mut tell = |progress: Progress| {
        bar.set_length(u64::from(progress.of) + UNSEEN);
        bar.set_position(progress.done.into());
        bar.set_message(format!("{:.3}", progress.least));
    };
    let asked = interruption.asked();
    let fit = fit(&seen, args.evaluations, args.replications, asked, &mut tell);
    // Slopes that an interruption left out are not to come any more.
    bar.set_length(bar.position() + UNSEEN);
    let origin = format!(
        "gilsim {} calibrate, fitted to {} of the {} cells of {against}",
        env!("CARGO_PKG_VERSION"),
        seen.len(),
        cells.len(),
    );
    let presets = presets(&name, &origin, &fit, &cells)?;
    interruption.write(|| write_text(&args.out, &presets)).map_err(Error::Table)?;
    if asked.load(Ordering::Relaxed) {
        let file = args.out.display();
        bar.suspend(|| super::tell(&format!("the best constants so far are written to {file}")));
    }
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
    Ok(match args.format {
        Format::Json => json(&name, args, &fit, &halves),
        Format::Table => table(&name, args, &fit, &halves),
    })
}

/// Nobody should wait for constants that can't be stored: writes an empty file as theirs will be, and removes it.
fn can_be_written(out: &Path) -> Result<(), Error> {
    if out.symlink_metadata().is_ok() {
        return Err(Error::file(out, "exists: name another with --out, or remove it"));
    }
    write_text(out, "").map_err(Error::Table)?;
    std::fs::remove_file(out).map_err(Error::at(out))
}

fn bar(quiet: bool) -> ProgressBar {
    let bar = super::bar(0, quiet);
    let template = "{bar:30} {pos}/{len} sets of constants, {eta} left; mean square {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::presets::Presets;
    use crate::trace::parquet::write_rows;
    use crate::trace::tables::ProbeRow;

    fn run(sleep_ns: u64) -> ProbeRow {
        ProbeRow {
            python: "cpython-3.13.5t".into(),
            lock: "off".into(),
            cores: 1,
            task: "sleep".into(),
            sleep_ns: Some(sleep_ns),
            wall_ns: 1_000_000_000,
            latency_mean_ns: Some(sleep_ns + 70_000),
            ops: Some(1_000_000_000 / (sleep_ns + 71_000)),
            ..ProbeRow::default()
        }
    }

    fn args(folder: &Path, runs: &[ProbeRow]) -> CalibrateArgs {
        let against = folder.join("mine.parquet");
        write_rows(&against, runs, &Vec::new()).unwrap();
        CalibrateArgs {
            against: Some(against),
            out: folder.join("mine.toml"),
            name: None,
            evaluations: 2,
            replications: 1,
            format: Format::Table,
            quiet: true,
        }
    }

    #[test]
    fn an_interruption_leaves_the_best_so_far() {
        let folder = tempfile::tempdir().unwrap();
        let args = args(folder.path(), &[run(1_000_000), run(10_000_000)]);
        let interruption = Interruption::new(&args.out);
        interruption.asked().store(true, Ordering::Relaxed);
        let bar = ProgressBar::hidden();
        let text = until(&interruption, &args, &bar).unwrap();
        assert!(text.contains("the search was interrupted"), "{text}");
        assert!(Presets::load(Some(&args.out)).unwrap().machines.contains_key("mine"));
        // The defaults for the half of the fit, no slopes, and twice the other half.
        assert_eq!((bar.position(), bar.length()), (3, Some(3)));
    }

    #[test]
    fn the_bar_is_full_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let args = args(folder.path(), &[run(1_000_000), run(10_000_000)]);
        let bar = ProgressBar::hidden();
        let text = until(&Interruption::new(&args.out), &args, &bar).unwrap();
        assert!(text.contains("--evaluations"), "{text}");
        assert_eq!(bar.length(), Some(bar.position()));
        assert!(bar.position() > 1 + 2 + 2, "{bar:?}");
    }

    #[test]
    fn what_can_not_be_written_is_told_first() {
        let folder = tempfile::tempdir().unwrap();
        let good = folder.path().join("good.toml");
        can_be_written(&good).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        std::fs::write(&good, "good").unwrap();
        for (wrong, says) in [
            (good.clone(), "exists: name another with --out"),
            (good.join("x.toml"), "good.toml/x.toml"),
            (folder.path().join("none/x.toml"), "none/x.toml"),
            (folder.path().join("x.toml/"), "x.toml/"),
            (folder.path().join("x".repeat(250)), "xxx"),
        ] {
            let error = can_be_written(&wrong).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        assert_eq!(std::fs::read_to_string(&good).unwrap(), "good");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_single_cell_is_not_enough() {
        let folder = tempfile::tempdir().unwrap();
        let given = args(folder.path(), &[run(1_000_000), run(1_000_000)]);
        let error = calibrate(&given).unwrap_err().to_string();
        assert!(error.contains("mine.parquet: has too few cells"), "{error}");
        assert!(!given.out.exists());

        // One group of a kind on each core, both held back.
        let shared = |cores: u32, interval: u64| ProbeRow {
            task: "cpu".into(),
            sleep_ns: None,
            latency_mean_ns: None,
            ops: None,
            spinners: 1,
            shared_units: Some(2_000),
            lock: "on".into(),
            switch_interval_ns: Some(interval),
            cores,
            ..run(1)
        };
        let runs = [shared(1, 10_000_000), shared(2, 5_000_000)];
        let error = calibrate(&args(folder.path(), &runs)).unwrap_err().to_string();
        assert!(error.contains("mine.parquet: has too few cells"), "{error}");
    }
}
