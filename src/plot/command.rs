//! The command line that the plotting programs share.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, ValueEnum};
use gilsim_policies::Span;

use super::{Choice, DPI, PlotError, Plots, Print};
use crate::figure::{FIGURES, Width};

/// What to draw, and how.
#[derive(Debug, Args)]
pub struct PlotArgs {
    /// Only this case
    #[arg(long)]
    case: Option<String>,
    /// Only this point, such as "threads=3"
    #[arg(long)]
    point: Option<String>,
    /// Only this series; may be given several times
    #[arg(long)]
    series: Vec<String>,
    /// Column of the table of runs, for throughput, heatmap and differences [default: the experiment's]
    #[arg(long)]
    metric: Option<String>,
    /// Series to divide it by, for throughput and heatmap, such as sequential, or to take differences from, for differences
    /// [default: the experiment's; to divide by, for its own metric alone]
    #[arg(long)]
    baseline: Option<String>,
    /// Beside the share that takes longer, the one that takes at most as long, for latency and slices
    #[arg(long)]
    cdf: bool,
    /// Begin of the window, for figures over time, such as 100ms
    #[arg(long, requires = "to")]
    from: Option<Span>,
    /// End of the window, for figures over time
    #[arg(long, requires = "from")]
    to: Option<Span>,
    /// Width: one column of print (85 mm), two (178 mm), or a slide or screen (254 mm, large letters)
    #[arg(long, value_enum, default_value_t = PrintWidth::Column)]
    width: PrintWidth,
    /// Resolution of the PNG file [dots per inch]
    #[arg(long, default_value_t = DPI, value_parser = clap::value_parser!(u16).range(36..=2400))]
    dpi: u16,
}

impl PlotArgs {
    /// What is to be shown.
    #[must_use]
    pub fn choice(&self) -> Choice {
        Choice {
            case: self.case.clone(),
            point: self.point.clone(),
            series: self.series.clone(),
            metric: self.metric.clone(),
            baseline: self.baseline.clone(),
            cdf: self.cdf,
            window_ns: self.from.zip(self.to).map(|(from, to)| (from.ns(), to.ns())),
        }
    }

    /// How it is printed.
    #[must_use]
    pub const fn print(&self) -> Print {
        let width = match self.width {
            PrintWidth::Column => Width::Column,
            PrintWidth::Double => Width::Double,
            PrintWidth::Slide => Width::Slide,
        };
        Print { width, dpi: self.dpi }
    }
}

/// How a plotting program is called.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Results directory, such as results/convoy
    results: PathBuf,
    #[command(flatten)]
    plot: PlotArgs,
    /// Files to write; each format adds its ending [default: figures/NAME in the results directory]
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PrintWidth {
    Column,
    Double,
    Slide,
}

/// Parses the command line of the program `name`, draws the figure that it is named after, and prints
/// the paths of what was written.
#[must_use]
pub fn main(name: &'static str) -> ExitCode {
    let figure = name.trim_start_matches("plot-");
    let about = FIGURES.iter().find(|(name, _)| *name == figure).map_or("", |(_, about)| about);
    let example = format!(
        "Example:\n  gilsim run experiments/convoy.toml\n  {name} results/convoy --width double"
    );
    let command = Arguments::command()
        .name(name)
        .bin_name(name)
        .about(format!("Draws {about}: as SVG, PDF and PNG"))
        .after_help(example);
    let arguments = match Arguments::from_arg_matches(&command.get_matches()) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    match draw(figure, arguments) {
        Ok(paths) => {
            let mut out = std::io::stdout().lock();
            // Nobody may be listening: the files are written all the same.
            paths.iter().for_each(|path| drop(writeln!(out, "{}", path.display())));
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn draw(figure: &str, arguments: Arguments) -> Result<[PathBuf; 3], PlotError> {
    let plots = Plots::open(&arguments.results)?;
    let default = || arguments.results.join("figures").join(figure);
    let stem = arguments.out.map_or_else(default, without_ending);
    plots.write(figure, &arguments.plot.choice(), arguments.plot.print(), &stem)
}

/// Whoever names one of the formats means the file, not a file of that name with another ending.
fn without_ending(out: PathBuf) -> PathBuf {
    let format = out.extension().is_some_and(|end| ["svg", "pdf", "png"].iter().any(|e| end == *e));
    if format { out.with_extension("") } else { out }
}
