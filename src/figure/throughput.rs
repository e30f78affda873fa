//! A number against a swept parameter: one line for each policy, with intervals.
//!
//! Simulated means are filled markers on a line, with their confidence intervals; measured values are
//! hollow markers of the same colour and shape around them, with the range of the repetitions. Points of different
//! policies at one place stand a little apart, so that none hides another. What theory knows exactly is a thin dark line
//! below the markers; bounds are dashed, and don't stretch the axis.

use super::axis::Axis;
use super::canvas::Stroke;
use super::legend::Key;
use super::panel::{Frame, Multiples};
use super::style::{BOUND_LINE, EXACT_LINE, Policy, REFERENCE_LINE, Width};
use super::{FigureError, Quantity, finite};

const FIGURE: &str = "throughput";

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// What is swept, such as `threads`.
    pub x_label: String,
    /// What kind of values it has.
    pub x: Sweep,
    /// What is shown, such as `work units`; the unit is added.
    pub y_label: String,
    /// What kind of number that is.
    pub y: Quantity,
    /// A value to compare with, and what it is, such as 1 and `one thread alone`.
    pub reference: Option<(f64, String)>,
    /// Small multiples with common axes.
    pub panels: Vec<Panel>,
}

/// The values of a swept parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Sweep {
    /// Numbers on a linear axis.
    Linear(Quantity),
    /// Numbers above zero on a logarithmic axis.
    Log(Quantity),
    /// Names; the points' `x` are their places, from 0.
    Names(Vec<String>),
}

/// One panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What distinguishes it, such as `2 cores`; may be empty.
    pub title: String,
    /// One for each policy.
    pub series: Vec<Series>,
    /// What theory says of them; may be empty.
    pub theory: Vec<Curve>,
}

/// What theory says: values at swept places, in ascending order of `x`.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Whether the values are exact; they bound what is simulated if not.
    pub is_exact: bool,
    /// The swept parameter and the value.
    pub points: Vec<(f64, f64)>,
}

impl Curve {
    fn rises_or_falls(&self) -> bool {
        let near = |(one, other): (f64, f64)| (one - other).abs() <= 1e-9 * one.abs();
        !self.points.windows(2).all(|pair| near((pair[0].1, pair[1].1)))
    }
}

/// A policy's values.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The policy.
    pub policy: Policy,
    /// Simulated means with confidence intervals, in ascending order of `x`; may be empty.
    pub simulated: Vec<Point>,
    /// Measured medians with the least and the greatest value; may be empty.
    pub measured: Vec<Point>,
}

/// A value with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The swept parameter.
    pub x: f64,
    /// The value.
    pub y: f64,
    /// The lower end of its interval; the value itself if there is none.
    pub low: f64,
    /// The upper end of its interval.
    pub high: f64,
}

/// The least and the greatest distance between neighbouring policies at one place \[mm\].
const APART_MM: (f64, f64) = (0.6, 1.1);

/// Room for half of a marker at the edge of a panel.
const MARKER_MM: f64 = 1.0;

/// How many times as high as everything else a bound may be, to stretch the axis.
const NEAR: f64 = 1.25;

/// Half of a line at a single place \[mm\].
const ALONE_MM: f64 = 2.5;

/// The same beside what theory says: enough to see that there is another below.
const APART_BESIDE_THEORY_MM: f64 = 0.5;

