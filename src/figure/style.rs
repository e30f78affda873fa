//! What every figure shares: sizes in print, colours, and how a policy or an activity looks.
//!
//! The colours are those of Okabe and Ito, and for architectures Paul Tol's muted ones, which colour-blind people can
//! tell apart. As some have much the same grey, a second sign always goes with them: a dash, a marker, a height or a
//! hatch.

use plotters::style::RGBColor;

use super::canvas::{Stroke, Type};
use super::marker::Marker;

/// How wide a figure is in print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Width {
    /// One column of a two-column page: 85 mm.
    Column,
    /// Both columns: 178 mm.
    Double,
    /// A slide or a screen: drawn 127 mm wide and then doubled, so that letters have 13 points and more, and lines stand out.
    Slide,
}

impl Width {
    /// How wide it is drawn \[mm\].
    #[must_use]
    pub const fn mm(self) -> f64 {
        match self {
            Self::Column => 85.0,
            Self::Double => 178.0,
            Self::Slide => 127.0,
        }
    }

    /// How many times as wide as it is drawn it is shown.
    pub(super) const fn magnification(self) -> f64 {
        match self {
            Self::Column | Self::Double => 1.0,
            Self::Slide => 2.0,
        }
    }
}

/// Around everything that is drawn on a page.
pub(super) const MARGIN_MM: f64 = 0.8;

/// How much of a page's width the names beside what is drawn may take.
pub(super) const NAMES: f64 = 0.4;

pub(super) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(super) const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
const GRID: RGBColor = RGBColor(0xE3, 0xE3, 0xE3);
const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
const SKY: RGBColor = RGBColor(0x56, 0xB4, 0xE9);
const GREEN: RGBColor = RGBColor(0x00, 0x9E, 0x73);
const YELLOW: RGBColor = RGBColor(0xF0, 0xE4, 0x42);
const ORANGE: RGBColor = RGBColor(0xE6, 0x9F, 0x00);
const VERMILION: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
const PURPLE: RGBColor = RGBColor(0xCC, 0x79, 0xA7);
const BLACK: RGBColor = RGBColor(0x00, 0x00, 0x00);
const GREY: RGBColor = RGBColor(0x80, 0x80, 0x80);
const WINE: RGBColor = RGBColor(0x88, 0x22, 0x55);
const OLIVE: RGBColor = RGBColor(0x99, 0x99, 0x33);
const TEAL: RGBColor = RGBColor(0x44, 0xAA, 0x99);
const ROSE: RGBColor = RGBColor(0xCC, 0x66, 0x77);
const INDIGO: RGBColor = RGBColor(0x33, 0x22, 0x88);

/// Boxes of simulated values beside filled ones of measured values.
pub(super) const SIMULATED: RGBColor = VERMILION;
/// What is nearly on the line that it surrounds; lighter than any data, darker than paper.
pub(super) const TOLERANCE: RGBColor = RGBColor(0xEC, 0xEC, 0xEC);

/// Titles of panels.
pub(super) const TITLE: Type = Type { pt: 7.5, bold: true, color: INK };
/// Names of axes, legends, rows.
pub(super) const LABEL: Type = Type { pt: 7.0, bold: false, color: INK };
/// Numbers at ticks and in bars.
pub(super) const TICK: Type = Type { pt: 6.5, bold: false, color: INK };

pub(super) const AXIS_LINE: Stroke = Stroke::solid(INK, 0.15);
pub(super) const GRID_LINE: Stroke = Stroke::solid(GRID, 0.12);
/// A line that the reader compares the others with.
pub(super) const REFERENCE_LINE: Stroke =
    Stroke { color: RGBColor(0x70, 0x70, 0x70), width_mm: 0.2, dash: &[0.5, 0.7] };

