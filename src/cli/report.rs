//! `gilsim report`: results as one HTML page.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;

use crate::experiment::Error;
use crate::page::{Page, page};
use crate::trace::parquet::PendingFile;

#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The directory of the results.
    results: PathBuf,
    /// The file [default: report.html in the results directory]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The folder that the experiment's files are relative to; where they were if not given.
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
}

pub fn report(args: &ReportArgs) -> Result<String, Error> {
    let Page { html, missing } = page(&args.results, args.files.as_deref())?;
    if let Some(missing) = missing {
        eprintln!("warning: {missing}");
    }
    let out = args.out.clone().unwrap_or_else(|| args.results.join("report.html"));
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return Err(Error::file(&out, "can't be written: there is no such folder; make it first"));
    }
    let file = PendingFile::create(&out).map_err(Error::Table)?;
    let written = file.file().write_all(html.as_bytes());
    written.map_err(|error| Error::file(&out, error))?;
    file.finish().map_err(Error::Table)?;
    Ok(format!("{}\n", out.display()))
}
