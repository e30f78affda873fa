//! How many threads wait for the lock, over time.
//!
//! A convoy is a queue that does not drain: a throughput hides it, a count of who waits shows it. Where
//! the count changes more often than print has columns, a line is its mean in each column, on a band
//! from the lowest to the highest count there.

use super::axis::{Axis, Tick, time_label};
use super::clip::Point;
use super::legend::Key;
use super::panel::Frame;
use super::stack::{Stack, panel_height_mm};
use super::style::{Policy, WAITING_LINE, WAITING_RANGE, Width};
use super::{FigureError, Quantity};

const FIGURE: &str = "convoy";

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// Begin of the time shown \[ns since the start of the run\].
    pub from_ns: u64,
    /// Its end.
    pub to_ns: u64,
    /// One panel for each policy, from top to bottom.
    pub panels: Vec<Panel>,
}

/// A run under one policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// The policy; its label is the panel's title.
    pub policy: Policy,
    /// How many threads there are: as many may wait.
    pub threads: u32,
    /// In the order of time; nobody waits before the first.
    pub changes: Vec<Change>,
}

/// From this instant on, so many threads wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// When \[ns since the start of the run\].
    pub at_ns: u64,
    /// How many wait.
    pub waiting: u32,
}

/// The width of a column of print: about that of the line.
const COLUMN_MM: f64 = 0.25;
/// From one label of the vertical axis to the next, at least.
const LABEL_MM: f64 = 2.8;

/// Draws the figure.
///
/// # Errors
/// If there is no thread, no time to show, or more wait than there are.
pub fn draw(data: &Data, width: Width) -> Result<String, FigureError> {
    if data.panels.iter().all(|panel| panel.threads == 0) || data.to_ns <= data.from_ns {
        let needs = "at least one thread, and an end after the begin";
        return Err(FigureError::NoData { figure: FIGURE, needs });
    }
    data.panels.iter().try_for_each(check)?;
    // The panels are a little narrower than the page.
    let columns = columns(0.9 * width.mm());
    let height = panel_height_mm(data.panels.len());
    let panels = data.panels.iter();
    let panels = panels.map(|p| (p.policy.label.as_str(), threads_axis(p.threads, height)));
    let mut legend = Vec::new();
    if data.panels.iter().any(|panel| shown(panel, data).len() > columns) {
        let column_ns = (data.to_ns - data.from_ns) as f64 / columns as f64;
        legend.push((Key::Line(WAITING_LINE), format!("mean over {}", time_label(column_ns))));
        legend.push((Key::Area(WAITING_RANGE), "lowest to highest".to_owned()));
    }
    Stack {
        width,
        window_ns: (data.from_ns, data.to_ns),
        panels: panels.collect(),
        y_name: "waiting threads",
        legend,
    }
    .draw(|frame, index| {
        let panel = &data.panels[index];
        if shown(panel, data).len() > columns {
            draw_columns(frame, &by_column(panel, data, columns), data)
        } else {
            draw_steps(frame, panel, data)
        }
    })
}

fn check(panel: &Panel) -> Result<(), FigureError> {
    let most = panel.changes.iter().map(|change| change.waiting).max().unwrap_or(0);
    if most <= panel.threads {
        return Ok(());
    }
    let what = format!("{most} waiting threads of {}", panel.policy.label);
    Err(FigureError::Value { figure: FIGURE, what, why: "there are not so many" })
}

fn columns(width_mm: f64) -> usize {
    // A page has a few hundred.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    {
        (width_mm / COLUMN_MM) as usize
    }
}

/// An axis that ends with the number of threads.
fn threads_axis(threads: u32, height_mm: f64) -> Axis {
    let top = f64::from(threads.max(1));
    // Between 1 and a handful: no label stands for half a thread.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let most = (height_mm / LABEL_MM).min(5.0).min(top) as usize;
    let mut axis = Axis::linear(0.0, top, Quantity::Plain, most);
    axis.ticks.retain(|tick| (top - tick.at) / top * height_mm >= LABEL_MM);
    axis.ticks.push(Tick { at: top, label: threads.max(1).to_string() });
    axis
}

/// The changes within the time shown.
fn shown<'a>(panel: &'a Panel, data: &Data) -> &'a [Change] {
    let first = panel.changes.partition_point(|change| change.at_ns <= data.from_ns);
    let end = panel.changes.partition_point(|change| change.at_ns < data.to_ns);
    panel.changes.get(first..end).unwrap_or_default()
}

/// How many wait when the time shown begins.
fn at_begin(panel: &Panel, data: &Data) -> u32 {
    let next = panel.changes.partition_point(|change| change.at_ns <= data.from_ns);
    next.checked_sub(1).map_or(0, |last| panel.changes[last].waiting)
}

fn draw_steps(frame: &Frame<'_, '_>, panel: &Panel, data: &Data) -> Result<(), FigureError> {
    let mut level = at_begin(panel, data);
    let at = |ns: u64, level: u32| frame.at(ns as f64, f64::from(level));
    let mut path = vec![at(data.from_ns, level)];
    for change in shown(panel, data) {
        path.extend([at(change.at_ns, level), at(change.at_ns, change.waiting)]);
        level = change.waiting;
    }
    path.push(at(data.to_ns, level));
    frame.line(&path, &WAITING_LINE)
}

