//! Panels one below the other over one stretch of time, and one legend below them.

use super::FigureError;
use super::axis::Axis;
use super::canvas::{self, Align};
use super::clip::Rect;
use super::font;
use super::legend::{Key, Legend};
use super::panel::{Frame, LABELS_MM, NAME_MM, TITLE_MM};
use super::style::{LABEL, MARGIN_MM, TICK, TITLE, Width};
use super::ticks::TICK_MM;
use super::unit::Quantity;

/// The height that panels and their titles may take together.
const PANELS_MM: f64 = 190.0;
/// Panels are lower where there are many, so that a page can hold them.
const PANEL_MM: (f64, f64) = (5.0, 20.0);
/// Below a panel.
const GAP_MM: f64 = 1.0;

/// What the panels of a figure have in common.
pub(super) struct Stack<'a> {
    pub width: Width,
    /// Begin and end of the time shown \[ns\].
    pub window_ns: (u64, u64),
    /// One panel each: its title, and its vertical axis.
    pub panels: Vec<(&'a str, Axis)>,
    pub y_name: &'a str,
    pub legend: Vec<(Key, String)>,
}

/// How high each of `count` panels is.
pub(super) fn panel_height_mm(count: usize) -> f64 {
    (PANELS_MM / count.max(1) as f64 - TITLE_MM - GAP_MM).clamp(PANEL_MM.0, PANEL_MM.1)
}

impl Stack<'_> {
    /// Draws axes, titles and legend, and has `paint` draw each panel's data.
    pub fn draw(
        &self,
        mut paint: impl FnMut(&Frame<'_, '_>, usize) -> Result<(), FigureError>,
    ) -> Result<String, FigureError> {
        let page_mm = self.width.mm();
        let (from, to) = self.window_ns;
        let time = Axis::linear(from as f64, to as f64, Quantity::TimeNs, 8);
        let mut unnamed = time.clone();
        unnamed.ticks.iter_mut().for_each(|tick| tick.label.clear());
        let width_of = |label: &str| font::width_mm(label, TICK.pt, false);
        let ticks = self.panels.iter().flat_map(|(_, axis)| &axis.ticks);
        let widest = ticks.map(|tick| width_of(&tick.label)).fold(0.0, f64::max);
        let left = MARGIN_MM + NAME_MM + widest + TICK_MM + 0.6;
        let last = time.ticks.iter().map(|tick| width_of(&tick.label)).fold(0.0, f64::max);
        let width = page_mm - left - MARGIN_MM - (last / 2.0).max(1.0);
        let height = panel_height_mm(self.panels.len());
        let pitch = TITLE_MM + height + GAP_MM;
        let bottom = MARGIN_MM + pitch * self.panels.len() as f64 - GAP_MM;
        let axis_end = bottom + LABELS_MM + NAME_MM;
        let legend = Legend::new(self.legend.clone(), page_mm);
        let page_height = axis_end + 1.0 + legend.height() + MARGIN_MM;

        canvas::page(self.width, page_height, |canvas| {
            for (index, (title, y)) in self.panels.iter().enumerate() {
                let top = MARGIN_MM + index as f64 * pitch + TITLE_MM;
                let rect = Rect { left, top, width, height };
                canvas.text(title, (left, top - 1.2), &TITLE, Align::Left)?;
                let frame = Frame { canvas, rect, x: &time, y };
                frame.draw_grid()?;
                paint(&frame, index)?;
                // Only the last panel says what time it is.
                let x = if index + 1 == self.panels.len() { &time } else { &unnamed };
                Frame { x, ..frame }.draw_axes(true)?;
            }
            let center = left + width / 2.0;
            let below = (center, axis_end - 1.0);
            canvas.text(&time.unit.title("time"), below, &LABEL, Align::Center)?;
            let half = font::width_mm(self.y_name, LABEL.pt, false) / 2.0;
            let middle = ((MARGIN_MM + TITLE_MM + bottom) / 2.0).max(MARGIN_MM + half);
            let beside = (MARGIN_MM + 2.2, middle);
            canvas.text_upwards(self.y_name, beside, &LABEL, Align::Center)?;
            legend.draw_below(canvas, center, axis_end + 1.0)
        })
    }
}
