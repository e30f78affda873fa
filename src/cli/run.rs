//! `gilsim run`: the runs of an experiment, its tables and figures.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::plan::PlanArgs;
use super::{Format, bar, json_text, quarter, short_list, tell, width};
use crate::experiment::conduct::{Finished, Notice, Options, conduct};
use crate::experiment::execute::execute;
use crate::experiment::{Error, Plan, report};
use crate::figure::Width;
use crate::plot::{Choice, DPI, Plots, Print};

#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    work: Work,
    /// Tables alone; `gilsim plot` draws the figures later.
    #[arg(long)]
    no_figures: bool,
}

/// How runs are carried out.
#[derive(Debug, Args)]
pub struct Work {
    /// How many runs at a time; as many as there are cores if not given.
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,
    /// The directory of the results; one below results, with the name of the experiment, if not given.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Begin anew, even if there are results of the same configuration.
    #[arg(long)]
    fresh: bool,
    /// No progress bar and no remarks.
    #[arg(long, short)]
    quiet: bool,
}

pub fn run(args: &RunArgs) -> Result<String, Error> {
    let plan = Plan::load(&args.plan.file, &args.plan.overrides)?;
    let (dir, mut finished) = carry_out(&plan, &args.work)?;
    if !args.no_figures {
        let print = Print { width: Width::Double, dpi: DPI };
        let drawn = Plots::open(&dir)
            .and_then(|plots| plots.draw_all(&Choice::default(), print, &dir.join("figures")));
        finished.files.extend(drawn.map_err(|error| Error::file(&dir, error))?.files);
    }
    finish(args.plan.format, &plan, &dir, &finished)
}

/// Does the runs of a plan that are not done yet. Returns the directory of the results, and what is in it.
pub fn carry_out(plan: &Plan, work: &Work) -> Result<(PathBuf, Finished), Error> {
    let default = || Path::new("results").join(&plan.name);
    let dir = work.out.clone().unwrap_or_else(default);
    let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let workers = work.workers.unwrap_or_else(cores);
    let bar = bar(0, work.quiet);
    let handler = {
        let bar = bar.clone();
        move || {
            bar.finish_and_clear();
            tell("interrupted; the same command carries on with the runs that are left");
            std::process::exit(130);
        }
    };
    // Without the handler, an interruption still ends the program and loses only the runs in flight.
    let _ = ctrlc::set_handler(handler);

    let mut resumed = false;
    // The bar shows on terminals alone.
    let lines = !work.quiet && !io::stderr().is_terminal();
    let mut told = 0;
    let remark = |text: String| {
        if !work.quiet {
            bar.suspend(|| tell(&text));
        }
    };
    let notify = |notice: Notice<'_>| match notice {
        Notice::MovedAside(path) => {
            remark(format!("the earlier results are now in {}", path.display()));
        }
        Notice::Complete => {
            remark(format!("{} is complete; to do the runs again, add --fresh", dir.display()))
        }
        Notice::WarmUp(done, total) => {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        }
        Notice::Done(done, total) => {
            bar.set_length(total as u64);
            if !std::mem::replace(&mut resumed, true) {
                bar.set_position(done as u64);
                // The runs of an earlier call say nothing about the time left.
                bar.reset_eta();
                if done > 0 {
                    remark(format!("carrying on: {done} of {total} runs are done"));
                }
            }
            bar.set_position(done as u64);
            if let Some(line) = quarter(done, total, &mut told).filter(|_| lines) {
                tell(&line);
            }
        }
    };
    let options = Options { dir: &dir, workers, fresh: work.fresh };
    let finished = conduct(plan, &options, |run| execute(plan, run, &dir), notify);
    bar.finish_and_clear();
    let finished = finished?;
    Ok((dir, finished))
}

fn finish(format: Format, plan: &Plan, dir: &Path, done: &Finished) -> Result<String, Error> {
    let lines = report::lines(&done.runs).map_err(|error| Error::file(dir, error))?;
    let lines = report::with_theory(lines, plan);
    Ok(match format {
        Format::Json => json_text(&json!({
            "experiment": plan.name,
            "config_sha256": plan.hash,
            "directory": dir,
            "lines": lines,
            "files": done.files,
        })),
        Format::Table => {
            let mut text = report::render(&lines, width());
            let mut focus: Vec<_> =
                plan.points.iter().filter_map(|point| point.experiment.focus.as_deref()).collect();
            focus.dedup();
            let focus = match focus[..] {
                [focus] => format!("group {focus}"),
                _ => "each case's focus".to_owned(),
            };
            let _ = writeln!(
                text,
                "ops/s and latency: {focus}; ± is half of the 95 % confidence interval"
            );
            let _ = writeln!(text, "{}", report::remarks(&lines, plan, dir));
            for line in short_list(&done.files, dir) {
                let _ = writeln!(text, "{line}");
            }
            text
        }
    })
}
