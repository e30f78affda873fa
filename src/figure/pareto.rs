//! Throughput against latency: what can be had of both.
//!
//! A point is a policy at a place of a sweep, with its 95 % intervals; if one number is swept, a thin line joins those of a
//! policy in its order. A point is filled if no other has both more throughput and less latency; these are the Pareto front, a grey
//! line with the corners that nothing is beyond: at whatever place of the sweep. Means decide, not intervals.

use super::axis::Axis;
use super::canvas::Stroke;
use super::legend::Key;
use super::panel::{Frame, Multiples};
use super::style::{FRONT_LINE, Policy, Width};
use super::{FigureError, Quantity, finite};

const FIGURE: &str = "pareto";

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// What throughput counts, such as `operations`; the unit is added.
    pub x_label: String,
    /// Which latency it is; the unit is added.
    pub y_label: String,
    /// Whether the points of a policy lie along one number.
    pub joined: bool,
    /// Small multiples with common axes; each has a front of its own.
    pub panels: Vec<Panel>,
}

/// One panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What distinguishes it; may be empty.
    pub title: String,
    /// One for each policy.
    pub series: Vec<Series>,
}

/// A policy's points.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The policy.
    pub policy: Policy,
    /// In the order of the sweep.
    pub points: Vec<Point>,
}

/// Throughput and latency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Operations a second.
    pub throughput: Value,
    /// The latency \[ns\].
    pub latency_ns: Value,
}

/// A mean and its interval; both ends are the mean if there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// The mean.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// How far below the least latency an interval stretches the axis, as a factor.
const DEEPEST: f64 = 0.2;
/// Air around the points, as a part of the range or of the value.
const AIR: f64 = 0.06;

/// Draws the figure.
///
/// # Errors
/// If there are less than two points, or a number is not finite, or a latency is not above zero.
pub fn draw(data: &Data, width: Width) -> Result<String, FigureError> {
    let series = || data.panels.iter().flat_map(|panel| &panel.series);
    let points = || series().flat_map(|series| &series.points);
    if points().nth(1).is_none() {
        let needs = "throughput and latency at two points at least";
        return Err(FigureError::NoData { figure: FIGURE, needs });
    }
    series().try_for_each(check)?;
    let ends = |of: fn(&Point) -> Value| {
        let values = || points().map(of);
        let low = values().map(|value| value.low).fold(f64::INFINITY, f64::min);
        (low, values().map(|value| value.high).fold(f64::NEG_INFINITY, f64::max))
    };
    let (slowest, fastest) = ends(|point| point.throughput);
    let air = AIR * (fastest - slowest);
    // From zero, unless all points are far from it.
    let from = if slowest < 0.4 * fastest { slowest.min(0.0) } else { slowest - air };
    let (shortest, longest) = ends(|point| point.latency_ns);
    let least = points().map(|point| point.latency_ns.mean).fold(f64::INFINITY, f64::min);
    let shortest = shortest.max(DEEPEST * least) * (1.0 - AIR);

    Multiples {
        width,
        titles: data.panels.iter().map(|panel| panel.title.as_str()).collect(),
        x: Axis::rounded(from, fastest + air, Quantity::PerSecond, 5),
        x_name: &data.x_label,
        y: vec![(Axis::log(shortest, longest * (1.0 + AIR), Quantity::TimeNs, 6), &data.y_label)],
        legend: legend_entries(data),
    }
    .draw(|frame, index| {
        let panel = &data.panels[index];
        let front = front(panel);
        draw_front(frame, &front)?;
        panel.series.iter().try_for_each(|series| draw_series(frame, series, &front, data.joined))
    })
}

fn check(series: &Series) -> Result<(), FigureError> {
    let name = |what: &str| format!("{what} of {}", series.policy.label);
    for point in &series.points {
        for (value, what) in [(point.throughput, "throughput"), (point.latency_ns, "latency")] {
            for number in [value.mean, value.low, value.high] {
                finite(FIGURE, number, || name(what))?;
            }
        }
        if point.latency_ns.mean <= 0.0 {
            let why = "a logarithmic axis has only numbers above zero";
            return Err(FigureError::Value { figure: FIGURE, what: name("a latency"), why });
        }
    }
    Ok(())
}

/// Throughput and latency of the points that no other is better than, from little to much of both.
fn front(panel: &Panel) -> Vec<(f64, f64)> {
    let means = || {
        let points = panel.series.iter().flat_map(|series| &series.points);
        points.map(|point| (point.throughput.mean, point.latency_ns.mean))
    };
    let is_beaten = |(x, y): (f64, f64)| {
        means()
            .any(|(other_x, other_y)| other_x >= x && other_y <= y && (other_x > x || other_y < y))
    };
    let mut front: Vec<_> = means().filter(|point| !is_beaten(*point)).collect();
    front.sort_by(|one, other| one.0.total_cmp(&other.0));
    front.dedup();
    front
}

