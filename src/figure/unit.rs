//! One unit for a whole axis.

/// What an axis measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// A length of time \[ns\]; shown in ns, µs, ms or s.
    TimeNs,
    /// How many a second \[1/s\]; shown plain, in thousands, millions or billions.
    PerSecond,
    /// A number of things; shown plain, in thousands, millions or billions.
    Count,
    /// An amount of memory \[bytes\]; shown in B, kB, MB or GB.
    Bytes,
    /// A share of a whole, 1 for all of it; shown in per cent.
    Share,
    /// A ratio, or anything else that has no unit.
    Plain,
}

/// A unit that numbers are divided by, and its symbol.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Unit {
    pub factor: f64,
    pub symbol: &'static str,
}

impl Unit {
    /// No unit.
    pub const NONE: Self = Self { factor: 1.0, symbol: "" };

    /// The name of an axis, with its unit.
    pub fn title(&self, name: &str) -> String {
        if self.symbol.is_empty() { name.to_owned() } else { format!("{name} ({})", self.symbol) }
    }
}

impl Quantity {
    /// The largest unit that `typical` has at least one of.
    pub(crate) fn unit(self, typical: f64) -> Unit {
        let units: &[(f64, &'static str)] = match self {
            Self::TimeNs => &[(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")],
            Self::PerSecond => &[(1.0, "1/s"), (1e3, "k/s"), (1e6, "M/s"), (1e9, "G/s")],
            Self::Count => &[(1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G")],
            Self::Bytes => &[(1.0, "B"), (1e3, "kB"), (1e6, "MB"), (1e9, "GB")],
            Self::Share => &[(0.01, "%")],
            Self::Plain => &[(1.0, "")],
        };
        let fitting = units.iter().rev().find(|(factor, _)| typical >= *factor);
        let (factor, symbol) = fitting.or(units.first()).copied().unwrap_or((1.0, ""));
        Unit { factor, symbol }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_follows_the_size() {
        for (quantity, typical, symbol) in [
            (Quantity::TimeNs, 0.0, "ns"),
            (Quantity::TimeNs, 999.0, "ns"),
            (Quantity::TimeNs, 5e6, "ms"),
            (Quantity::TimeNs, 1e12, "s"),
            (Quantity::PerSecond, 1.1e6, "M/s"),
            (Quantity::Count, 12.0, ""),
            (Quantity::Bytes, 2e7, "MB"),
            (Quantity::Share, 0.5, "%"),
            (Quantity::Plain, 1e9, ""),
        ] {
            assert_eq!(quantity.unit(typical).symbol, symbol, "{quantity:?} {typical}");
        }
    }

    #[test]
    fn a_title_names_the_unit() {
        assert_eq!(Quantity::TimeNs.unit(5e6).title("latency"), "latency (ms)");
        assert_eq!(Quantity::Plain.unit(5e6).title("speed-up"), "speed-up");
    }
}
