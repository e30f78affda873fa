//! Earliest eligible virtual deadline first: the run queue of one core.
//!
//! **Origin.** Stoica & Abdel-Wahab 1995; Linux from 6.6 on, `kernel/sched/fair.c`. All threads have
//! the same weight, so virtual time is time on the core. A thread is *eligible* if it has not run
//! more than the average of the threads on the core; of the eligible, the one with the earliest
//! virtual deadline runs. A thread that has used up its request gets a new deadline, one slice
//! later. It takes its *lag*, the distance to the average, along when it sleeps: who was owed time
//! is owed it still when it wakes, who was ahead stays back until the others have caught up.
//!
//! **Deviations.** `RUN_TO_PARITY` (no wake-up pre-emption within a slice) is left out: on the
//! machine of the measured runs, a thread that wakes with time owed to it gets the core at once. A
//! sleeper that is ahead is not kept in the queue (`DELAY_DEQUEUE`), but placed as if it had been.

use gilsim_policies::{Instant, Span, ThreadId};

/// A thread's standing, in virtual nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entity {
    vruntime: i64,
    deadline: i64,
    /// Average less own virtual time, when it went to sleep.
    lag: i64,
    /// The average when it went to sleep.
    average_at_sleep: i64,
    /// The core on which it last ran or queued.
    pub core: u16,
}

/// When ticks fall.
#[derive(Debug, Clone, Copy)]
pub struct Ticks {
    /// Time between two ticks.
    pub period: Span,
    /// The first tick.
    pub first: Instant,
}

impl Ticks {
    /// The first tick at or after an instant.
    #[must_use]
    pub fn at_or_after(&self, at: Instant) -> Instant {
        if at <= self.first {
            return self.first;
        }
        let periods = (at - self.first).ns().div_ceil(self.period.ns());
        self.first + self.period * periods
    }
}

/// One core's threads.
#[derive(Debug, Clone)]
pub struct RunQueue {
    core: u16,
    slice: i64,
    ticks: Ticks,
    /// Who runs, or is on its way to.
    pub current: Option<ThreadId>,
    queued: Vec<ThreadId>,
    /// Up to when the current thread's virtual time is accounted for.
    accounted: Instant,
    /// The average when a thread last left.
    floor: i64,
    /// Sum of the virtual times of the threads here, each less `floor`.
    sum: i64,
}

impl RunQueue {
    pub fn new(core: u16, slice: Span, ticks: Ticks) -> Self {
        Self {
            core,
            slice: slice.ns() as i64,
            ticks,
            current: None,
            queued: Vec::new(),
            accounted: Instant::ZERO,
            floor: 0,
            sum: 0,
        }
    }

    /// Threads that are ready and not on the core.
    #[inline]
    pub fn waiting(&self) -> usize {
        self.queued.len()
    }

    /// Puts a thread on the idle core; it begins to run at `from`.
    pub fn start(&mut self, from: Instant, thread: ThreadId, entities: &mut [Entity]) {
        self.place(thread, entities);
        self.current = Some(thread);
        self.accounted = from;
    }

    /// Queues a thread that woke; says whether the core is to pick again at once.
    pub fn wake(&mut self, now: Instant, thread: ThreadId, entities: &mut [Entity]) -> bool {
        let renewed = self.account(now, entities);
        let others_wait = !self.queued.is_empty();
        self.place(thread, entities);
        self.queued.push(thread);
        self.would_run(thread, entities) || (renewed && others_wait)
    }

    /// The current thread sleeps or ends. The core picks another of its own, if it has one.
    pub fn leave(&mut self, now: Instant, entities: &mut [Entity]) {
        self.account(now, entities);
        let average = self.average();
        if let Some(thread) = self.current.take() {
            let entity = &mut entities[thread.index()];
            let most = (2 * self.slice).max(self.ticks.period.ns() as i64);
            entity.lag = (average - entity.vruntime).clamp(-most, most);
            entity.average_at_sleep = average;
            self.sum -= entity.vruntime - self.floor;
        }
        self.sum -= (average - self.floor) * self.count();
        self.floor = average;
        if !self.queued.is_empty() {
            self.run_best(now, entities);
        }
    }

    /// The current thread goes back into the queue, and the core picks.
    pub fn repick(&mut self, now: Instant, entities: &mut [Entity]) -> Option<ThreadId> {
        self.account(now, entities);
        self.queued.extend(self.current.take());
        self.run_best(now, entities);
        self.current
    }

