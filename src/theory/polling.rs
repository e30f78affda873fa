//! Threads as queues that a lock visits in turn, which takes a switch each time: symmetric cyclic polling.
//!
//! H. Takagi, "Queuing analysis of polling models", ACM Computing Surveys 20(1), 1988: requests of each queue come
//! after Poisson, all queues are alike, and the lock goes round even if nobody waits.

use super::{Moments, is_time};

/// N queues that a lock visits in turn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Polling {
    /// N.
    pub queues: u32,
    /// λ, how many requests come to each queue per unit of time.
    pub rate: f64,
    /// For how long each holds the lock.
    pub hold: Moments,
    /// How long it takes from one queue to the next.
    pub switch: Moments,
}

/// How long the lock stays at a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discipline {
    /// Until the queue is empty.
    Exhaustive,
    /// For all requests that were there when it came.
    Gated,
    /// For one request, if there is one.
    OneLimited,
}

impl Polling {
    /// The mean wait, from request to acquisition. `None` without queues, if a rate or a time can't be, or if more
    /// comes than can be served: with one request per visit, switches count.
    #[must_use]
    pub fn wait(&self, discipline: Discipline) -> Option<f64> {
        let Self { hold, switch, .. } = *self;
        let (queues, load) = (f64::from(self.queues), self.load()?);
        let (rate, rest) = (queues * self.rate, 1.0 - load);
        let jitter = switch.variance().max(0.0);
        let around = if switch.mean > 0.0 { jitter / (2.0 * switch.mean) } else { 0.0 };
        let (more, rest) = match discipline {
            Discipline::Exhaustive => (switch.mean * (queues - load), rest),
            Discipline::Gated => (switch.mean * (queues + load), rest),
            Discipline::OneLimited => {
                (switch.mean * (queues + load) + rate * jitter, rest - rate * switch.mean)
            }
        };
        (rest > 0.0).then(|| around + (rate * hold.square + more) / (2.0 * rest))
    }

    /// The mean time from one visit of a queue to the next, under each discipline. `None` as for [`Polling::wait`],
    /// except that switches do not count.
    #[must_use]
    pub fn cycle(&self) -> Option<f64> {
        Some(f64::from(self.queues) * self.switch.mean / (1.0 - self.load()?))
    }

    /// ρ = N λ E\[B\], if it can be served.
    fn load(&self) -> Option<f64> {
        let sound = self.queues > 0
            && is_time(self.rate)
            && self.hold.are_sound()
            && self.switch.are_sound();
        let load = f64::from(self.queues) * self.rate * self.hold.mean;
        (sound && load < 1.0).then_some(load)
    }
}

#[cfg(test)]
mod tests {
    use Discipline::{Exhaustive, Gated, OneLimited};

    use super::super::support::assert_near;
    use super::super::{chain, open};
    use super::*;

    const FOUR: Polling = Polling {
        queues: 4,
        rate: 0.1,
        hold: Moments::exponential(1.0),
        switch: Moments::constant(0.25),
    };

    #[test]
    fn the_three_disciplines() {
        for (discipline, wait) in
            [(Exhaustive, 17.0 / 12.0), (Gated, 19.0 / 12.0), (OneLimited, 1.9)]
        {
            assert_near(FOUR.wait(discipline).unwrap(), wait, 1e-14);
        }
        assert_near(FOUR.cycle().unwrap(), 1.0 / 0.6, 1e-14);
    }

    /// The mean wait at two queues with exponential holds and switches, by a chain that is cut where it hardly comes.
    /// State: how many are at each queue, which is visited, and how many of it may still go: none during the switch to
    /// the other.
    fn by_chain(system: &Polling, discipline: Discipline) -> f64 {
        let go = |present: [u32; 2], at: usize| match discipline {
            Exhaustive | Gated => present[at],
            OneLimited => present[at].min(1),
        };
        let law =
            chain::stationary(([0, 0], 0, 0), |(present, at, left): ([u32; 2], usize, u32)| {
                let mut next = Vec::new();
                for queue in 0..2 {
                    let mut more = present;
                    more[queue] += 1;
                    let joins = discipline == Exhaustive && queue == at && left > 0;
                    if more[queue] < 22 {
                        next.push(((more, at, left + u32::from(joins)), system.rate));
                    }
                }
                if left > 0 {
                    let mut fewer = present;
                    fewer[at] -= 1;
                    next.push(((fewer, at, left - 1), 1.0 / system.hold.mean));
                } else {
                    let to = 1 - at;
                    next.push(((present, to, go(present, to)), 1.0 / system.switch.mean));
                }
                next
            });
        let present = chain::mean(&law, |(present, ..)| f64::from(present[0] + present[1]));
        present / (2.0 * system.rate) - system.hold.mean
    }

    #[test]
    fn switches_that_vary_agree_with_a_chain() {
        let hold = Moments::exponential(1.0);
        let switch = Moments::exponential(0.5);
        let two = Polling { queues: 2, rate: 0.12, hold, switch };
        for discipline in [Exhaustive, Gated, OneLimited] {
            assert_near(two.wait(discipline).unwrap(), by_chain(&two, discipline), 1e-6);
        }
    }

    #[test]
    fn free_switches_leave_one_queue() {
        let system = Polling { switch: Moments::constant(0.0), ..FOUR };
        let one = open::wait(0.4, FOUR.hold).unwrap();
        for discipline in [Exhaustive, Gated, OneLimited] {
            assert_near(system.wait(discipline).unwrap(), one, 1e-14);
        }
    }

    #[test]
    fn one_request_per_visit_serves_less() {
        // 4 · 0.21 · (1 + 0.25) > 1 > 4 · 0.21.
        let busy = Polling { rate: 0.21, ..FOUR };
        assert!(busy.wait(Gated).is_some());
        assert_eq!(busy.wait(OneLimited), None);
        assert_eq!(Polling { rate: 0.25, ..FOUR }.wait(Exhaustive), None);
        assert_eq!(Polling { rate: f64::NAN, ..FOUR }.cycle(), None);
        assert_eq!(Polling { queues: 0, ..FOUR }.wait(Gated), None);
    }
}
