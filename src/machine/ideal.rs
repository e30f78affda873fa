//! Cores without costs or delays: for exact theory, and to see what a policy does by itself.

use std::collections::VecDeque;
use std::num::NonZeroU16;

use gilsim_policies::{Instant, Span, ThreadId};
use serde::{Deserialize, Serialize};

use super::{Costs, Machine, Placement};

/// Parameters of [`Ideal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IdealParameters {
    /// Number of cores; as many as there are threads if not given. A thread keeps its core until
    /// it blocks or sleeps; who finds no core queues, first come, first served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cores: Option<NonZeroU16>,
}

/// A core for each thread, for programs that touch no objects.
#[derive(Debug, Clone, Copy)]
pub struct Unbounded;

impl Machine for Unbounded {
    const INSTANT: bool = true;

    fn costs(&self) -> Costs {
        Costs::default()
    }

    fn timer_lateness(&mut self) -> Span {
        Span::ZERO
    }

    fn wake_call(&mut self, _interrupts: bool) -> Span {
        Span::ZERO
    }

    fn wake(&mut self, _now: Instant, thread: ThreadId) -> Placement {
        Placement::Run { core: thread.0 as u16, after: Span::ZERO, warm_up: Span::ZERO }
    }

    fn leave(&mut self, _now: Instant, _core: u16, _thread: ThreadId) -> Option<ThreadId> {
        None
    }
}

/// So many cores, or a core for each thread.
#[derive(Debug)]
pub struct Ideal {
    /// Those that are free; `None` if each thread has one.
    free: Option<Vec<u16>>,
    ready: VecDeque<ThreadId>,
}

impl Ideal {
    /// A machine with every core free; with a core for each thread if their number is not given.
    #[must_use]
    pub fn new(cores: Option<NonZeroU16>) -> Self {
        let free = cores.map(|cores| (0..cores.get()).rev().collect());
        Self { free, ready: VecDeque::new() }
    }
}

impl Machine for Ideal {
    fn costs(&self) -> Costs {
        Costs::default()
    }

    fn timer_lateness(&mut self) -> Span {
        Span::ZERO
    }

    fn wake_call(&mut self, _interrupts: bool) -> Span {
        Span::ZERO
    }

    fn wake(&mut self, _now: Instant, thread: ThreadId) -> Placement {
        let core = self.free.as_mut().map_or(Some(thread.0 as u16), Vec::pop);
        match core {
            Some(core) => Placement::Run { core, after: Span::ZERO, warm_up: Span::ZERO },
            None => {
                self.ready.push_back(thread);
                Placement::Queue { core: 0 }
            }
        }
    }

    fn leave(&mut self, _now: Instant, core: u16, _thread: ThreadId) -> Option<ThreadId> {
        let next = self.ready.pop_front();
        if let Some(free) = self.free.as_mut().filter(|_| next.is_none()) {
            free.push(core);
        }
        next
    }
}
