//! Axes: a range, the mapping to it, and ticks in one unit.

use super::unit::{Quantity, Unit};

/// A tick. Minor ones have no label.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub at: f64,
    pub label: String,
}

/// An axis of a panel.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    log: bool,
    pub ticks: Vec<Tick>,
    pub unit: Unit,
}

/// Where a logarithmic axis puts zero: so far below that a line to it falls straight down.
const BELOW_ALL: f64 = -1e4;

impl Axis {
    /// A linear axis from `low` to `high` with at most about `most` labels.
    pub fn linear(low: f64, high: f64, quantity: Quantity, most: usize) -> Self {
        let (low, high) = widen(low, high);
        let unit = quantity.unit(low.abs().max(high.abs()));
        let step = nice_step((high - low) / unit.factor, most) * unit.factor;
        let first = (low / step - 1e-9).ceil();
        let last = (high / step + 1e-9).floor();
        let decimals = decimals_of(step / unit.factor);
        let mut ticks = Vec::new();
        let mut index = first;
        while index <= last {
            let at = index * step;
            ticks.push(Tick { at, label: number(at / unit.factor, decimals) });
            index += 1.0;
        }
        Self { low, high, log: false, ticks, unit }
    }

    /// A linear axis whose ends are ticks.
    pub fn rounded(low: f64, high: f64, quantity: Quantity, most: usize) -> Self {
        let (low, high) = widen(low, high);
        let unit = quantity.unit(low.abs().max(high.abs()));
        let step = nice_step((high - low) / unit.factor, most) * unit.factor;
        let down = (low / step + 1e-9).floor() * step;
        let up = (high / step - 1e-9).ceil() * step;
        Self::linear(down, up, quantity, most)
    }

    /// A logarithmic axis that holds `low` to `high`, both above zero. Long axes have labels at
    /// decades, short ones at 1, 2 and 5; minor ticks stand between.
    pub fn log(low: f64, high: f64, quantity: Quantity, most: usize) -> Self {
        let (low, high) = (low.min(high), high.max(low * 1.000_001));
        let decades = (high / low).log10();
        let fine = decades < 1.5;
        let labelled: &[u8] = if fine { &[1, 2, 5] } else { &[1] };
        // It ends on the nearest 1, 2 or 5 outside.
        let close = 1.0 + 1e-9;
        let ends = || log_ticks(low, high).filter(|tick| matches!(tick.mantissa, 1 | 2 | 5));
        let down = ends().map(|tick| tick.at).filter(|at| *at <= low * close).fold(low, |_, at| at);
        let up = ends().map(|tick| tick.at).find(|at| at * close >= high).unwrap_or(high);
        let unit = quantity.unit((down * up).sqrt());
        let every = ((up / down).log10() / most as f64).ceil().max(1.0);
        let ticks = log_ticks(down, up)
            .filter(|tick| (down * 0.999..=up * 1.001).contains(&tick.at))
            .map(|tick| {
                let named = labelled.contains(&tick.mantissa)
                    && (fine || f64::from(tick.exponent).rem_euclid(every) == 0.0);
                let value = tick.at / unit.factor;
                let label = if named { number(value, decimals_of(value)) } else { String::new() };
                Tick { at: tick.at, label }
            })
            .collect();
        Self { low: down, high: up, log: true, ticks, unit }
    }

    /// An axis over given values, which are its labels; with some air at both ends.
    pub fn of_values(values: &[f64], log: bool, quantity: Quantity) -> Self {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let typical = if log { (low * high).sqrt() } else { high.abs() };
        let unit = quantity.unit(typical);
        let ticks =
            values.iter().map(|&at| Tick { at, label: shortest(at / unit.factor) }).collect();
        let (low, high) = if log {
            let air = (high / low).powf(0.08).max(1.2);
            (low / air, high * air)
        } else {
            let air = ((high - low) * 0.08).max(f64::MIN_POSITIVE);
            let air = if high > low { air } else { 0.5 * low.abs().max(1.0) };
            (low - air, high + air)
        };
        Self { low, high, log, ticks, unit }
    }

    /// An axis with one place for each name, at 0, 1, 2 and so on.
    pub fn of_names(names: &[String]) -> Self {
        let ticks = names.iter().enumerate();
        let ticks =
            ticks.map(|(index, name)| Tick { at: index as f64, label: name.clone() }).collect();
        let high = names.len().max(1) as f64 - 0.5;
        Self { low: -0.5, high, log: false, ticks, unit: Unit::NONE }
    }

    /// Where a value stands: 0 at the low end, 1 at the high end, beyond them outside.
    pub fn fraction(&self, value: f64) -> f64 {
        if !self.log {
            return (value - self.low) / (self.high - self.low);
        }
        if value <= 0.0 {
            return BELOW_ALL;
        }
        (value / self.low).ln() / (self.high / self.low).ln()
    }

    /// The lowest value on it.
    pub fn low(&self) -> f64 {
        self.low
    }
}

/// A range that is not empty.
fn widen(low: f64, high: f64) -> (f64, f64) {
    if high > low {
        return (low, high);
    }
    let air = if low == 0.0 { 1.0 } else { 0.5 * low.abs() };
    (low - air, low + air)
}

