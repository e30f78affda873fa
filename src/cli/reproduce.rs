//! `gilsim reproduce` and `gilsim check`: the runs of a results directory done again.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use serde_json::json;

use super::{Format, grid, json_text};
use crate::experiment::Error;
use crate::experiment::reproduce::{Differing, Recorded, Reproduction};
use crate::trace::tables::RunRow;

/// The most runs that are listed for people.
const MOST_LISTED: usize = 10;

#[derive(Debug, Args)]
pub struct ReproduceArgs {
    /// The directory of the results.
    dir: PathBuf,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The directory of the results.
    dir: PathBuf,
    /// How many runs to do again.
    #[arg(long, value_name = "K", default_value = "5")]
    runs: NonZeroUsize,
    /// What the choice of runs comes from; the clock if not given.
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
struct How {
    /// How many runs at a time; as many as there are cores if not given.
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,
    /// The folder that the experiment's files are relative to; where they were if not given.
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// No progress bar.
    #[arg(long, short)]
    quiet: bool,
}

pub fn reproduce(args: &ReproduceArgs) -> Result<(String, ExitCode), Error> {
    let recorded = Recorded::open(&args.dir, args.how.files.as_deref())?;
    let rows: Vec<_> = recorded.runs.iter().collect();
    again(&recorded, &rows, &args.how, None)
}

pub fn check(args: &CheckArgs) -> Result<(String, ExitCode), Error> {
    let recorded = Recorded::open(&args.dir, args.how.files.as_deref())?;
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let seed = args.seed.unwrap_or_else(clock);
    let rows = recorded.choose(args.runs.get(), seed);
    again(&recorded, &rows, &args.how, Some(seed))
}

fn again(
    recorded: &Recorded,
    rows: &[&RunRow],
    how: &How,
    seed: Option<u64>,
) -> Result<(String, ExitCode), Error> {
    let workers =
        how.workers.unwrap_or_else(|| available_parallelism().unwrap_or(NonZeroUsize::MIN));
    let bar = super::bar(rows.len() as u64, how.quiet);
    let done = recorded.again(rows, workers, || bar.inc(1));
    bar.finish_and_clear();
    let done = done?;
    let code = if done.is_identical() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    let text = match how.format {
        Format::Json => json_text(&json!({
            "experiment": recorded.manifest.name,
            "directory": recorded.dir,
            "chosen_with_seed": seed,
            "all_identical": done.is_identical(),
            "result": done,
        })),
        Format::Table => render(&recorded.manifest.name, &done, seed),
    };
    Ok((text, code))
}

fn render(name: &str, done: &Reproduction, seed: Option<u64>) -> String {
    let mut text = String::new();
    let chosen = seed.map_or_else(String::new, |seed| format!(", chosen with --seed {seed}"));
    let _ = writeln!(text, "{name}: {} of {} runs identical{chosen}", done.identical, done.runs);
    if !done.differing.is_empty() {
        let _ = writeln!(text, "\n{}", differing(&done.differing).trim_fmt());
        let more = done.differing.len().saturating_sub(MOST_LISTED);
        if more > 0 {
            let _ = writeln!(text, "and {more} more");
        }
    }
    for contradiction in &done.contradictions {
        let _ = writeln!(text, "changed: {contradiction}");
    }
    for remark in &done.remarks {
        let _ = writeln!(text, "note: {remark}");
    }
    text
}

fn differing(runs: &[Differing]) -> comfy_table::Table {
    let mut table = grid(&["run", "case", "point", "policy", "replication", "recorded", "now"]);
    for run in runs.iter().take(MOST_LISTED) {
        let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        table.add_row([
            run.run.to_string(),
            or_dash(&run.case),
            or_dash(&run.point),
            run.policy.clone(),
            run.replication.to_string(),
            run.recorded.to_string(),
            run.now.to_string(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::fingerprint::Fingerprint;

    fn outcome(differing: usize) -> Reproduction {
        let run = |run: usize| Differing {
            run: run as u32,
            case: String::new(),
            point: "cores=2".to_owned(),
            policy: "p".to_owned(),
            replication: 3,
            recorded: Fingerprint(1),
            now: Fingerprint(2),
        };
        Reproduction {
            runs: 20,
            identical: 20 - differing,
            differing: (0..differing).map(run).collect(),
            contradictions: vec![],
            remarks: vec![],
        }
    }

    #[test]
    fn identical_runs_are_one_line() {
        assert_eq!(render("x", &outcome(0), None), "x: 20 of 20 runs identical\n");
        let checked = render("x", &outcome(0), Some(7));
        assert_eq!(checked, "x: 20 of 20 runs identical, chosen with --seed 7\n");
    }

    #[test]
    fn the_first_differing_runs_are_listed() {
        let remarks = vec!["another version".to_owned()];
        let text = render("x", &Reproduction { remarks, ..outcome(12) }, None);
        assert!(text.starts_with("x: 8 of 20 runs identical\n"), "{text}");
        assert!(text.contains("0000000000000001  0000000000000002"), "{text}");
        assert!(text.ends_with("and 2 more\nnote: another version\n"), "{text}");
    }
}