/// How many threads wait: the colour of waiting for the lock, as in timelines.
pub(super) const WAITING_LINE: Stroke = Stroke::solid(RGBColor(0xB0, 0x4E, 0x00), 0.25);
/// From the fewest to the most of them.
pub(super) const WAITING_RANGE: RGBColor = RGBColor(0xF6, 0xD3, 0xB8);
/// Fairness on top of shares; the casing keeps it apart from the dark ones.
pub(super) const FAIRNESS_LINE: Stroke = Stroke::solid(INK, 0.3);
pub(super) const FAIRNESS_CASING: Stroke = Stroke::solid(PAPER, 0.8);
/// Between two shares.
pub(super) const SHARE_EDGE: Stroke = Stroke::solid(PAPER, 0.12);

/// What theory knows exactly.
pub(super) const EXACT_LINE: Stroke = Stroke::solid(INK, 0.18);
/// What theory says that nothing exceeds, or falls below.
pub(super) const BOUND_LINE: Stroke =
    Stroke { color: RGBColor(0x60, 0x60, 0x60), width_mm: 0.18, dash: &[1.6, 0.9] };

/// What no point is beyond; wide and pale, as it lies below data.
pub(super) const FRONT_LINE: Stroke = Stroke::solid(RGBColor(0xA8, 0xA8, 0xA8), 0.45);

/// A policy, or an architecture, as figures know it: which rule, and what its readers call it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Policy {
    /// The rule's name in experiment files, such as `timed_wait` or `processes`.
    pub kind: String,
    /// Which of the policies of this kind: 0 for the first, which has the kind's own colour.
    pub variant: usize,
    /// What legends call it, such as `CPython 3.13 (timed wait)`.
    pub label: String,
}

impl Policy {
    /// Policies from their kinds and labels; those of one kind are numbered in the given order.
    ///
    /// Call it once for all figures of an experiment, so that a policy looks the same in each.
    #[must_use]
    pub fn list(kinds_and_labels: &[(&str, &str)]) -> Vec<Self> {
        let earlier = |index: usize, kind| {
            kinds_and_labels[..index].iter().filter(|(other, _)| *other == kind).count()
        };
        let policies = kinds_and_labels.iter().enumerate();
        policies
            .map(|(index, &(kind, label))| Self {
                kind: kind.to_owned(),
                variant: earlier(index, kind),
                label: label.to_owned(),
            })
            .collect()
    }

    /// How it looks.
    #[must_use]
    pub fn look(&self) -> PolicyLook {
        PolicyLook::of(&self.kind, self.variant)
    }
}

/// How a policy looks in every figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PolicyLook {
    pub(super) color: RGBColor,
    pub(super) dash: &'static [f64],
    pub(super) marker: Marker,
}

/// Dash patterns \[mm\], solid first.
const DASHES: [&[f64]; 7] = [
    &[],
    &[1.8, 0.7],
    &[0.9, 0.6],
    &[2.4, 0.6, 0.4, 0.6],
    &[0.4, 0.5],
    &[1.4, 0.5, 0.4, 0.5, 0.4, 0.5],
    &[3.2, 0.6],
];

/// Markers of further variants of a kind: none of them is a kind's own.
const VARIANT_MARKERS: [Marker; 4] =
    [Marker::Star, Marker::Bar, Marker::Hourglass, Marker::Hexagon];

