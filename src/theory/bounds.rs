//! What the throughput of threads and a lock lies between, whatever the policy and the laws.
//!
//! Asymptotic bounds: E. D. Lazowska, J. Zahorjan, G. S. Graham & K. C. Sevcik, "Quantitative System Performance",
//! 1984, chapter 5; P. J. Denning & J. P. Buzen, "The operational analysis of queueing network models", ACM Computing
//! Surveys 10(3), 1978.

use super::is_time;
use super::repairman::FiniteSource;

/// What the throughput can't exceed, min(1/(h+s), N/(Z+h)): the lock is always held or handed over, or nobody ever
/// waits. `handoff` is the least that s can be. With the means that a run has had it holds for that run, up to its
/// first and last rounds. `None` if the source is not sound, or the hand-off no length of time.
#[must_use]
pub fn upper(source: &FiniteSource, handoff: f64) -> Option<f64> {
    let FiniteSource { threads, think, hold } = *source;
    (source.is_sound() && is_time(handoff))
        .then(|| (1.0 / (hold + handoff)).min(f64::from(threads) / (think + hold)))
}

/// What the throughput does not fall below, N/(Z+N(h+s)), as if all others were always ahead, if the lock is held or
/// handed over whenever somebody waits. `handoff` is the most that s is on average, idle time with waiters counted as
/// well.
///
/// It holds for any law of holds: at most N - 1 threads wait while the lock is busy and none while it is idle, so that
/// X holds make at most (N-1) X (h+s) waiting threads. Textbooks derive it from requests that find at most N - 1 mean
/// holds ahead, and restrict it to laws without long residual lives, which one lock does not need. `None` as for
/// [`upper`].
#[must_use]
pub fn lower(source: &FiniteSource, handoff: f64) -> Option<f64> {
    let threads = f64::from(source.threads);
    (source.is_sound() && is_time(handoff))
        .then(|| threads / (source.think + threads * (source.hold + handoff)))
}

#[cfg(test)]
mod tests {
    use super::super::repairman::constant;
    use super::super::support::assert_near;
    use super::*;

    #[test]
    fn exact_results_lie_between() {
        for threads in [1, 2, 4, 10, 64, 1024] {
            for think in [0.0, 1.0, 10.0, 50.0, 1e3] {
                let source = FiniteSource { threads, think, hold: 1.0 };
                let (low, high) = (lower(&source, 0.0).unwrap(), upper(&source, 0.0).unwrap());
                for exact in [source.exponential(1), source.general(constant(1.0))] {
                    let x = exact.unwrap().throughput;
                    assert!(low <= x * (1.0 + 1e-12) && x <= high * (1.0 + 1e-12), "{source:?}");
                }
            }
        }
    }

    #[test]
    fn by_hand() {
        let source = FiniteSource { threads: 4, think: 6.0, hold: 2.0 };
        // Four rounds in 8, or one hold in 2.5; four rounds in 6 + 10.
        assert_near(upper(&source, 0.0).unwrap(), 0.5, 1e-15);
        assert_near(upper(&source, 0.5).unwrap(), 0.4, 1e-15);
        assert_near(lower(&source, 0.5).unwrap(), 0.25, 1e-15);
        assert_eq!((upper(&source, -1.0), lower(&source, f64::NAN)), (None, None));
        let none = FiniteSource { threads: 0, ..source };
        assert_eq!((upper(&none, 0.0), lower(&none, 0.0)), (None, None));
    }

    #[test]
    fn holds_that_vary_much_keep_the_lower_bound() {
        // Few holds are very long, the others short; the mean is 1. Throughput comes close to the bound, from above.
        for (share, long) in [(0.1, 5.0), (0.01, 90.0), (1e-4, 9e3), (1e-6, 999e3)] {
            let short = (1.0 - share * long) / (1.0 - share);
            let transform = |s: f64| share / (1.0 + s * long) + (1.0 - share) / (1.0 + s * short);
            for threads in [2, 10, 64] {
                for think in [0.3, 3.0, 30.0, 300.0] {
                    let source = FiniteSource { threads, think, hold: 1.0 };
                    let x = source.general(transform).unwrap().throughput;
                    let low = lower(&source, 0.0).unwrap();
                    assert!(low <= x * (1.0 + 1e-12), "{source:?}: {x} < {low}");
                    assert!(share > 1e-6 || x < 1.01 * low, "{source:?}: {x} is not near {low}");
                }
            }
        }
    }
}
