//! Where the threads' time went: one stacked bar for each policy.

use super::axis::Axis;
use super::canvas::{self, Align, Canvas, Stroke, Type};
use super::clip::Rect;
use super::legend::{Key, Legend};
use super::style::{
    AXIS_LINE, Activity, GRID_LINE, INK, LABEL, MARGIN_MM, NAMES, PAPER, Policy, TICK, TITLE,
    Width, grey,
};
use super::{FigureError, Quantity, finite, font, ticks};

const FIGURE: &str = "breakdown";

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// Bars that belong together, from top to bottom.
    pub groups: Vec<Group>,
}

/// The bars of one point of an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What distinguishes it, such as `4 threads on 2 cores`; may be empty.
    pub title: String,
    /// One for each policy.
    pub bars: Vec<Bar>,
}

/// A policy's bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// The policy.
    pub policy: Policy,
    /// The share of the time that each activity took, in the order of [`Activity::ALL`]: from 0 to 1,
    /// together at most 1.
    pub shares: [f64; Activity::ALL.len()],
}

const TITLE_MM: f64 = 4.0;
/// A bar with the gap below it.
const PITCH_MM: f64 = 4.2;
const BAR_MM: f64 = 3.3;

/// Draws the figure.
///
/// # Errors
/// If there is no bar, or shares are negative, not finite, or more than the whole.
pub fn draw(data: &Data, width: Width) -> Result<String, FigureError> {
    let bars = || data.groups.iter().flat_map(|group| &group.bars);
    if bars().next().is_none() {
        return Err(FigureError::NoData { figure: FIGURE, needs: "at least one bar" });
    }
    bars().try_for_each(check)?;

    let page_mm = width.mm();
    let labels = bars().map(|bar| font::width_mm(&bar.policy.label, LABEL.pt, false));
    let left = MARGIN_MM + labels.fold(0.0, f64::max).min(NAMES * page_mm) + 3.4;
    let track_mm = page_mm - left - MARGIN_MM - 2.4;
    let axis = Axis::linear(0.0, 1.0, Quantity::Share, 5);
    let entries = Activity::ALL
        .into_iter()
        .filter(|activity| bars().any(|bar| bar.shares[*activity as usize] > 0.0))
        .map(|activity| (Key::Part(activity), activity.label().to_owned()))
        .collect();
    let legend = Legend::new(entries, page_mm);
    let height_of = |group: &Group| {
        let title_mm = if group.title.is_empty() { 1.0 } else { TITLE_MM };
        (title_mm, title_mm + PITCH_MM * group.bars.len() as f64)
    };
    let bars_mm: f64 = data.groups.iter().map(|group| height_of(group).1).sum();
    let bottom = MARGIN_MM + bars_mm + 0.4;
    let page_height = bottom + 8.2 + legend.height() + MARGIN_MM;

    canvas::page(width, page_height, |canvas| {
        ticks::draw_below(canvas, &axis, (left, bottom), track_mm)?;
        let mut top = MARGIN_MM;
        for group in &data.groups {
            let (title_mm, height) = height_of(group);
            canvas.text(&group.title, (left, top + title_mm - 1.2), &TITLE, Align::Left)?;
            for x in axis.ticks.iter().map(|tick| left + axis.fraction(tick.at) * track_mm) {
                canvas.line(&[(x, top + title_mm), (x, top + height)], &GRID_LINE)?;
            }
            for (index, bar) in group.bars.iter().enumerate() {
                let area = Rect {
                    left,
                    top: top + title_mm + index as f64 * PITCH_MM,
                    width: track_mm,
                    height: BAR_MM,
                };
                draw_bar(canvas, bar, &area)?;
            }
            top += height;
        }
        canvas.line(&[(left, bottom), (left + track_mm, bottom)], &AXIS_LINE)?;
        let center = left + track_mm / 2.0;
        let name = axis.unit.title("share of the threads’ time");
        canvas.text(&name, (center, bottom + 6.3), &LABEL, Align::Center)?;
        legend.draw_below(canvas, page_mm / 2.0, bottom + 8.2)
    })
}

