//! Linux: a run queue for each core, ticks, latencies, and what system calls cost.
//!
//! **Origin.** The kernel's `kernel/sched` and `kernel/futex`, from 6.6 on. The constants are those of the
//! machine of the measured runs, *measured* by those runs, *timed* in a loop of the call, or *traced* there
//! with the kernel's own tracer while the same interpreters ran.
//!
//! A thread that wakes goes to its last core if that is idle, or to the idle core with the lowest
//! number, or into the queue of its last core, where it may pre-empt. One that starts has the core with
//! the fewest ready threads for its last. A core with nothing to do takes a thread from the longest queue.

use std::num::NonZeroU16;

use gilsim_policies::{Instant, Span, ThreadId};
use rand::RngExt;
use rand_distr::{Distribution, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::eevdf::{Entity, RunQueue, Ticks};
use super::{Costs, Machine, MutexKind, Placement};

/// Parameters of [`Linux`].
///
/// The machine of the measured runs is a virtual one with 2 cores of a Zen 4 at 2.6 GHz, Linux 6.18, HZ=250.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinuxParameters {
    /// Number of cores. Default 2: measured.
    pub cores: NonZeroU16,
    /// Time between two scheduler ticks. Default 4 ms: HZ=250.
    pub tick: Span,
    /// What a thread requests at a time. Default 1.4 ms: the kernel's 0.7 ms, times 1 + log2 of 2 cores.
    pub base_slice: Span,
    /// Whether a thread that wakes may take a core from another at once, and not at a tick only. Default true: the kernel's
    /// `WAKEUP_PREEMPTION`.
    pub wakeup_preemption: bool,
    /// From the begin of a call that wakes a thread to its core's taking it up, if that core has to be
    /// interrupted, at least. Default 11 us: traced.
    pub wake_latency: Span,
    /// Mean of what comes on top, exponential. Default 6 us: traced, half of the wake-ups
    /// take 14 to 28 us.
    pub wake_jitter: Span,
    /// What a thread that comes to an idle core pays at most for finding it cold (caches, clock, a virtual
    /// core that the host has put away). Default 120 us: CPU time for each `sleep(10 ms)`; measured.
    pub cold_start: Span,
    /// How fast an idle core cools down: the time constant. Default 2.3 ms: a `sleep(1 ms)` takes 42 us
    /// of CPU time; measured.
    pub cooling: Span,
    /// The switch from one thread to another, with the rest of the call that sleeps. Default 4 us: a
    /// failed attempt at the lock costs about 5 us of CPU time; measured.
    pub context_switch: Span,
    /// How long a core is busy with a thread that has fallen asleep: who wakes it meanwhile from another core
    /// interrupts. Default 1.5 us: traced.
    pub switch_away: Span,
    /// The way into a call that sleeps, up to the kernel's last look at the word that is waited for; and the
    /// way back for who finds that it has changed. Default 180 ns: a futex wait that turns back takes
    /// 0.33 us, timed.
    pub sleep_call: Span,
    /// The way into a wait for a condition variable, whose mutex is unlocked on the way. Default 1 us: traced, from
    /// the end of a timed wait to the next on a core that is warm.
    pub condition_call: Span,
    /// From reading the clock to set a deadline to reading it again before the wait for a condition, both in
    /// microseconds: whose time is up by then keeps its `first_fit` mutex and does not sleep. Default 0, never: the
    /// kernel compares, in nanoseconds, and the mutex is unlocked by then.
    pub deadline_check: Span,
    /// What the way into a call that sleeps takes longer at most on a core that was idle; after an idle time t, this
    /// times 1 - exp(-t/`cooling`). Default 1 us: traced, a thread that asks 3.13 for the lock after 5 ms takes the signal
    /// before it sleeps 8 times in 10 if its core was idle for milliseconds, and 6 times if it was not.
    pub cold_call: Span,
    /// Mean time from one stretch of stolen time to the next while a core is busy, exponential; never if 0. Default
    /// 10 ms: gaps in the work of a lone thread; measured.
    pub steal_gap: Span,
    /// Mean of how long the host keeps a core, exponential. Default 130 us: measured likewise.
    pub steal: Span,
    /// How late a timer fires at least. Default 50 us: `PR_SET_TIMERSLACK`.
    pub timer_slack: Span,
    /// Mean of what comes on top, exponential. Default 20 us: the middle half of the times of a
    /// `sleep(1 ms)` spans 17 to 29 us; measured.
    pub timer_jitter: Span,
    /// Taking or freeing a lock without a system call. Default 25 ns: two atomic operations.
    pub lock_call: Span,
    /// What becomes of who finds the mutex of a condition variable taken. Default `brief`: glibc unlocks it early on the
    /// way into the call that sleeps. `first_fit`: libpthread of macOS from 10.14 on, whose kernel unlocks it when
    /// the caller is about to sleep.
    pub mutex: MutexKind,
    /// Mean of what it costs to lock a `brief` mutex that another thread is about to unlock, exponential. Default 0.4 us:
    /// traced, that thread takes the signal 9 times in 10 if the holder has computed for 0.5 ms, and its lock's code is
    /// warm.
    pub contended_call: Span,
    /// Mean of what locking it takes longer at most for a holder that has computed for long, exponential; after a time t,
    /// this times 1 - exp(-t/`cooling`). Default 0.9 us: traced, 6 times in 10 if the holder has computed for 5 ms.
    pub cold_release: Span,
    /// A call that offers the core to others. Default 300 ns: between a call that does nothing
    /// (166 ns) and one that finds somebody (480 ns), timed.
    pub yield_call: Span,
    /// A call to wake that finds nobody asleep. Default 250 ns: a futex wake, timed.
    pub futile_wake: Span,
    /// Waking a thread. Default 1 us: a futex wake on the same core.
    pub wake_call: Span,
    /// Mean of what waking costs on top if it interrupts another core, exponential. Default 4.5 us: how much longer
    /// two threads of 2.7 take that fight on 2 cores; measured. Traced, the call takes 1 us in all if the virtual core
    /// need not leave guest mode for it, 10 us if it has to.
    pub interrupt_call: Span,
    /// Mean of what comes on top of waking, exponential. Default 0.3 us: without chance, threads that
    /// fight on one core fall into step, as real ones do not.
    pub call_jitter: Span,
}

impl Default for LinuxParameters {
    fn default() -> Self {
        Self {
            cores: NonZeroU16::MIN.saturating_add(1),
            tick: Span::from_ms(4),
            base_slice: Span::from_us(1_400),
            wakeup_preemption: true,
            wake_latency: Span::from_us(11),
            wake_jitter: Span::from_us(6),
            cold_start: Span::from_us(120),
            cooling: Span::from_us(2_300),
            context_switch: Span::from_us(4),
            switch_away: Span::from_ns(1_500),
            sleep_call: Span::from_ns(180),
            condition_call: Span::from_us(1),
            deadline_check: Span::ZERO,
            cold_call: Span::from_us(1),
            steal_gap: Span::from_ms(10),
            steal: Span::from_us(130),
            timer_slack: Span::from_us(50),
            timer_jitter: Span::from_us(20),
            lock_call: Span::from_ns(25),
            mutex: MutexKind::Brief,
            contended_call: Span::from_ns(400),
            cold_release: Span::from_ns(900),
            yield_call: Span::from_ns(300),
            futile_wake: Span::from_ns(250),
            wake_call: Span::from_us(1),
            interrupt_call: Span::from_ns(4_500),
            call_jitter: Span::from_ns(300),
        }
    }
}

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
