//! What CPython's lock does to threads that compute, from 3.2 on.
//!
//! Derived from `take_gil` and `drop_gil` in Python/ceval_gil.c (at 024f7d37): a waiter sleeps for the interval, and
//! asks the holder to drop the lock if nobody took it meanwhile. The holder notices, wakes one waiter, and waits until
//! another thread has the lock. So the thread that lost it last is the first whose interval ends, always a whole one
//! after the switch.

use super::{is_positive, is_time};

/// The times that decide. All must be in one unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimedWait {
    /// I, the switch interval: 5 ms unless `sys.setswitchinterval` says otherwise.
    pub interval: f64,
    /// c, from the request to drop the lock until it is dropped.
    pub check: f64,
    /// s, from there until another thread has it.
    pub switch: f64,
}

impl TimedWait {
    /// How long each of two or more threads that only compute holds the lock at a time: exactly I + c, however many
    /// there are. That the loser wakes up and sleeps again at once is assumed; what it takes adds to c.
    #[must_use]
    pub const fn tenure(&self) -> f64 {
        self.interval + self.check
    }

    /// How often such threads switch, per unit of time.
    #[must_use]
    pub const fn switch_rate(&self) -> f64 {
        1.0 / (self.tenure() + self.switch)
    }

    /// The share of the time in which one of such threads computes.
    #[must_use]
    pub const fn efficiency(&self) -> f64 {
        self.tenure() * self.switch_rate()
    }

    /// How often a thread completes its hold if it is away for `think`, holds the lock for `hold`, less than an
    /// interval, and meets one thread that only computes: each time it comes back, it waits for a whole interval (the
    /// convoy effect). `None` if a time can't be, or with a hold of an interval or more, which is cut.
    #[must_use]
    pub fn convoy_throughput(&self, think: f64, hold: f64) -> Option<f64> {
        let round = think + hold + self.tenure() + self.switch;
        let sound = [think, hold, self.check, self.switch].into_iter().all(is_time);
        (sound && is_positive(round) && hold < self.interval).then(|| 1.0 / round)
    }
}

/// How many switches it takes until a thread that only computes, one of N, has the lock again, if any of the waiters is
/// as likely to be woken as another: geometric with 1/(N-1). The longest waiter first, it would always be N - 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RandomTurns {
    waiters: u32,
}

impl RandomTurns {
    /// Of so many threads; `None` if they are fewer than two, which never switch.
    #[must_use]
    pub const fn of(threads: u32) -> Option<Self> {
        match threads {
            0 | 1 => None,
            _ => Some(Self { waiters: threads - 1 }),
        }
    }

    /// The mean number of switches, N - 1.
    #[must_use]
    pub fn mean(&self) -> f64 {
        f64::from(self.waiters)
    }

    /// Its standard deviation, √((N-1)(N-2)).
    #[must_use]
    pub fn deviation(&self) -> f64 {
        (self.mean() * (self.mean() - 1.0)).sqrt()
    }

    /// How likely it is more than `switches`, ((N-2)/(N-1))^k: no number is never exceeded, except among two threads.
    #[must_use]
    pub fn tail(&self, switches: u32) -> f64 {
        (1.0 - 1.0 / self.mean()).powf(f64::from(switches))
    }

