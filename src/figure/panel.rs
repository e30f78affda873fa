//! Small multiples: panels with common axes, and one legend below them.

use super::FigureError;
use super::axis::Axis;
use super::canvas::{self, Align, Canvas, Stroke};
use super::clip::{Point, Rect, clip_polyline, clip_segment};
use super::font;
use super::legend::{Key, Legend};
use super::marker::Marker;
use super::style::{AXIS_LINE, GRID_LINE, LABEL, MARGIN_MM, TICK, TITLE, Width};
use super::ticks::{self, TICK_MM};
use plotters::style::RGBColor;

pub(super) const TITLE_MM: f64 = 4.2;
/// Tick labels below a panel.
pub(super) const LABELS_MM: f64 = 4.2;
/// The name of an axis.
pub(super) const NAME_MM: f64 = 3.8;
/// The height that panels may take together, if that does not make them too low.
const PANELS_MM: f64 = 200.0;
/// The lowest panel.
const LEAST_MM: f64 = 30.0;

/// What the panels of a figure have in common.
pub(super) struct Multiples<'a> {
    pub width: Width,
    /// One panel each; a title may be empty.
    pub titles: Vec<&'a str>,
    pub x: Axis,
    pub x_name: &'a str,
    /// The vertical axis and its name; or several, which the panels beside each other have in turn.
    pub y: Vec<(Axis, &'a str)>,
    pub legend: Vec<(Key, String)>,
}

/// A panel that data can be drawn in.
pub(super) struct Frame<'a, 'b> {
    pub canvas: &'a Canvas<'b>,
    pub rect: Rect,
    pub x: &'a Axis,
    pub y: &'a Axis,
}

