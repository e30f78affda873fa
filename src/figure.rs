//! Figures for print: typed rows in, one vector drawing out.
//!
//! Each figure has a file, a `Data` of plain rows, and a function `draw` that returns an SVG in the
//! size of print; [`write()`] makes SVG, PDF and PNG files of it. Figures compute nothing but where ink
//! goes, read no files, and know nothing of the simulator.
//!
//! What holds for all of them: a policy looks the same everywhere ([`PolicyLook`]); a line that leaves
//! the axes is cut, never bent; an axis has one unit; the legend has its own area; no text is
//! smaller than 6 points; and what the colours tell can also be seen in grey.

use std::path::PathBuf;

mod axis;
mod canvas;
mod clip;
mod description;
pub mod font;
mod legend;
mod marker;
mod palette;
mod panel;
mod raster;
mod stack;
mod style;
mod ticks;
mod unit;
mod write;

pub mod agreement;
pub mod breakdown;
pub mod convoy;
pub mod differences;
pub mod distribution;
pub mod heatmap;
pub mod latency;
pub mod pareto;
pub mod shares;
pub mod throughput;
pub mod timeline;

#[cfg(test)]
mod examples;

pub use description::Description;
pub use marker::Marker;
pub use style::{Activity, Policy, PolicyLook, Width};
pub use unit::Quantity;
pub use write::write;

/// Every figure of an experiment: its name, and what it shows. Those of a validation are drawn by it alone.
pub const FIGURES: [(&str, &str); 10] = [
    ("timeline", "who runs, holds the lock, or waits for what, thread by thread"),
    ("latency", "how often a latency is longer than a given time"),
    ("throughput", "a number against a swept parameter, with intervals"),
    ("breakdown", "where the threads' time went, as shares"),
    ("slices", "how often the lock stays with one thread for longer than a given time"),
    ("convoy", "how many threads wait for the lock, over time"),
    ("shares", "whose the lock is, window by window, and how fairly it is shared"),
    ("heatmap", "a number over two swept parameters, as colours"),
    (
        "pareto",
        "throughput against the latency that one operation in a hundred exceeds, and the best of both",
    ),
    (
        "differences",
        "how far each series is from a baseline on the same random draws, with intervals",
    ),
];

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// There is nothing to draw.
    #[error("the figure `{figure}` has no data: it needs {needs}")]
    NoData {
        /// The figure.
        figure: &'static str,
        /// What it needs at least.
        needs: &'static str,
    },
    /// A number that can't be drawn.
    #[error("the figure `{figure}` can't show {what}: {why}")]
    Value {
        /// The figure.
        figure: &'static str,
        /// Which number, and its value.
        what: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The bundled font is broken.
    #[error("the bundled font can't be read: is assets/fonts intact?")]
    Font,
    /// The drawing could not be made or converted.
    #[error("drawing failed: {0}")]
    Draw(String),
    /// A file could not be written.
    #[error("can't write {path}: {source}", path = .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// Refuses what is not a number. `what` says which number it is.
fn finite(
    figure: &'static str,
    value: f64,
    what: impl FnOnce() -> String,
) -> Result<(), FigureError> {
    if value.is_finite() {
        return Ok(());
    }
    Err(FigureError::Value {
        figure,
        what: format!("{} ({value})", what()),
        why: "it is not a finite number",
    })
}
