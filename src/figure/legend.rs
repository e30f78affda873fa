//! Legends: rows of keys in an area of their own below the panels, where they can't hide data.

use super::FigureError;
use super::canvas::{Align, Canvas, Stroke};
use super::clip::Rect;
use super::distribution::Side;
use super::font;
use super::marker::Marker;
use super::style::{
    Activity, BOUND_LINE, EXACT_LINE, FRONT_LINE, INK, LABEL, MARGIN_MM, PolicyLook,
    REFERENCE_LINE, TOLERANCE,
};
use plotters::style::RGBColor;

const KEY_MM: f64 = 6.5;
const ROW_MM: f64 = 3.5;
const GAP_MM: f64 = 3.0;

/// What stands before a legend's text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Key {
    /// A policy's line and marker.
    Policy(PolicyLook),
    /// A policy's hollow marker alone.
    Marker(PolicyLook),
    /// Hollow markers: measured values.
    Hollow,
    /// Filled markers, whatever their policy.
    Filled,
    /// Hollow markers with a range.
    HollowRange,
    /// A horizontal range.
    Whisker,
    /// The line to compare with.
    Reference,
    /// The line that nothing is beyond.
    Front,
    /// What theory says: exact values, or bounds.
    Theory {
        /// Which of them.
        is_exact: bool,
    },
    /// What is near that line.
    Tolerance,
    /// A line.
    Line(Stroke),
    /// An area of one colour.
    Area(RGBColor),
    /// The band around a line.
    Veil,
    /// Quantiles of times.
    Quantiles(Side),
    /// A remark, without a sign of its own.
    Nothing,
    /// An activity as a timeline's band.
    Band(Activity),
    /// The strip of a thread that has the lock but does not run.
    Strip,
    /// An activity as a part of a bar.
    Part(Activity),
}

/// A legend that fits on a page.
#[derive(Debug)]
pub(super) struct Legend {
    entries: Vec<(Key, String)>,
    columns: usize,
    column_mm: f64,
    page_mm: f64,
}

impl Legend {
    /// Lays the entries out in as many columns as fit.
    pub fn new(entries: Vec<(Key, String)>, page_mm: f64) -> Self {
        let width_mm = page_mm - 2.0 * MARGIN_MM;
        let widest = entries
            .iter()
            .map(|(_, text)| font::width_mm(text, LABEL.pt, false))
            .fold(0.0, f64::max);
        let column_mm = (KEY_MM + 1.2 + widest + GAP_MM).min(width_mm + GAP_MM);
        // A handful at most.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let columns = ((width_mm + GAP_MM) / column_mm).floor().max(1.0) as usize;
        // As few columns as the number of rows allows, so that rows are about equally long.
        let rows = entries.len().div_ceil(columns).max(1);
        let columns = entries.len().div_ceil(rows).max(1);
        Self { entries, columns, column_mm, page_mm }
    }

    /// Its height \[mm\].
    pub fn height(&self) -> f64 {
        self.entries.len().div_ceil(self.columns) as f64 * ROW_MM
    }

    fn width(&self) -> f64 {
        self.columns as f64 * self.column_mm - GAP_MM
    }

    /// Draws it below what has its middle at `center`; nearer to the middle of the page if it is too wide for that.
    pub fn draw_below(
        &self,
        canvas: &Canvas<'_>,
        center: f64,
        top: f64,
    ) -> Result<(), FigureError> {
        let rightmost = self.page_mm - MARGIN_MM - self.width();
        let left = (center - self.width() / 2.0).min(rightmost).max(MARGIN_MM);
        for (index, (key, text)) in self.entries.iter().enumerate() {
            let x = left + (index % self.columns) as f64 * self.column_mm;
            let middle = top + ((index / self.columns) as f64 + 0.5) * ROW_MM;
            draw_key(canvas, *key, x, middle)?;
            canvas.text(text, (x + KEY_MM + 1.2, middle + 0.85), &LABEL, Align::Left)?;
        }
        Ok(())
    }
}

fn draw_key(canvas: &Canvas<'_>, key: Key, x: f64, middle: f64) -> Result<(), FigureError> {
    let center = (x + KEY_MM / 2.0, middle);
    let ends = [(x, middle), (x + KEY_MM, middle)];
    let area = Rect { left: x, top: middle - 1.1, width: KEY_MM, height: 2.2 };
    match key {
        Key::Policy(look) => {
            canvas.line(&ends, &look.stroke())?;
            canvas.marker(center, look.marker, 1.5, look.color, false)
        }
        Key::Marker(look) => canvas.marker(center, look.marker, 1.5, look.color, true),
        Key::Filled => canvas.marker(center, Marker::Circle, 1.5, INK, false),
        Key::Hollow | Key::HollowRange => {
            if key == Key::HollowRange {
                let range = [(center.0, middle - 1.5), (center.0, middle + 1.5)];
                canvas.line(&range, &Stroke::solid(INK, 0.2))?;
            }
            canvas.marker(center, Marker::Circle, 1.5, INK, true)
        }
        Key::Whisker => {
            let stroke = Stroke::solid(INK, 0.2);
            super::agreement::draw_whisker(canvas, x + 1.0, x + KEY_MM - 1.0, middle, &stroke)
        }
        Key::Reference => canvas.line(&ends, &REFERENCE_LINE),
        Key::Front => canvas.line(&ends, &FRONT_LINE),
        Key::Theory { is_exact } => {
            canvas.line(&ends, if is_exact { &EXACT_LINE } else { &BOUND_LINE })
        }
        Key::Tolerance => canvas.fill(&area, TOLERANCE),
        Key::Line(stroke) => canvas.line(&ends, &stroke),
        Key::Area(color) => canvas.fill(&area, color),
        Key::Veil => {
            let (left, right, top, bottom) = (area.left, area.right(), area.top, area.bottom());
            canvas.veil(&[(left, top), (right, top), (right, bottom), (left, bottom)], INK)
        }
        Key::Quantiles(side) => {
            let places = [0.0, 0.25, 0.5, 0.7, 1.0].map(|share| x + share * KEY_MM);
            super::distribution::draw_quantiles(canvas, side, places, middle, &area)
        }
        Key::Nothing => Ok(()),
        Key::Band(activity) => super::timeline::draw_band(canvas, &area, activity),
        Key::Strip => super::timeline::draw_strip(canvas, &area),
        Key::Part(activity) => super::breakdown::draw_part(canvas, &area, activity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(count: usize) -> Vec<(Key, String)> {
        let long = "CPython 3.13 (timed wait)".to_owned();
        (0..count).map(|_| (Key::Policy(PolicyLook::of("tick", 0)), long.clone())).collect()
    }

    #[test]
    fn a_legend_fits_its_width() {
        for count in 1..9 {
            let legend = Legend::new(entries(count), 85.0);
            assert!(legend.width() <= 85.0 - 2.0 * MARGIN_MM, "{legend:?}");
            assert_eq!(legend.columns, count.min(2));
        }
    }

    #[test]
    fn rows_are_about_equally_long() {
        let legend = Legend::new(entries(5), 178.0);
        assert_eq!((legend.columns, legend.height()), (3, 2.0 * ROW_MM));
    }
}
