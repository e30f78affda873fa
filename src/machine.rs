//! The operating-system layer: which thread has which core, and how late everything is.
//!
//! A machine knows nothing of locks. The engine tells it that a thread has become ready or leaves
//! its core, and the machine says who runs where, and when. What the calls into the lock and the
//! kernel cost is part of the machine too ([`Costs`], [`Machine::wake_call`]): each runs on a core.

mod eevdf;
pub mod ideal;
pub mod linux;

use gilsim_policies::{Instant, Span, ThreadId};
use serde::{Deserialize, Serialize};

pub use ideal::{Ideal, IdealParameters, Unbounded};
pub use linux::{Linux, LinuxParameters};

/// A machine and its parameters, as experiment files write it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MachineSpec {
    /// Cores without costs or delays.
    Ideal(IdealParameters),
    /// Linux with its scheduler, ticks and latencies.
    Linux(LinuxParameters),
}

impl MachineSpec {
    /// Checks what the types cannot.
    ///
    /// # Errors
    /// Names the parameter that makes no sense, and says why.
    pub fn validate(&self) -> Result<(), (&'static str, &'static str)> {
        const NO_TIME: &str = "must be longer than 0ns";
        match self {
            Self::Linux(given) if given.tick.is_zero() => Err(("tick", NO_TIME)),
            Self::Linux(given) if given.base_slice.is_zero() => Err(("base_slice", NO_TIME)),
            Self::Linux(given) if given.cooling.is_zero() => Err(("cooling", NO_TIME)),
            Self::Linux(given) if given.deadline_check >= Span::from_us(1) => {
                Err(("deadline_check", "must be shorter than 1us"))
            }
            Self::Linux(given)
                if !given.deadline_check.is_zero() && given.mutex != MutexKind::FirstFit =>
            {
                Err(("deadline_check", "needs mutex = \"first_fit\""))
            }
            // Each has a slot in the event queue, beside those of the threads.
            Self::Linux(given) if given.cores.get() > 4096 => {
                Err(("cores", "must not exceed 4096"))
            }
            Self::Linux(_) | Self::Ideal(_) => Ok(()),
        }
    }
}

/// What becomes of a thread that finds the mutex of a condition variable taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MutexKind {
    /// It goes on a little later: who has the mutex is about to unlock it. Only a releaser has it for longer, while it
    /// wakes another; who wants it meanwhile sleeps. All of them are woken.
    #[default]
    Brief,
    /// It sleeps: whoever calls into the lock has the mutex until the lock is taken or freed, or the caller sleeps. To
    /// unlock wakes the first of those who sleep, which tries again, and goes to the end if somebody came by faster.
    FirstFit,
}

/// What always costs the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Costs {
    /// What becomes of who finds the mutex of a condition variable taken.
    pub mutex: MutexKind,
    /// Taking or freeing a lock, in user space, without waking anybody \[CPU time of the caller\].
    pub lock_call: Span,
    /// A call to wake that finds nobody asleep \[CPU time of the caller\].
    pub futile_wake: Span,
    /// The way into a call that sleeps at a lock, up to the kernel's last look at it, and the way back
    /// for who finds it free \[CPU time of the caller\].
    pub sleep_call: Span,
    /// The way into a wait for a condition variable, until the core is free. Who is woken on the way does not
    /// sleep \[CPU time of the caller\].
    pub condition_call: Span,
    /// Offering the core to others, who do not want it \[CPU time of the caller\].
    pub yield_call: Span,
    /// From reading the clock to set a deadline to reading it again before the wait for a condition, in microseconds:
    /// whose time is up by then does not sleep \[CPU time of who does not\].
    pub deadline_check: Span,
    /// How long a core is busy with a thread that has fallen asleep: who wakes it meanwhile from another core
    /// has to interrupt.
    pub switch_away: Span,
    /// The switch from one thread to another \[CPU time of the thread that comes\].
    pub context_switch: Span,
}

impl Costs {
    /// How long the switch takes to a thread that pays so much for finding the core cold, and how much longer its own code
    /// does then: half of it passes in the kernel.
    #[inline]
    #[must_use]
    pub fn switch_to(&self, warm_up: Span) -> (Span, Span) {
        let in_kernel = Span::from_ns(warm_up.ns() / 2);
        (self.context_switch + in_kernel, warm_up - in_kernel)
    }

