//! Earliest eligible virtual deadline first: the run queue of one core.
//!
//! **Origin.** Stoica & Abdel-Wahab 1995; Linux from 6.6 on, `kernel/sched/fair.c`. All threads have
//! the same weight, so virtual time is time on the core. A thread is *eligible* if it has not run
//! more than the average of the threads on the core; of the eligible, the one with the earliest
//! virtual deadline runs. A thread that has used up its request gets a new deadline, one slice
//! later. It takes its *lag*, the distance to the average, along when it sleeps: who was owed time
//! is owed it still when it wakes, who was ahead stays back until the others have caught up.
//!
//! Who is picked is *protected* up to the deadline that it then has, for as long as it is eligible:
//! nobody who wakes up meanwhile takes the core from it (`RUN_TO_PARITY`). Who goes to sleep ahead of
//! the average stays in the queue, *delayed*, until the others have caught up (`DELAY_DEQUEUE`).

use gilsim_policies::{Instant, Span, ThreadId};

/// A thread's standing, in virtual nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entity {
    vruntime: i64,
    deadline: i64,
    /// Average less own virtual time, when it left the queue; not negative.
    lag: i64,
    /// The core on which it last ran or queued; `None` before it first starts.
    pub core: Option<u16>,
    /// Whether it sleeps, and is still in the queue because it is ahead.
    pub delayed: bool,
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
    /// Up to which virtual time it is protected.
    protected_to: i64,
    /// Who is here besides, sleepers that are ahead among them.
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
            protected_to: 0,
            queued: Vec::new(),
            accounted: Instant::ZERO,
            floor: 0,
            sum: 0,
        }
    }

    /// Whether anybody is here besides the current thread.
    #[inline]
    pub fn is_shared(&self) -> bool {
        !self.queued.is_empty()
    }

    /// Threads that are ready and not on the core.
    #[inline]
    pub fn waiting(&self, entities: &[Entity]) -> usize {
        self.queued.iter().filter(|thread| !entities[thread.index()].delayed).count()
    }

    /// Puts a thread on the idle core; it begins to run at `from`.
    #[inline]
    pub fn start(&mut self, from: Instant, thread: ThreadId, entities: &mut [Entity]) {
        self.place(thread, entities);
        self.accounted = from;
        self.run(thread, entities);
    }

    /// Queues a thread that woke; says whether the core is to pick again at once.
    pub fn wake(&mut self, now: Instant, thread: ThreadId, entities: &mut [Entity]) -> bool {
        let others = self.is_shared();
        let delayed = entities[thread.index()].delayed;
        if delayed {
            // The kernel does this before it accounts for the current thread's time.
            self.requeue(thread, entities);
        }
        let lapsed = self.account(now, entities);
        if !delayed {
            self.place(thread, entities);
            self.queued.push(thread);
        }
        self.would_run(thread, entities) || (lapsed && others)
    }

    /// The current thread sleeps or ends. The core picks another of its own, if it has one.
    #[inline]
    pub fn leave(&mut self, now: Instant, entities: &mut [Entity]) {
        if let Some(thread) = self.current.take_if(|_| self.queued.is_empty()) {
            // It was alone: it is owed nothing, is itself the average, and gets a new deadline when it comes back.
            let entity = &mut entities[thread.index()];
            entity.vruntime += now.ns().saturating_sub(self.accounted.ns()) as i64;
            entity.lag = 0;
            (self.floor, self.sum, self.accounted) = (entity.vruntime, 0, now);
            return;
        }
        self.leave_others(now, entities);
    }

    /// The current thread sleeps or ends, and others queue here.
    #[inline(never)]
    fn leave_others(&mut self, now: Instant, entities: &mut [Entity]) {
        self.account(now, entities);
        if let Some(thread) = self.current {
            let eligible = self.is_eligible(&entities[thread.index()]);
            self.current = None;
            if eligible {
                self.remove(thread, entities);
            } else {
                entities[thread.index()].delayed = true;
                self.queued.push(thread);
            }
        }
        self.run_best(now, entities);
    }

    /// The current thread goes back into the queue, and the core picks. Who is picked again is not protected
    /// anew.
    pub fn repick(&mut self, now: Instant, entities: &mut [Entity]) -> Option<ThreadId> {
        self.account(now, entities);
        if !self.is_protected(entities) {
            let (before, protected_to) = (self.current, self.protected_to);
            self.queued.extend(self.current.take());
            self.run_best(now, entities);
            if self.current == before {
                self.protected_to = protected_to;
            }
        }
        self.current
    }

    /// Charges nobody for the time until `to`.
    pub fn skip(&mut self, now: Instant, to: Instant, entities: &mut [Entity]) {
        self.account(now, entities);
        self.accounted = self.accounted.max(to);
    }

    /// A tick: whether the core is to pick again.
    pub fn tick(&mut self, now: Instant, entities: &mut [Entity]) -> bool {
        self.account(now, entities) && !self.queued.is_empty()
    }

    /// Gives its best waiting thread away, for a core that has nothing to do.
    pub fn give_away(&mut self, now: Instant, entities: &mut [Entity]) -> Option<ThreadId> {
        self.account(now, entities);
        let at = (0..self.queued.len())
            .filter(|&at| !entities[self.queued[at].index()].delayed)
            .min_by_key(|&at| entities[self.queued[at].index()].deadline)?;
        let thread = self.queued.remove(at);
        self.remove(thread, entities);
        Some(thread)
    }

    /// Takes a thread that is in the queue no more out of the sum too. It takes along what it is owed, unless it
    /// slept meanwhile.
    fn remove(&mut self, thread: ThreadId, entities: &mut [Entity]) {
        let average = self.average_of(self.count() + 1);
        let entity = &mut entities[thread.index()];
        let most = (2 * self.slice).max(self.ticks.period.ns() as i64);
        let owed = if entity.delayed { 0 } else { average - entity.vruntime };
        entity.lag = owed.clamp(0, most);
        entity.delayed = false;
        self.sum -= entity.vruntime - self.floor;
        self.sum -= (average - self.floor) * self.count();
        self.floor = average;
    }

    /// Gives a sleeper that is still here its place in virtual time.
    fn requeue(&mut self, thread: ThreadId, entities: &mut [Entity]) {
        let average = self.average();
        self.queued.retain(|other| *other != thread);
        self.queued.push(thread);
        let entity = &mut entities[thread.index()];
        entity.delayed = false;
        if entity.vruntime < average {
            self.sum += average - entity.vruntime;
            entity.vruntime = average;
            entity.deadline = average + self.slice;
        }
    }

    /// The core, which nobody has, picks.
    fn run_best(&mut self, now: Instant, entities: &mut [Entity]) {
        self.accounted = now;
        while let Some(at) = self.best(entities) {
            let thread = self.queued.remove(at);
            if !entities[thread.index()].delayed {
                return self.run(thread, entities);
            }
            // The others have caught up with a sleeper that was ahead.
            self.remove(thread, entities);
        }
    }

    fn run(&mut self, thread: ThreadId, entities: &[Entity]) {
        self.current = Some(thread);
        self.protected_to = entities[thread.index()].deadline;
    }

    fn is_protected(&self, entities: &[Entity]) -> bool {
        self.current.is_some_and(|thread| {
            let entity = &entities[thread.index()];
            entity.vruntime < self.protected_to && self.is_eligible(entity)
        })
    }

    /// Accounts for the current thread's time; says whether it has had what it was picked for.
    ///
    /// The kernel looks at a request's end at ticks and at wake-ups. Ticks at which nobody else
    /// queues change nothing but deadlines, so they are not events: they are caught up with here.
    #[inline]
    fn account(&mut self, now: Instant, entities: &mut [Entity]) -> bool {
        let Some(thread) = self.current else { return false };
        let entity = &mut entities[thread.index()];
        let (from, begin) = (self.accounted, entity.vruntime);
        if now <= from {
            return begin >= self.protected_to;
        }
        self.accounted = now;
        let virtual_at = |at: Instant| begin + (at - from).ns() as i64;
        entity.vruntime = virtual_at(now);
        self.sum += entity.vruntime - begin;
        let used_up = from + Span::from_ns((entity.deadline - begin).max(1) as u64);
        if used_up > now {
            return entity.vruntime >= self.protected_to;
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
        self.average_of(self.count())
    }

    #[inline]
    fn average_of(&self, count: i64) -> i64 {
        match count {
            0 => self.floor,
            1 => self.floor + self.sum,
            2 => self.floor + (self.sum >> 1),
            count => self.floor + self.sum.div_euclid(count),
        }
    }

    /// Where the eligible thread with the earliest deadline queues at a core that nobody has; of equals, the one that queued first.
    #[inline]
    fn best(&self, entities: &[Entity]) -> Option<usize> {
        if self.queued.len() == 1 {
            // Who is alone is eligible.
            return Some(0);
        }
        let mut best = None;
        let mut earliest = i64::MAX;
        for (at, thread) in self.queued.iter().enumerate() {
            let entity = &entities[thread.index()];
            if entity.deadline < earliest && self.is_eligible(entity) {
                (best, earliest) = (Some(at), entity.deadline);
            }
        }
        best
    }

    /// Whether the core would pick the thread that queued last.
    fn would_run(&self, thread: ThreadId, entities: &[Entity]) -> bool {
        let entity = &entities[thread.index()];
        let goes_before = |other: &ThreadId| {
            let rival = &entities[other.index()];
            *other != thread && rival.deadline <= entity.deadline && self.is_eligible(rival)
        };
        self.is_eligible(entity)
            && !self.is_protected(entities)
            && !self.current.iter().chain(&self.queued).any(goes_before)
    }

    fn is_eligible(&self, entity: &Entity) -> bool {
        (entity.vruntime - self.floor) * self.count() <= self.sum
    }

    /// Gives a thread that comes to this core its place in virtual time.
    fn place(&mut self, thread: ThreadId, entities: &mut [Entity]) {
        let (average, count) = (self.average(), self.count());
        let entity = &mut entities[thread.index()];
        let lag = if count == 0 { 0 } else { entity.lag };
        // Its arrival moves the average towards it; the factor makes up for that.
        let shift = if lag == 0 { 0 } else { lag * (count + 1) / count };
        entity.vruntime = average - shift;
        entity.deadline = entity.vruntime + self.slice;
        entity.core = Some(self.core);
        self.sum += entity.vruntime - self.floor;
    }
}

#[cfg(test)]
mod tests;
