//! How much faster many threads are than one.
//!
//! N. J. Gunther, "A general theory of computational scalability based on rational functions", arXiv 0808.1431, 2008:
//! Amdahl's law is a lock that all threads want at once, each time; the universal scalability law adds what every pair
//! of them costs.

use super::is_positive;
use super::repairman::{FiniteSource, Performance};

/// The universal scalability law, X(N) = γN / (1 + α(N-1) + βN(N-1)).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scalability {
    /// γ, the throughput of one thread; 1 makes X the speed-up.
    pub single: f64,
    /// α, the share of the work of one thread that only one does at a time. Alone, it is Amdahl's law.
    pub contention: f64,
    /// β, what each pair of threads costs, as a share of that work.
    pub coherency: f64,
}

impl Scalability {
    /// The throughput of so many threads.
    #[must_use]
    pub fn throughput(&self, threads: f64) -> f64 {
        let Self { single, contention, coherency } = self;
        single * threads / (1.0 + (contention + coherency * threads) * (threads - 1.0))
    }

    /// The number of threads, no whole number, beyond which throughput falls, √((1-α)/β). `None` if it never does.
    #[must_use]
    pub fn peak(&self) -> Option<f64> {
        let falls = self.contention <= 1.0 && is_positive(self.coherency);
        falls.then(|| ((1.0 - self.contention) / self.coherency).sqrt())
    }
}

/// All threads of a source ask at once, are served one after another, and think until all ask again. The speed-up is
/// Amdahl's, with h/(Z+h) as the share that only one does. The response is that of the last, for which all wait. `None`
/// if the source is not sound.
#[must_use]
pub fn synchronous(source: &FiniteSource) -> Option<Performance> {
    let response = f64::from(source.threads) * source.hold;
    let throughput = f64::from(source.threads) / (source.think + response);
    let utilisation = throughput * source.hold;
    source.is_sound().then_some(Performance { throughput, response, utilisation })
}

/// Jain's fairness index of round robin at an instant: all of `threads` have had `quanta` quanta, `ahead` of them one
/// more. `None` if none has had any, or if more are ahead than there are.
#[must_use]
pub fn round_robin_fairness(threads: u32, quanta: u32, ahead: u32) -> Option<f64> {
    let [n, m, k] = [threads, quanta, ahead].map(f64::from);
    let squares = n * m * m + 2.0 * k * m + k;
    (ahead <= threads && squares > 0.0).then(|| (n * m + k).powi(2) / (n * squares))
}

#[cfg(test)]
mod tests {
    use super::super::support::assert_near;
    use super::*;

    #[test]
    fn amdahl_is_a_lock_that_all_want_at_once() {
        let source = |threads| FiniteSource { threads, think: 9.0, hold: 1.0 };
        let law = Scalability { single: 0.1, contention: 0.1, coherency: 0.0 };
        for (threads, speed_up) in [(1, 1.0), (8, 4.705882), (64, 8.767123)] {
            let found = synchronous(&source(threads)).unwrap();
            assert_near(found.throughput / 0.1, speed_up, 1e-6);
            assert_near(found.throughput, law.throughput(f64::from(threads)), 1e-14);
            // Who asks when it likes gets at least as much.
            let free = source(threads).exponential(1).unwrap();
            assert!(free.throughput >= found.throughput * (1.0 - 1e-12));
        }
        assert_eq!(law.peak(), None);
        assert_eq!(synchronous(&source(0)), None);
    }

    #[test]
    fn throughput_is_highest_at_the_peak() {
        let law = Scalability { single: 2.0, contention: 0.19, coherency: 0.01 };
        assert_near(law.peak().unwrap(), 9.0, 1e-12);
        // 18 / (1 + 0.19 · 8 + 0.01 · 72).
        assert_near(law.throughput(9.0), 18.0 / 3.24, 1e-14);
        assert!(law.throughput(9.0) > law.throughput(8.9).max(law.throughput(9.1)));
        assert_eq!(Scalability { contention: 1.5, ..law }.peak(), None);
    }

    #[test]
    fn round_robin_becomes_fair() {
        for (quanta, fairness) in
            [(1, 0.9), (2, 0.961538), (5, 0.991803), (10, 0.997738), (100, 0.999975)]
        {
            assert_near(round_robin_fairness(8, quanta, 4).unwrap(), fairness, 1e-6);
        }
        assert_eq!(round_robin_fairness(8, 0, 1), Some(0.125));
        assert_eq!(round_robin_fairness(8, 0, 0), None);
        assert_eq!(round_robin_fairness(8, 1, 9), None);
        assert_eq!(round_robin_fairness(0, 1, 0), None);
    }
}