    /// Whether a wait that is to last for `timeout` is over before it begins, since the clock has moved on.
    #[must_use]
    pub fn is_up(&self, now: Instant, timeout: Span) -> bool {
        let us = |at: Instant| (at - Instant::ZERO).ns() / 1_000;
        us(now + self.deadline_check) >= us(now) + timeout.ns().div_ceil(1_000)
    }
}

/// Where a thread goes that has become ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// To an idle core, which runs it after a delay. The core is taken from now on.
    Run {
        /// The core.
        core: u16,
        /// From the wake-up to the begin of the context switch.
        after: Span,
        /// What the thread pays for finding the core cold \[CPU time of the thread\].
        warm_up: Span,
    },
    /// Into the run queue of this core; 0 if there is one queue for all.
    Queue {
        /// The core.
        core: u16,
    },
    /// Into the run queue of this core, which is to pick again at once.
    Preempt {
        /// The core.
        core: u16,
    },
}

/// Decides which thread has which core.
///
/// The engine names a core's current thread and the instant at every call; the machine keeps the
/// queues and the shares.
pub trait Machine {
    /// Whether the engine may go its short way: calls cost nothing, each thread has a core of its own, and programs touch no
    /// objects.
    const INSTANT: bool = false;

    /// What always costs the same.
    fn costs(&self) -> Costs;

    /// How late a timer fires, this time, beyond the time asked for. Not CPU time.
    fn timer_lateness(&mut self) -> Span;

    /// How long an interrupt takes, this time, to make another core pick again.
    fn interrupt_latency(&mut self) -> Span {
        Span::ZERO
    }

    /// What it costs, this time, to lock a mutex that another thread is about to unlock, for who has done without
    /// the lock's code for so long \[CPU time of the caller\].
    fn contended_call(&mut self, _without: Span) -> Span {
        Span::ZERO
    }

    /// What the way into a call that sleeps takes longer on a core that is so cold that it makes the thread's own
    /// code take `cold` longer \[CPU time of the caller\].
    fn cold_call(&self, _cold: Span) -> Span {
        Span::ZERO
    }

    /// What the call costs that wakes a thread, this time \[CPU time of the caller\]; more if it interrupts
    /// another core.
    fn wake_call(&mut self, interrupts: bool) -> Span;

    /// Cores whose ticks the engine has to deliver; 0 if the machine has no ticks.
    fn ticking_cores(&self) -> u16 {
        0
    }

    /// A thread has become ready.
    fn wake(&mut self, now: Instant, thread: ThreadId) -> Placement;

    /// The current thread of a core sleeps, blocks or ends: who runs there next, if anybody?
    fn leave(&mut self, now: Instant, core: u16, thread: ThreadId) -> Option<ThreadId>;

    /// A core picks again, its current thread still ready: who runs there next? May be the same.
    fn repick(&mut self, _now: Instant, _core: u16, current: ThreadId) -> ThreadId {
        current
    }

    /// When a busy core is next interrupted, if it ever is: by its tick, which matters while somebody queues there, or by the
    /// host, which takes it away.
    fn next_interrupt(&mut self, _now: Instant, _core: u16) -> Option<Instant> {
        None
    }

    /// For how long the host takes a core away now, if it does. Its threads wait, and the scheduler, which is told
    /// by the host, charges nobody.
    fn steal(&mut self, _now: Instant, _core: u16) -> Option<Span> {
        None
    }

    /// A stolen core is back: whether it is to pick again, for a tick that came meanwhile.
    fn resume(&mut self, _now: Instant, _core: u16) -> bool {
        false
    }

    /// A core's tick: whether the core is to pick again.
    fn tick(&mut self, _now: Instant, _core: u16) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_microsecond_is_up_if_the_clock_has_moved_on() {
        let costs = Costs { deadline_check: Span::from_ns(400), ..Costs::default() };
        let is_up = |now, us| costs.is_up(Instant::from_ns(now), Span::from_us(us));
        assert!(!is_up(5_599, 1) && is_up(5_600, 1) && is_up(5_999, 1) && !is_up(6_000, 1));
        assert!(!is_up(5_999, 2));
        assert!(!Costs::default().is_up(Instant::from_ns(5_999), Span::from_us(1)));
    }
}
