//! Linux: a run queue for each core, ticks, latencies, and what system calls cost.
//!
//! **Origin.** The kernel's `kernel/sched` and `kernel/futex`, from 6.6 on; the constants are in `parameters`.
//!
//! A thread that wakes goes to its last core if that is idle, or to the idle core with the lowest
//! number, or into the queue of its last core, where it may pre-empt. One that starts has the core with
//! the fewest ready threads for its last. A core with nothing to do takes a thread from the longest queue.

mod parameters;

use gilsim_policies::{Instant, Span, ThreadId};
use rand::RngExt;
use rand_distr::{Distribution, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;

pub use parameters::LinuxParameters;

use super::eevdf::{Entity, RunQueue, Ticks};
use super::{Costs, Machine, MutexKind, Placement};

/// The time that the host takes from a core.
#[derive(Debug, Clone, Copy)]
struct Steal {
    /// When it next begins. What falls into idle time goes unnoticed.
    at: Instant,
    /// When that was last drawn: two questions at one instant have one answer.
    drawn: Option<Instant>,
    /// Whether a tick came during the last one.
    ticked: bool,
}

/// What every wake-up reckons with, as floats \[ns\].
#[derive(Debug, Clone, Copy)]
struct Floats {
    wake_jitter: f64,
    timer_jitter: f64,
    call_jitter: f64,
    interrupt_call: f64,
    cold_start: f64,
    /// The exponent of cooling down, each nanosecond.
    decay: f64,
    /// What the way into a call that sleeps takes longer, for each nanosecond of the thread's own code.
    cold_call: f64,
}

/// The machine.
#[derive(Debug)]
pub struct Linux {
    parameters: LinuxParameters,
    floats: Floats,
    ticks: Ticks,
    /// The first tick that is yet to come, as of the last time that somebody asked.
    next_tick: Instant,
    queues: Vec<RunQueue>,
    idle_since: Vec<Instant>,
    steals: Vec<Steal>,
    entities: Vec<Entity>,
    rng: Xoshiro256PlusPlus,
}

impl Linux {
    /// An idle machine for threads numbered below `threads`. The random numbers decide when in a
    /// tick's period the run begins, and how late each wake-up is.
    #[must_use]
    pub fn new(parameters: LinuxParameters, threads: usize, mut rng: Xoshiro256PlusPlus) -> Self {
        let first = Instant::from_ns(rng.random_range(0..parameters.tick.ns().max(1)));
        let ticks = Ticks { period: parameters.tick, first };
        let cores = parameters.cores.get();
        let queue = |core| RunQueue::new(core, parameters.base_slice, ticks);
        let floats = Floats {
            wake_jitter: parameters.wake_jitter.as_ns_f64(),
            timer_jitter: parameters.timer_jitter.as_ns_f64(),
            call_jitter: parameters.call_jitter.as_ns_f64(),
            interrupt_call: parameters.interrupt_call.as_ns_f64(),
            cold_start: parameters.cold_start.as_ns_f64(),
            decay: -1.0 / parameters.cooling.as_ns_f64(),
            // Half of a cold start is the thread's own code.
            cold_call: 2.0 * parameters.cold_call.as_ns_f64()
                / parameters.cold_start.as_ns_f64().max(1.0),
        };
        Self {
            parameters,
            floats,
            ticks,
            next_tick: first,
            queues: (0..cores).map(queue).collect(),
            idle_since: vec![Instant::ZERO; cores.into()],
            steals: vec![Steal { at: Instant::ZERO, drawn: None, ticked: false }; cores.into()],
            entities: vec![Entity::default(); threads],
            rng,
        }
    }

    fn is_idle(&self, core: u16) -> bool {
        self.queues[usize::from(core)].current.is_none()
    }

    /// The core on which a thread last was; for one that starts, the core with the fewest ready threads, as the
    /// kernel chooses when a thread is made (`SD_BALANCE_FORK`).
    fn home(&self, thread: ThreadId) -> u16 {
        let ready = |core: &u16| {
            let queue = &self.queues[usize::from(*core)];
            queue.waiting(&self.entities) + usize::from(queue.current.is_some())
        };
        let fewest = || (0..self.ticking_cores()).min_by_key(ready).expect("a machine has a core");
        self.entities[thread.index()].core.unwrap_or_else(fewest)
    }

    /// What a thread pays that comes to a core which has been idle.
    fn warm_up(&self, now: Instant, core: u16) -> Span {
        let share = self.cooled(now - self.idle_since[usize::from(core)]);
        Span::from_ns_f64(self.floats.cold_start * share)
    }

    /// How cold what was not used for so long has become, from 0 to 1.
    fn cooled(&self, unused: Span) -> f64 {
        1.0 - libm::exp(unused.as_ns_f64() * self.floats.decay)
    }

    /// A thread from the longest queue, for a core that has nothing to do.
    #[inline]
    fn pull(&mut self, now: Instant) -> Option<ThreadId> {
        let mut longest = 0;
        let mut busiest = None;
        for queue in &mut self.queues {
            let waiting = queue.waiting(&self.entities);
            if waiting > longest {
                longest = waiting;
                busiest = Some(queue);
            }
        }
        busiest?.give_away(now, &mut self.entities)
    }

    /// When the host next takes a busy core away, if it ever does.
    #[inline]
    fn next_steal(&mut self, now: Instant, core: u16) -> Option<Instant> {
        if self.parameters.steal_gap.is_zero() {
            return None;
        }
        let Steal { at, drawn, .. } = self.steals[usize::from(core)];
        Some(if at <= now && drawn != Some(now) { self.draw_steal(now, core) } else { at })
    }

    /// What began while the core was idle went unnoticed.
    #[cold]
    fn draw_steal(&mut self, now: Instant, core: u16) -> Instant {
        let at = now + self.exponential(self.parameters.steal_gap.as_ns_f64());
        let steal = &mut self.steals[usize::from(core)];
        (steal.at, steal.drawn) = (at, Some(now));
        at
    }

    #[inline]
    fn exponential(&mut self, mean_ns: f64) -> Span {
        let unit: f64 = Exp1.sample(&mut self.rng);
        Span::from_ns_f64(mean_ns * unit)
    }
}

impl Machine for Linux {
    fn costs(&self) -> Costs {
        Costs {
            mutex: self.parameters.mutex,
            lock_call: self.parameters.lock_call,
            yield_call: self.parameters.yield_call,
            futile_wake: self.parameters.futile_wake,
            sleep_call: self.parameters.sleep_call,
            condition_call: self.parameters.condition_call,
            deadline_check: self.parameters.deadline_check,
            switch_away: self.parameters.switch_away,
            context_switch: self.parameters.context_switch,
        }
    }

    fn timer_lateness(&mut self) -> Span {
        self.parameters.timer_slack + self.exponential(self.floats.timer_jitter)
    }

    #[inline]
    fn interrupt_latency(&mut self) -> Span {
        self.parameters.wake_latency + self.exponential(self.floats.wake_jitter)
    }

    fn contended_call(&mut self, without: Span) -> Span {
        if self.parameters.mutex == MutexKind::FirstFit {
            return Span::ZERO;
        }
        let cold = self.parameters.cold_release.as_ns_f64() * self.cooled(without);
        self.exponential(self.parameters.contended_call.as_ns_f64())
            + self.exponential(Span::from_ns_f64(cold).as_ns_f64())
    }

    #[inline]
    fn cold_call(&self, cold: Span) -> Span {
        Span::from_ns_f64(self.floats.cold_call * cold.as_ns_f64())
    }

    #[inline]
    fn wake_call(&mut self, interrupts: bool) -> Span {
        let call = self.parameters.wake_call + self.exponential(self.floats.call_jitter);
        if interrupts { call + self.exponential(self.floats.interrupt_call) } else { call }
    }

    fn ticking_cores(&self) -> u16 {
        self.parameters.cores.get()
    }

    fn wake(&mut self, now: Instant, thread: ThreadId) -> Placement {
        let last = self.home(thread);
        let idle = if self.entities[thread.index()].delayed {
            None
        } else if self.is_idle(last) {
            Some(last)
        } else {
            (0..self.ticking_cores()).find(|&core| self.is_idle(core))
        };
        if let Some(core) = idle {
            let after = self.interrupt_latency();
            let warm_up = self.warm_up(now, core);
            self.queues[usize::from(core)].start(now + after, thread, &mut self.entities);
            return Placement::Run { core, after, warm_up };
        }
        let goes_first = self.queues[usize::from(last)].wake(now, thread, &mut self.entities);
        if goes_first && self.parameters.wakeup_preemption {
            Placement::Preempt { core: last }
        } else {
            Placement::Queue { core: last }
        }
    }

    fn leave(&mut self, now: Instant, core: u16, _thread: ThreadId) -> Option<ThreadId> {
        let here = usize::from(core);
        self.queues[here].leave(now, &mut self.entities);
        if self.queues[here].current.is_none() {
            match self.pull(now) {
                Some(thread) => self.queues[here].start(now, thread, &mut self.entities),
                None => self.idle_since[here] = now,
            }
        }
        self.queues[here].current
    }

    fn repick(&mut self, now: Instant, core: u16, current: ThreadId) -> ThreadId {
        self.queues[usize::from(core)].repick(now, &mut self.entities).unwrap_or(current)
    }

    #[inline]
    fn next_interrupt(&mut self, now: Instant, core: u16) -> Option<Instant> {
        let steal = self.next_steal(now, core);
        if !self.queues[usize::from(core)].is_shared() {
            return steal;
        }
        if self.next_tick <= now {
            self.next_tick = self.ticks.at_or_after(now + Span::from_ns(1));
        }
        Some(steal.map_or(self.next_tick, |steal| steal.min(self.next_tick)))
    }

    fn steal(&mut self, now: Instant, core: u16) -> Option<Span> {
        let here = usize::from(core);
        if self.parameters.steal_gap.is_zero() || self.steals[here].at != now {
            return None;
        }
        let span = self.exponential(self.parameters.steal.as_ns_f64()) + Span::from_ns(1);
        let (back, gap) = (now + span, self.exponential(self.parameters.steal_gap.as_ns_f64()));
        let ticked = self.ticks.at_or_after(now + Span::from_ns(1)) <= back;
        self.steals[here] = Steal { at: back + gap + Span::from_ns(1), drawn: None, ticked };
        self.queues[here].skip(now, back, &mut self.entities);
        Some(span)
    }

    fn resume(&mut self, now: Instant, core: u16) -> bool {
        self.steals[usize::from(core)].ticked && self.tick(now, core)
    }

    fn tick(&mut self, now: Instant, core: u16) -> bool {
        self.queues[usize::from(core)].tick(now, &mut self.entities)
    }
}
