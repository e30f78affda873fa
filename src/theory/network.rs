//! Several locks: a closed network with a product form.
//!
//! M. Reiser & S. S. Lavenberg, "Mean-value analysis of closed multichain queuing networks", JACM 27, 1980.

use super::Steady;

/// Threads that think and then take one of `locks` locks, each alike, for an exponential hold, first come, first served:
/// exact mean value analysis.
#[must_use]
pub fn alike(threads: u32, think: f64, hold: f64, locks: u32) -> Steady {
    let mut steady = Steady { throughput: 0.0, response: 0.0 };
    for threads in 1..=threads {
        // Whoever comes finds what a network with one thread less holds on average at each lock.
        let queue = steady.throughput * steady.response / f64::from(locks);
        let response = hold * (1.0 + queue);
        steady = Steady { throughput: f64::from(threads) / (think + response), response };
    }
    steady
}

#[cfg(test)]
mod tests {
    use super::super::repairman;
    use super::*;

    #[test]
    fn published_values_and_a_single_lock() {
        for (locks, throughput, response) in [
            (1, 0.9999999996, 14.0000000068),
            (2, 1.8461540241, 6.6666658312),
            (4, 3.0376803444, 3.2671769858),
            (16, 4.7373590507, 1.3774091912),
        ] {
            let found = alike(16, 2.0, 1.0, locks);
            assert!((found.throughput / throughput - 1.0).abs() < 1e-9, "{found:?}");
            assert!((found.response / response - 1.0).abs() < 1e-9, "{found:?}");
        }
        let (network, product) =
            (alike(10, 10.0, 1.0, 1), repairman::exponential(10, 10.0, 1.0, 1));
        assert!((network.response - product.response).abs() < 1e-12);
    }
}
