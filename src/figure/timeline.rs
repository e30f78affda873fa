//! Who runs, who has the lock, and who waits for what: one row for each thread.
//!
//! Whoever runs fills the row, whoever waits is a slim band, whoever is blocked a line. The lock is
//! dark blue: a thread that has it and runs is a dark blue block, one that has it and does not run
//! (it waits for a core, say) has a dark blue strip below its band.

use super::canvas::{self, Align, Canvas};
use super::clip::Rect;
use super::legend::{Key, Legend};
use super::raster::raster;
use super::style::{
    AXIS_LINE, Activity, GRID_LINE, LABEL, MARGIN_MM, NAMES, Policy, TICK, TITLE, Width,
};
use super::{FigureError, Quantity, axis::Axis, font, ticks};

const FIGURE: &str = "timeline";

/// What a timeline shows.
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
    /// One row for each thread, from top to bottom.
    pub threads: Vec<Thread>,
}

/// A thread's row.
#[derive(Debug, Clone, PartialEq)]
pub struct Thread {
    /// What the row is called.
    pub label: String,
    /// What the thread did, in the order of time and without overlap; gaps stay blank.
    pub stretches: Vec<Stretch>,
}

/// A stretch of time that a thread spent on one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Begin \[ns since the start of the run\].
    pub start_ns: u64,
    /// End \[ns since the start of the run\].
    pub end_ns: u64,
    /// What the thread did.
    pub activity: Activity,
    /// Whether it had the lock meanwhile; always so for [`Activity::Locked`].
    pub holds: bool,
}

const TITLE_MM: f64 = 4.2;
/// A row with the gap below it. Rows of many threads are lower, so that a page can hold them.
const ROW_MM: (f64, f64) = (0.7, 3.3);
/// The height that the rows of a figure may take together.
const ROWS_MM: f64 = 170.0;
/// Where rows are lower than this, only some are labelled.
const LABEL_ROW_MM: f64 = 2.3;
/// The width of a hairline, and so of the shortest stretch.
const COLUMN_MM: f64 = 0.1;

/// Draws the timeline.
///
/// # Errors
/// If there is no thread, or no time to show.
pub fn draw(data: &Data, width: Width) -> Result<String, FigureError> {
    let rows: usize = data.panels.iter().map(|panel| panel.threads.len()).sum();
    if rows == 0 || data.to_ns <= data.from_ns {
        let needs = "at least one thread, and an end after the begin";
        return Err(FigureError::NoData { figure: FIGURE, needs });
    }
    let page_mm = width.mm();
    let threads = || data.panels.iter().flat_map(|panel| &panel.threads);
    let labels = threads().map(|thread| font::width_mm(&thread.label, TICK.pt, false));
    let left = MARGIN_MM + labels.fold(0.0, f64::max).min(NAMES * page_mm) + 1.0;
    let axis = Axis::linear(data.from_ns as f64, data.to_ns as f64, Quantity::TimeNs, 8);
    let track_mm = page_mm - left - 3.0;
    let row_mm = (ROWS_MM / rows as f64).clamp(ROW_MM.0, ROW_MM.1);
    let legend = Legend::new(legend_entries(data), page_mm);
    let panels_mm = rows as f64 * row_mm + data.panels.len() as f64 * (TITLE_MM + 0.8);
    let axis_end = MARGIN_MM + panels_mm + 7.6;
    let page_height = axis_end + legend.height() + MARGIN_MM;

    canvas::page(width, page_height, |canvas| {
        let mut top = MARGIN_MM;
        for panel in &data.panels {
            let area = Rect {
                left,
                top: top + TITLE_MM,
                width: track_mm,
                height: row_mm * panel.threads.len() as f64 + 0.4,
            };
            let above = (left, area.top - 1.2);
            canvas.text(&panel.policy.label, above, &TITLE, Align::Left)?;
            for x in axis.ticks.iter().map(|tick| left + axis.fraction(tick.at) * track_mm) {
                canvas.line(&[(x, area.top), (x, area.bottom())], &GRID_LINE)?;
            }
            for (index, thread) in panel.threads.iter().enumerate() {
                let row =
                    Rect { top: area.top + 0.4 + index as f64 * row_mm, height: row_mm, ..area };
                draw_row(canvas, thread, &row, data)?;
                let step = (LABEL_ROW_MM / row_mm).ceil();
                if index as f64 % step == 0.0 {
                    let beside = (left - 1.0, row.top + 0.45 * row_mm + 0.8);
                    canvas.text(&thread.label, beside, &TICK, Align::Right)?;
                }
            }
            let corner = [(left, area.top), (left, area.bottom()), (area.right(), area.bottom())];
            canvas.line(&corner, &AXIS_LINE)?;
            top = area.bottom() + 0.4;
        }
        let bottom = top - 0.4;
        ticks::draw_below(canvas, &axis, (left, bottom), track_mm)?;
        let center = left + track_mm / 2.0;
        canvas.text(&axis.unit.title("time"), (center, bottom + 6.2), &LABEL, Align::Center)?;
        legend.draw_below(canvas, center, axis_end)
    })
}

