//! Time in integer nanoseconds: [`Instant`] is a point, [`Span`] a length.
//!
//! Only operations that mean something exist: two points differ by a length, a length moves a point.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Sub, SubAssign};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A thread, numbered from 0 in the order in which the run declares its threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(pub u32);

impl ThreadId {
    /// The thread's place in an array with one entry a thread.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "T{}", self.0)
    }
}

/// A point in time \[ns since the start of the run\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

impl Instant {
    /// The start of a run.
    pub const ZERO: Self = Self(0);

    /// The point `ns` nanoseconds after the start.
    #[must_use]
    pub const fn from_ns(ns: u64) -> Self {
        Self(ns)
    }

    /// Nanoseconds since the start.
    #[must_use]
    pub const fn ns(self) -> u64 {
        self.0
    }
}

/// A length of time \[ns\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// `ns` nanoseconds.
    #[must_use]
    pub const fn from_ns(ns: u64) -> Self {
        Self(ns)
    }

    /// `us` microseconds.
    #[must_use]
    pub const fn from_us(us: u64) -> Self {
        Self(us * 1_000)
    }

    /// `ms` milliseconds.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms * 1_000_000)
    }

    /// `s` seconds.
    #[must_use]
    pub const fn from_s(s: u64) -> Self {
        Self(s * 1_000_000_000)
    }

    /// The nearest length to a number of nanoseconds, the even one of two: the only place where a float
    /// becomes time.
    ///
    /// Negative numbers and NaN give zero; what is too long gives the longest span.
    #[inline]
    #[must_use]
    pub fn from_ns_f64(ns: f64) -> Self {
        /// 2^52: from here on a float has no fraction, and its last bit is worth 1.
        const WHOLE: f64 = 4_503_599_627_370_496.0;
        // Numbers below nothing, and what is none, have larger bits than all that are to be rounded.
        if ns.to_bits() < WHOLE.to_bits() {
            // The sum is rounded as it is made, and its last bits are the number.
            return Self((ns + WHOLE).to_bits() - WHOLE.to_bits());
        }
        // `as` saturates and turns NaN into zero.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Self(ns as u64)
    }

    /// Nanoseconds.
    #[must_use]
    pub const fn ns(self) -> u64 {
        self.0
    }

    /// Nanoseconds, for reckoning with chance; what is longer than 292 years counts as much.
    #[inline]
    #[must_use]
    pub fn as_ns_f64(self) -> f64 {
        // What fits into a signed number is converted by one instruction.
        self.0.min(i64::MAX as u64) as f64
    }

    /// Seconds, for people and for means.
    #[must_use]
    pub fn as_s_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Whether this is no time at all.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The difference, or zero where `other` is longer.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add<Span> for Instant {
    type Output = Self;
    /// A point too far away is as far as there is: 584 years.
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub for Instant {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        Span(self.0 - earlier.0)
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Span {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl SubAssign for Span {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Mul<u64> for Span {
    type Output = Self;
    /// What would be too long is as long as there is.
    fn mul(self, times: u64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

impl Sum for Span {
    fn sum<I: Iterator<Item = Self>>(spans: I) -> Self {
        spans.fold(Self::ZERO, Add::add)
    }
}

/// The units that a length can be written in, name and nanoseconds. The first whose name ends a text is meant: `s` comes last.
const UNITS: [(&str, u64); 8] = [
    ("h", 3_600_000_000_000),
    ("min", 60_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ns", 1),
    ("s", 1_000_000_000),
];

/// What is wrong with a text that should be a length of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParseSpanError {
    /// There is a number, but no unit that we know.
    Unit(String),
    /// What stands before the unit is not a number.
    Number(String),
    /// The number is below zero.
    Negative(String),
    /// The length is not a whole number of nanoseconds, or exceeds 584 years.
    Range(String),
}

impl fmt::Display for ParseSpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(text) => write!(
                f,
                "a duration needs a number and a unit (ns, us, ms, s, min, h), as in \"5ms\", not \"{text}\""
            ),
            Self::Number(text) => {
                write!(f, "\"{text}\" does not begin with a number, as \"5ms\" or \"1.5s\" does")
            }
            Self::Negative(text) => {
                write!(f, "a duration can't be negative, as \"{text}\" is")
            }
            Self::Range(text) => {
                write!(f, "\"{text}\" is finer than a nanosecond, or longer than 584 years")
            }
        }
    }
}

impl std::error::Error for ParseSpanError {}

impl FromStr for Span {
    type Err = ParseSpanError;

    /// Reads `"5ms"`, `"1.5 s"`, `"20 us"`: exactly, without a float in between.
    fn from_str(text: &str) -> Result<Self, ParseSpanError> {
        let text = text.trim();
        let split = text
            .find(|c: char| c.is_alphabetic())
            .ok_or_else(|| ParseSpanError::Unit(text.to_owned()))?;
        let (number, unit) = (text[..split].trim(), &text[split..]);
        if number.starts_with('-') {
            return Err(ParseSpanError::Negative(text.to_owned()));
        }
        let (_, scale) = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(|| ParseSpanError::Unit(text.to_owned()))?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || number.ends_with('.') {
            return Err(ParseSpanError::Number(text.to_owned()));
        }
        let range = || ParseSpanError::Range(text.to_owned());
        let whole: u64 = whole.parse().map_err(|_| range())?;
        let fraction = fraction.trim_end_matches('0');
        let parts: u64 =
            if fraction.is_empty() { 0 } else { fraction.parse().map_err(|_| range())? };
        let per_part = u32::try_from(fraction.len())
            .ok()
            .and_then(|places| 10_u64.checked_pow(places))
            .ok_or_else(range)?;
        let fraction_ns = u128::from(parts) * u128::from(*scale);
        if fraction_ns % u128::from(per_part) != 0 {
            return Err(range());
        }
        let ns = u128::from(whole) * u128::from(*scale) + fraction_ns / u128::from(per_part);
        u64::try_from(ns).map(Self).map_err(|_| range())
    }
}

impl fmt::Display for Span {
    /// Writes the length in the longest unit that keeps it exact: `5ms`, `1500us`, `0ns`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, scale) = [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000)]
            .into_iter()
            .find(|(_, scale)| self.0 != 0 && self.0.is_multiple_of(*scale))
            .unwrap_or(("ns", 1));
        write!(f, "{}{name}", self.0 / scale)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Span;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration with its unit, as in \"5ms\"")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Span, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, ns) in [
            ("5ms", 5_000_000),
            ("1.5 s", 1_500_000_000),
            ("0.25us", 250),
            ("20µs", 20_000),
            ("2 min", 120_000_000_000),
            ("1h", 3_600_000_000_000),
            ("0ns", 0),
        ] {
            assert_eq!(text.parse(), Ok(Span::from_ns(ns)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_duration() {
        use ParseSpanError::{Negative, Number, Range, Unit};
        for (text, error) in [
            ("5", Unit as fn(String) -> _),
            ("5 parsecs", Unit),
            ("", Unit),
            ("-5ms", Negative),
            ("ms", Number),
            ("1.2.3ms", Number),
            ("1.ms", Number),
            ("0.5ns", Range),
            ("10000000h", Range),
            ("99999999999999999999s", Range),
        ] {
            assert_eq!(text.parse::<Span>(), Err(error(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        for text in ["5ms", "1500us", "1ns", "2s", "0ns", "3600s"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn floats_round_and_saturate() {
        for (ns, nearest) in [(0.4, 0), (1.5, 2), (2.5, 2), (4e15 + 0.5, 4_000_000_000_000_000)] {
            assert_eq!(Span::from_ns_f64(ns), Span::from_ns(nearest), "{ns}");
        }
        assert_eq!(Span::from_ns_f64(1e16), Span::from_ns(10_000_000_000_000_000));
        assert_eq!(Span::from_ns_f64(-7.0), Span::ZERO);
        assert_eq!(Span::from_ns_f64(f64::NAN), Span::ZERO);
        assert_eq!(Span::from_ns_f64(f64::INFINITY), Span::from_ns(u64::MAX));
    }
}