/// Draws the figure.
///
/// # Errors
/// If there is no point, or a number is not finite, or one on a logarithmic axis is not above zero.
pub fn draw(data: &Data, width: Width) -> Result<String, FigureError> {
    let points = || {
        let series = data.panels.iter().flat_map(|panel| &panel.series);
        series.flat_map(|series| series.simulated.iter().chain(&series.measured))
    };
    if points().next().is_none() {
        return Err(FigureError::NoData { figure: FIGURE, needs: "at least one point" });
    }
    points().try_for_each(|point| check(point, data))?;
    let curves = || data.panels.iter().flat_map(|panel| &panel.theory);
    curves().flat_map(|curve| &curve.points).try_for_each(|(x, y)| {
        let (x, y) = (*x, *y);
        check(&Point { x, y, low: y, high: y }, data)
    })?;
    let reference = data.reference.iter().map(|(value, _)| *value);
    let exact = curves().filter(|curve| curve.is_exact).flat_map(|curve| &curve.points);
    let ends = || points().flat_map(|point| [point.y, point.low, point.high]);
    let others = reference.chain(exact.map(|(_, y)| *y));
    let high = ends().chain(others).fold(f64::NEG_INFINITY, f64::max);
    // A bound that is near is worth some space.
    let bounds = curves().flat_map(|curve| &curve.points).map(|(_, y)| *y);
    let high = bounds.filter(|bound| *bound <= NEAR * high).fold(high, f64::max);
    // From zero, so that heights can be compared.
    let low = ends().fold(0.0, f64::min);

    let y = Axis::rounded(low, high, data.y, 5);
    let joined = !matches!(data.x, Sweep::Names(_));
    Multiples {
        width,
        titles: data.panels.iter().map(|panel| panel.title.as_str()).collect(),
        x: sweep_axis(&data.x, points().map(|point| point.x).collect()),
        legend: legend_entries(data, &y),
        x_name: &data.x_label,
        y: vec![(y, &data.y_label)],
    }
    .draw(|frame, index| {
        if let Some((value, _)) = &data.reference {
            let y = frame.at(0.0, *value).1;
            frame.line(&[(frame.rect.left, y), (frame.rect.right(), y)], &REFERENCE_LINE)?;
        }
        let series = &data.panels[index].series;
        let middle = (series.len() as f64 - 1.0) / 2.0;
        // Half of what there is from one place to the next, so that places stay apart.
        let places = (frame.x.ticks.len() * series.len()).max(1) as f64;
        let apart = (0.5 * frame.rect.width / places).clamp(APART_MM.0, APART_MM.1);
        // Beside a line that says where they belong, points must not seem to lie elsewhere.
        let beside = joined && data.panels[index].theory.iter().any(Curve::rises_or_falls);
        let apart = if beside { APART_BESIDE_THEORY_MM } else { apart };
        // Nor may those at the first and the last place leave the panel.
        let ends = [frame.x.ticks.first(), frame.x.ticks.last()].into_iter().flatten();
        let air = ends.map(|tick| frame.x.fraction(tick.at)).map(|at| at.min(1.0 - at));
        let air_mm = air.fold(0.5, f64::min) * frame.rect.width - MARKER_MM;
        let apart = if middle * apart > air_mm { air_mm.max(0.0) / middle } else { apart };
        let shifted = || series.iter().zip(0_u32..);
        let placed = || shifted().map(|(series, place)| (series, f64::from(place) - middle));
        for (series, place) in placed().filter(|_| joined) {
            draw_line(frame, series, place * apart)?;
        }
        for curve in &data.panels[index].theory {
            draw_curve(frame, curve, joined)?;
        }
        for (series, place) in placed() {
            draw_simulated(frame, series, place * apart)?;
        }
        for (series, place) in placed() {
            draw_measured(frame, series, place * apart)?;
        }
        Ok(())
    })
}

fn check(point: &Point, data: &Data) -> Result<(), FigureError> {
    let at = |what: &str| format!("{what} at {} = {}", data.x_label, point.x);
    finite(FIGURE, point.x, || at("a place"))?;
    finite(FIGURE, point.y, || at("a value"))?;
    finite(FIGURE, point.low, || at("the lower end of an interval"))?;
    finite(FIGURE, point.high, || at("the upper end of an interval"))?;
    if matches!(data.x, Sweep::Log(_)) && point.x <= 0.0 {
        let why = "a logarithmic axis has only numbers above zero";
        return Err(FigureError::Value { figure: FIGURE, what: at("a place"), why });
    }
    Ok(())
}

/// An axis that names the swept values themselves, as long as they are few.
fn sweep_axis(sweep: &Sweep, mut values: Vec<f64>) -> Axis {
    values.sort_by(f64::total_cmp);
    values.dedup();
    let (low, high) = (values[0], values[values.len() - 1]);
    match sweep {
        Sweep::Names(names) => Axis::of_names(names),
        Sweep::Linear(quantity) if values.len() <= 12 => Axis::of_values(&values, false, *quantity),
        Sweep::Log(quantity) if values.len() <= 12 => Axis::of_values(&values, true, *quantity),
        Sweep::Linear(quantity) => Axis::rounded(low, high, *quantity, 6),
        Sweep::Log(quantity) => Axis::log(low, high, *quantity, 6),
    }
}

