//! Requests that come as they come, and one server.
//!
//! F. Pollaczek 1930, A. Y. Khinchine 1932; L. Kleinrock, "Queueing Systems", volume 1, 1975, section 5.6.

/// Mean response to Poisson requests of a rate, first come, first served, given the hold's mean and its second moment.
/// Infinite if more comes than can be served.
#[must_use]
pub fn response(rate: f64, hold: f64, second_moment: f64) -> f64 {
    let load = rate * hold;
    if load >= 1.0 {
        return f64::INFINITY;
    }
    hold + rate * second_moment / (2.0 * (1.0 - load))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_and_constant_holds() {
        // M/M/1: 1 / (1 - 0.5); M/D/1 waits half as long.
        assert!((response(0.5, 1.0, 2.0) - 2.0).abs() < 1e-12);
        assert!((response(0.5, 1.0, 1.0) - 1.5).abs() < 1e-12);
        assert!(response(1.0, 1.0, 2.0).is_infinite());
    }
}
