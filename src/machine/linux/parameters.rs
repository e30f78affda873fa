//! The constants of a Linux machine.
//!
//! **Origin.** The defaults are those of the machine of the measured runs, *measured* by those runs, *timed* in a loop of the
//! call, or *traced* there with the kernel's own tracer while the same interpreters ran.

use std::num::NonZeroU16;

use gilsim_policies::Span;
use serde::{Deserialize, Serialize};

use crate::machine::MutexKind;

/// Parameters of [`Linux`](super::Linux).
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