impl Multiples<'_> {
    /// Draws axes, titles and legend, and has `paint` draw each panel's data.
    pub fn draw(
        &self,
        paint: impl FnMut(&Frame<'_, '_>, usize) -> Result<(), FigureError>,
    ) -> Result<String, FigureError> {
        self.draw_above(0.0, |_, _| Ok(()), paint)
    }

    /// The same above an area that `foot` draws, as wide as the panels and `foot_mm` high; the legend is below it.
    pub fn draw_above(
        &self,
        foot_mm: f64,
        foot: impl FnOnce(&Canvas<'_>, Rect) -> Result<(), FigureError>,
        mut paint: impl FnMut(&Frame<'_, '_>, usize) -> Result<(), FigureError>,
    ) -> Result<String, FigureError> {
        let page_mm = self.width.mm();
        let count = self.titles.len();
        let widest = |axis: &Axis| {
            let labels = axis.ticks.iter();
            labels.map(|tick| font::width_mm(&tick.label, TICK.pt, false)).fold(0.0, f64::max)
        };
        let beside = |(axis, _): &(Axis, &str)| NAME_MM + widest(axis) + TICK_MM + 0.6;
        let left = MARGIN_MM + beside(&self.y[0]);
        // The last label may reach half its width over the edge.
        let right = MARGIN_MM + (widest(&self.x) / 2.0).max(1.0);
        // Labels at the ends of neighbouring axes must not touch.
        let gap_mm = self.y[1..].iter().map(beside).fold(widest(&self.x), f64::max) + 1.6;
        let panel_mm = |columns: usize| {
            (page_mm - left - right - gap_mm * (columns - 1) as f64) / columns as f64
        };
        let titles = self.titles.iter().map(|title| font::width_mm(title, TITLE.pt, true));
        let longest_mm = titles.fold(0.0, f64::max);
        let most = match self.width {
            Width::Column | Width::Slide => 2,
            Width::Double => 4,
        };
        // As many as there may be whose titles do not touch, in rows of equal length.
        let fitting = |columns: &usize| panel_mm(*columns) + gap_mm >= longest_mm + 1.5;
        // Titles are cut rather than that panels leave the page.
        let too_high = |columns: usize| {
            count.div_ceil(columns) as f64 * (LEAST_MM + TITLE_MM + LABELS_MM) > PANELS_MM
        };
        let columns = match self.y.len() {
            1 => match (2..=most.min(count)).rev().find(fitting).unwrap_or(1) {
                fitting if too_high(fitting) => most.min(count),
                fitting => fitting,
            },
            several => several,
        };
        let rows = count.div_ceil(columns);
        let columns = count.div_ceil(rows.max(1)).max(1);
        let panel_mm = panel_mm(columns);
        let title_mm =
            if self.titles.iter().all(|title| title.is_empty()) { 1.5 } else { TITLE_MM };
        let highest_mm = PANELS_MM / rows.max(1) as f64 - title_mm - LABELS_MM;
        let height_mm = (0.78 * panel_mm).min(highest_mm).clamp(LEAST_MM, 50.0);
        let pitch = title_mm + height_mm + LABELS_MM;
        let axes_end = MARGIN_MM + pitch * rows as f64 + NAME_MM;
        let legend = Legend::new(self.legend.clone(), page_mm);
        let legend_top = axes_end + 1.0 + foot_mm;
        let page_height = legend_top + legend.height() + MARGIN_MM;

        canvas::page(self.width, page_height, |canvas| {
            for (index, title) in self.titles.iter().enumerate() {
                let (row, column) = (index / columns, index % columns);
                let rect = Rect {
                    left: left + column as f64 * (panel_mm + gap_mm),
                    top: MARGIN_MM + row as f64 * pitch + title_mm,
                    width: panel_mm,
                    height: height_mm,
                };
                let center = rect.left + rect.width / 2.0;
                let title = font::shorten(title, panel_mm + gap_mm - 1.0, &TITLE);
                canvas.text(&title, (center, rect.top - 1.3), &TITLE, Align::Center)?;
                let several = self.y.len() > 1;
                let (y, _) = &self.y[if several { column } else { 0 }];
                let frame = Frame { canvas, rect, x: &self.x, y };
                frame.draw_grid()?;
                paint(&frame, index)?;
                frame.draw_axes(several || column == 0)?;
            }
            let panels_mm = page_mm - left - right;
            let x_name = self.x.unit.title(self.x_name);
            let below = (left + panels_mm / 2.0, axes_end - 1.0);
            canvas.text(&x_name, below, &LABEL, Align::Center)?;
            let middle = MARGIN_MM + title_mm + (pitch * rows as f64 - title_mm - LABELS_MM) / 2.0;
            for (column, y) in self.y.iter().enumerate() {
                // A long name may reach below the panels, but not to the legend or over the edge of the page.
                let name = font::shorten(&y.0.unit.title(y.1), axes_end - MARGIN_MM, &LABEL);
                let half = font::width_mm(&name, LABEL.pt, false) / 2.0;
                let base = left + column as f64 * (panel_mm + gap_mm) - beside(y) + 2.2;
                let place = (base, middle.max(MARGIN_MM + half));
                canvas.text_upwards(&name, place, &LABEL, Align::Center)?;
            }
            let area = Rect { left, top: axes_end + 1.0, width: panels_mm, height: foot_mm };
            foot(canvas, area)?;
            legend.draw_below(canvas, left + panels_mm / 2.0, legend_top)
        })
    }
}

impl Frame<'_, '_> {
    /// Where a pair of values stands on the page; perhaps outside the panel.
    pub fn at(&self, x: f64, y: f64) -> Point {
        (
            self.rect.left + self.x.fraction(x) * self.rect.width,
            self.rect.bottom() - self.y.fraction(y) * self.rect.height,
        )
    }

    /// A line through places on the page, as far as it lies in the panel.
    pub fn line(&self, points: &[Point], stroke: &Stroke) -> Result<(), FigureError> {
        let parts = clip_polyline(points, &self.rect);
        parts.iter().try_for_each(|part| self.canvas.line(part, stroke))
    }