    /// A tick: whether the core is to pick again.
    pub fn tick(&mut self, now: Instant, entities: &mut [Entity]) -> bool {
        self.account(now, entities) && !self.queued.is_empty()
    }

    /// Gives its best waiting thread away, for a core that has nothing to do.
    pub fn give_away(&mut self, now: Instant, entities: &mut [Entity]) -> Option<ThreadId> {
        self.account(now, entities);
        let average = self.average();
        let at =
            (0..self.queued.len()).min_by_key(|&at| entities[self.queued[at].index()].deadline)?;
        let thread = self.queued.remove(at);
        let entity = &mut entities[thread.index()];
        entity.lag = average - entity.vruntime;
        entity.average_at_sleep = average;
        self.sum -= entity.vruntime - self.floor;
        Some(thread)
    }

    fn run_best(&mut self, now: Instant, entities: &[Entity]) {
        self.current = self.pick(entities);
        if let Some(at) = self.queued.iter().position(|thread| Some(*thread) == self.current) {
            self.queued.remove(at);
        }
        self.accounted = now;
    }

    /// Accounts for the current thread's time; says whether its request is used up and renewed.
    ///
    /// The kernel looks at a request's end at ticks and at wake-ups. Ticks at which nobody else
    /// queues change nothing but deadlines, so they are not events: they are caught up with here.
    fn account(&mut self, now: Instant, entities: &mut [Entity]) -> bool {
        let from = self.accounted;
        let Some(thread) = self.current.filter(|_| now > from) else {
            return false;
        };
        self.accounted = now;
        let entity = &mut entities[thread.index()];
        let begin = entity.vruntime;
        let virtual_at = |at: Instant| begin + (at - from).ns() as i64;
        entity.vruntime = virtual_at(now);
        self.sum += entity.vruntime - begin;
        let used_up = from + Span::from_ns((entity.deadline - begin).max(1) as u64);
        if used_up > now {
            return false;
        }
        let first = self.ticks.at_or_after(used_up);
        if first > now {
            entity.deadline = entity.vruntime + self.slice;
            return true;
        }
        let period = self.ticks.period.ns();
        let renewal = (self.slice as u64).div_ceil(period) * period;
        let last = first + Span::from_ns((now - first).ns() / renewal * renewal);
        entity.deadline = virtual_at(last) + self.slice;
        if entity.vruntime >= entity.deadline {
            entity.deadline = entity.vruntime + self.slice;
        }
        true
    }

    fn count(&self) -> i64 {
        self.queued.len() as i64 + i64::from(self.current.is_some())
    }

    #[inline]
    fn average(&self) -> i64 {
        match self.count() {
            0 => self.floor,
            1 => self.floor + self.sum,
            2 => self.floor + (self.sum >> 1),
            count => self.floor + self.sum.div_euclid(count),
        }
    }

    /// The eligible thread with the earliest deadline; of equals the current, then the one that
    /// queued first.
    fn pick(&self, entities: &[Entity]) -> Option<ThreadId> {
        // Who is alone is eligible.
        match (self.current, self.queued.as_slice()) {
            (current, []) => return current,
            (None, &[alone]) => return Some(alone),
            _ => {}
        }
        self.current
            .into_iter()
            .chain(self.queued.iter().copied())
            .filter(|thread| self.is_eligible(&entities[thread.index()]))
            .min_by_key(|thread| entities[thread.index()].deadline)
    }

    /// Whether [`Self::pick`] names the thread that queued last.
    fn would_run(&self, thread: ThreadId, entities: &[Entity]) -> bool {
        let entity = &entities[thread.index()];
        let goes_before = |other: &ThreadId| {
            let rival = &entities[other.index()];
            *other != thread && rival.deadline <= entity.deadline && self.is_eligible(rival)
        };
        self.is_eligible(entity) && !self.current.iter().chain(&self.queued).any(goes_before)
    }

    fn is_eligible(&self, entity: &Entity) -> bool {
        (entity.vruntime - self.floor) * self.count() <= self.sum
    }

