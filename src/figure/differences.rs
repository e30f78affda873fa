//! A forest plot: how far each series is from a baseline, pair by pair on the same random draws.
//!
//! A row is a series at a point: the mean paired difference as a part of the baseline's mean, with its interval, and the
//! same in numbers. A marker is filled where a difference is shown, and hollow where chance may explain it. What is far
//! wider than the others does not press them together: it ends in an arrow, and is read in numbers.

use super::axis::{Axis, number};
use super::canvas::{self, Align, Canvas, Stroke};
use super::clip::{Rect, clip_segment};
use super::font;
use super::legend::{Key, Legend};
use super::panel::TITLE_MM;
use super::style::{
    AXIS_LINE, GRID_LINE, LABEL, MARGIN_MM, NAMES, Policy, REFERENCE_LINE, TICK, TITLE, Width,
};
use super::{FigureError, Quantity, finite, ticks};

const FIGURE: &str = "differences";

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// What differs, such as `operations`; the unit is added.
    pub label: String,
    /// What the others are compared with.
    pub baseline: String,
    /// Rows that belong together: those of a point.
    pub groups: Vec<Group>,
}

/// The series at a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The point; may be empty.
    pub title: String,
    /// One for each series but the baseline.
    pub rows: Vec<Row>,
}

/// A series less the baseline, as a part of the baseline's mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The series.
    pub policy: Policy,
    /// The mean difference: 0.1 is a tenth more.
    pub mean: f64,
    /// Half of its interval.
    pub half_width: f64,
    /// Whether there is a difference, after correction for the number of tests.
    pub is_shown: bool,
}

/// The height of a row, and of everything above the axis at most \[mm\].
const PITCH_MM: f64 = 3.4;
const MOST_MM: f64 = 200.0;
/// From this multiple of what is usual on, an interval is cut.
const WIDEST: f64 = 8.0;

/// Draws the figure.
///
/// # Errors
/// If there is no row, or a number is not finite.
pub fn draw(data: &Data, width: Width) -> Result<String, FigureError> {
    let (groups, rest) = fitting(&data.groups);
    let rows = || groups.iter().flat_map(|(group, count)| &group.rows[..*count]);
    if rows().next().is_none() {
        let needs = "two series with two replications each";
        return Err(FigureError::NoData { figure: FIGURE, needs });
    }
    for row in data.groups.iter().flat_map(|group| &group.rows) {
        finite(FIGURE, row.mean, || format!("the difference of {}", row.policy.label))?;
        finite(FIGURE, row.half_width, || format!("the interval of {}", row.policy.label))?;
    }
    let reach = reach(&rows().collect::<Vec<_>>());
    let low = rows().map(|row| row.mean - row.half_width).fold(0.0, f64::min).max(-reach);
    let high = rows().map(|row| row.mean + row.half_width).fold(0.0, f64::max).min(reach);
    let axis = Axis::rounded(low, high, Quantity::Share, 5);

    let page_mm = width.mm();
    let widest = |texts: &mut dyn Iterator<Item = String>| {
        texts.map(|text| font::width_mm(&text, TICK.pt, false)).fold(0.0, f64::max)
    };
    let names = widest(&mut rows().map(|row| row.policy.label.clone())).min(NAMES * page_mm);
    let left = MARGIN_MM + names + 2.4;
    let numbers = widest(&mut rows().map(in_numbers)) + 1.6;
    let track_mm = page_mm - MARGIN_MM - numbers - left;
    let legend = Legend::new(legend_entries(data, rest), page_mm);
    let rows_mm: f64 = groups.iter().map(|(group, count)| height(group, *count)).sum();
    let bottom = MARGIN_MM + rows_mm + 0.4;
    let page_height = bottom + 8.2 + legend.height() + MARGIN_MM;

    canvas::page(width, page_height, |canvas| {
        let mut top = MARGIN_MM;
        for (group, count) in &groups {
            let title_mm = title_mm(group);
            let title = font::shorten(&group.title, page_mm - 2.0 * MARGIN_MM, &TITLE);
            canvas.text(&title, (MARGIN_MM, top + title_mm - 1.2), &TITLE, Align::Left)?;
            let height_mm = height(group, *count) - title_mm;
            let track = Rect { left, top: top + title_mm, width: track_mm, height: height_mm };
            draw_grid(canvas, &axis, &track, page_mm)?;
            for (index, row) in group.rows[..*count].iter().enumerate() {
                let line_top = track.top + index as f64 * PITCH_MM;
                let line = Rect { top: line_top, height: PITCH_MM, ..track };
                let name = font::shorten(&row.policy.label, names, &TICK);
                let base = line.top + PITCH_MM / 2.0 + 0.8;
                canvas.text(&name, (left - 1.6, base), &TICK, Align::Right)?;
                let end = page_mm - MARGIN_MM;
                canvas.text(&in_numbers(row), (end, base), &TICK, Align::Right)?;
                draw_row(canvas, &axis, row, &line)?;
            }
            top += height(group, *count);
        }
        canvas.line(&[(left, bottom), (left + track_mm, bottom)], &AXIS_LINE)?;
        ticks::draw_below(canvas, &axis, (left, bottom), track_mm)?;
        let name = format!("difference in {} (%)", data.label);
        // Below the axis, but not over the edge of the page.
        let half = font::width_mm(&name, LABEL.pt, false) / 2.0;
        let middle = left + track_mm / 2.0;
        let middle = middle.min(page_mm - MARGIN_MM - half).max(MARGIN_MM + half);
        canvas.text(&name, (middle, bottom + 6.3), &LABEL, Align::Center)?;
        legend.draw_below(canvas, page_mm / 2.0, bottom + 8.2)
    })
}