impl PolicyLook {
    /// The look of the `variant`-th policy of a kind: colour by kind; dash, marker and lightness
    /// by both. A kind that is not known here looks like no other.
    #[must_use]
    pub fn of(kind: &str, variant: usize) -> Self {
        let (color, dash, marker) = match kind {
            "timed_wait" => (BLUE, 0, Marker::Circle),
            "tick" => (VERMILION, 1, Marker::Square),
            "priority" => (GREEN, 3, Marker::TriangleUp),
            "fifo_handoff" => (PURPLE, 2, Marker::Diamond),
            "barging" => (ORANGE, 4, Marker::TriangleDown),
            "none" => (BLACK, 5, Marker::TriangleLeft),
            "sequential" => (GREY, 4, Marker::TriangleLeft),
            "processes" => (WINE, 1, Marker::Square),
            "interpreters" => (OLIVE, 3, Marker::Diamond),
            "free_threaded" => (TEAL, 2, Marker::TriangleUp),
            "gilectomy" => (ROSE, 5, Marker::TriangleDown),
            "object_locks" => (INDIGO, 6, Marker::Star),
            _ => (SKY, 0, Marker::Hexagon),
        };
        let Some(further) = variant.checked_sub(1) else {
            return Self { color, dash: DASHES[dash], marker };
        };
        let color = match further % 3 {
            0 => mix(color, PAPER, 0.45),
            1 if color == BLACK => mix(color, PAPER, 0.25),
            1 => mix(color, BLACK, 0.45),
            _ => mix(color, PAPER, 0.65),
        };
        Self {
            color,
            dash: DASHES[(dash + variant) % DASHES.len()],
            marker: VARIANT_MARKERS[further % VARIANT_MARKERS.len()],
        }
    }

    pub(super) const fn stroke(&self) -> Stroke {
        Stroke { color: self.color, width_mm: 0.3, dash: self.dash }
    }
}

/// The colour of one of `count` parts of a whole, from dark to light.
pub(super) fn part_color(index: usize, count: usize) -> RGBColor {
    let (dark, light) = (mix(BLUE, BLACK, 0.4), mix(SKY, PAPER, 0.65));
    let place = if count < 2 { 0.75 } else { index as f64 / (count - 1) as f64 };
    // Where the sky blue of the middle makes the steps of lightness about equal.
    let middle = 0.6;
    if place < middle {
        mix(dark, SKY, place / middle)
    } else {
        mix(SKY, light, (place - middle) / (1.0 - middle))
    }
}

pub(super) fn mix(color: RGBColor, with: RGBColor, share: f64) -> RGBColor {
    let channel = |from: u8, to: u8| {
        // Between two bytes, so it is a byte.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        {
            (f64::from(from) * (1.0 - share) + f64::from(to) * share).round() as u8
        }
    };
    RGBColor(channel(color.0, with.0), channel(color.1, with.1), channel(color.2, with.2))
}

/// How bright a colour is in grey print, from 0 (black) to 255.
pub(super) fn grey(color: RGBColor) -> f64 {
    0.299 * f64::from(color.0) + 0.587 * f64::from(color.1) + 0.114 * f64::from(color.2)
}

/// What a thread's time goes to, as figures distinguish it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Activity {
    /// Doing its own work with the lock.
    Locked,
    /// Doing its own work without the lock.
    Unlocked,
    /// On a core, but busy with the lock or the scheduler.
    Overhead,
    /// Asleep at the lock.
    LockWait,
    /// Ready, but without a core.
    CoreWait,
    /// Blocked in I/O, or idle.
    Blocked,
}

impl Activity {
    /// Every activity, in the order in which bars and legends show them.
    pub const ALL: [Self; 6] = [
        Self::Locked,
        Self::Unlocked,
        Self::Overhead,
        Self::LockWait,
        Self::CoreWait,
        Self::Blocked,
    ];

    /// The activity of a state as tables name it (`running`, `overhead`, `lock_wait`, `core_wait`,
    /// `blocked`); `None` for any other name.
    #[must_use]
    pub fn of(state: &str, holds: bool) -> Option<Self> {
        Some(match (state, holds) {
            ("running", true) => Self::Locked,
            ("running", false) => Self::Unlocked,
            ("overhead", _) => Self::Overhead,
            ("lock_wait", _) => Self::LockWait,
            ("core_wait", _) => Self::CoreWait,
            ("blocked", _) => Self::Blocked,
            _ => return None,
        })
    }

