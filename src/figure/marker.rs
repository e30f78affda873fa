//! The shapes that mark points.

use super::clip::Point;

/// A shape that marks a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Marker {
    /// A disc.
    Circle,
    /// A square.
    Square,
    /// A triangle on its base.
    TriangleUp,
    /// A triangle on its tip.
    TriangleDown,
    /// A square on its corner.
    Diamond,
    /// A triangle that points to the left.
    TriangleLeft,
    /// A star with four tips.
    Star,
    /// A high rectangle.
    Bar,
    /// Two triangles that touch.
    Hourglass,
    /// A hexagon.
    Hexagon,
}

impl Marker {
    /// The corners around (0, 0), y downwards, for a marker two units wide; `None` for the disc.
    /// The shapes cover about the same area.
    pub(super) const fn corners(self) -> Option<&'static [Point]> {
        Some(match self {
            Self::Circle => return None,
            Self::Square => &[(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
            Self::TriangleUp => &[(0.0, -1.2), (1.12, 0.8), (-1.12, 0.8)],
            Self::TriangleDown => &[(0.0, 1.2), (1.12, -0.8), (-1.12, -0.8)],
            Self::TriangleLeft => &[(-1.2, 0.0), (0.8, -1.12), (0.8, 1.12)],
            Self::Diamond => &[(0.0, -1.25), (1.1, 0.0), (0.0, 1.25), (-1.1, 0.0)],
            Self::Star => &[
                (0.0, -1.45),
                (0.38, -0.38),
                (1.45, 0.0),
                (0.38, 0.38),
                (0.0, 1.45),
                (-0.38, 0.38),
                (-1.45, 0.0),
                (-0.38, -0.38),
            ],
            Self::Bar => &[(-0.5, -1.25), (0.5, -1.25), (0.5, 1.25), (-0.5, 1.25)],
            Self::Hourglass => {
                &[(-1.0, -1.15), (1.0, -1.15), (0.15, 0.0), (1.0, 1.15), (-1.0, 1.15), (-0.15, 0.0)]
            }
            Self::Hexagon => &[
                (-1.1, 0.0),
                (-0.55, -0.95),
                (0.55, -0.95),
                (1.1, 0.0),
                (0.55, 0.95),
                (-0.55, 0.95),
            ],
        })
    }
}