fn legend_entries(data: &Data) -> Vec<(Key, String)> {
    let mut entries: Vec<(Key, String)> = Vec::new();
    for series in data.panels.iter().flat_map(|panel| &panel.series) {
        let entry = (Key::Policy(series.policy.look()), series.policy.label.clone());
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    entries.push((Key::Front, "Pareto front over all points".to_owned()));
    entries.push((Key::Hollow, "not on the front".to_owned()));
    entries
}

/// Steps: what is to the right of them or below has no point.
fn draw_front(frame: &Frame<'_, '_>, front: &[(f64, f64)]) -> Result<(), FigureError> {
    let mut path = Vec::new();
    let mut from = frame.rect.left;
    for &(x, y) in front {
        let place = frame.at(x, y);
        path.extend([(from, place.1), place]);
        from = place.0;
    }
    path.push((from, frame.rect.top));
    frame.line(&path, &FRONT_LINE)
}

fn draw_series(
    frame: &Frame<'_, '_>,
    series: &Series,
    front: &[(f64, f64)],
    joined: bool,
) -> Result<(), FigureError> {
    let look = series.policy.look();
    let at = |point: &Point| frame.at(point.throughput.mean, point.latency_ns.mean);
    let places: Vec<_> = series.points.iter().map(at).collect();
    if joined {
        frame.line(&places, &Stroke { width_mm: 0.18, ..look.stroke() })?;
    }
    let bar = Stroke::solid(look.color, 0.2);
    for (point, center) in series.points.iter().zip(places) {
        let Point { throughput, latency_ns } = point;
        frame.range(center.0, latency_ns.low, latency_ns.high, &bar)?;
        let end = |x: f64| (frame.at(x, latency_ns.mean).0, center.1);
        frame.line(&[end(throughput.low), end(throughput.high)], &bar)?;
        let hollow = !front.contains(&(throughput.mean, latency_ns.mean));
        frame.marker(center, look.marker, 1.7, look.color, hollow)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(mean: f64) -> Value {
        Value { mean, low: 0.8 * mean, high: 1.2 * mean }
    }

    fn panel(points: &[(f64, f64)]) -> Panel {
        let point = |&(x, y): &(f64, f64)| Point { throughput: value(x), latency_ns: value(y) };
        let policy = Policy::list(&[("tick", "tick")]).remove(0);
        let series = vec![Series { policy, points: points.iter().map(point).collect() }];
        Panel { title: String::new(), series }
    }

    fn data(points: &[(f64, f64)]) -> Data {
        let panels = vec![panel(points)];
        let [x_label, y_label] = ["operations", "latency"].map(str::to_owned);
        Data { x_label, y_label, joined: true, panels }
    }

    #[test]
    fn one_point_is_no_trade() {
        for few in [&[][..], &[(1.0, 2.0)]] {
            let error = draw(&data(few), Width::Column).unwrap_err();
            assert!(matches!(error, FigureError::NoData { .. }), "{error}");
        }
    }

    #[test]
    fn the_front_is_what_nothing_beats() {
        let points = [(1.0, 1e3), (3.0, 5e3), (2.0, 6e3), (3.0, 4e3), (4.0, 9e3), (1.0, 1e3)];
        assert_eq!(front(&panel(&points)), [(1.0, 1e3), (3.0, 4e3), (4.0, 9e3)]);
    }

    #[test]
    fn equal_points_and_no_throughput_are_a_figure() {
        for points in [[(5.0, 1e6); 2], [(0.0, 1e6); 2], [(0.0, 1.0), (1e9, 1e10)]] {
            let svg = draw(&data(&points), Width::Double).unwrap();
            assert!(!svg.contains("NaN"), "{svg}");
        }
    }

    #[test]
    fn an_interval_that_reaches_zero_is_cut() {
        let mut wide = data(&[(1.0, 1e6), (2.0, 2e6)]);
        wide.panels[0].series[0].points[0].latency_ns.low = -1e6;
        draw(&wide, Width::Column).unwrap();
    }

    #[test]
    fn what_is_no_number_and_zero_latency_are_refused() {
        for wrong in [(f64::NAN, 1.0), (1.0, f64::INFINITY), (1.0, 0.0)] {
            let error = draw(&data(&[wrong, (1.0, 1.0)]), Width::Column).unwrap_err();
            assert!(error.to_string().contains("of tick"), "{error}");
        }
    }

    #[test]
    fn forty_points_are_a_figure() {
        let points: Vec<_> = (1..=40).map(|at| (f64::from(at), 1e3 * f64::from(at))).collect();
        draw(&data(&points), Width::Column).unwrap();
    }
}
