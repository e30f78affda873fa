//! The command line. Data goes to standard output, everything else to standard error.

mod calibrate;
mod choose;
mod claims;
mod compare;
mod diff;
mod estimate;
mod explain;
mod export;
mod kinds;
mod measure;
mod methods;
mod plan;
mod plot;
mod presets;
mod report;
mod reproduce;
mod run;
mod sensitivity;
mod validate;
mod verify;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use indexmap::IndexMap;
use indicatif::{ProgressBar, ProgressStyle};

use calibrate::{CalibrateArgs, calibrate};
use claims::{ClaimsArgs, claims};
use compare::{CompareArgs, compare};
use diff::{DiffArgs, diff};
use estimate::{EstimateArgs, estimate};
use explain::{ExplainArgs, explain};
use export::{ExportArgs, export};
use kinds::{architectures, policies};
use measure::{MeasureArgs, measure};
use methods::{MethodsArgs, methods};
use plan::{PlanArgs, plan};
use plot::{PlotCommand, plot};
use presets::{PresetsArgs, presets};
use report::{ReportArgs, report};
use reproduce::{CheckArgs, ReproduceArgs, check, reproduce};
use run::{RunArgs, run};
use sensitivity::{SensitivityArgs, sensitivity};
use validate::{ValidateArgs, validate};
use verify::{VerifyArgs, verify};

