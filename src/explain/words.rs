//! Numbers in words.

use gilsim_policies::Span;

/// A duration with two digits that matter, as in `5.2 ms`.
pub fn time(ns: f64) -> String {
    let units = [("s", 1e9), ("ms", 1e6), ("us", 1e3)];
    let (unit, scale) =
        units.into_iter().find(|(_, scale)| ns >= 0.9995 * scale).unwrap_or(("ns", 1.0));
    let value = ns / scale;
    let decimals = if unit == "ns" || value >= 9.95 { 0 } else { 1 };
    format!("{value:.decimals$} {unit}")
}

/// The same of a span.
pub fn span(span: Span) -> String {
    time(span.ns() as f64)
}

/// A share.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.5 { "<1 %".to_owned() } else { format!("{percent:.0} %") }
}

/// A factor: more digits where it is small.
pub fn factor(factor: f64) -> String {
    let decimals = if factor >= 99.5 {
        0
    } else if factor >= 9.95 {
        1
    } else {
        2
    };
    format!("{factor:.decimals$}")
}

/// Memory.
pub fn memory(bytes: u64) -> String {
    format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [0.0, 800.0, 999.9, 5.04e6, 12.4e6, 1e9].map(time),
            ["0 ns", "800 ns", "1.0 us", "5.0 ms", "12 ms", "1.0 s"]
        );
        assert_eq!([0.0, 0.001, 0.006, 0.42].map(percent), ["0 %", "<1 %", "1 %", "42 %"]);
        assert_eq!([0.5, 1.234, 12.34, 123.4].map(factor), ["0.50", "1.23", "12.3", "123"]);
        assert_eq!(memory(10 << 20), "10 MiB");
    }
}
