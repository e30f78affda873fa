//! Cuts lines at the edge of a rectangle.
//!
//! plotters moves a point that lies outside the axes onto the edge, which turns the line towards it:
//! the picture then shows a slope that the data don't have. So every line is cut here first, after
//! the axes have mapped it to the page, where a line on logarithmic axes is as straight as any.

/// A place on the page: to the right and down from the upper left corner \[mm\].
pub(super) type Point = (f64, f64);

/// A rectangle on the page \[mm\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub fn contains(&self, (x, y): Point) -> bool {
        (self.left..=self.right()).contains(&x) && (self.top..=self.bottom()).contains(&y)
    }

    /// The place in it that is nearest to another.
    pub fn nearest(&self, (x, y): Point) -> Point {
        (x.clamp(self.left, self.right()), y.clamp(self.top, self.bottom()))
    }
}

/// The part of the line from `a` to `b` that lies inside, if any does (Liang and Barsky, 1984).
pub(super) fn clip_segment(a: Point, b: Point, within: &Rect) -> Option<(Point, Point)> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    // For each edge: how fast the line approaches it, and how far inside of it the line starts.
    for (speed, inside) in [
        (-dx, a.0 - within.left),
        (dx, within.right() - a.0),
        (-dy, a.1 - within.top),
        (dy, within.bottom() - a.1),
    ] {
        if speed == 0.0 {
            if inside < 0.0 {
                return None;
            }
        } else if speed < 0.0 {
            enter = enter.max(inside / speed);
        } else {
            leave = leave.min(inside / speed);
        }
    }
    let at = |t: f64| {
        let whole = if t == 1.0 { b } else { (a.0 + t * dx, a.1 + t * dy) };
        // Rounding must not carry a cut point back over the edge.
        (whole.0.clamp(within.left, within.right()), whole.1.clamp(within.top, within.bottom()))
    };
    (enter <= leave).then(|| (at(enter), at(leave)))
}

/// The parts of a line through `points` that lie inside. A point that is not finite breaks the line.
pub(super) fn clip_polyline(points: &[Point], within: &Rect) -> Vec<Vec<Point>> {
    let mut parts: Vec<Vec<Point>> = Vec::new();
    let finite = |point: Point| point.0.is_finite() && point.1.is_finite();
    for pair in points.windows(2).filter(|pair| finite(pair[0]) && finite(pair[1])) {
        let Some((from, to)) = clip_segment(pair[0], pair[1], within) else { continue };
        match parts.last_mut() {
            Some(part) if part.last() == Some(&from) => part.push(to),
            _ => parts.push(vec![from, to]),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: Rect = Rect { left: 0.0, top: 0.0, width: 1.0, height: 1.0 };

    #[test]
    fn a_line_that_leaves_keeps_its_slope() {
        let parts = clip_polyline(&[(0.0, 0.0), (1.0, 4.0)], &UNIT);
        assert_eq!(parts, [[(0.0, 0.0), (0.25, 1.0)]]);
    }

    #[test]
    fn a_line_across_is_cut_at_both_edges() {
        assert_eq!(clip_segment((-1.0, 0.5), (3.0, 0.5), &UNIT), Some(((0.0, 0.5), (1.0, 0.5))));
        assert_eq!(clip_segment((-1.0, 2.0), (2.0, 2.0), &UNIT), None);
        assert_eq!(clip_segment((-1.0, 0.5), (0.5, 2.0), &UNIT), None);
    }

    #[test]
    fn a_line_that_comes_back_has_two_parts() {
        let parts = clip_polyline(&[(0.0, 0.5), (0.5, 1.5), (1.0, 0.5)], &UNIT);
        assert_eq!(parts, [[(0.0, 0.5), (0.25, 1.0)], [(0.75, 1.0), (1.0, 0.5)]]);
    }

    #[test]
    fn what_lies_inside_stays_one_line() {
        let points = [(0.1, 0.1), (0.4, 0.9), (0.7, 0.2), (1.0, 1.0)];
        assert_eq!(clip_polyline(&points, &UNIT), [points]);
    }

    #[test]
    fn a_hole_breaks_the_line() {
        let points = [(0.0, 0.0), (0.1, 0.1), (f64::NAN, 0.2), (0.3, 0.3), (0.4, 0.4)];
        assert_eq!(clip_polyline(&points, &UNIT).len(), 2);
        assert!(clip_polyline(&[(0.2, 0.2)], &UNIT).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn nothing_lies_outside_and_slopes_stay(
            a in (-3.0..3.0_f64, -3.0..3.0_f64),
            b in (-3.0..3.0_f64, -3.0..3.0_f64),
        ) {
            if let Some((from, to)) = clip_segment(a, b, &UNIT) {
                assert!(UNIT.contains(from) && UNIT.contains(to));
                let cross = (b.0 - a.0) * (to.1 - from.1) - (b.1 - a.1) * (to.0 - from.0);
                assert!(cross.abs() < 1e-9);
            }
        }
    }
}