/// How far the axis reaches at most: to every mean, but not to the end of an interval that is far wider than the others.
fn reach(rows: &[&Row]) -> f64 {
    let mut ends: Vec<_> = rows.iter().map(|row| row.mean.abs() + row.half_width).collect();
    ends.sort_by(f64::total_cmp);
    let farthest = rows.iter().map(|row| row.mean.abs()).fold(0.0, f64::max);
    let most = (WIDEST * ends[ends.len() / 2]).max(1.1 * farthest);
    if most > 0.0 { most } else { f64::INFINITY }
}

fn title_mm(group: &Group) -> f64 {
    if group.title.is_empty() { 1.0 } else { TITLE_MM }
}

fn height(group: &Group, rows: usize) -> f64 {
    title_mm(group) + PITCH_MM * rows as f64
}

/// The groups with as many of their rows as fit on a page, and how many do not.
fn fitting(groups: &[Group]) -> (Vec<(&Group, usize)>, usize) {
    let mut left_mm = MOST_MM;
    let mut rest = 0;
    let mut shown = Vec::new();
    for group in groups.iter().filter(|group| !group.rows.is_empty()) {
        // After the first row that does not fit, nothing else comes.
        let room = if rest > 0 { 0.0 } else { (left_mm - title_mm(group)) / PITCH_MM };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let count = (room.max(0.0) as usize).min(group.rows.len());
        rest += group.rows.len() - count;
        if count > 0 {
            left_mm -= height(group, count);
            shown.push((group, count));
        }
    }
    (shown, rest)
}

/// The difference and half of its interval in per cent.
fn in_numbers(row: &Row) -> String {
    let (mean, half) = (100.0 * row.mean, 100.0 * row.half_width);
    let decimals = if mean.abs().max(half) >= 99.5 { 0 } else { 1 };
    let text = number(mean, decimals);
    let sign = if mean > 0.0 { "+" } else { "" };
    format!("{sign}{text} ± {}", number(half, decimals))
}

fn legend_entries(data: &Data, rest: usize) -> Vec<(Key, String)> {
    let mut entries = vec![
        (Key::Reference, font::shorten(&data.baseline, 60.0, &LABEL)),
        (Key::Filled, "a difference is shown (Holm, 5 %)".to_owned()),
        (Key::Hollow, "none is shown".to_owned()),
        (Key::Nothing, "pairs of runs; 95 % intervals".to_owned()),
    ];
    if rest > 0 {
        entries.push((Key::Nothing, format!("{rest} more rows have no room")));
    }
    entries
}

