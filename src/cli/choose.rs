//! One series of an experiment, chosen by names on the command line.

use std::path::PathBuf;

use clap::Args;
use indexmap::IndexSet;

use crate::experiment::{ConfigError, Error, Plan, PlannedRun};
use crate::names::{did_you_mean, list};

/// An experiment, and a case and a point of it.
#[derive(Debug, Args)]
pub struct Chosen {
    /// The experiment file.
    pub file: PathBuf,
    /// Replace a value of the file, as in duration=5ms; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
    /// The case, in a file that has cases; the first if not given.
    #[arg(long, value_name = "NAME")]
    pub case: Option<String>,
    /// The point of its sweep, as `gilsim plan` lists it; the first if not given.
    #[arg(long, value_name = "POINT")]
    pub point: Option<String>,
}

impl Chosen {
    /// The runs of the case and the point; of all, where none is named.
    pub fn runs_of<'p>(&self, plan: &'p Plan) -> Result<Vec<&'p PlannedRun>, Error> {
        let mut runs: Vec<_> = plan.runs.iter().collect();
        if let Some(wanted) = &self.case {
            let case = |run: &PlannedRun| run.point.case.clone().unwrap_or_default();
            runs = named("case", wanted, runs, case)?;
        }
        // Without a case, points of all cases are meant.
        if let Some(wanted) = &self.point {
            runs = named("point", wanted, runs, |run| run.point.label.clone())?;
        }
        Ok(runs)
    }
}

/// The runs with this name.
pub fn named<'p>(
    what: &str,
    wanted: &str,
    runs: Vec<&'p PlannedRun>,
    name: impl Fn(&PlannedRun) -> String,
) -> Result<Vec<&'p PlannedRun>, Error> {
    let (found, others): (Vec<_>, Vec<_>) = runs.into_iter().partition(|run| name(run) == wanted);
    if !found.is_empty() {
        return Ok(found);
    }
    let names: IndexSet<_> = others.into_iter().map(name).filter(|name| !name.is_empty()).collect();
    Err(unknown(what, wanted, names.iter().map(String::as_str).collect()))
}

/// The first of some runs.
pub fn first<'p>(runs: &[&'p PlannedRun]) -> Result<&'p PlannedRun, Error> {
    runs.first().copied().ok_or_else(|| Error::Text("the experiment has no runs".to_owned()))
}

/// An error about an argument that names nothing.
pub fn unknown(what: &str, wanted: &str, names: Vec<&str>) -> Error {
    let known = match names.len() {
        0 => format!("the experiment has none: leave --{what} out"),
        _ => format!("there are {}", list(names.iter().copied())),
    };
    Error::from(ConfigError {
        origin: format!("--{what}"),
        line: 1,
        column: 1,
        width: wanted.chars().count().max(1),
        text: wanted.to_owned(),
        message: format!("no such {what}{}", did_you_mean(wanted, names)),
        help: Some(known),
    })
}
