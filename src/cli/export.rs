//! `gilsim export`: a run for viewers of timelines.

use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::analysis::{Results, telling, thread_names};
use crate::experiment::Error;
use crate::experiment::report::heading;
use crate::export::{Timeline, chrome, perfetto};
use crate::trace::parquet::{PendingFile, WriteError};
use crate::trace::tables::RunRow;

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The directory of the results, with intervals of the run.
    results: PathBuf,
    /// The number of the run, as in the table of runs; the first with several threads if not given.
    #[arg(long, value_name = "N")]
    run: Option<u32>,
    /// What to write.
    #[arg(long, value_enum, default_value_t)]
    format: TraceFormat,
    /// The file [default: traces/RUN.pftrace or traces/RUN.json in the results directory]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum TraceFormat {
    /// What ui.perfetto.dev opens.
    #[default]
    Perfetto,
    /// Chrome's trace events, in JSON.
    ChromeJson,
}

pub fn export(args: &ExportArgs) -> Result<String, Error> {
    let text = |error: crate::analysis::ReadError| Error::Text(error.to_string());
    let results = Results::open(&args.results).map_err(text)?;
    let run = chosen(&results, args.run)?;
    let intervals = results.intervals(run.run).map_err(|error| {
        let help = if error.is_missing() {
            "\nintervals are kept with `level = \"intervals\"`, as in gilsim run FILE --set level=intervals"
        } else {
            ""
        };
        Error::Text(format!("{error}{help}"))
    })?;
    if intervals.is_empty() {
        let message = format!(
            "nothing was recorded of run {}: does it end before its `trace_window`? --set 'trace_window={{ from = \"0s\", to = \"40ms\" }}'",
            run.run
        );
        return Err(Error::Text(message));
    }
    let names = thread_names(&results.threads().map_err(text)?, run.run);
    let title = heading(&run.case, &run.point);
    let title = format!("{}, replication {}", heading(&title, &run.policy), run.replication);
    let timeline = Timeline::of(title, &intervals, &names);
    let ending = if args.format == TraceFormat::Perfetto { "pftrace" } else { "json" };
    let default = || args.results.join("traces").join(format!("{:06}.{ending}", run.run));
    let path = args.out.clone().unwrap_or_else(default);
    if args.out.is_none() {
        let folder = args.results.join("traces");
        std::fs::create_dir_all(&folder).map_err(|error| Error::file(&folder, error))?;
    }
    let file = PendingFile::create(&path).map_err(Error::Table)?;
    let mut out = BufWriter::new(file.file());
    let written = match args.format {
        TraceFormat::Perfetto => perfetto::write(&timeline, &mut out),
        TraceFormat::ChromeJson => chrome::write(&timeline, &mut out),
    };
    let whole = |source: io::Error| Error::Table(WriteError::Io { path: path.clone(), source });
    written.and_then(|()| out.flush()).map_err(whole)?;
    drop(out);
    file.finish().map_err(Error::Table)?;
    Ok(format!("{}\n", path.display()))
}

/// The run with a number, or the one that tells most.
fn chosen(results: &Results, wanted: Option<u32>) -> Result<&RunRow, Error> {
    let runs = results.runs();
    let found = match wanted {
        Some(number) => runs.iter().find(|run| run.run == number),
        None => telling(runs),
    };
    found.ok_or_else(|| {
        let last = runs.last().map_or(0, |run| run.run);
        Error::Usage(format!("there is no such run: they are numbered from 0 to {last}"))
    })
}