/// Simulates how policies schedule threads on a global lock, such as CPython's GIL.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Examples:\n  gilsim run experiments/convoy.toml\n  gilsim plan experiments/convoy.toml --set replications=3\n  gilsim policies"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Do the runs of an experiment and write its tables.
    #[command(
        after_help = "Runs that are done already are not done again: after an interruption, the same command carries\non. Results of another configuration in the same directory, or all with --fresh, are moved aside.\n\nExamples:\n  gilsim run experiments/convoy.toml\n  gilsim run experiments/convoy.toml --set duration=10ms --set groups.io.threads=2 --out /tmp/try\n  gilsim run experiments/convoy.toml --set 'machine={ linux = { cores = 1 } }' --format json"
    )]
    Run(RunArgs),
    /// List the runs of an experiment without doing them.
    #[command(
        after_help = "Examples:\n  gilsim plan experiments/convoy.toml\n  gilsim plan experiments/convoy.toml --set 'sweep.product.\"groups.io.threads\"=[1, 2, 4]'\n  gilsim plan experiments/convoy.toml --format json"
    )]
    Plan(PlanArgs),
    /// Draw figures of results: SVG, PDF and PNG, in the size of print.
    #[command(
        after_help = "Every file says what it shows and the command that draws it: title and description of an SVG, properties of a\nPDF, texts of a PNG.\n\nExamples:\n  gilsim plot results/convoy\n  gilsim plot results/convoy --figure timeline --from 505ms --to 535ms --width double\n  gilsim plot results/convoy --figure latency --point threads=4 --out paper/figures"
    )]
    Plot(PlotCommand),
    /// Write results as one HTML page: figures, tables, configuration and where they came from.
    #[command(
        after_help = "The page needs no network and no other file, and looks the same wherever it is opened.\n\nExamples:\n  gilsim report results/convoy\n  gilsim report results/article --out article.html"
    )]
    Report(ReportArgs),
    /// Write a run as a trace that ui.perfetto.dev or a viewer of Chrome's trace events opens.
    #[command(
        after_help = "A track for each thread and core, lock states as giltracer calls them (has gil, gil wait, no gil) and within\nthem what the thread does as gvl-tracing does (running, wants_gvl, waiting), an arrow from who lets the lock go to who\nhas it next, and how many threads wait. The run needs intervals: --set level=intervals.\n\nExamples:\n  gilsim export results/convoy\n  gilsim export results/convoy --run 12 --format chrome-json --out convoy.json"
    )]
    Export(ExportArgs),
    /// Do all runs of a results directory again, and say which come out differently.
    #[command(
        after_help = "Nothing is written. Returns 0 if everything is identical, 1 if a run or a file is not, or something can't\nbe read.\n\nExamples:\n  gilsim reproduce results/convoy\n  gilsim reproduce results/convoy --workers 1 --format json\n  gilsim reproduce artifact/results --files artifact/experiments"
    )]
    Reproduce(ReproduceArgs),
    /// Do a few runs of a results directory again, chosen at random.
    #[command(
        after_help = "Nothing is written. Returns 0 if everything is identical, 1 if a run or a file is not, or something can't\nbe read.\n\nExamples:\n  gilsim check results/convoy\n  gilsim check results/convoy --runs 20 --seed 7"
    )]
    Check(CheckArgs),
    /// Say where two results part: the first event that differs, and the settings that do.
    #[command(
        after_help = "The first run whose fingerprint differs is done again on both sides, side by side. Returns 0 if nothing\ndiffers, 1 if something does or can't be read.\n\nExamples:\n  gilsim diff results/convoy results/convoy-6ms\n  gilsim diff results/convoy --runs 0 10\n  gilsim diff results/a results/b --runs 0 0 --format json"
    )]
    Diff(DiffArgs),
    /// Write a methods appendix for a paper, in Markdown, and a BibTeX entry.
    #[command(
        after_help = "The items of STRESS-DES that the results tell; the others are left for the author. Returns 0, or 1 if the\nresults can't be read.\n\nExamples:\n  gilsim methods results/convoy > methods.md\n  gilsim methods --bibtex >> paper.bib"
    )]
    Methods(MethodsArgs),
    /// Say where the time of a workload goes, what stands in its way, and what would help.
    #[command(
        after_help = "Examples:\n  gilsim explain experiments/convoy.toml --policy \"CPython 3.13\" --point threads=1\n  gilsim explain experiments/article.toml --case \"12 C code\"\n  gilsim explain experiments/convoy.toml --replications 5 --format json"
    )]
    Explain(ExplainArgs),
    /// Estimate metrics of each series with intervals, and show what theory knows of them.
    #[command(
        after_help = "Means over replications, ratios of sums, quantiles over replications (--quantile), or means of one long run\n(analysis = { batch_means = {} }); what there are too few runs for is inconclusive. Beside them stands the exact value\nwhere the configuration has one, or what bounds the metric.\n\nRatios: cpu_per_op_ns, lock_wait_per_op_ns, wait_per_acquisition_ns, held_per_acquisition_ns,\nfailed_acquisition_share, forced_drop_share, contended_object_share, context_switches_per_op, threads_waiting\n\nExamples:\n  gilsim estimate results/repairman\n  gilsim estimate results/convoy --metric latency_p99_ns --quantile 0.5 --level 0.9\n  gilsim estimate results/repairman --format json"
    )]
    Estimate(EstimateArgs),
    /// Compare policies or architectures on the same random numbers: differences with intervals, and a ranking.
    #[command(
        after_help = "Examples:\n  gilsim compare results/convoy --metric latency_p99_ns\n  gilsim compare results/break-even --baseline sequential --format json"
    )]
    Compare(CompareArgs),
    /// Say whether results show what a file claims.
    #[command(
        after_help = "Returns 0 if all claims pass, 3 if one fails, 4 if none fails but one is inconclusive.\n\nA claim:\n  schema = 1\n  [claims.\"priorities answer sooner\"]\n  point = \"threads=1\"           # and `case`, where there are several\n  metric = \"latency_p99_ns\"\n  of = \"priority\"\n  is = \"below\"                  # or \"above\"\n  than = \"CPython 3.13\"         # a series; or `value = 2e6` instead\n  by = 0.2                      # at least 20 %\n\nExample:\n  gilsim claims experiments/claims/article.toml results/article"
    )]
    Claims(ClaimsArgs),
    /// Say how much a metric depends on values, on chance, and on the order of simultaneous events.
    #[command(
        after_help = "The file says what to vary:\n  [sensitivity]\n  metric = \"latency_mean_ns\"\n  [sensitivity.parameters]\n  \"machine.linux.cores\" = { from = 1, to = 4 }\n  'policies.\"CPython 3.13\".timed_wait.interval' = { from = \"1ms\", to = \"20ms\" }\n\nRuns that are done already are not done again, as with `gilsim run`; the results are in\nresults/NAME-sensitivity, and `gilsim reproduce` does them again.\n\nExamples:\n  gilsim sensitivity experiments/lock-wait.toml\n  gilsim sensitivity experiments/lock-wait.toml --method one_at_a_time --set replications=5\n  gilsim sensitivity experiments/lock-wait.toml --method sobol --samples 16 --format json"
    )]
    Sensitivity(SensitivityArgs),
    /// Check the program itself against what queueing theory knows exactly.
    #[command(
        after_help = "Returns 0 if everything is as exact as chance allows, 1 if not; a right program fails with one seed in a thousand.\nA few seconds.\n\nExamples:\n  gilsim verify\n  gilsim verify --seed 7 --format json"
    )]
    Verify(VerifyArgs),
    /// Simulate measured runs of real interpreters, and say how far off they are.
    #[command(
        after_help = "Examples:\n  gilsim validate\n  gilsim validate --against mine.parquet --out results/mine\n  gilsim validate --format markdown > score.md"
    )]
    Validate(ValidateArgs),
    /// Measure how a real interpreter schedules threads, as a table for validate.
    #[command(
        after_help = "Two seconds a run, six minutes for all: the machine should be idle meanwhile. What is done is kept in the\ntable if the rest is not.\n\nExamples:\n  gilsim measure --python python3 --quick --repetitions 1\n  gilsim measure --python /opt/python3.13t/bin/python3 --cores 1,2"
    )]
    Measure(MeasureArgs),
    /// Fit the constants of a machine and its interpreters to measured runs, as presets for experiments.
    #[command(
        after_help = "Half of the measured cells are fitted, and the score is given for the others too. Ten minutes for the\nproject's own; after an interruption (Ctrl-C), the best constants so far are written, and 130 is returned.\n\nExamples:\n  gilsim calibrate --against mine.parquet --name my-machine --out my-machine.toml\n  gilsim calibrate --evaluations 50 --format json"
    )]
    Calibrate(CalibrateArgs),
    /// List the presets of machines and interpreters, with their origin and values.
    #[command(after_help = "Examples:\n  gilsim presets\n  gilsim presets mine.toml --format json")]
    Presets(PresetsArgs),
    /// List the policies and their parameters.
    #[command(after_help = "Examples:\n  gilsim policies\n  gilsim policies --format json")]
    Policies {
        /// For people or for programs.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// List the architectures, the ways to run a workload, and their parameters.
    #[command(
        after_help = "Examples:\n  gilsim architectures\n  gilsim architectures --format json"
    )]
    Architectures {
        /// For people or for programs.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// A table for people.
    #[default]
    Table,
    /// JSON for programs.
    Json,
}