/// The counts in a column of print.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Column {
    low: u32,
    high: u32,
    mean: f64,
}

fn by_column(panel: &Panel, data: &Data, count: usize) -> Vec<Column> {
    let per_ns = count as f64 / (data.to_ns - data.from_ns) as f64;
    let mut columns = vec![Column { low: u32::MAX, high: 0, mean: 0.0 }; count];
    let mut put = |from_ns: u64, to_ns: u64, waiting: u32| {
        let place = |ns: u64| (ns - data.from_ns) as f64 * per_ns;
        let (start, end) = (place(from_ns), place(to_ns));
        // Columns are counted from 0, and there are few of them.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let (first, last) = (start as usize, (end.ceil() as usize).min(count));
        for (index, column) in columns.iter_mut().enumerate().take(last).skip(first) {
            let index = index as f64;
            let part = (end.min(index + 1.0) - start.max(index)).max(0.0);
            column.mean += part * f64::from(waiting);
            (column.low, column.high) = (column.low.min(waiting), column.high.max(waiting));
        }
    };
    let (mut since, mut level) = (data.from_ns, at_begin(panel, data));
    for change in shown(panel, data) {
        put(since, change.at_ns, level);
        (since, level) = (change.at_ns, change.waiting);
    }
    put(since, data.to_ns, level);
    columns
}

fn draw_columns(frame: &Frame<'_, '_>, columns: &[Column], data: &Data) -> Result<(), FigureError> {
    let column_ns = (data.to_ns - data.from_ns) as f64 / columns.len() as f64;
    let at = |place: f64, level: f64| frame.at(data.from_ns as f64 + place * column_ns, level);
    let edge = |level: fn(&Column) -> u32| {
        let ends = columns.iter().enumerate().flat_map(move |(index, column)| {
            let level = f64::from(level(column));
            [(index as f64, level), (index as f64 + 1.0, level)]
        });
        ends.map(|(place, level)| at(place, level)).collect::<Vec<Point>>()
    };
    let mut band = edge(|column| column.high);
    band.extend(edge(|column| column.low).into_iter().rev());
    frame.canvas.area(&band, WAITING_RANGE)?;
    let means = columns.iter().enumerate();
    let path: Vec<_> = means.map(|(index, column)| at(index as f64 + 0.5, column.mean)).collect();
    frame.line(&path, &WAITING_LINE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(threads: u32, changes: &[(u64, u32)]) -> Data {
        let policy = Policy::list(&[("tick", "tick")]).remove(0);
        let changes = changes.iter().map(|&(at_ns, waiting)| Change { at_ns, waiting }).collect();
        Data { from_ns: 0, to_ns: 1000, panels: vec![Panel { policy, threads, changes }] }
    }

    #[test]
    fn without_threads_or_time_there_is_no_figure() {
        let nobody = Data { panels: Vec::new(), ..data(1, &[]) };
        for empty in [nobody, data(0, &[]), Data { to_ns: 0, ..data(2, &[(0, 1)]) }] {
            assert!(matches!(draw(&empty, Width::Column), Err(FigureError::NoData { .. })));
        }
    }

    #[test]
    fn more_cannot_wait_than_there_are() {
        let error = draw(&data(2, &[(5, 3)]), Width::Column).unwrap_err();
        assert!(error.to_string().contains("3 waiting threads of tick"), "{error}");
    }

    #[test]
    fn the_axis_ends_with_the_number_of_threads() {
        let labels = |threads, height| -> Vec<String> {
            threads_axis(threads, height).ticks.into_iter().map(|tick| tick.label).collect()
        };
        assert_eq!(labels(1, 20.0), ["0", "1"]);
        assert_eq!(labels(3, 20.0), ["0", "1", "2", "3"]);
        assert_eq!(labels(7, 20.0), ["0", "2", "4", "6", "7"]);
        assert_eq!(labels(100, 20.0), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(labels(1000, 5.0), ["0", "1000"]);
    }

    #[test]
    fn columns_have_the_mean_and_the_ends() {
        let mut data = data(4, &[(0, 1), (100, 3), (150, 0), (700, 2)]);
        (data.from_ns, data.to_ns) = (50, 250);
        let columns = by_column(&data.panels[0], &data, 2);
        // Up to the middle at 150: 1 for half of the time, 3 for the other.
        assert_eq!(columns[0], Column { low: 1, high: 3, mean: 2.0 });
        assert_eq!(columns[1], Column { low: 0, high: 0, mean: 0.0 });
    }

    #[test]
    fn a_hundred_thousand_changes_are_a_few_elements() {
        let changes: Vec<_> =
            (0..100_000_u64).map(|index| (index * 10, (index * 7 % 101) as u32)).collect();
        for threads in [100, 1000] {
            let data = Data { to_ns: 1_000_000, ..data(threads, &changes) };
            let svg = draw(&data, Width::Double).unwrap();
            assert!(svg.lines().count() < 200, "{} lines", svg.lines().count());
            assert!(svg.len() < 60_000, "{} bytes", svg.len());
        }
    }

    #[test]
    fn one_thread_that_never_waits_is_a_line_at_zero() {
        let svg = draw(&data(1, &[]), Width::Column).unwrap();
        assert!(!svg.contains("lowest to highest"), "{svg}");
    }
}
