//! Whose the lock is, and how fairly it is shared, window by window.
//!
//! Shares over a whole run hide that one thread has the lock for a second and another for the next. In
//! each window, stacked areas say who had the lock for how much of the time that it was held, and a
//! line says how evenly: Jain's index, 1 if all threads had the same, 1/n if one of n had all.

use super::axis::{Axis, time_label};
use super::canvas::Align;
use super::clip::{Point, Rect};
use super::legend::Key;
use super::panel::Frame;
use super::stack::{Stack, panel_height_mm};
use super::style::{
    FAIRNESS_CASING, FAIRNESS_LINE, LABEL, PAPER, Policy, SHARE_EDGE, Width, part_color,
};
use super::{FigureError, Quantity, finite, font};

const FIGURE: &str = "shares";

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// Begin of the time shown \[ns since the start of the run\].
    pub from_ns: u64,
    /// Its end.
    pub to_ns: u64,
    /// Whose shares they are, from the lowest area to the highest: threads or groups.
    pub parts: Vec<String>,
    /// One panel for each policy, from top to bottom.
    pub panels: Vec<Panel>,
}

/// A run under one policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// The policy; its label is the panel's title.
    pub policy: Policy,
    /// Windows of equal length over the time shown; `None` where nobody had the lock.
    pub windows: Vec<Option<Window>>,
}

/// Who had the lock in a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// The share of each part, in the order of [`Data::parts`]; together 1.
    pub shares: Vec<f64>,
    /// Jain's index of the threads' times.
    pub fairness: f64,
}

/// As many parts as can be told apart in grey.
pub const MOST_PARTS: usize = 8;

/// Draws the figure.
///
/// # Errors
/// If nobody has the lock, there is no time to show, or a number is not a share.
pub fn draw(data: &Data, width: Width) -> Result<String, FigureError> {
    let windows = || data.panels.iter().flat_map(|panel| panel.windows.iter().flatten());
    if windows().next().is_none() || data.parts.is_empty() || data.to_ns <= data.from_ns {
        let needs = "somebody who has the lock, and an end after the begin";
        return Err(FigureError::NoData { figure: FIGURE, needs });
    }
    data.panels.iter().try_for_each(|panel| check(panel, data.parts.len()))?;
    let most = data.panels.iter().map(|panel| panel.windows.len()).max().unwrap_or(1);
    let window = time_label((data.to_ns - data.from_ns) as f64 / most as f64);
    let count = data.parts.len();
    let parts = data.parts.iter().enumerate();
    let mut legend: Vec<_> =
        parts.map(|(index, part)| (Key::Area(part_color(index, count)), part.clone())).collect();
    legend.push((Key::Line(FAIRNESS_LINE), format!("Jain’s index over {window}")));
    let labels = if panel_height_mm(data.panels.len()) > 12.0 { 4 } else { 1 };
    let axis = || Axis::linear(0.0, 1.0, Quantity::Plain, labels);
    Stack {
        width,
        window_ns: (data.from_ns, data.to_ns),
        panels: data.panels.iter().map(|p| (p.policy.label.as_str(), axis())).collect(),
        y_name: "share of held time; index",
        legend,
    }
    .draw(|frame, index| draw_panel(frame, &data.panels[index], data))
}

fn check(panel: &Panel, parts: usize) -> Result<(), FigureError> {
    let wrong = |what: String, why| {
        let what = format!("{what} of {}", panel.policy.label);
        Err(FigureError::Value { figure: FIGURE, what, why })
    };
    for window in panel.windows.iter().flatten() {
        for value in window.shares.iter().chain([&window.fairness]) {
            finite(FIGURE, *value, || format!("a share of {}", panel.policy.label))?;
            if !(0.0..=1.0 + 1e-6).contains(value) {
                return wrong(format!("a share ({value})"), "it is not between 0 and 1");
            }
        }
        let sum: f64 = window.shares.iter().sum();
        if (sum - 1.0).abs() > 1e-6 {
            return wrong(format!("the shares ({sum})"), "together they are not the whole");
        }
        if window.shares.len() != parts {
            let what = format!("{} shares", window.shares.len());
            return wrong(what, "there are more or fewer parts");
        }
    }
    Ok(())
}

