//! `gilsim methods`: what a paper has to say about an experiment.

use std::path::PathBuf;

use clap::Args;

use crate::experiment::Error;
use crate::experiment::methods::{bibtex, methods as appendix};
use crate::experiment::reproduce::Recorded;

#[derive(Debug, Args)]
pub struct MethodsArgs {
    /// The directory of the results.
    #[arg(required_unless_present = "bibtex")]
    dir: Option<PathBuf>,
    /// The folder that the experiment's files are relative to; where they were if not given.
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// Print the BibTeX entry alone.
    #[arg(long)]
    bibtex: bool,
}

pub fn methods(args: &MethodsArgs) -> Result<String, Error> {
    match &args.dir {
        Some(dir) if !args.bibtex => Ok(appendix(&Recorded::open(dir, args.files.as_deref())?)),
        _ => Ok(bibtex()),
    }
}
