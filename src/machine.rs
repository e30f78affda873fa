//! The operating-system layer: which thread has which core, and how late everything is.
//!
//! A machine knows nothing of locks. The engine tells it that a thread has become ready or has left
//! its core, and the machine says who runs where, and when. What the calls into the lock and the
//! kernel cost is part of the machine too ([`Costs`]): each runs on a core.

pub mod ideal;
pub mod linux;

use gilsim_policies::Span;
use serde::{Deserialize, Serialize};

pub use ideal::{Ideal, IdealParameters};
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

/// What the calls into the lock and the kernel cost \[CPU time of the calling thread\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Costs {
    /// Taking or freeing a lock, in user space, without waking anybody.
    pub lock_call: Span,
    /// The system call that wakes a sleeper.
    pub wake_call: Span,
    /// The system call that goes to sleep, up to the switch to another thread.
    pub sleep_call: Span,
    /// The switch from one thread to another.
    pub context_switch: Span,
    /// How late a timer fires, beyond the time asked for.
    pub timer_slack: Span,
}
