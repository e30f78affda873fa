//! Several locks: a closed network of queues, solved by exact mean value analysis.
//!
//! M. Reiser & S. S. Lavenberg, "Mean-value analysis of closed multichain queuing networks", JACM 27(2), 1980: who
//! comes to a queue finds what the others would leave there by themselves, so N threads follow from N - 1. Exact for
//! exponential holds with the same mean for whoever holds a lock, first come first served, one lock at a time; and for
//! processor sharing with any holds.

use super::{is_positive, is_time};

/// What a network of locks does in the long run.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// X, rounds completed per unit of time, by all threads together.
    pub throughput: f64,
    /// R, the mean time of a round that is spent at locks, waiting or holding.
    pub response: f64,
    /// How many threads wait for or hold each lock on average. Lock k is held for the share X · demand k of the time.
    pub queues: Vec<f64>,
}

/// `threads` threads that think for `think` on average, then go to the locks. `demands` says for each lock how long a
/// thread holds it per round on average: the hold times the number of visits. A hold h at one of K locks, picked anew
/// each time, is K demands of h/K. `None` without threads, or if all times are zero or one can't be.
#[must_use]
pub fn mean_value_analysis(threads: u32, think: f64, demands: &[f64]) -> Option<Network> {
    let round = think + demands.iter().sum::<f64>();
    if threads == 0 || !is_positive(round) || !demands.iter().chain([&think]).all(|t| is_time(*t)) {
        return None;
    }
    let mut network = Network { throughput: 0.0, response: 0.0, queues: vec![0.0; demands.len()] };
    for n in (1..=threads).map(f64::from) {
        let Network { throughput, response, queues } = &mut network;
        for (queue, demand) in queues.iter_mut().zip(demands) {
            // For now, the time spent at this lock.
            *queue = demand * (1.0 + *queue);
        }
        *response = queues.iter().sum();
        *throughput = n / (think + *response);
        queues.iter_mut().for_each(|queue| *queue *= *throughput);
    }
    Some(network)
}

#[cfg(test)]
mod tests {
    use super::super::chain;
    use super::super::repairman::FiniteSource;
    use super::super::support::assert_near;
    use super::*;

    #[test]
    fn a_lock_for_each_object() {
        // 16 threads, Z = 2, h = 1 at one of K locks.
        for (locks, x, r) in [
            (1, 0.9999999996, 14.0000000068),
            (2, 1.8461540241, 6.6666658312),
            (4, 3.0376803444, 3.2671769858),
            (16, 4.7373590507, 1.3774091912),
        ] {
            let demands = vec![1.0 / f64::from(locks); locks as usize];
            let found = mean_value_analysis(16, 2.0, &demands).unwrap();
            assert_near(found.throughput, x, 1e-10);
            assert_near(found.response, r, 1e-10);
            // Who does not think is at a lock.
            let present: f64 = found.queues.iter().sum();
            assert_near(present, 16.0 - 2.0 * found.throughput, 1e-12);
        }
    }

    #[test]
    fn one_lock_is_the_repairman() {
        for (threads, think) in [(10, 10.0), (1024, 1e3), (1024, 1e5)] {
            let birth_and_death =
                FiniteSource { threads, think, hold: 1.0 }.exponential(1).unwrap();
            let found = mean_value_analysis(threads, think, &[1.0]).unwrap();
            assert_near(found.throughput, birth_and_death.throughput, 1e-11);
            assert_near(found.response, birth_and_death.response, 1e-11);
        }
    }

    #[test]
    fn unequal_locks_agree_with_a_chain() {
        // Five threads think, hold the first lock, hold the second with probability 0.6, and think again.
        let (think, first, second, again) = (3.0, 0.7, 2.0, 0.6);
        let law = chain::stationary((0, 0), |(a, b): (u32, u32)| {
            let mut next = vec![((a + 1, b), f64::from(5 - a - b) / think)];
            if a > 0 {
                next.push(((a - 1, b + 1), again / first));
                next.push(((a - 1, b), (1.0 - again) / first));
            }
            if b > 0 {
                next.push(((a, b - 1), 1.0 / second));
            }
            next
        });
        let found = mean_value_analysis(5, think, &[first, again * second]).unwrap();
        let first_is_held = chain::mean(&law, |(a, _)| f64::from(a.min(1)));
        assert_near(found.throughput * first, first_is_held, 1e-10);
        assert_near(found.queues[0], chain::mean(&law, |(a, _)| f64::from(a)), 1e-10);
        assert_near(found.queues[1], chain::mean(&law, |(_, b)| f64::from(b)), 1e-10);
    }

    #[test]
    fn what_makes_no_sense_has_no_answer() {
        assert_eq!(mean_value_analysis(0, 1.0, &[1.0]), None);
        assert_eq!(mean_value_analysis(1, 0.0, &[]), None);
        assert_eq!(mean_value_analysis(1, 1.0, &[2.0, -1.0]), None);
        assert_eq!(mean_value_analysis(1, f64::NAN, &[1.0]), None);
        // Without locks, threads do not meet.
        assert_near(mean_value_analysis(8, 2.0, &[]).unwrap().throughput, 4.0, 1e-15);
    }
}