    /// A vertical bar from `low` to `high`, in values, at a place along the panel \[mm\].
    pub fn range(
        &self,
        x_mm: f64,
        low: f64,
        high: f64,
        stroke: &Stroke,
    ) -> Result<(), FigureError> {
        let end = |y| (x_mm, self.at(0.0, y).1);
        match clip_segment(end(low), end(high), &self.rect) {
            Some((from, to)) => self.canvas.line(&[from, to], stroke),
            None => Ok(()),
        }
    }

    /// A marker, if its centre lies in the panel.
    pub fn marker(
        &self,
        center: Point,
        marker: Marker,
        size_mm: f64,
        color: RGBColor,
        hollow: bool,
    ) -> Result<(), FigureError> {
        if !self.rect.contains(center) {
            return Ok(());
        }
        self.canvas.marker(center, marker, size_mm, color, hollow)
    }

    /// Lines at the labels.
    pub fn draw_grid(&self) -> Result<(), FigureError> {
        let Rect { left, top, .. } = self.rect;
        for tick in self.x.ticks.iter().filter(|tick| !tick.label.is_empty()) {
            let x = left + self.x.fraction(tick.at) * self.rect.width;
            self.line(&[(x, top), (x, self.rect.bottom())], &GRID_LINE)?;
        }
        for tick in self.y.ticks.iter().filter(|tick| !tick.label.is_empty()) {
            let y = self.rect.bottom() - self.y.fraction(tick.at) * self.rect.height;
            self.line(&[(left, y), (self.rect.right(), y)], &GRID_LINE)?;
        }
        Ok(())
    }

    /// Both axes with their labels; those of the vertical one can be left out.
    pub fn draw_axes(&self, y_labels: bool) -> Result<(), FigureError> {
        let Rect { left, top, .. } = self.rect;
        let bottom = self.rect.bottom();
        let corner = [(left, top), (left, bottom), (self.rect.right(), bottom)];
        self.canvas.line(&corner, &AXIS_LINE)?;
        ticks::draw_below(self.canvas, self.x, (left, bottom), self.rect.width)?;
        for tick in &self.y.ticks {
            let y = bottom - self.y.fraction(tick.at) * self.rect.height;
            self.canvas.line(&[(left - ticks::length_mm(tick), y), (left, y)], &AXIS_LINE)?;
            if y_labels {
                let beside = (left - TICK_MM - 0.6, y + 0.8);
                self.canvas.text(&tick.label, beside, &TICK, Align::Right)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Quantity;
    use super::super::examples::coordinates;
    use super::super::style::REFERENCE_LINE;
    use super::*;

    #[test]
    fn wild_data_stay_in_the_panel() {
        let rect = Rect { left: 10.0, top: 5.0, width: 40.0, height: 30.0 };
        let x = Axis::log(1.0, 100.0, Quantity::Plain, 5);
        let y = Axis::linear(0.0, 1.0, Quantity::Plain, 5);
        let svg = canvas::page(Width::Column, 40.0, |canvas| {
            let frame = Frame { canvas, rect, x: &x, y: &y };
            let wild = [(0.0, 0.5), (10.0, 7.0), (1e9, -3.0), (20.0, 0.5), (50.0, f64::NAN)];
            frame.line(&wild.map(|(x, y)| frame.at(x, y)), &REFERENCE_LINE)?;
            frame.range(20.0, -5.0, 5.0, &AXIS_LINE)?;
            frame.range(60.0, 0.2, 0.4, &AXIS_LINE)?;
            wild.iter().try_for_each(|&(x, y)| {
                frame.marker(frame.at(x, y), Marker::Circle, 1.0, LABEL.color, false)
            })
        })
        .unwrap();
        let places = coordinates(&svg);
        assert!(places.len() > 10);
        // The first place belongs to the white of the page.
        assert!(places[1..].iter().all(|place| rect.contains(*place)), "{places:?}");
    }
}
