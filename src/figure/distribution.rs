//! Quantiles of times, measured and below them simulated: a row for each setting.
//!
//! A thin line from the quantile 0.05 to 0.95, a box from 0.25 to 0.75, a tick at the median. Boxes of measured
//! values are filled, those of simulated ones are hollow.

use plotters::style::RGBColor;

use super::axis::Axis;
use super::canvas::{self, Align, Canvas, Stroke};
use super::clip::{Rect, clip_segment};
use super::legend::{Key, Legend};
use super::style::{
    AXIS_LINE, GRID_LINE, INK, LABEL, MARGIN_MM, PAPER, SIMULATED, TICK, TITLE, Width,
};
use super::{FigureError, Quantity, finite, font, ticks};

const FIGURE: &str = "distribution";

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// What times these are, such as `latency`; the unit is added.
    pub name: String,
    /// Rows that belong together, from top to bottom.
    pub groups: Vec<Group>,
}

/// The settings of one machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What distinguishes it, such as `CPython 2.7, 2 cores`; may be empty.
    pub title: String,
    /// One for each setting.
    pub rows: Vec<Row>,
}

/// A setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What distinguishes it, such as `sleep 1 ms beside 3`.
    pub label: String,
    /// The measured times.
    pub measured: Quantiles,
    /// The simulated times.
    pub simulated: Quantiles,
}

/// The quantiles 0.05, 0.25, 0.5, 0.75 and 0.95 \[ns\], in ascending order.
pub type Quantiles = [f64; 5];

/// Where times come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Measured,
    Simulated,
}

const TITLE_MM: f64 = 4.4;
/// A row with the gap below it.
const PITCH_MM: f64 = 3.7;
/// The height of a box.
const BOX_MM: f64 = 1.1;

/// Draws the figure.
///
/// # Errors
/// If there is no row, or a quantile is not finite, or no time is above zero.
pub fn draw(data: &Data, width: Width) -> Result<String, FigureError> {
    let rows = || data.groups.iter().flat_map(|group| &group.rows);
    rows().try_for_each(check)?;
    let times = || rows().flat_map(|row| row.measured.into_iter().chain(row.simulated));
    let above_zero = || times().filter(|time| *time > 0.0);
    let low = above_zero().fold(f64::INFINITY, f64::min);
    let high = above_zero().fold(low, f64::max);
    if !low.is_finite() {
        return Err(FigureError::NoData { figure: FIGURE, needs: "at least one time above zero" });
    }

    let page_mm = width.mm();
    let axis = Axis::log(low, high, Quantity::TimeNs, 6);
    let labels = rows().map(|row| font::width_mm(&row.label, TICK.pt, false));
    let left = MARGIN_MM + labels.fold(0.0, f64::max) + 1.6;
    let last = axis.ticks.iter().map(|tick| font::width_mm(&tick.label, TICK.pt, false));
    let track_mm = page_mm - left - MARGIN_MM - (last.fold(0.0, f64::max) / 2.0).max(1.0);
    let entries = vec![
        (Key::Quantiles(Side::Measured), "measured".to_owned()),
        (Key::Quantiles(Side::Simulated), "simulated".to_owned()),
        (Key::Nothing, "quantiles 5, 25, 50, 75, 95 %".to_owned()),
    ];
    let legend = Legend::new(entries, page_mm);
    let height_of = |group: &Group| {
        let title_mm = if group.title.is_empty() { 1.0 } else { TITLE_MM };
        (title_mm, title_mm + PITCH_MM * group.rows.len() as f64)
    };
    let rows_mm: f64 = data.groups.iter().map(|group| height_of(group).1).sum();
    let bottom = MARGIN_MM + rows_mm + 0.4;
    let page_height = bottom + 8.2 + legend.height() + MARGIN_MM;

    canvas::page(width, page_height, |canvas| {
        let mut top = MARGIN_MM;
        for group in data.groups.iter().filter(|group| !group.rows.is_empty()) {
            let (title_mm, height) = height_of(group);
            let title = (MARGIN_MM, top + title_mm - 1.2);
            canvas.text(&group.title, title, &TITLE, Align::Left)?;
            let track =
                Rect { left, top: top + title_mm, width: track_mm, height: height - title_mm };
            draw_grid(canvas, &axis, &track)?;
            for (index, row) in group.rows.iter().enumerate() {
                let line =
                    Rect { top: track.top + index as f64 * PITCH_MM, height: PITCH_MM, ..track };
                draw_row(canvas, &axis, row, &line)?;
            }
            top += height;
        }
        canvas.line(&[(left, bottom), (left + track_mm, bottom)], &AXIS_LINE)?;
        ticks::draw_below(canvas, &axis, (left, bottom), track_mm)?;
        let name = axis.unit.title(&data.name);
        let center = left + track_mm / 2.0;
        canvas.text(&name, (center, bottom + 6.3), &LABEL, Align::Center)?;
        legend.draw_below(canvas, page_mm / 2.0, bottom + 8.2)
    })
}

fn check(row: &Row) -> Result<(), FigureError> {
    for (side, quantiles) in [("measured", row.measured), ("simulated", row.simulated)] {
        let name = || format!("a {side} quantile of \"{}\"", row.label);
        quantiles.iter().try_for_each(|time| finite(FIGURE, *time, name))?;
    }
    Ok(())
}