    /// What legends call it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Locked => "runs with the lock",
            Self::Unlocked => "runs without the lock",
            Self::Overhead => "overhead",
            Self::LockWait => "waits for the lock",
            Self::CoreWait => "waits for a core",
            Self::Blocked => "blocked",
        }
    }

    pub(super) const fn color(self) -> RGBColor {
        match self {
            Self::Locked => BLUE,
            Self::Unlocked => SKY,
            Self::Overhead => BLACK,
            Self::LockWait => VERMILION,
            Self::CoreWait => YELLOW,
            Self::Blocked => RGBColor(0xBE, 0xBE, 0xBE),
        }
    }

    /// How much of a row's height its band fills: whoever runs stands out, whoever waits is slim.
    pub(super) const fn height(self) -> f64 {
        match self {
            Self::Locked | Self::Unlocked | Self::Overhead => 1.0,
            Self::LockWait => 0.34,
            Self::CoreWait => 0.6,
            Self::Blocked => 0.1,
        }
    }

    /// Whether bars hatch it, and which way: falling to the right or rising.
    pub(super) const fn hatch(self) -> Option<bool> {
        match self {
            Self::LockWait => Some(false),
            Self::CoreWait => Some(true),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::shares::MOST_PARTS;
    use super::*;

    const POLICIES: [&str; 6] =
        ["tick", "timed_wait", "priority", "fifo_handoff", "barging", "none"];
    const ARCHITECTURES: [&str; 7] = [
        "timed_wait",
        "sequential",
        "processes",
        "interpreters",
        "free_threaded",
        "gilectomy",
        "object_locks",
    ];

    #[test]
    fn no_two_policies_look_the_same() {
        let kinds = POLICIES.into_iter().chain(ARCHITECTURES.into_iter().skip(1));
        let all: Vec<_> = kinds
            .chain(["something new"])
            .flat_map(|kind| (0..4).map(move |variant| PolicyLook::of(kind, variant)))
            .collect();
        for (index, look) in all.iter().enumerate() {
            assert!(all[..index].iter().all(|other| other.color != look.color), "{look:?}");
        }
    }

    #[test]
    fn without_colour_marker_or_dash_still_differ() {
        let of = |kinds: &[&str]| kinds.iter().map(|kind| PolicyLook::of(kind, 0)).collect();
        let (policies, architectures): (Vec<_>, Vec<_>) = (of(&POLICIES), of(&ARCHITECTURES));
        let variants: Vec<_> =
            (0..4).map(|variant| PolicyLook::of("timed_wait", variant)).collect();
        for looks in [policies, architectures, variants] {
            for (index, look) in looks.iter().enumerate() {
                let others = &looks[..index];
                assert!(others.iter().all(|other| other.marker != look.marker), "{look:?}");
                assert!(others.iter().all(|other| other.dash != look.dash), "{look:?}");
            }
        }
    }

    #[test]
    fn parts_differ_in_grey() {
        for count in 2..=MOST_PARTS {
            let greys: Vec<_> = (0..count).map(|index| grey(part_color(index, count))).collect();
            assert!(greys.windows(2).all(|pair| pair[1] - pair[0] > 20.0), "{greys:?}");
        }
    }

    #[test]
    fn variants_are_numbered_within_their_kind() {
        let policies =
            Policy::list(&[("tick", "2.7"), ("timed_wait", "5 ms"), ("timed_wait", "1 ms")]);
        assert_eq!(policies.iter().map(|policy| policy.variant).collect::<Vec<_>>(), [0, 0, 1]);
    }

    #[test]
    fn activities_differ_in_grey_or_in_shape() {
        for a in Activity::ALL {
            for b in Activity::ALL.into_iter().filter(|b| *b != a) {
                let apart = (grey(a.color()) - grey(b.color())).abs() > 25.0;
                assert!(apart || a.height() != b.height(), "{a:?} and {b:?} in a timeline");
                assert!(apart || a.hatch() != b.hatch(), "{a:?} and {b:?} in a bar");
            }
        }
    }
}
