//! Measured against simulated: a panel for each metric, a point for each setting.
//!
//! Both axes of a panel are the same, and logarithmic. A point on the diagonal is simulated as it was measured; the
//! band around it holds what is nearly so. Markers are hollow, so that those below them can be seen.

use super::axis::{Axis, shortest};
use super::canvas::{self, Align, Canvas, Stroke};
use super::clip::{Rect, clip_segment};
use super::legend::{Key, Legend};
use super::panel::{Frame, LABELS_MM, NAME_MM, TITLE_MM};
use super::style::{LABEL, MARGIN_MM, Policy, REFERENCE_LINE, TICK, TITLE, TOLERANCE, Width};
use super::ticks::TICK_MM;
use super::{FigureError, Quantity, finite, font};

const FIGURE: &str = "agreement";

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// How far a simulated value may be from the measured one to lie in the band, as a share of it:
    /// above 0, below 1.
    pub tolerance: f64,
    /// One for each metric.
    pub panels: Vec<Panel>,
}

/// A metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Its name, with its unit.
    pub title: String,
    /// The low end of the axes: what is below it stands at the edge. 0 for the least value above zero.
    pub least: f64,
    /// One for each setting.
    pub points: Vec<Point>,
}

/// A setting, such as three threads on two cores.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The policy.
    pub policy: Policy,
    /// The measured value: the middle one of the repetitions.
    pub measured: f64,
    /// The least measured repetition.
    pub low: f64,
    /// The greatest measured repetition.
    pub high: f64,
    /// The simulated value.
    pub simulated: f64,
}

const MARKER_MM: f64 = 1.5;
/// Between the outermost values and the ends of the axes, as a factor.
const AIR: f64 = 1.1;

/// Draws the figure.
///
/// # Errors
/// If there is no point, or a number is not finite.
pub fn draw(data: &Data, width: Width) -> Result<String, FigureError> {
    let panels: Vec<_> = data.panels.iter().filter(|panel| !panel.points.is_empty()).collect();
    if panels.is_empty() {
        return Err(FigureError::NoData { figure: FIGURE, needs: "at least one point" });
    }
    panels.iter().try_for_each(|panel| check(panel))?;

    let page_mm = width.mm();
    // How many panels stand beside each other, and how many labels fit below one.
    let (columns, most) = match width {
        Width::Column | Width::Slide => (2, 4),
        Width::Double => (3, 6),
    };
    let columns = columns.min(panels.len());
    let axes: Vec<_> = panels.iter().map(|panel| axis(panel, most)).collect();
    let labels = axes.iter().flat_map(|axis| &axis.ticks);
    let labels_mm =
        labels.map(|tick| font::width_mm(&tick.label, TICK.pt, false)).fold(0.0, f64::max);
    // Every panel has labels of its own, and the last one may reach half its width over the edge.
    let beside = labels_mm + TICK_MM + 0.6;
    let pitch_mm = (page_mm - 2.0 * MARGIN_MM - NAME_MM - labels_mm / 2.0) / columns as f64;
    // Both axes are the same, so the panels are squares.
    let side_mm = (pitch_mm - beside - 1.2).min(52.0);
    let rows = panels.len().div_ceil(columns);
    let row_mm = TITLE_MM + side_mm + LABELS_MM;
    let axes_end = MARGIN_MM + row_mm * rows as f64 + NAME_MM;
    let legend = Legend::new(entries(data, &panels), page_mm);
    let page_height = axes_end + 1.0 + legend.height() + MARGIN_MM;

    canvas::page(width, page_height, |canvas| {
        for (index, (panel, axis)) in panels.iter().zip(&axes).enumerate() {
            let (row, column) = (index / columns, index % columns);
            let rect = Rect {
                left: MARGIN_MM + NAME_MM + beside + column as f64 * pitch_mm,
                top: MARGIN_MM + row as f64 * row_mm + TITLE_MM,
                width: side_mm,
                height: side_mm,
            };
            let above = (rect.left + side_mm / 2.0, rect.top - 1.3);
            canvas.text(&panel.title, above, &TITLE, Align::Center)?;
            let frame = Frame { canvas, rect, x: axis, y: axis };
            draw_band(&frame, data.tolerance)?;
            frame.draw_grid()?;
            frame.line(&[(rect.left, rect.bottom()), (rect.right(), rect.top)], &REFERENCE_LINE)?;
            panel.points.iter().try_for_each(|point| draw_point(&frame, point))?;
            frame.draw_axes(true)?;
        }
        let across = page_mm / 2.0 + (NAME_MM + beside) / 2.0;
        canvas.text("measured", (across, axes_end - 1.0), &LABEL, Align::Center)?;
        let along = (MARGIN_MM + 2.2, MARGIN_MM + row_mm * rows as f64 / 2.0);
        canvas.text_upwards("simulated", along, &LABEL, Align::Center)?;
        legend.draw_below(canvas, page_mm / 2.0, axes_end + 1.0)
    })
}

fn check(panel: &Panel) -> Result<(), FigureError> {
    panel.points.iter().try_for_each(|point| {
        let Point { policy, measured, low, high, simulated } = point;
        let name = |what| move || format!("{what} \"{}\" of {}", panel.title, policy.label);
        finite(FIGURE, *measured, name("the measured"))?;
        finite(FIGURE, *low, name("the least measured"))?;
        finite(FIGURE, *high, name("the greatest measured"))?;
        finite(FIGURE, *simulated, name("the simulated"))
    })
}