fn legend_entries(data: &Data, y: &Axis) -> Vec<(Key, String)> {
    let series = || data.panels.iter().flat_map(|panel| &panel.series);
    let mut entries: Vec<(Key, String)> = Vec::new();
    for policy in series().map(|series| &series.policy) {
        let entry = (Key::Policy(policy.look()), policy.label.clone());
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    if series().any(|series| !series.measured.is_empty()) {
        entries.push((Key::HollowRange, "measured (with range)".to_owned()));
    }
    if let Some((_, label)) = &data.reference {
        entries.push((Key::Reference, label.clone()));
    }
    let is_seen = |(_, value): &(f64, f64)| y.fraction(*value) <= 1.0;
    for (is_exact, label) in [(true, "exact (theory)"), (false, "bounds (theory)")] {
        let mut curves = data.panels.iter().flat_map(|panel| &panel.theory);
        if curves.any(|curve| curve.is_exact == is_exact && curve.points.iter().any(is_seen)) {
            entries.push((Key::Theory { is_exact }, label.to_owned()));
        }
    }
    entries
}

/// Where the points of a series stand.
fn centers(frame: &Frame<'_, '_>, series: &Series, shift: f64) -> Vec<(f64, f64)> {
    let at = |point: &Point| {
        let (x, y) = frame.at(point.x, point.y);
        (x + shift, y)
    };
    series.simulated.iter().map(at).collect()
}

/// Joins the points of a series. There is nothing between two names.
fn draw_line(frame: &Frame<'_, '_>, series: &Series, shift: f64) -> Result<(), FigureError> {
    frame.line(&centers(frame, series, shift), &series.policy.look().stroke())
}

/// A line through the values, or a short one at each if they are not `joined`.
fn draw_curve(frame: &Frame<'_, '_>, curve: &Curve, joined: bool) -> Result<(), FigureError> {
    let stroke = if curve.is_exact { EXACT_LINE } else { BOUND_LINE };
    let places: Vec<_> = curve.points.iter().map(|(x, y)| frame.at(*x, *y)).collect();
    if joined && places.len() > 1 {
        return frame.line(&places, &stroke);
    }
    places
        .iter()
        .try_for_each(|(x, y)| frame.line(&[(x - ALONE_MM, *y), (x + ALONE_MM, *y)], &stroke))
}

fn draw_simulated(frame: &Frame<'_, '_>, series: &Series, shift: f64) -> Result<(), FigureError> {
    let look = series.policy.look();
    for (center, point) in centers(frame, series, shift).iter().zip(&series.simulated) {
        let bar = Stroke::solid(look.color, 0.25);
        frame.range(center.0, point.low, point.high, &bar)?;
        for end in [point.low, point.high].into_iter().filter(|end| *end != point.y) {
            let y = frame.at(point.x, end).1;
            frame.line(&[(center.0 - 0.5, y), (center.0 + 0.5, y)], &bar)?;
        }
        frame.marker(*center, look.marker, 1.2, look.color, false)?;
    }
    Ok(())
}

fn draw_measured(frame: &Frame<'_, '_>, series: &Series, shift: f64) -> Result<(), FigureError> {
    let look = series.policy.look();
    for point in &series.measured {
        let (x, y) = frame.at(point.x, point.y);
        frame.range(x + shift, point.low, point.high, &Stroke::solid(look.color, 0.2))?;
        frame.marker((x + shift, y), look.marker, 2.0, look.color, true)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(simulated: Vec<Point>) -> Data {
        let policy = Policy::list(&[("tick", "tick")]).remove(0);
        let series = vec![Series { policy, simulated, measured: Vec::new() }];
        Data {
            x_label: "threads".to_owned(),
            x: Sweep::Log(Quantity::Count),
            y_label: "switches".to_owned(),
            y: Quantity::PerSecond,
            reference: None,
            panels: vec![Panel { title: String::new(), series, theory: Vec::new() }],
        }
    }

    const POINT: Point = Point { x: 2.0, y: 4e4, low: 3e4, high: 5e4 };

    #[test]
    fn without_points_there_is_no_figure() {
        let drawn = draw(&data(Vec::new()), Width::Column);
        assert!(matches!(drawn, Err(FigureError::NoData { .. })));
    }

    #[test]
    fn one_point_is_a_figure_in_one_unit() {
        let svg = draw(&data(vec![POINT]), Width::Column).unwrap();
        assert!(svg.contains("switches (k/s)") && svg.contains(">\n50</text>"), "{svg}");
    }

    #[test]
    fn names_stand_at_their_places() {
        let names = Sweep::Names(vec!["write".to_owned(), "sleep".to_owned()]);
        let svg = draw(&Data { x: names, ..data(vec![POINT]) }, Width::Column).unwrap();
        assert!(svg.contains(">\nwrite</text>") && svg.contains(">\nsleep</text>"));
    }

    #[test]
    fn theory_is_in_the_legend_if_it_is_seen() {
        let with = |is_exact, y| {
            let mut data = data(vec![POINT]);
            data.panels[0].theory = vec![Curve { is_exact, points: vec![(2.0, y)] }];
            draw(&data, Width::Column)
        };
        assert!(with(true, 9e5).unwrap().contains("exact (theory)"), "the axis reaches up to it");
        assert!(with(false, 4.5e4).unwrap().contains("bounds (theory)"));
        assert!(!with(false, 9e5).unwrap().contains("(theory)"), "it is far above the axis");
        assert!(with(true, f64::NAN).is_err());
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for wrong in [
            Point { y: f64::NAN, ..POINT },
            Point { low: f64::NEG_INFINITY, ..POINT },
            Point { x: 0.0, ..POINT },
        ] {
            let error = draw(&data(vec![POINT, wrong]), Width::Column).unwrap_err();
            assert!(error.to_string().contains("at threads = "), "{error}");
        }
    }
}
