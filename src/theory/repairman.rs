//! The machine repairman: a fixed number of threads that think, and a lock or cores that serve them.
//!
//! D. Gross et al., "Fundamentals of Queueing Theory", 4th ed., 2008, section 2.8 (exponential holds, one or several
//! servers); L. Takács, "Introduction to the Theory of Queues", 1962, chapter 5 (any hold, one server).

use super::Steady;

/// Exponential thinking and holds, on `servers` locks or cores. For one server, throughput is the same for thinking of any
/// law (G/M/1//N), and for any order of service that does not look at lengths.
#[must_use]
pub fn exponential(threads: u32, think: f64, hold: f64, servers: u32) -> Steady {
    let busy = |state: u32| f64::from(state.min(servers));
    let shares = shares(threads, think, hold, servers);
    let served: f64 = (0..).zip(&shares).map(|(state, share)| share * busy(state)).sum();
    Steady::of_throughput(served / hold, threads, think)
}

/// The probability that so many threads are at the servers, from 0 to all of them.
fn shares(threads: u32, think: f64, hold: f64, servers: u32) -> Vec<f64> {
    // In logarithms: the terms of a thousand threads leave the range of floats.
    let mut logs = vec![0.0];
    let mut log = 0.0;
    for state in 1..=threads {
        let arrives = f64::from(threads - state + 1) / think;
        log += (arrives * hold / f64::from(state.min(servers))).ln();
        logs.push(log);
    }
    let highest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let terms: Vec<_> = logs.iter().map(|log| (log - highest).exp()).collect();
    let sum: f64 = terms.iter().sum();
    terms.iter().map(|term| term / sum).collect()
}

/// Exponential thinking and holds of any law, one server, first come, first served. `transform` is the hold's Laplace
/// transform, E exp(-s hold).
#[must_use]
pub fn general(threads: u32, think: f64, hold: f64, transform: impl Fn(f64) -> f64) -> Steady {
    // The mean busy period: the sum over k of C(n-1, k) times the product up to k of (1 - φ)/φ at j/think.
    let (mut log, mut logs) = (0.0, vec![0.0]);
    for k in 1..threads {
        let phi = transform(f64::from(k) / think);
        log += (f64::from(threads - k) / f64::from(k)).ln() + ((1.0 - phi) / phi).ln();
        logs.push(log);
    }
    let highest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logs.iter().map(|log| (log - highest).exp()).sum();
    // The idle time after it, in units of the busy period.
    let idle = think / f64::from(threads) / hold / sum * (-highest).exp();
    Steady::of_throughput(1.0 / (1.0 + idle) / hold, threads, think)
}

/// Exponential thinking and constant holds (M/D/1//N).
#[must_use]
pub fn constant(threads: u32, think: f64, hold: f64) -> Steady {
    general(threads, think, hold, |s| (-s * hold).exp())
}

/// The quantile of the response under FIFO with exponential thinking and holds and one server: whoever asks finds what a
/// system with one thread less would show (arrival theorem).
#[must_use]
pub fn response_quantile(threads: u32, think: f64, hold: f64, quantile: f64) -> f64 {
    let found = shares(threads - 1, think, hold, 1);
    let exceeds = |t: f64| -> f64 {
        // So many exponential holds take longer than t: a Poisson number of them has not ended.
        let (mut term, mut ended) = ((-t / hold).exp(), 0.0);
        let mut sum = 0.0;
        for (state, share) in (0_u32..).zip(&found) {
            ended += term;
            term *= t / hold / f64::from(state + 1);
            sum += share * ended;
        }
        sum
    };
    let (mut low, mut high) = (0.0, hold);
    while exceeds(high) > 1.0 - quantile {
        high *= 2.0;
    }
    // Each step halves the interval: to the last bit.
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if exceeds(middle) > 1.0 - quantile { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-9, "{found} instead of {expected}");
    }

    #[test]
    fn one_server_by_the_product_form() {
        for (threads, think, hold, throughput, response) in [
            (1, 1.0, 1.0, 0.5, 1.0),
            (4, 10.0, 1.0, 0.353336782204, 1.32064421669),
            (10, 10.0, 1.0, 0.785417656893, 2.73207943855),
            (10, 5.0, 0.5, 1.57083531379, 1.36603971928),
            (64, 50.0, 1.0, 0.991560573344, 14.5447204341),
        ] {
            let found = exponential(threads, think, hold, 1);
            close(found.throughput, throughput);
            close(found.response, response);
        }
        let many = exponential(1024, 10.0, 1.0, 1);
        close(many.throughput, 1.0);
    }

    #[test]
    fn several_servers_by_birth_and_death() {
        for (servers, throughput, response) in [
            (1, 0.7854176569, 2.7320794386),
            (2, 0.8961362181, 1.1590177895),
            (4, 0.9089483676, 1.0017250225),
            (10, 10.0 / 11.0, 1.0),
        ] {
            let found = exponential(10, 10.0, 1.0, servers);
            close(found.throughput, throughput);
            close(found.response, response);
        }
    }

    #[test]
    fn any_hold_by_takacs() {
        for (threads, think, throughput, response) in [
            (4, 10.0, 0.357906616377, 1.176099622),
            (10, 10.0, 0.821003328802, 2.18021858035),
            (64, 50.0, 0.998930411191, 14.0685269795),
        ] {
            let found = constant(threads, think, 1.0);
            close(found.throughput, throughput);
            close(found.response, response);
        }
        for threads in [1, 4, 10, 64, 1024] {
            let found = general(threads, 10.0, 1.0, |s| 1.0 / (1.0 + s));
            close(found.throughput, exponential(threads, 10.0, 1.0, 1).throughput);
        }
    }

    #[test]
    fn quantiles_by_the_arrival_theorem() {
        for (quantile, response) in
            [(0.5, 2.156763959), (0.9, 5.885831111), (0.99, 10.14904255), (0.999, 13.8857973)]
        {
            close(response_quantile(10, 10.0, 1.0, quantile), response);
        }
        // Alone, one waits for nobody.
        close(response_quantile(1, 10.0, 2.0, 0.5), 2.0 * std::f64::consts::LN_2);
    }
}