fn draw_grid(
    canvas: &Canvas<'_>,
    axis: &Axis,
    track: &Rect,
    page_mm: f64,
) -> Result<(), FigureError> {
    let upright = |value: f64, stroke: &Stroke| {
        let x = track.left + axis.fraction(value) * track.width;
        canvas.line(&[(x, track.top), (x, track.bottom())], stroke)
    };
    axis.ticks.iter().try_for_each(|tick| upright(tick.at, &GRID_LINE))?;
    upright(0.0, &REFERENCE_LINE)?;
    canvas.line(&[(MARGIN_MM, track.top), (page_mm - MARGIN_MM, track.top)], &GRID_LINE)
}

fn draw_row(canvas: &Canvas<'_>, axis: &Axis, row: &Row, line: &Rect) -> Result<(), FigureError> {
    let look = row.policy.look();
    let middle = line.top + line.height / 2.0;
    let at = |value: f64| (line.left + axis.fraction(value) * line.width, middle);
    let ends = [at(row.mean - row.half_width), at(row.mean + row.half_width)];
    let stroke = Stroke::solid(look.color, 0.25);
    if let Some((from, to)) = clip_segment(ends[0], ends[1], line) {
        canvas.line(&[from, to], &stroke)?;
    }
    for ((x, _), outwards) in ends.into_iter().zip([-1.0, 1.0]) {
        let inside = x.clamp(line.left, line.right());
        // An arrow where it goes on.
        let back = if inside == x { 0.0 } else { 0.7 * outwards };
        let end = [(inside - back, middle - 0.5), (inside, middle), (inside - back, middle + 0.5)];
        canvas.line(&end, &stroke)?;
    }
    canvas.marker(at(row.mean), look.marker, 1.6, look.color, !row.is_shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(rows: &[(f64, f64)]) -> Data {
        let policy = Policy::list(&[("tick", "tick")]).remove(0);
        let row = |&(mean, half_width): &(f64, f64)| Row {
            policy: policy.clone(),
            mean,
            half_width,
            is_shown: mean.abs() > half_width,
        };
        let group = Group { title: "threads=2".to_owned(), rows: rows.iter().map(row).collect() };
        Data { label: "operations".to_owned(), baseline: "none".to_owned(), groups: vec![group] }
    }

    #[test]
    fn without_rows_there_is_no_figure() {
        for empty in [data(&[]), Data { groups: Vec::new(), ..data(&[]) }] {
            let error = draw(&empty, Width::Column).unwrap_err();
            assert!(matches!(error, FigureError::NoData { .. }), "{error}");
        }
    }

    #[test]
    fn no_difference_is_a_figure() {
        let svg = draw(&data(&[(0.0, 0.0)]), Width::Column).unwrap();
        assert!(svg.contains("\n0.0 ± 0.0<") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for wrong in [(f64::NAN, 0.0), (0.1, f64::INFINITY)] {
            let error = draw(&data(&[(0.1, 0.1), wrong]), Width::Column).unwrap_err();
            assert!(error.to_string().contains("of tick"), "{error}");
        }
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let many = data(&[(0.1, 0.2); 90]);
        let svg = draw(&many, Width::Column).unwrap();
        assert!(svg.contains("33 more rows"), "{svg}");
        assert_eq!(fitting(&data(&[(0.1, 0.2); 40]).groups).1, 0);
    }

    #[test]
    fn one_wild_interval_leaves_the_axis_to_the_others() {
        let mut rows = vec![(0.1, 0.05); 5];
        rows.push((0.2, 40.0));
        let svg = draw(&data(&rows), Width::Column).unwrap();
        assert!(svg.contains("\n+20 ± 4000<"), "{svg}");
        assert!(svg.contains("\n100<") && !svg.contains("\n1000<"), "{svg}");
        // A mean is data, however large.
        rows[5] = (-0.8, 0.01);
        let svg = draw(&data(&rows), Width::Column).unwrap();
        assert!(svg.contains("\n−80.0 ± 1.0<"), "{svg}");
        assert!(["\n−100<", "\n−80<"].iter().any(|end| svg.contains(end)), "{svg}");
        draw(&data(&[(0.0, 0.0), (0.0, 0.0), (0.0, 3.0)]), Width::Column).unwrap();
    }

    #[test]
    fn long_names_are_cut() {
        let mut long = data(&[(0.1, 0.2)]);
        long.groups[0].rows[0].policy.label = "a very long name ".repeat(20);
        assert!(draw(&long, Width::Column).unwrap().contains('…'));
    }
}
