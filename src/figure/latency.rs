//! How often a latency, or a slice, is longer than a given time, on logarithmic axes.
//!
//! The tail is what a user notices, and a plain histogram hides it. Each policy has a line with filled
//! markers at one half, a tenth, a hundredth and so on; measured quantiles are hollow markers of
//! the same colour and shape: where the model is right, the line runs through them. Around a line, a pale band says how
//! far it may be off. The share that takes at most as long can stand beside, on a linear axis: it shows the bulk.

mod curve;

use self::curve::{Share, draw_band, draw_measured, draw_steps};
use super::axis::Axis;
use super::legend::Key;
use super::panel::Multiples;
use super::style::{Policy, Width};
use super::{FigureError, Quantity, finite};

/// Which times they are: each is a figure of its own, drawn alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// How long operations took.
    Latencies,
    /// How long the lock stayed with one thread.
    Slices,
}

impl Times {
    const fn figure(self) -> &'static str {
        match self {
            Self::Latencies => "latency",
            Self::Slices => "slices",
        }
    }

    const fn one(self) -> &'static str {
        match self {
            Self::Latencies => "latency",
            Self::Slices => "slice",
        }
    }

    const fn longer(self) -> &'static str {
        match self {
            Self::Latencies => "share that takes longer",
            Self::Slices => "share of slices that are longer",
        }
    }

    const fn at_most(self) -> &'static str {
        match self {
            Self::Latencies => "share that takes at most as long",
            Self::Slices => "share of slices that are at most as long",
        }
    }

    const fn needs(self) -> &'static str {
        match self {
            Self::Latencies => "at least one latency above zero",
            Self::Slices => "at least one slice, a stretch for which a thread has the lock",
        }
    }
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// Which times they are.
    pub times: Times,
    /// What the axis calls them, such as `latency of a 1 ms sleep`; the unit is added.
    pub name: String,
    /// Whether the share that takes at most as long stands beside the one that takes longer.
    pub cdf: bool,
    /// Small multiples with common axes.
    pub panels: Vec<Panel>,
}

/// One panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What distinguishes it, such as `3 CPU-bound threads`; may be empty.
    pub title: String,
    /// One curve for each policy.
    pub curves: Vec<Curve>,
}

/// The times under one policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The policy.
    pub policy: Policy,
    /// The simulated distribution as steps, in ascending order; may be empty.
    pub steps: Vec<Step>,
    /// Where the shares lie with a confidence of 95 % at each time, in ascending order; may be empty.
    pub band: Vec<Bounds>,
    /// Measured quantiles; may be empty.
    pub measured: Vec<Quantile>,
}

/// From this time on, that share of the operations took longer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The time \[ns\].
    pub time_ns: f64,
    /// The share of operations, or slices, that took longer than that, from 0 to 1.
    pub longer: f64,
}

/// From this time on, the share of all operations that take longer lies between these.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The time \[ns\].
    pub time_ns: f64,
    /// The least share, from 0 to 1.
    pub low: f64,
    /// The greatest share.
    pub high: f64,
}

/// A quantile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    /// The share of operations that took at most `time_ns`, in per cent: 50 is the median.
    pub percent: f64,
    /// The time \[ns\].
    pub time_ns: f64,
}

impl Quantile {
    fn longer(&self) -> f64 {
        // Through per cent, so that 99 gives exactly one hundredth.
        (100.0 - self.percent) / 100.0
    }
}

/// Shares below this are not shown: they would be single operations.
const LEAST_SHARE: f64 = 1e-5;
/// Shorter latencies than the longest by this factor are not shown.
const DEPTH: f64 = 1e7;

