//! How a curve is drawn: the band around it, its steps, and what was measured.

use super::super::FigureError;
use super::super::clip::Point;
use super::super::panel::Frame;
use super::{Bounds, Curve};

/// Which share of a distribution is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    AtMost,
    Longer,
}

impl Share {
    pub fn of(self, longer: f64) -> f64 {
        match self {
            Self::AtMost => 1.0 - longer,
            Self::Longer => longer,
        }
    }

    /// The shares of longer times that have a marker: those that can be told apart.
    const fn marked(self) -> &'static [f64] {
        match self {
            Self::AtMost => &[0.5, 0.1],
            Self::Longer => &[0.5, 0.1, 0.01, 0.001, 1e-4],
        }
    }
}

/// Where the curve may run, pale.
pub(super) fn draw_band(
    frame: &Frame<'_, '_>,
    curve: &Curve,
    share: Share,
) -> Result<(), FigureError> {
    let at = |time_ns: f64, longer: f64| frame.at(time_ns, share.of(longer));
    let edge = |end: fn(&Bounds) -> f64| {
        let mut path = vec![at(frame.x.low(), 1.0)];
        let mut level = 1.0;
        for bounds in &curve.band {
            let next = end(bounds);
            path.extend([level, next].map(|longer| at(bounds.time_ns, longer)));
            level = next;
        }
        // Steps run along the axes, so that what is moved to the edge is cut there and not bent.
        path.iter_mut().for_each(|place| *place = frame.rect.nearest(*place));
        thin(&mut path);
        path
    };
    if curve.band.is_empty() {
        return Ok(());
    }
    let mut corners = edge(|bounds| bounds.high);
    corners.extend(edge(|bounds| bounds.low).into_iter().rev());
    frame.canvas.veil(&corners, curve.policy.look().color)
}

/// The curve, with markers at some shares.
pub(super) fn draw_steps(
    frame: &Frame<'_, '_>,
    curve: &Curve,
    share: Share,
) -> Result<(), FigureError> {
    let look = curve.policy.look();
    let at = |time_ns: f64, longer: f64| frame.at(time_ns, share.of(longer));
    // Up to the first step, everything takes longer.
    let mut path: Vec<Point> = vec![at(frame.x.low(), 1.0)];
    let mut level = 1.0;
    let mut marked = share.marked().iter().copied().peekable();
    let mut markers = Vec::new();
    for step in &curve.steps {
        let before = at(step.time_ns, level);
        let after = at(step.time_ns, step.longer);
        path.extend([before, after]);
        // The last operation does not stand for ever smaller shares.
        let shown = |longer: &f64| *longer >= step.longer && (step.longer > 0.0 || *longer == 0.5);
        while let Some(longer) = marked.next_if(shown) {
            markers.push(at(step.time_ns, longer));
        }
        level = step.longer;
    }
    if curve.steps.is_empty() {
        return Ok(());
    }
    thin(&mut path);
    frame.line(&path, &look.stroke())?;
    for center in markers {
        frame.marker(center, look.marker, 1.2, look.color, false)?;
    }
    Ok(())
}

/// Drops points that are nearer to the last one than a printer can show.
fn thin(path: &mut Vec<Point>) {
    let end = path.last().copied();
    path.dedup_by(|next, last| (next.0 - last.0).abs() + (next.1 - last.1).abs() < 0.03);
    if let (Some(end), Some(last)) = (end, path.last_mut()) {
        *last = end;
    }
}

/// Measured quantiles as hollow markers.
pub(super) fn draw_measured(
    frame: &Frame<'_, '_>,
    curve: &Curve,
    share: Share,
) -> Result<(), FigureError> {
    let look = curve.policy.look();
    for quantile in &curve.measured {
        let center = frame.at(quantile.time_ns, share.of(quantile.longer()));
        frame.marker(center, look.marker, 1.9, look.color, true)?;
    }
    Ok(())
}
