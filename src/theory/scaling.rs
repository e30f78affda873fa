//! Speed-up by more threads.

/// Amdahl's law: how many times as fast n threads are if a share of the work is done by one at a time. Exact for threads
/// that all ask for the lock together (N. J. Gunther, arXiv 0808.1431).
#[must_use]
pub fn amdahl(threads: u32, serial: f64) -> f64 {
    let n = f64::from(threads);
    n / (1.0 + serial * (n - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values() {
        assert!((amdahl(8, 0.1) - 4.705882).abs() < 1e-6);
        assert!((amdahl(64, 0.1) - 8.767123).abs() < 1e-6);
        assert!((amdahl(1, 0.1) - 1.0).abs() < 1e-12);
    }
}