/// Draws the figure.
///
/// # Errors
/// If no curve has a time above zero, or a number is not finite or not a share.
pub fn draw(data: &Data, width: Width) -> Result<String, FigureError> {
    let curves = || data.panels.iter().flat_map(|panel| &panel.curves);
    curves().try_for_each(|curve| check(data.times, curve))?;
    let points = || {
        curves().flat_map(|curve| {
            let steps = curve.steps.iter().map(|step| (step.time_ns, step.longer));
            steps.chain(curve.measured.iter().map(|point| (point.time_ns, point.longer())))
        })
    };
    let longest = points().map(|(time, _)| time).fold(0.0, f64::max);
    if longest <= 0.0 {
        let (figure, needs) = (data.times.figure(), data.times.needs());
        return Err(FigureError::NoData { figure, needs });
    }
    let shortest = points()
        .map(|(time, _)| time)
        .filter(|time| *time > 0.0)
        .fold(longest, f64::min)
        .max(longest / DEPTH);
    let rarest =
        points().map(|(_, share)| share).filter(|share| *share >= LEAST_SHARE).fold(0.1, f64::min);

    let shares = if data.cdf { vec![Share::AtMost, Share::Longer] } else { vec![Share::Longer] };
    let axis = |share: &Share| match share {
        Share::AtMost => (Axis::linear(0.0, 1.0, Quantity::Plain, 5), data.times.at_most()),
        Share::Longer => (Axis::log(rarest, 1.0, Quantity::Plain, 6), data.times.longer()),
    };
    let titles = data.panels.iter().flat_map(|panel| shares.iter().map(|_| panel.title.as_str()));
    Multiples {
        width,
        titles: titles.collect(),
        x: Axis::log(shortest, longest, Quantity::TimeNs, 5),
        x_name: &data.name,
        y: shares.iter().map(axis).collect(),
        legend: legend_entries(data),
    }
    .draw(|frame, index| {
        let share = shares[index % shares.len()];
        let curves = &data.panels[index / shares.len()].curves;
        curves.iter().try_for_each(|curve| draw_band(frame, curve, share))?;
        curves.iter().try_for_each(|curve| draw_steps(frame, curve, share))?;
        curves.iter().try_for_each(|curve| draw_measured(frame, curve, share))
    })
}

fn check(times: Times, curve: &Curve) -> Result<(), FigureError> {
    let name = |what: &str| format!("{what} of {}", curve.policy.label);
    let one = times.one();
    for step in &curve.steps {
        finite(times.figure(), step.time_ns, || name(&format!("a {one}")))?;
        check_share(times, step.longer, || name("a share"))?;
    }
    for bounds in &curve.band {
        finite(times.figure(), bounds.time_ns, || name(&format!("a {one}")))?;
        check_share(times, bounds.low, || name("the lower end of a share"))?;
        check_share(times, bounds.high, || name("the upper end of a share"))?;
    }
    for quantile in &curve.measured {
        finite(times.figure(), quantile.time_ns, || name(&format!("a measured {one}")))?;
        check_share(times, quantile.longer(), || name("a measured share"))?;
    }
    Ok(())
}

fn check_share(times: Times, value: f64, what: impl FnOnce() -> String) -> Result<(), FigureError> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    let (figure, what) = (times.figure(), format!("{} ({value})", what()));
    Err(FigureError::Value { figure, what, why: "it is not between 0 and 1" })
}

