//! A number over two swept parameters: one panel for each policy, a cell for each pair of values.
//!
//! All panels have one scale of colours, logarithmic where the numbers differ by more than a factor of 20; and the number itself
//! stands in its cell where it fits. A cell without a number stays white.

use super::axis::{Axis, number};
use super::canvas::{Align, Canvas};
use super::clip::Rect;
use super::font;
use super::palette;
use super::panel::{Frame, Multiples};
use super::style::{LABEL, TICK, Width};
use super::{FigureError, Quantity, finite, ticks};

const FIGURE: &str = "heatmap";

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// What the colours show, such as `operations`; the unit is added.
    pub label: String,
    /// What kind of number that is.
    pub quantity: Quantity,
    /// What is swept along the panels.
    pub x: Swept,
    /// What is swept up the panels.
    pub y: Swept,
    /// Small multiples with common axes and colours.
    pub panels: Vec<Panel>,
}

/// A swept parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Swept {
    /// Its name; the unit is added.
    pub label: String,
    /// What kind of numbers it has.
    pub quantity: Quantity,
    /// Its values, in ascending order.
    pub values: Vec<f64>,
}

/// One panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What distinguishes it: the policy.
    pub title: String,
    /// Its numbers; a pair of values may have none.
    pub cells: Vec<Cell>,
}

/// A number, and the places of the swept values that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// Which value of `x`.
    pub x: usize,
    /// Which value of `y`.
    pub y: usize,
    /// The number.
    pub value: f64,
}

/// From this ratio of the greatest to the least on, equal steps of colour are equal ratios.
const WIDE: f64 = 20.0;
/// The height of the bar of colours, and of it with its numbers and its name \[mm\].
const BAR_MM: f64 = 2.4;
const FOOT_MM: f64 = 10.6;
/// The longest bar.
const LONGEST_MM: f64 = 90.0;
/// The lowest panel, and the least distance of the labels beside it \[mm\].
const LEAST_HEIGHT_MM: f64 = 30.0;
const LABEL_MM: f64 = 2.7;

/// Draws the figure.
///
/// # Errors
/// If less than two values of a parameter are swept, or there is no number, or one is not finite.
pub fn draw(data: &Data, width: Width) -> Result<String, FigureError> {
    let swept = [&data.x, &data.y];
    let cells = || data.panels.iter().flat_map(|panel| &panel.cells);
    if swept.iter().any(|swept| swept.values.len() < 2) || cells().next().is_none() {
        return Err(FigureError::NoData { figure: FIGURE, needs: "a sweep over two parameters" });
    }
    for swept in swept {
        swept
            .values
            .iter()
            .try_for_each(|at| finite(FIGURE, *at, || format!("a value of {}", swept.label)))?;
    }
    for panel in &data.panels {
        panel.cells.iter().try_for_each(|cell| {
            finite(FIGURE, cell.value, || format!("a value of {}", panel.title))
        })?;
    }
    let low = cells().map(|cell| cell.value).fold(f64::INFINITY, f64::min);
    let high = cells().map(|cell| cell.value).fold(f64::NEG_INFINITY, f64::max);
    let scale = if low > 0.0 && high / low > WIDE {
        Axis::log(low, high, data.quantity, 6)
    } else {
        Axis::linear(low, high, data.quantity, 6)
    };

    let mut y = categories(&data.y);
    let every = (LABEL_MM * y.ticks.len() as f64 / LEAST_HEIGHT_MM).ceil().max(1.0);
    for tick in y.ticks.iter_mut().filter(|tick| tick.at % every != 0.0) {
        tick.label.clear();
    }
    Multiples {
        width,
        titles: data.panels.iter().map(|panel| panel.title.as_str()).collect(),
        x: categories(&data.x),
        x_name: &data.x.label,
        y: vec![(y, &data.y.label)],
        legend: Vec::new(),
    }
    .draw_above(
        FOOT_MM,
        |canvas, area| draw_scale(canvas, area, &scale, &data.label),
        |frame, index| draw_cells(frame, data, &data.panels[index].cells, &scale),
    )
}

/// A place for each value, however far apart they are.
fn categories(swept: &Swept) -> Axis {
    let log = swept.values.iter().all(|value| *value > 0.0);
    let values = Axis::of_values(&swept.values, log, swept.quantity);
    let names: Vec<_> = values.ticks.into_iter().map(|tick| tick.label).collect();
    let mut places = Axis::of_names(&names);
    places.unit = values.unit;
    places
}

