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

/// The machine.
#[derive(Debug)]
pub struct Ideal {
    /// Free cores, if their number is bounded.
    free: Option<Vec<u16>>,
    ready: VecDeque<ThreadId>,
}

impl Ideal {
    /// A machine with every core free.
    #[must_use]
    pub fn new(parameters: IdealParameters) -> Self {
        let free = parameters.cores.map(|cores| (0..cores.get()).rev().collect());
        Self { free, ready: VecDeque::new() }
    }
}

impl Machine for Ideal {
    const INSTANT: bool = true;

    #[inline]
    fn costs(&self) -> Costs {
        Costs::default()
    }

    #[inline]
    fn timer_lateness(&mut self) -> Span {
        Span::ZERO
    }

    #[inline]
    fn wake_call(&mut self, _interrupts: bool) -> Span {
        Span::ZERO
    }

    #[inline]
    fn has_room(&self) -> bool {
        self.free.as_ref().is_none_or(|free| !free.is_empty())
    }

    #[inline]
    fn ticking_cores(&self) -> u16 {
        0
    }

    #[inline]
    fn wake(&mut self, _now: Instant, thread: ThreadId) -> Placement {
        let core = match &mut self.free {
            // Each thread has a core of its own.
            None => Some(thread.0 as u16),
            Some(free) => free.pop(),
        };
        match core {
            Some(core) => Placement::Run { core, after: Span::ZERO },
            None => {
                self.ready.push_back(thread);
                Placement::Queue { core: 0 }
            }
        }
    }

    #[inline]
    fn leave(&mut self, _now: Instant, core: u16, _thread: ThreadId) -> Option<ThreadId> {
        let free = self.free.as_mut()?;
        let next = self.ready.pop_front();
        if next.is_none() {
            free.push(core);
        }
        next
    }

    fn repick(&mut self, _now: Instant, _core: u16, current: ThreadId) -> ThreadId {
        current
    }

    fn next_tick(&mut self, _now: Instant, _core: u16) -> Option<Instant> {
        None
    }

    fn tick(&mut self, _now: Instant, _core: u16) -> bool {
        false
    }
}