/// Does what the command line says. Returns 0, 1 if something can't be read or written, 2 if what the
/// user wrote makes no sense, 3 and 4 for claims that don't hold, 130 after an interruption.
#[must_use]
pub fn main() -> ExitCode {
    let done = |text| (text, ExitCode::SUCCESS);
    let result = match Cli::parse().command {
        Command::Run(args) => run(&args).map(done),
        Command::Plan(args) => plan(&args).map(done),
        Command::Plot(args) => plot(&args).map(done),
        Command::Export(args) => export(&args).map(done),
        Command::Report(args) => report(&args).map(done),
        Command::Reproduce(args) => reproduce(&args),
        Command::Check(args) => check(&args),
        Command::Diff(args) => diff(&args),
        Command::Methods(args) => methods(&args).map(done),
        Command::Explain(args) => explain(&args).map(done),
        Command::Estimate(args) => estimate(&args).map(done),
        Command::Compare(args) => compare(&args).map(done),
        Command::Claims(args) => claims(&args),
        Command::Sensitivity(args) => sensitivity(&args).map(done),
        Command::Verify(args) => verify(&args),
        Command::Validate(args) => validate(&args).map(done),
        Command::Measure(args) => measure(&args).map(done),
        Command::Calibrate(args) => calibrate(&args),
        Command::Presets(args) => presets(&args).map(done),
        Command::Policies { format } => policies(format).map(done),
        Command::Architectures { format } => architectures(format).map(done),
    };
    let (text, code) = match result {
        Ok(answer) => answer,
        Err(error) => {
            tell(&format!("error: {error}"));
            return ExitCode::from(error.exit_code());
        }
    };
    match io::stdout().lock().write_all(text.as_bytes()) {
        // Whoever reads has read enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            tell(&format!("error: standard output: {error}"));
            ExitCode::FAILURE
        }
        _ => code,
    }
}