fn draw_panel(frame: &Frame<'_, '_>, panel: &Panel, data: &Data) -> Result<(), FigureError> {
    let stretches = stretches(&panel.windows);
    if stretches.is_empty() {
        return draw_nobody(frame);
    }
    let window_ns = (data.to_ns - data.from_ns) as f64 / panel.windows.len() as f64;
    let at = |place: f64, value: f64| frame.at(data.from_ns as f64 + place * window_ns, value);
    for (first, windows) in &stretches {
        let begin = *first as f64;
        // Of each window, the share of all parts below `part`.
        let edge = |part: usize| -> Vec<Point> {
            let below = |window: &&Window| window.shares[..part].iter().sum::<f64>().min(1.0);
            let steps = windows.iter().map(below).zip(0_u32..).flat_map(|(below, index)| {
                let left = begin + f64::from(index);
                [at(left, below), at(left + 1.0, below)]
            });
            steps.collect()
        };
        for part in 0..data.parts.len() {
            let mut corners = edge(part + 1);
            corners.extend(edge(part).into_iter().rev());
            frame.canvas.area(&corners, part_color(part, data.parts.len()))?;
        }
        for part in 1..data.parts.len() {
            frame.line(&edge(part), &SHARE_EDGE)?;
        }
        let mut line = vec![at(begin, windows[0].fairness)];
        let middles = windows.iter().zip(0_u32..);
        line.extend(middles.map(|(w, index)| at(begin + f64::from(index) + 0.5, w.fairness)));
        let last = windows.len() - 1;
        line.push(at(begin + windows.len() as f64, windows[last].fairness));
        frame.line(&line, &FAIRNESS_CASING)?;
        frame.line(&line, &FAIRNESS_LINE)?;
    }
    Ok(())
}

fn draw_nobody(frame: &Frame<'_, '_>) -> Result<(), FigureError> {
    let text = "nobody has the lock";
    let Rect { left, top, width, height } = frame.rect;
    let (center, middle) = (left + width / 2.0, top + height / 2.0);
    let half = font::width_mm(text, LABEL.pt, false) / 2.0 + 0.6;
    // No line of the grid runs through the text.
    let clear = Rect { left: center - half, top: middle - 1.6, width: 2.0 * half, height: 3.2 };
    frame.canvas.fill(&clear, PAPER)?;
    frame.canvas.text(text, (center, middle + 0.85), &LABEL, Align::Center)
}

/// Windows without a gap between them, each with the number of the first.
fn stretches(windows: &[Option<Window>]) -> Vec<(usize, Vec<&Window>)> {
    let mut stretches: Vec<(usize, Vec<&Window>)> = Vec::new();
    for (index, window) in windows.iter().enumerate() {
        let Some(window) = window else { continue };
        match stretches.last_mut() {
            Some((first, stretch)) if *first + stretch.len() == index => stretch.push(window),
            _ => stretches.push((index, vec![window])),
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(shares: &[f64], fairness: f64) -> Option<Window> {
        Some(Window { shares: shares.to_vec(), fairness })
    }

    fn data(parts: usize, windows: Vec<Option<Window>>) -> Data {
        let policy = Policy::list(&[("tick", "tick")]).remove(0);
        let parts = (0..parts).map(|index| format!("T{index}")).collect();
        Data { from_ns: 0, to_ns: 1000, parts, panels: vec![Panel { policy, windows }] }
    }

    #[test]
    fn without_a_holder_or_time_there_is_no_figure() {
        let no_time = Data { to_ns: 0, ..data(1, vec![window(&[1.0], 1.0)]) };
        let nobody = Data { panels: Vec::new(), ..data(1, Vec::new()) };
        for empty in [data(0, Vec::new()), data(2, vec![None, None]), no_time, nobody] {
            assert!(matches!(draw(&empty, Width::Column), Err(FigureError::NoData { .. })));
        }
    }

    #[test]
    fn one_thread_and_many_parts_are_figures() {
        draw(&data(1, vec![window(&[1.0], 1.0)]), Width::Column).unwrap();
        let even = window(&[0.01; 100], 1.0);
        draw(&data(100, vec![even; 50]), Width::Double).unwrap();
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for wrong in [
            window(&[f64::NAN, 0.0], 1.0),
            window(&[1.5, -0.5], 1.0),
            window(&[0.5, 0.4], 1.0),
            window(&[1.0], 1.0),
            window(&[0.5, 0.5], 1.5),
        ] {
            let error = draw(&data(2, vec![wrong]), Width::Column).unwrap_err();
            assert!(error.to_string().contains("of tick"), "{error}");
        }
    }

    #[test]
    fn windows_without_a_holder_leave_a_gap() {
        let some = window(&[0.5, 0.5], 1.0);
        let windows = [some.clone(), some.clone(), None, some.clone()];
        let found = stretches(&windows);
        let lengths: Vec<_> =
            found.iter().map(|(first, windows)| (*first, windows.len())).collect();
        assert_eq!(lengths, [(0, 2), (3, 1)]);
        let areas = |windows: &[Option<Window>]| {
            let svg = draw(&data(2, windows.to_vec()), Width::Column).unwrap();
            svg.matches("<polygon").count()
        };
        // Two parts, each in one or in two areas.
        assert_eq!((areas(&[some.clone(), some]), areas(&windows)), (2, 4));
    }
}
