//! Ticks below a line, with labels that don't touch.

use super::FigureError;
use super::axis::{Axis, Tick};
use super::canvas::{Align, Canvas};
use super::clip::Point;
use super::font;
use super::style::{AXIS_LINE, TICK};

/// How long a tick with a label is.
pub(super) const TICK_MM: f64 = 0.8;
/// From the end of a tick to the base line of its label.
const BASE_MM: f64 = 2.3;
/// Between two labels.
const GAP_MM: f64 = 0.8;

/// How long a tick is.
pub(super) fn length_mm(tick: &Tick) -> f64 {
    if tick.label.is_empty() { 0.55 * TICK_MM } else { TICK_MM }
}

/// Draws the ticks of an axis that runs to the right from a place on the page.
pub(super) fn draw_below(
    canvas: &Canvas<'_>,
    axis: &Axis,
    (left, line): Point,
    width_mm: f64,
) -> Result<(), FigureError> {
    let mut free_from = f64::NEG_INFINITY;
    for tick in &axis.ticks {
        let x = left + axis.fraction(tick.at) * width_mm;
        canvas.line(&[(x, line), (x, line + length_mm(tick))], &AXIS_LINE)?;
        // A label that would touch the one before it is left out; its tick stays.
        let half = font::width_mm(&tick.label, TICK.pt, false) / 2.0;
        if !tick.label.is_empty() && x - half >= free_from {
            let base = line + TICK_MM + BASE_MM;
            canvas.text(&tick.label, (x, base), &TICK, Align::Center)?;
            free_from = x + half + GAP_MM;
        }
    }
    Ok(())
}