fn draw_grid(canvas: &Canvas<'_>, axis: &Axis, track: &Rect) -> Result<(), FigureError> {
    for tick in axis.ticks.iter().filter(|tick| !tick.label.is_empty()) {
        let x = track.left + axis.fraction(tick.at) * track.width;
        canvas.line(&[(x, track.top), (x, track.bottom())], &GRID_LINE)?;
    }
    // A line above every row leads from its label to its boxes.
    canvas.line(&[(MARGIN_MM, track.top), (track.right(), track.top)], &AXIS_LINE)
}

fn draw_row(canvas: &Canvas<'_>, axis: &Axis, row: &Row, line: &Rect) -> Result<(), FigureError> {
    let middle = line.top + line.height / 2.0;
    canvas.text(&row.label, (line.left - 1.2, middle + 0.8), &TICK, Align::Right)?;
    canvas.line(&[(MARGIN_MM, line.bottom()), (line.right(), line.bottom())], &GRID_LINE)?;
    let at =
        |quantiles: Quantiles| quantiles.map(|time| line.left + axis.fraction(time) * line.width);
    let sides = [
        (Side::Measured, row.measured, middle - 0.25 * PITCH_MM + 0.15),
        (Side::Simulated, row.simulated, middle + 0.25 * PITCH_MM - 0.15),
    ];
    sides
        .into_iter()
        .try_for_each(|(side, quantiles, y)| draw_quantiles(canvas, side, at(quantiles), y, line))
}

/// A line, a box and a tick at five places along the page, as far as they lie in the row.
pub(super) fn draw_quantiles(
    canvas: &Canvas<'_>,
    side: Side,
    [low, left, median, right, high]: [f64; 5],
    y: f64,
    within: &Rect,
) -> Result<(), FigureError> {
    let (color, inside): (RGBColor, RGBColor) = match side {
        Side::Measured => (INK, INK),
        Side::Simulated => (SIMULATED, PAPER),
    };
    let stroke = Stroke::solid(color, 0.2);
    let part = |from: f64, to: f64| clip_segment((from, y), (to, y), within);
    if let Some((from, to)) = part(low, high) {
        canvas.line(&[from, to], &stroke)?;
    }
    let (top, bottom) = (y - BOX_MM / 2.0, y + BOX_MM / 2.0);
    if let Some(((left, _), (right, _))) = part(left, right) {
        canvas.fill(&Rect { left, top, width: right - left, height: BOX_MM }, inside)?;
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
        // Ends on its second corner, so that the first one is joined like the others.
        let outline: Vec<_> = corners.into_iter().cycle().take(6).collect();
        canvas.line(&outline, &stroke)?;
    }
    if part(median, median).is_some() {
        let tick = [(median, top - 0.2), (median, bottom + 0.2)];
        // White where it crosses a filled box, and longer than that.
        canvas.line(&tick, &Stroke::solid(color, 0.45))?;
        if inside == color && right - left > 1.2 {
            canvas.line(&[(median, top), (median, bottom)], &Stroke::solid(PAPER, 0.3))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Quantiles = [1e6, 2e6, 3e6, 4e6, 5e6];

    fn data(measured: Quantiles, simulated: Quantiles) -> Data {
        let row = Row { label: "beside 3".to_owned(), measured, simulated };
        let group = Group { title: "2 cores".to_owned(), rows: vec![row] };
        Data { name: "latency".to_owned(), groups: vec![group] }
    }

    #[test]
    fn without_times_there_is_no_figure() {
        for data in [Data { groups: Vec::new(), ..data(TIMES, TIMES) }, data([0.0; 5], [0.0; 5])] {
            let drawn = draw(&data, Width::Column);
            assert!(matches!(drawn, Err(FigureError::NoData { .. })));
        }
    }

    #[test]
    fn boxes_differ_and_end_where_the_axes_do() {
        let alone = |side| {
            let within = Rect { left: 0.0, top: 0.0, width: 60.0, height: 10.0 };
            canvas::page(Width::Double, 10.0, |canvas| {
                draw_quantiles(canvas, side, [10.0, 20.0, 30.0, 40.0, 99.0], 5.0, &within)
            })
        };
        let [measured, simulated] =
            [Side::Measured, Side::Simulated].map(|side| alone(side).unwrap());
        assert_ne!(measured, simulated);
        // What lies outside is cut at the edge.
        assert!(measured.contains("6000,500") && !measured.contains("9900,500"), "{measured}");
    }

    #[test]
    fn a_time_of_zero_leaves_the_axis_but_not_the_figure() {
        let svg = draw(&data(TIMES, [0.0, 0.0, 1e6, 2e6, 3e6]), Width::Column).unwrap();
        assert!(svg.contains("latency (ms)"), "{svg}");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let wrong = [1e6, f64::NAN, 3e6, 4e6, 5e6];
        let error = draw(&data(TIMES, wrong), Width::Column).unwrap_err().to_string();
        assert!(error.contains("a simulated quantile of \"beside 3\""), "{error}");
    }
}