fn legend_entries(data: &Data) -> Vec<(Key, String)> {
    let curves = || data.panels.iter().flat_map(|panel| &panel.curves);
    let mut entries: Vec<(Key, String)> = Vec::new();
    for policy in curves().map(|curve| &curve.policy) {
        let entry = (Key::Policy(policy.look()), policy.label.clone());
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    if curves().any(|curve| !curve.measured.is_empty()) {
        entries.push((Key::Hollow, "measured quantiles".to_owned()));
    }
    if curves().any(|curve| !curve.band.is_empty()) {
        entries.push((Key::Veil, "95 % confidence".to_owned()));
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(steps: &[(f64, f64)], measured: &[(f64, f64)]) -> Data {
        let steps = steps.iter().map(|&(time_ns, longer)| Step { time_ns, longer });
        let measured = measured.iter().map(|&(percent, time_ns)| Quantile { percent, time_ns });
        let curve = Curve {
            policy: Policy::list(&[("tick", "tick")]).remove(0),
            steps: steps.collect(),
            band: Vec::new(),
            measured: measured.collect(),
        };
        let panels = vec![Panel { title: String::new(), curves: vec![curve] }];
        Data { times: Times::Latencies, name: "latency".to_owned(), cdf: false, panels }
    }

    #[test]
    fn without_a_latency_there_is_no_figure() {
        for empty in [data(&[], &[]), data(&[(0.0, 0.0)], &[])] {
            assert!(matches!(draw(&empty, Width::Column), Err(FigureError::NoData { .. })));
        }
    }

    #[test]
    fn one_latency_is_a_figure() {
        draw(&data(&[(5e6, 0.0)], &[]), Width::Column).unwrap();
        draw(&data(&[], &[(50.0, 5e6)]), Width::Double).unwrap();
    }

    #[test]
    fn a_band_stays_in_the_panel() {
        let mut wide = data(&[(1e6, 0.5), (2e6, 0.1), (5e6, 0.0)], &[]);
        let bounds = |time_ns, low, high| Bounds { time_ns, low, high };
        let drawn = |data: &Data| draw(data, Width::Column).unwrap();
        let without = drawn(&wide);
        wide.panels[0].curves[0].band =
            vec![bounds(1e-3, 0.4, 0.9), bounds(2e6, 0.0, 0.3), bounds(9e9, 0.0, 0.0)];
        let svg = drawn(&wide);
        assert!(svg.contains("95 % confidence") && !without.contains("95 % confidence"));
        let places = |svg: &str| super::super::examples::coordinates(svg);
        let ends = |svg: &str| {
            let places = places(svg).into_iter().skip(1);
            places.fold((f64::INFINITY, 0.0_f64), |(low, high), (x, _)| (low.min(x), high.max(x)))
        };
        assert_eq!(ends(&svg), ends(&without));
    }

    #[test]
    fn the_share_that_takes_at_most_as_long_stands_beside() {
        let both = Data { cdf: true, ..data(&[(5e6, 0.5), (6e6, 0.0)], &[(50.0, 5e6)]) };
        for width in [Width::Column, Width::Double] {
            let svg = draw(&both, width).unwrap();
            assert!(svg.contains("takes at most as long") && svg.contains("that takes longer"));
            // A marker on the line and one for the measured median, in each; the first is a square.
            assert_eq!(svg.matches("<polygon").count(), 3, "{svg}");
        }
    }

    #[test]
    fn slices_are_called_slices() {
        let slices = |steps| Data { times: Times::Slices, ..data(steps, &[]) };
        let drawn = draw(&slices(&[(5e6, 0.0)]), Width::Column).unwrap();
        assert!(drawn.contains("share of slices that are longer"), "{drawn}");
        let error = draw(&slices(&[]), Width::Column).unwrap_err();
        assert!(error.to_string().contains("`slices`"), "{error}");
        let error = draw(&slices(&[(f64::NAN, 0.0)]), Width::Column).unwrap_err();
        assert!(error.to_string().contains("a slice of tick"), "{error}");
    }

    #[test]
    fn what_is_no_number_or_no_share_is_refused() {
        let with_band = |high| {
            let mut data = data(&[(1e6, 0.0)], &[]);
            data.panels[0].curves[0].band = vec![Bounds { time_ns: 1e6, low: 0.0, high }];
            data
        };
        for wrong in [
            data(&[(f64::NAN, 0.5)], &[]),
            data(&[(1e6, f64::NAN)], &[]),
            data(&[(1e6, 1.5)], &[]),
            with_band(1.5),
            with_band(f64::NAN),
            data(&[(1e6, 0.0)], &[(50.0, f64::INFINITY)]),
            data(&[(1e6, 0.0)], &[(101.0, 1e6)]),
        ] {
            let error = draw(&wrong, Width::Column).unwrap_err();
            assert!(error.to_string().contains("of tick"), "{error}");
        }
    }
}