    /// Gives a thread that comes to this core its place in virtual time.
    fn place(&mut self, thread: ThreadId, entities: &mut [Entity]) {
        let (average, count) = (self.average(), self.count());
        let entity = &mut entities[thread.index()];
        let lag = match entity.lag {
            _ if count == 0 => 0,
            owed if owed >= 0 => owed,
            ahead if entity.core == self.core => {
                (ahead + average - entity.average_at_sleep).clamp(ahead, 0)
            }
            _ => 0,
        };
        // Its arrival moves the average towards it; the factor makes up for that.
        let shift = if lag == 0 { 0 } else { lag * (count + 1) / count };
        entity.vruntime = average - shift;
        entity.deadline = entity.vruntime + self.slice;
        entity.core = self.core;
        self.sum += entity.vruntime - self.floor;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: ThreadId = ThreadId(0);
    const B: ThreadId = ThreadId(1);
    const MS: u64 = 1_000_000;

    fn at(ms: u64) -> Instant {
        Instant::from_ns(ms * MS)
    }

    fn queue() -> (RunQueue, Vec<Entity>) {
        let ticks = Ticks { period: Span::from_ms(4), first: Instant::ZERO };
        (RunQueue::new(0, Span::from_us(1_400), ticks), vec![Entity::default(); 2])
    }

    #[test]
    fn two_that_compute_alternate_at_ticks() {
        let (mut queue, mut entities) = queue();
        queue.start(at(0), A, &mut entities);
        assert!(!queue.wake(at(0), B, &mut entities), "nobody is owed time yet");
        for (ms, next) in [(4, B), (8, A), (12, B), (16, A)] {
            assert!(queue.tick(at(ms), &mut entities), "the request of 1.4 ms is used up");
            assert_eq!(queue.repick(at(ms), &mut entities), Some(next), "at {ms} ms");
        }
    }

    #[test]
    fn who_is_owed_time_preempts_and_who_is_not_waits() {
        let (mut queue, mut entities) = queue();
        queue.start(at(0), A, &mut entities);
        queue.wake(at(0), B, &mut entities);
        queue.tick(at(4), &mut entities);
        queue.repick(at(4), &mut entities);
        // B has 4 ms to catch up and sleeps after 1: it is owed 3.
        queue.leave(at(5), &mut entities);
        assert_eq!(queue.current, Some(A));
        assert!(queue.wake(at(6), B, &mut entities));
        assert_eq!(queue.repick(at(6), &mut entities), Some(B));
        // It uses up what it is owed, and 4 ms more; then it has to stay back.
        queue.leave(at(13), &mut entities);
        assert!(!queue.wake(at(14), B, &mut entities));
    }

    #[test]
    fn catching_up_with_ticks_is_the_same_as_having_them() {
        let (mut jumped, mut entities) = queue();
        let (mut ticked, mut twins) = queue();
        jumped.start(at(0), A, &mut entities);
        ticked.start(at(0), A, &mut twins);
        for ms in 1..=103 {
            if ms % 4 == 0 {
                ticked.tick(at(ms), &mut twins);
            }
        }
        jumped.account(at(103), &mut entities);
        ticked.account(at(103), &mut twins);
        assert_eq!(entities[0].deadline, twins[0].deadline);
        assert_eq!(entities[0].vruntime, twins[0].vruntime);
    }

    proptest! {
        /// The sum that is kept, and the short question to a queue, against their long forms.
        #[test]
        fn what_is_kept_is_what_there_is(
            steps in prop::collection::vec((0_u64..9_000_000, 0_u32..6, 0_u8..5), 1..200),
        ) {
            let (mut queue, _) = queue();
            let mut entities = vec![Entity::default(); 6];
            let mut now = Instant::ZERO;
            for (after, thread, step) in steps {
                now = now + Span::from_ns(after);
                let thread = ThreadId(thread);
                let here = queue.current == Some(thread) || queue.queued.contains(&thread);
                match step {
                    0 | 1 if here => {}
                    0 | 1 if queue.current.is_none() => queue.start(now, thread, &mut entities),
                    0 | 1 => {
                        queue.wake(now, thread, &mut entities);
                        let runs = queue.pick(&entities) == Some(thread);
                        prop_assert_eq!(queue.would_run(thread, &entities), runs);
                    }
                    2 if queue.current.is_some() => queue.leave(now, &mut entities),
                    3 => drop(queue.give_away(now, &mut entities)),
                    _ => {
                        queue.repick(now, &mut entities);
                    }
                }
                let running = queue.current.iter().chain(&queue.queued);
                let sum: i64 =
                    running.map(|thread| entities[thread.index()].vruntime - queue.floor).sum();
                prop_assert_eq!(queue.sum, sum);
            }
        }
    }
}