fn check(bar: &Bar) -> Result<(), FigureError> {
    let name = |what: &str| format!("{what} of {}", bar.policy.label);
    for share in bar.shares {
        finite(FIGURE, share, || name("a share"))?;
        if share < 0.0 {
            let what = format!("{} ({share})", name("a share"));
            return Err(FigureError::Value { figure: FIGURE, what, why: "it is below zero" });
        }
    }
    let sum: f64 = bar.shares.iter().sum();
    if sum > 1.0 + 1e-6 {
        let what = format!("{} ({sum})", name("the shares"));
        return Err(FigureError::Value {
            figure: FIGURE,
            what,
            why: "they are more than the whole",
        });
    }
    Ok(())
}

fn draw_bar(canvas: &Canvas<'_>, bar: &Bar, area: &Rect) -> Result<(), FigureError> {
    let look = bar.policy.look();
    let middle = area.top + area.height / 2.0;
    canvas.text(&bar.policy.label, (area.left - 3.2, middle + 0.85), &LABEL, Align::Right)?;
    canvas.marker((area.left - 1.6, middle), look.marker, 1.5, look.color, false)?;
    let mut left = area.left;
    for (activity, share) in Activity::ALL.into_iter().zip(bar.shares) {
        let part = Rect { left, width: share * area.width, ..*area };
        left = part.right();
        if part.width < 0.02 {
            continue;
        }
        draw_part(canvas, &part, activity)?;
        draw_percent(canvas, &part, activity, share)?;
    }
    Ok(())
}

/// An activity's part of a bar.
pub(super) fn draw_part(
    canvas: &Canvas<'_>,
    area: &Rect,
    activity: Activity,
) -> Result<(), FigureError> {
    canvas.fill(area, activity.color())?;
    if let Some(falling) = activity.hatch() {
        let color = if grey(activity.color()) > 150.0 { INK } else { PAPER };
        canvas.hatch(area, 1.1, falling, &Stroke::solid(color, 0.12))?;
    }
    // White between two parts, unless it would eat up a thin one.
    if area.width > 0.5 {
        let right = area.right();
        let edge = Stroke::solid(PAPER, 0.15);
        canvas.line(&[(right, area.top), (right, area.bottom())], &edge)?;
    }
    Ok(())
}

/// The share in per cent, where it fits.
fn draw_percent(
    canvas: &Canvas<'_>,
    part: &Rect,
    activity: Activity,
    share: f64,
) -> Result<(), FigureError> {
    let text = format!("{:.0}", 100.0 * share);
    let width = font::width_mm(&text, TICK.pt, false);
    if width + 1.0 > part.width {
        return Ok(());
    }
    let (center, base) = (part.left + part.width / 2.0, part.top + part.height / 2.0 + 0.8);
    let color = if grey(activity.color()) > 130.0 { INK } else { PAPER };
    if activity.hatch().is_some() {
        let clear = Rect {
            left: center - width / 2.0 - 0.3,
            top: part.top + 0.5,
            width: width + 0.6,
            height: part.height - 1.0,
        };
        canvas.fill(&clear, activity.color())?;
    }
    canvas.text(&text, (center, base), &Type { color, ..TICK }, Align::Center)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(shares: [f64; 6]) -> Data {
        let policy = Policy::list(&[("tick", "tick")]).remove(0);
        Data { groups: vec![Group { title: String::new(), bars: vec![Bar { policy, shares }] }] }
    }

    #[test]
    fn without_bars_there_is_no_figure() {
        let drawn = draw(&Data { groups: Vec::new() }, Width::Column);
        assert!(matches!(drawn, Err(FigureError::NoData { .. })));
    }

    #[test]
    fn percents_stand_where_they_fit() {
        let svg = draw(&data([0.7, 0.295, 0.005, 0.0, 0.0, 0.0]), Width::Column).unwrap();
        assert!(svg.contains(">\n70</text>") && svg.contains(">\n30</text>"), "{svg}");
        assert!(!svg.contains(">\n1</text>") && !svg.contains("waits for the lock"), "{svg}");
    }

    #[test]
    fn shares_that_make_no_sense_are_refused() {
        for wrong in [f64::NAN, -0.1, 0.7] {
            let error = draw(&data([0.5, wrong, 0.0, 0.0, 0.0, 0.0]), Width::Column).unwrap_err();
            assert!(error.to_string().contains("of tick"), "{error}");
        }
    }
}
