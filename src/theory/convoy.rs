//! Convoys that last: where a hand-off costs only those who had to wait, waiting may keep itself alive.
//!
//! Convoys: M. Blasgen, J. Gray, M. Mitoma & T. Price, "The convoy phenomenon", Operating Systems Review 13(2), 1979.
//! What follows is a fluid argument: holds and thinking do not vary, first come first served. Where they vary, the
//! regimes blur.

use super::is_time;
use super::repairman::FiniteSource;

/// How threads and a lock go on for ever, once they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regime {
    /// Nobody waits: N/(Z+h) holds per unit of time. A convoy dissolves.
    Free,
    /// As it was before: without waiting, or as a convoy that one long hold begins and nothing ends.
    Bistable,
    /// All queue: 1/(h+s) holds per unit of time.
    Convoy,
}

/// The regime if an acquisition after a wait costs `handoff`, s, and others nothing. A convoy lasts if a thread is back
/// before all others have had their turn, Z ≤ (N-1)(h+s); its absence does if they all fit into its thinking, (N-1)h ≤
/// Z. `None` if the source is not sound, or the hand-off no length of time.
#[must_use]
pub fn regime(source: &FiniteSource, handoff: f64) -> Option<Regime> {
    if !source.is_sound() || !is_time(handoff) {
        return None;
    }
    let others = f64::from(source.threads - 1);
    let lasts = others * (source.hold + handoff) >= source.think;
    let fits = others * source.hold < source.think;
    Some(match (lasts, fits) {
        (true, true) => Regime::Bistable,
        (true, false) => Regime::Convoy,
        (false, _) => Regime::Free,
    })
}

#[cfg(test)]
mod tests {
    use super::super::support::assert_near;
    use super::*;

    fn source(threads: u32) -> FiniteSource {
        FiniteSource { threads, think: 9.0, hold: 1.0 }
    }

    /// Throughput after a while, of threads that first ask at these times.
    fn simulate(mut requests: Vec<f64>, handoff: f64) -> f64 {
        let rounds = 200 * requests.len();
        let (mut free, mut begin) = (0.0, 0.0);
        for round in 0..2 * rounds {
            let next = requests.iter_mut().min_by(|a, b| a.total_cmp(b)).unwrap();
            free = if *next < free { free + handoff } else { *next } + 1.0;
            *next = free + 9.0;
            if round + 1 == rounds {
                begin = free;
            }
        }
        rounds as f64 / (free - begin)
    }

    #[test]
    fn six_to_nine_threads_have_both() {
        for threads in 1..=12 {
            let expected = match threads {
                ..6 => Regime::Free,
                6..10 => Regime::Bistable,
                _ => Regime::Convoy,
            };
            assert_eq!(regime(&source(threads), 1.0), Some(expected), "{threads}");
        }
        // A hand-off that costs nothing leaves nothing between.
        assert!((1..20).all(|n| regime(&source(n), 0.0) != Some(Regime::Bistable)));
        assert_eq!(regime(&source(0), 1.0), None);
        assert_eq!(regime(&source(2), -1.0), None);
    }

    #[test]
    fn threads_without_variation_do_as_foretold() {
        for threads in 2..=12 {
            let together = simulate(vec![0.0; threads as usize], 1.0);
            let apart = simulate((0..threads).map(f64::from).collect(), 1.0);
            let (free, convoy) = (f64::from(threads) / 10.0, 0.5);
            match regime(&source(threads), 1.0).unwrap() {
                Regime::Free => assert_near(together, free, 1e-12),
                _ => assert_near(together, convoy, 1e-12),
            }
            match regime(&source(threads), 1.0).unwrap() {
                // With ten, the next asks at the very instant of a release.
                Regime::Convoy if threads > 10 => assert_near(apart, convoy, 1e-12),
                _ => assert_near(apart, free, 1e-12),
            }
        }
    }
}
