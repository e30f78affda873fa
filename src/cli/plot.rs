//! `gilsim plot`: figures of results.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use crate::experiment::Error;
use crate::figure::FIGURES;
use crate::plot::command::PlotArgs;
use crate::plot::{PlotError, Plots};

#[derive(Debug, Args)]
pub struct PlotCommand {
    /// The directory of the results.
    results: PathBuf,
    /// A figure; may be given several times. All for which there are data if not given.
    #[arg(long = "figure", value_name = "NAME", value_parser = FIGURES.map(|(name, _)| name))]
    figures: Vec<String>,
    #[command(flatten)]
    plot: PlotArgs,
    /// The folder of the figures [default: figures in the results directory]
    #[arg(long)]
    out: Option<PathBuf>,
}

pub fn plot(args: &PlotCommand) -> Result<String, Error> {
    draw(args).map_err(|error| Error::Text(error.to_string()))
}

fn draw(args: &PlotCommand) -> Result<String, PlotError> {
    let plots = Plots::open(&args.results)?;
    let folder = args.out.clone().unwrap_or_else(|| args.results.join("figures"));
    let (choice, print) = (args.plot.choice(), args.plot.print());
    let mut files = Vec::new();
    if args.figures.is_empty() {
        let drawn = plots.draw_all(&choice, print, &folder)?;
        for (needs, figures) in drawn.lacking {
            eprintln!("left out: {} (needs {needs})", figures.join(", "));
        }
        files = drawn.files;
    }
    for figure in &args.figures {
        files.extend(plots.write(figure, &choice, print, &folder.join(figure))?);
    }
    let mut text = String::new();
    for file in files {
        let _ = writeln!(text, "{}", file.display());
    }
    Ok(text)
}