/// The axis of a panel, both ways. Its low end says so if something stands there that belongs below.
fn axis(panel: &Panel, most: usize) -> Axis {
    let ends = |point: &Point| [point.low, point.high, point.measured, point.simulated];
    let values = || panel.points.iter().flat_map(ends);
    let positive = values().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
    // Some air, so that no marker stands at an edge where it does not belong.
    let low = (positive / AIR).max(panel.least);
    let low = if low.is_finite() { low } else { 1.0 };
    // Not so short that a small difference fills it.
    let high = values().fold(2.0 * low, f64::max) * AIR;
    let mut axis = Axis::log(low, high, Quantity::Plain, most);
    let below = values().any(|value| value < axis.low());
    let edge = shortest(axis.low());
    if below {
        // Room for the label at the edge.
        let near = axis.ticks.iter().take_while(|tick| axis.fraction(tick.at) < 0.1).count();
        axis.ticks[..near].iter_mut().for_each(|tick| tick.label.clear());
        if let Some(first) = axis.ticks.first_mut() {
            first.label = format!("≤{edge}");
        }
    }
    axis
}

fn entries(data: &Data, panels: &[&Panel]) -> Vec<(Key, String)> {
    let mut entries: Vec<(Key, String)> = Vec::new();
    for point in panels.iter().flat_map(|panel| &panel.points) {
        let entry = (Key::Marker(point.policy.look()), point.policy.label.clone());
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    entries.push((Key::Whisker, "range of repetitions".to_owned()));
    entries.push((Key::Reference, "simulated as measured".to_owned()));
    entries.push((Key::Tolerance, format!("within {:.0} %", 100.0 * data.tolerance)));
    entries
}

/// What is nearly as measured, from corner to corner.
fn draw_band(frame: &Frame<'_, '_>, tolerance: f64) -> Result<(), FigureError> {
    let Rect { left, width, height, .. } = frame.rect;
    let shift = |factor: f64| frame.x.fraction(frame.x.low() * factor).clamp(-1.0, 1.0);
    let (up, down) = (shift(1.0 + tolerance), -shift(1.0 - tolerance));
    let corners =
        [(0.0, 0.0), (0.0, up), (1.0 - up, 1.0), (1.0, 1.0), (1.0, 1.0 - down), (down, 0.0)];
    let at = |(x, y): (f64, f64)| (left + x * width, frame.rect.bottom() - y * height);
    frame.canvas.area(&corners.map(at), TOLERANCE)
}

fn draw_point(frame: &Frame<'_, '_>, point: &Point) -> Result<(), FigureError> {
    let look = point.policy.look();
    // What lies below the axes stands at their edge.
    let at = |x: f64, y: f64| frame.at(x.max(frame.x.low()), y.max(frame.y.low()));
    let center = at(point.measured, point.simulated);
    let ends = (at(point.low, point.simulated), at(point.high, point.simulated));
    if let Some((from, to)) = clip_segment(ends.0, ends.1, &frame.rect) {
        draw_whisker(frame.canvas, from.0, to.0, center.1, &Stroke::solid(look.color, 0.2))?;
    }
    frame.marker(center, look.marker, MARKER_MM, look.color, true)
}

/// A horizontal range.
pub(super) fn draw_whisker(
    canvas: &Canvas<'_>,
    from: f64,
    to: f64,
    y: f64,
    stroke: &Stroke,
) -> Result<(), FigureError> {
    canvas.line(&[(from, y), (to, y)], stroke)?;
    // Ends that stand closer than the marker is wide would only blot it.
    if to - from > MARKER_MM {
        for x in [from, to] {
            canvas.line(&[(x, y - 0.4), (x, y + 0.4)], stroke)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::examples::coordinates;
    use super::*;

    fn data(measured: f64, simulated: f64, least: f64) -> Data {
        let policy = Policy::list(&[("tick", "CPython 2.7")]).remove(0);
        let point = Point { policy, measured, low: measured, high: measured, simulated };
        let panel = Panel { title: "mean latency (ms)".to_owned(), least, points: vec![point] };
        Data { tolerance: 0.25, panels: vec![panel] }
    }

    #[test]
    fn without_points_there_is_no_figure() {
        let empty = Panel { points: Vec::new(), ..data(1.0, 1.0, 0.0).panels.remove(0) };
        let drawn = draw(&Data { tolerance: 0.25, panels: vec![empty] }, Width::Column);
        assert!(matches!(drawn, Err(FigureError::NoData { .. })));
    }

    #[test]
    fn what_is_too_small_stands_at_the_edge() {
        let svg = draw(&data(3.0, 0.0, 50.0), Width::Column).unwrap();
        assert!(svg.contains(">\n≤50</text>"), "{svg}");
        let svg = draw(&data(0.0, 0.0, 0.0), Width::Column).unwrap();
        assert!(coordinates(&svg).iter().all(|(x, y)| x.is_finite() && y.is_finite()));
        let svg = draw(&data(60.0, 70.0, 50.0), Width::Column).unwrap();
        assert!(!svg.contains('≤'));
    }

    #[test]
    fn axes_hold_every_point() {
        for (measured, simulated) in [(1.0, 1e6), (1e6, 1.0), (7.0, 7.0)] {
            let data = data(measured, simulated, 0.0);
            let axis = axis(&data.panels[0], 5);
            for value in [measured, simulated] {
                assert!((-1e-9..=1.0 + 1e-9).contains(&axis.fraction(value)), "{axis:?}");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let error = draw(&data(f64::NAN, 1.0, 0.0), Width::Column).unwrap_err().to_string();
        assert!(error.contains("measured \"mean latency (ms)\" of CPython 2.7"), "{error}");
    }
}