/// The least of 1, 2, 5 times a power of ten that cuts `length` into at most `most` parts.
fn nice_step(length: f64, most: usize) -> f64 {
    let least = length / most.max(1) as f64;
    let power = 10_f64.powf(least.log10().floor());
    let nice = [1.0, 2.0, 5.0, 10.0];
    nice.into_iter()
        .map(|step| step * power)
        .find(|step| *step >= least * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

struct LogTick {
    mantissa: u8,
    exponent: i32,
    at: f64,
}

/// Every digit times every power of ten, from below `low` to above `high`.
fn log_ticks(low: f64, high: f64) -> impl Iterator<Item = LogTick> {
    // Exponents of doubles fit.
    #[allow(clippy::cast_possible_truncation)]
    let exponent = |value: f64| value.log10().floor() as i32;
    (exponent(low) - 1..=exponent(high) + 1).flat_map(|exponent| {
        (1..=9_u8).map(move |mantissa| LogTick {
            mantissa,
            exponent,
            at: parse_exact(mantissa, exponent),
        })
    })
}

/// The double nearest to a decimal number: powers of ten that are multiplied drift off it.
fn parse_exact(mantissa: u8, exponent: i32) -> f64 {
    format!("{mantissa}e{exponent}").parse().unwrap_or(f64::NAN)
}

/// Decimals that a step needs.
fn decimals_of(step: f64) -> usize {
    let needed = -(step.abs() * (1.0 + 1e-9)).log10().floor();
    // Between 0 and 12.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    {
        needed.clamp(0.0, 12.0) as usize
    }
}

/// A number with a true minus, and never a minus zero.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|byte| matches!(byte, b'0' | b'.')) => digits.to_owned(),
        Some(digits) => format!("\u{2212}{digits}"),
        None => text,
    }
}

/// A number with as few decimals as show it to six places.
pub(super) fn shortest(value: f64) -> String {
    let text = number(value, 6);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A length of time with its unit, to two places.
pub(super) fn time_label(ns: f64) -> String {
    let unit = Quantity::TimeNs.unit(ns);
    let value = ns / unit.factor;
    let text =
        if value < 9.95 { shortest((value * 10.0).round() / 10.0) } else { number(value, 0) };
    format!("{text} {}", unit.symbol)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        let labels = axis.ticks.iter().map(|tick| tick.label.as_str());
        labels.filter(|label| !label.is_empty()).collect()
    }

    #[test]
    fn linear_ticks_are_round_and_free_of_noise() {
        let axis = Axis::linear(0.0, 0.7, Quantity::Plain, 8);
        assert_eq!(labels(&axis), ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"]);
        let axis = Axis::rounded(0.0, 1.74, Quantity::Plain, 5);
        assert_eq!(labels(&axis), ["0.0", "0.5", "1.0", "1.5", "2.0"]);
        assert_eq!(labels(&Axis::linear(-1.0, 1.0, Quantity::Plain, 2)), ["−1", "0", "1"]);
    }

    #[test]
    fn one_unit_serves_the_whole_axis() {
        let axis = Axis::linear(0.0, 20e6, Quantity::TimeNs, 5);
        assert_eq!((labels(&axis), axis.unit.symbol), (vec!["0", "5", "10", "15", "20"], "ms"));
        let axis = Axis::rounded(0.0, 86_000.0, Quantity::PerSecond, 5);
        assert_eq!(
            (labels(&axis), axis.unit.symbol),
            (vec!["0", "20", "40", "60", "80", "100"], "k/s")
        );
    }

    #[test]
    fn log_axes_label_decades_or_1_2_5() {
        let axis = Axis::log(3e3, 4e7, Quantity::TimeNs, 8);
        assert_eq!((labels(&axis), axis.unit.symbol), (vec!["10", "100", "1000", "10000"], "µs"));
        assert_eq!((axis.low, axis.high, axis.ticks.len()), (2e3, 5e7, 40));
        let axis = Axis::log(1e-3, 1.0, Quantity::Plain, 8);
        assert_eq!(labels(&axis), ["0.001", "0.01", "0.1", "1"]);
        assert_eq!(labels(&Axis::log(3.0, 40.0, Quantity::Plain, 8)), ["2", "5", "10", "20", "50"]);
    }

    #[test]
    fn lengths_of_time_have_two_places() {
        for (ns, label) in [(0.5, "0.5 ns"), (1.2e6, "1.2 ms"), (2e9, "2 s"), (23.4e3, "23 µs")] {
            assert_eq!(time_label(ns), label);
        }
    }

    #[test]
    fn a_range_of_one_value_is_an_axis_too() {
        for axis in [
            Axis::linear(3.0, 3.0, Quantity::Plain, 5),
            Axis::rounded(0.0, 0.0, Quantity::Plain, 5),
            Axis::log(7.0, 7.0, Quantity::TimeNs, 5),
            Axis::of_values(&[4.0], true, Quantity::Plain),
            Axis::of_values(&[0.0], false, Quantity::Plain),
        ] {
            assert!(axis.high > axis.low && !axis.ticks.is_empty(), "{axis:?}");
            assert!(axis.ticks.iter().all(|tick| (-0.01..=1.01).contains(&axis.fraction(tick.at))));
        }
    }

    #[test]
    fn fractions_run_along_the_axis() {
        let axis = Axis::log(1.0, 1e4, Quantity::Plain, 8);
        assert!((axis.fraction(100.0) - 0.5).abs() < 1e-12);
        assert!(axis.fraction(1e5) > 1.0);
        assert_eq!(axis.fraction(0.0), BELOW_ALL);
    }
}
