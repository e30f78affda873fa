//! What no policy can exceed.
//!
//! P. J. Denning & J. P. Buzen, "The operational analysis of queueing network models", ACM Computing Surveys 10, 1978.

/// The most operations per unit of time: the servers are always busy, or nobody ever waits.
#[must_use]
pub fn most_throughput(threads: u32, think: f64, hold: f64, servers: u32) -> f64 {
    (f64::from(servers) / hold).min(f64::from(threads) / (think + hold))
}

#[cfg(test)]
mod tests {
    use super::super::repairman;
    use super::*;

    #[test]
    fn the_bounds_meet_where_the_lock_is_full() {
        assert!((most_throughput(4, 10.0, 1.0, 1) - 4.0 / 11.0).abs() < 1e-12);
        assert!((most_throughput(20, 10.0, 1.0, 1) - 1.0).abs() < 1e-12);
        for threads in 1..40 {
            let exact = repairman::exponential(threads, 10.0, 1.0, 1).throughput;
            assert!(exact <= most_throughput(threads, 10.0, 1.0, 1) + 1e-12);
        }
    }
}
