//! Why there is no figure.

use std::path::PathBuf;

use gilsim_policies::Span;

use crate::analysis::ReadError;
use crate::analysis::estimate::{UnknownBaseline, UnknownMetric};
use crate::analysis::measured::MeasuredError;
use crate::figure::{FIGURES, FigureError};

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// A table can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The measured values can't be read.
    #[error(transparent)]
    Measured(#[from] MeasuredError),
    /// There is no such column.
    #[error(transparent)]
    Metric(#[from] UnknownMetric),
    /// There is no such series.
    #[error(transparent)]
    Baseline(#[from] UnknownBaseline),
    /// The figure can't be drawn or written.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// A folder can't be made.
    #[error("can't make the folder {path}: {source}", path = .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// There is no such figure.
    #[error("there is no figure \"{0}\"; there are {figures}", figures = FIGURES.map(|(name, _)| name).join(", "))]
    Unknown(String),
    /// Nothing is recorded of the time that was asked for.
    #[error(
        "nothing is recorded from {} to {}; there is from {} to {}",
        .asked.0, .asked.1, .recorded.0, .recorded.1
    )]
    Window {
        /// Begin and end of what was asked for, since the start of the run.
        asked: (Span, Span),
        /// Begin and end of what there is.
        recorded: (Span, Span),
    },
    /// Nothing in the results is what was asked for.
    #[error("the results have no {what} \"{name}\"; {}", they_have(known))]
    Nothing {
        /// A case, a point or a series.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
}

fn they_have(known: &[String]) -> String {
    match known {
        [only] if only.is_empty() => "they have none: leave it out".to_owned(),
        known => format!("they have {}", known.join(", ")),
    }
}