fn draw_cells(
    frame: &Frame<'_, '_>,
    data: &Data,
    cells: &[Cell],
    scale: &Axis,
) -> Result<(), FigureError> {
    let size = |mm: f64, swept: &Swept| mm / swept.values.len() as f64;
    let (width, height) = (size(frame.rect.width, &data.x), size(frame.rect.height, &data.y));
    // No lines where there is no number.
    frame.canvas.fill(&frame.rect, super::style::PAPER)?;
    for cell in cells {
        let (x, y) = frame.at(cell.x as f64, cell.y as f64);
        let rect = Rect { left: x - width / 2.0, top: y - height / 2.0, width, height };
        let color = palette::color(scale.fraction(cell.value));
        frame.canvas.fill(&rect, color)?;
        let text = short(cell.value / scale.unit.factor);
        if font::width_mm(&text, TICK.pt, false) + 0.6 <= width && height >= LABEL_MM {
            let set = super::canvas::Type { color: palette::text_on(color), ..TICK };
            frame.canvas.text(&text, (x, y + 0.8), &set, Align::Center)?;
        }
    }
    Ok(())
}

/// The colours with their numbers, and what they show.
fn draw_scale(
    canvas: &Canvas<'_>,
    area: Rect,
    scale: &Axis,
    label: &str,
) -> Result<(), FigureError> {
    // A number at an end may reach half its width beyond it.
    let labels = scale.ticks.iter().map(|tick| font::width_mm(&tick.label, TICK.pt, false));
    let width = (area.width - labels.fold(0.0, f64::max)).min(LONGEST_MM);
    let left = area.left + (area.width - width) / 2.0;
    let bar = Rect { left, top: area.top + 0.6, width, height: BAR_MM };
    let steps = 128_u32;
    for step in 0..steps {
        // Each reaches to the end, so that nothing shines through between two.
        let from = bar.left + width * f64::from(step) / f64::from(steps);
        let rest = Rect { left: from, width: bar.right() - from, ..bar };
        canvas.fill(&rest, palette::color((f64::from(step) + 0.5) / f64::from(steps)))?;
    }
    ticks::draw_below(canvas, scale, (left, bar.bottom()), width)?;
    let below = (bar.left + width / 2.0, bar.bottom() + 6.6);
    canvas.text(&scale.unit.title(label), below, &LABEL, Align::Center)
}

/// A number to three digits, or two behind the point.
fn short(value: f64) -> String {
    let size = value.abs();
    if size > 0.0 && size < 0.005 {
        return format!("{value:.0e}").replace('-', "\u{2212}");
    }
    let decimals = match size {
        _ if size >= 99.95 => 0,
        _ if size >= 9.995 => 1,
        _ => 2,
    };
    number(value, decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swept(count: u32) -> Swept {
        let values = (1..=count).map(f64::from).collect();
        Swept { label: "threads".to_owned(), quantity: Quantity::Plain, values }
    }

    fn data(columns: u32, rows: u32, value: impl Fn(usize, usize) -> f64) -> Data {
        let cell = |x, y| Cell { x, y, value: value(x, y) };
        let cells = (0..columns as usize)
            .flat_map(|x| (0..rows as usize).map(move |y| (x, y)))
            .map(|(x, y)| cell(x, y))
            .collect();
        Data {
            label: "operations".to_owned(),
            quantity: Quantity::PerSecond,
            x: swept(columns),
            y: swept(rows),
            panels: vec![Panel { title: "tick".to_owned(), cells }],
        }
    }

    #[test]
    fn without_two_parameters_there_is_no_figure() {
        let empty = Data { panels: Vec::new(), ..data(2, 2, |_, _| 1.0) };
        for none in [empty, data(3, 1, |_, _| 1.0), data(0, 0, |_, _| 1.0)] {
            let error = draw(&none, Width::Column).unwrap_err();
            assert!(matches!(error, FigureError::NoData { .. }), "{error}");
        }
    }

    #[test]
    fn equal_zero_and_negative_numbers_are_a_figure() {
        for value in [0.0, 7.0, -3.0] {
            let svg = draw(&data(2, 2, |_, _| value), Width::Column).unwrap();
            assert!(!svg.contains("NaN"), "{svg}");
        }
        draw(&data(2, 2, |x, _| 1e6 * x as f64), Width::Column).unwrap();
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for wrong in [f64::NAN, f64::INFINITY] {
            let error = draw(&data(2, 2, |_, _| wrong), Width::Column).unwrap_err().to_string();
            assert!(error.contains("a value of tick"), "{error}");
        }
        let mut swept = data(2, 2, |_, _| 1.0);
        swept.x.values[1] = f64::NAN;
        assert!(draw(&swept, Width::Column).unwrap_err().to_string().contains("threads"));
    }

    #[test]
    fn many_small_cells_have_no_numbers_and_fewer_labels() {
        let count = |count: u32| {
            let svg = draw(&data(count, count, |x, y| (x + y) as f64), Width::Column).unwrap();
            svg.matches("<text").count()
        };
        assert!(count(40) < 160, "{}", count(40));
        assert!(count(4) > 16 + 8, "{}", count(4));
    }

    #[test]
    fn numbers_are_short() {
        let shown = [0.0, 0.0012, 0.5, 1.234, 12.34, 99.97, 1234.5, -2.5].map(short);
        assert_eq!(shown, ["0.00", "1e−3", "0.50", "1.23", "12.3", "100", "1234", "−2.50"]);
    }
}