    /// The number of switches that is not exceeded with probability `q`; `None` if q is not in \[0, 1).
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let switches = ((-q).ln_1p() / (-1.0 / self.mean()).ln_1p()).ceil();
        (0.0..1.0).contains(&q).then(|| switches.max(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::support::assert_near;
    use super::*;

    const DEFAULT: TimedWait = TimedWait { interval: 5e-3, check: 0.0, switch: 0.0 };

    #[test]
    fn threads_that_compute_take_turns() {
        let real = TimedWait { interval: 5.0, check: 0.1, switch: 0.9 };
        assert_near(real.tenure(), 5.1, 1e-15);
        assert_near(real.switch_rate(), 1.0 / 6.0, 1e-15);
        assert_near(real.efficiency(), 0.85, 1e-15);
        assert_near(DEFAULT.switch_rate(), 200.0, 1e-15);
    }

    /// The policy in a few lines, for threads that only compute: all tenures after the first.
    fn tenures(threads: usize, pick: impl Fn(usize, usize) -> usize) -> Vec<f64> {
        let TimedWait { interval, check, switch } =
            TimedWait { interval: 5.0, check: 0.25, switch: 0.5 };
        // When each thread began to wait, and at which switch. They start one after another.
        let mut waits: Vec<_> = (0..threads).map(|thread| (0.3 * thread as f64, 0)).collect();
        let (mut holder, mut acquired, mut switches) = (0, 0.0, 0);
        let mut tenures = Vec::new();
        while switches < 200 {
            let others = (0..threads).filter(|thread| *thread != holder);
            let first = others.min_by(|a, b| waits[*a].0.total_cmp(&waits[*b].0)).unwrap();
            let ends = waits[first].0 + interval;
            if waits[first].1 != switches {
                waits[first] = (ends, switches);
                continue;
            }
            let released = ends + check;
            tenures.push(released - acquired);
            switches += 1;
            acquired = released + switch;
            // Timers that ended meanwhile began again.
            for wait in &mut waits {
                while wait.0 + interval < acquired {
                    *wait = (wait.0 + interval, switches - 1);
                }
            }
            waits[holder] = (acquired, switches);
            holder = (holder + pick(switches, threads)) % threads;
        }
        tenures.split_off(1)
    }

    #[test]
    fn every_tenure_is_an_interval_and_a_check() {
        for threads in [2, 3, 4, 16] {
            // The next in line, and one that is anywhere.
            for tenure in tenures(threads, |_, _| 1)
                .into_iter()
                .chain(tenures(threads, |switch, n| 1 + switch * switch % (n - 1)))
            {
                assert_near(tenure, 5.25, 1e-12);
            }
        }
    }

    #[test]
    fn a_convoy_of_one() {
        // 600 Hz alone, at most 150 Hz beside a thread that computes.
        assert_near(DEFAULT.convoy_throughput(1.0 / 600.0, 0.0).unwrap(), 150.0, 1e-12);
        let real = TimedWait { interval: 5.0, check: 0.1, switch: 0.9 };
        assert_near(real.convoy_throughput(3.0, 1.0).unwrap(), 0.1, 1e-15);
        assert_eq!(real.convoy_throughput(1.0, 5.0), None);
        assert_eq!(real.convoy_throughput(-1.0, 1.0), None);
    }

    #[test]
    fn random_turns_are_geometric() {
        let turns = RandomTurns::of(16).unwrap();
        // Σ P(gap > k) and Σ (2k + 1) P(gap > k) are the mean and the mean square.
        let sum = |of: fn(f64) -> f64| -> f64 {
            (0..5_000).map(|k| of(f64::from(k)) * turns.tail(k)).sum()
        };
        assert_near(sum(|_| 1.0), 15.0, 1e-12);
        assert_eq!(turns.mean(), 15.0);
        assert_near(sum(|k| 2.0 * k + 1.0), 15.0 * 14.0 + 15.0 * 15.0, 1e-12);
        assert_near(turns.deviation(), 210.0_f64.sqrt(), 1e-15);
        // ln 0.01 / ln (14/15) = 66.75.
        assert_eq!(turns.quantile(0.99), Some(67.0));
        assert!(turns.tail(67) <= 0.01 && turns.tail(66) > 0.01);
        assert_eq!(turns.quantile(1.0), None);
    }

    #[test]
    fn two_threads_alternate() {
        let turns = RandomTurns::of(2).unwrap();
        assert_eq!((turns.mean(), turns.deviation()), (1.0, 0.0));
        assert_eq!((turns.tail(0), turns.tail(1), turns.quantile(0.99)), (1.0, 0.0, Some(1.0)));
        assert_eq!((RandomTurns::of(1), RandomTurns::of(0)), (None, None));
    }
}