/// To people. Nobody may be listening any more, which is no reason to fail.
fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// How wide a table may be.
fn width() -> u16 {
    comfy_table::Table::new().width().unwrap_or(80).clamp(60, 120)
}

/// A table whose first column says what a row is, and whose others are numbers.
fn grid(header: &[&str]) -> comfy_table::Table {
    let mut grid = comfy_table::Table::new();
    grid.load_preset(comfy_table::presets::NOTHING)
        .set_content_arrangement(comfy_table::ContentArrangement::Dynamic)
        .set_width(width())
        .set_header(header);
    for column in grid.column_iter_mut().skip(1) {
        column.set_cell_alignment(comfy_table::CellAlignment::Right);
        column.set_constraint(comfy_table::ColumnConstraint::ContentWidth);
    }
    grid
}

fn bar(runs: u64, quiet: bool) -> ProgressBar {
    let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(runs) };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} runs, {eta} left") {
        bar.set_style(style);
    }
    bar
}

/// How far it is, as a line for logs and notebooks, whenever another quarter is done; `told` is how many have been told of.
pub(crate) fn quarter(done: usize, total: usize, told: &mut usize) -> Option<String> {
    const WIDTH: usize = 20;
    let quarters = (4 * done).checked_div(total)?;
    if quarters <= std::mem::replace(told, quarters) {
        return None;
    }
    Some(format!("[{:<WIDTH$}] {done} of {total} runs", "=".repeat(WIDTH * done / total)))
}

/// The files, one a line; a folder of one file a run is one line.
fn short_list(files: &[PathBuf], dir: &Path) -> Vec<String> {
    let mut folders: IndexMap<&Path, usize> = IndexMap::new();
    let mut lines = Vec::new();
    for file in files {
        match file.parent() {
            Some(folder) if folder != dir => *folders.entry(folder).or_default() += 1,
            _ => lines.push(file.display().to_string()),
        }
    }
    let folder = |(folder, count): (&Path, usize)| format!("{} ({count} files)", folder.display());
    lines.extend(folders.into_iter().map(folder));
    lines
}

fn json_text(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn every_quarter_is_told_once() {
        let mut told = 0;
        let lines: Vec<_> = (0..=6).filter_map(|done| quarter(done, 6, &mut told)).collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0], "[======              ] 2 of 6 runs");
        assert_eq!(lines[3], "[====================] 6 of 6 runs");
        assert_eq!(quarter(0, 0, &mut 0), None);
    }

    #[test]
    fn folders_of_many_files_are_one_line() {
        let files = ["r/runs.parquet", "r/ops/0.parquet", "r/ops/1.parquet", "r/manifest.json"];
        let lines = short_list(&files.map(PathBuf::from), Path::new("r"));
        assert_eq!(lines, ["r/runs.parquet", "r/manifest.json", "r/ops (2 files)"]);
    }
}