/// What occurs in the data, and nothing else.
fn legend_entries(data: &Data) -> Vec<(Key, String)> {
    let stretches = || {
        let threads = data.panels.iter().flat_map(|panel| &panel.threads);
        threads.flat_map(|thread| &thread.stretches)
    };
    let mut entries: Vec<_> = Activity::ALL
        .into_iter()
        .filter(|activity| stretches().any(|stretch| stretch.activity == *activity))
        .map(|activity| (Key::Band(activity), activity.label().to_owned()))
        .collect();
    if stretches().any(|stretch| stretch.holds && stretch.activity != Activity::Locked) {
        entries.push((Key::Strip, "has the lock meanwhile".to_owned()));
    }
    entries
}

fn draw_row(
    canvas: &Canvas<'_>,
    thread: &Thread,
    row: &Rect,
    data: &Data,
) -> Result<(), FigureError> {
    // A page has at most a few thousand columns.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let columns = (row.width / COLUMN_MM).floor() as usize;
    let column_mm = row.width / columns as f64;
    for run in raster(&thread.stretches, data.from_ns, data.to_ns, columns) {
        let (activity, holds) = run.look;
        let area = Rect {
            left: row.left + run.first as f64 * column_mm,
            top: row.top,
            width: (run.end - run.first) as f64 * column_mm,
            height: 0.86 * row.height,
        };
        draw_band(canvas, &area, activity)?;
        if holds && activity != Activity::Locked {
            draw_strip(canvas, &area)?;
        }
    }
    Ok(())
}

/// The band of an activity in its part of a row.
pub(super) fn draw_band(
    canvas: &Canvas<'_>,
    area: &Rect,
    activity: Activity,
) -> Result<(), FigureError> {
    let height = (area.height * activity.height()).max(COLUMN_MM);
    let top = area.top + (area.height - height) / 2.0;
    canvas.fill(&Rect { top, height, ..*area }, activity.color())
}

/// The strip of a thread that has the lock but does not run.
pub(super) fn draw_strip(canvas: &Canvas<'_>, area: &Rect) -> Result<(), FigureError> {
    let height = 0.22 * area.height;
    let strip = Rect { top: area.bottom() - height, height, ..*area };
    canvas.fill(&strip, Activity::Locked.color())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(stretches: Vec<Stretch>) -> Data {
        let policy = Policy::list(&[("tick", "tick")]).remove(0);
        let threads = vec![Thread { label: "T0".to_owned(), stretches }];
        Data { from_ns: 0, to_ns: 1000, panels: vec![Panel { policy, threads }] }
    }

    /// How often a colour is used.
    fn uses(svg: &str, activity: Activity) -> usize {
        let color = activity.color();
        svg.matches(&format!("fill=\"#{:02X}{:02X}{:02X}\"", color.0, color.1, color.2)).count()
    }

    #[test]
    fn without_threads_or_time_there_is_no_figure() {
        let empty = Data { from_ns: 0, to_ns: 1000, panels: Vec::new() };
        assert!(matches!(draw(&empty, Width::Column), Err(FigureError::NoData { .. })));
        let no_time = Data { to_ns: 0, ..data(Vec::new()) };
        assert!(matches!(draw(&no_time, Width::Column), Err(FigureError::NoData { .. })));
    }

    #[test]
    fn a_thread_that_does_nothing_is_an_empty_row() {
        let svg = draw(&data(Vec::new()), Width::Column).unwrap();
        assert!(Activity::ALL.into_iter().all(|activity| uses(&svg, activity) == 0));
    }

    #[test]
    fn a_holder_without_a_core_has_a_strip() {
        let wait = Stretch { start_ns: 0, end_ns: 1000, activity: Activity::CoreWait, holds: true };
        let svg = draw(&data(vec![wait]), Width::Column).unwrap();
        // Once in the row and once in the legend.
        assert_eq!((uses(&svg, Activity::CoreWait), uses(&svg, Activity::Locked)), (2, 2));
        let svg = draw(&data(vec![Stretch { holds: false, ..wait }]), Width::Column).unwrap();
        assert_eq!((uses(&svg, Activity::CoreWait), uses(&svg, Activity::Locked)), (2, 0));
    }
}
