//! Which sleeper a condition variable or a semaphore wakes.

use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use crate::{ThreadId, WaitQueue};

/// The rule by which one of several sleepers is woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PickRule {
    /// The thread that first asked for the lock, whatever happened to it since.
    FifoArrival,
    /// The thread that has slept longest: who times out goes back to the tail. Linux wakes
    /// futex waiters in this order.
    #[default]
    FifoRequeue,
    /// The thread that fell asleep last.
    Lifo,
    /// Any of them, each as likely as another.
    Random,
}

/// A pick rule with its source of chance.
#[derive(Debug, Clone)]
pub struct Picker {
    rule: PickRule,
    rng: Xoshiro256PlusPlus,
}

impl Picker {
    /// A picker; `seed` decides what [`PickRule::Random`] picks.
    #[must_use]
    pub fn new(rule: PickRule, seed: u64) -> Self {
        Self { rule, rng: Xoshiro256PlusPlus::seed_from_u64(seed) }
    }

    /// The sleeper to wake; `None` if nobody sleeps.
    pub fn pick(&mut self, sleepers: &WaitQueue) -> Option<ThreadId> {
        match self.rule {
            PickRule::FifoArrival => sleepers.iter().min_by_key(|&thread| sleepers.since(thread)),
            PickRule::FifoRequeue => sleepers.first(),
            PickRule::Lifo => sleepers.last(),
            PickRule::Random if sleepers.is_empty() => None,
            PickRule::Random => sleepers.iter().nth(self.rng.random_range(0..sleepers.len())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instant;

    #[test]
    fn each_rule_picks_its_own() {
        let mut sleepers = WaitQueue::new(3);
        for (id, since) in [(1, 5), (0, 2), (2, 9)] {
            sleepers.push(ThreadId(id), Instant::from_ns(since));
        }
        let pick = |rule| Picker::new(rule, 1).pick(&sleepers);
        assert_eq!(pick(PickRule::FifoArrival), Some(ThreadId(0)));
        assert_eq!(pick(PickRule::FifoRequeue), Some(ThreadId(1)));
        assert_eq!(pick(PickRule::Lifo), Some(ThreadId(2)));
        assert_eq!(Picker::new(PickRule::Random, 1).pick(&WaitQueue::new(3)), None);
    }

    #[test]
    fn random_picks_everybody_equally_often() {
        let mut sleepers = WaitQueue::new(3);
        (0..3).for_each(|id| sleepers.push(ThreadId(id), Instant::ZERO));
        let mut picker = Picker::new(PickRule::Random, 7);
        let mut counts = [0_i32; 3];
        for _ in 0..30_000 {
            counts[picker.pick(&sleepers).unwrap().index()] += 1;
        }
        // Four standard deviations of a binomial count with mean 10 000.
        assert!(counts.iter().all(|count| (count - 10_000).abs() < 327), "{counts:?}");
    }
}
