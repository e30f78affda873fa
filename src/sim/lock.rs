//! The lock: who holds it, who sleeps at it, and the policy that decides.

use gilsim_policies::{Instant, Policy, Reason, Release, Span, ThreadId, View, WaitQueue};

/// A lock with its policy.
#[derive(Debug)]
pub struct Lock {
    pub policy: Box<dyn Policy>,
    /// Distance between two check points, if the policy looks at any.
    pub check_spacing: Option<Span>,
    pub holder: Option<ThreadId>,
    pub held_since: Instant,
    pub last_holder: Option<ThreadId>,
    /// How often the lock went to a thread other than the one before.
    pub switches: u64,
    /// Time during which somebody held it, up to the last release.
    pub held: Span,
    pub sleepers: WaitQueue,
    /// Threads that were woken or have timed out, and have yet to ask again.
    pub in_flight: usize,
    /// Threads that sleep until the lock has gone to another thread.
    pub switch_waiters: Vec<ThreadId>,
}

impl Lock {
    pub fn new(policy: Box<dyn Policy>, threads: usize) -> Self {
        Self {
            check_spacing: policy.check_spacing(),
            policy,
            holder: None,
            held_since: Instant::ZERO,
            last_holder: None,
            switches: 0,
            held: Span::ZERO,
            sleepers: WaitQueue::new(threads),
            in_flight: 0,
            switch_waiters: Vec::new(),
        }
    }

    /// Asks the policy something.
    #[inline]
    pub fn consult<T>(
        &mut self,
        now: Instant,
        threads: usize,
        question: impl FnOnce(&mut dyn Policy, &View<'_>) -> T,
    ) -> T {
        let view = View {
            now,
            holder: self.holder,
            held_since: self.held_since,
            sleepers: &self.sleepers,
            threads,
        };
        question(self.policy.as_mut(), &view)
    }

    /// Gives the free lock to a thread.
    #[inline]
    pub fn give(&mut self, now: Instant, threads: usize, thread: ThreadId) {
        assert!(self.holder.is_none(), "{thread} takes the lock that {:?} holds", self.holder);
        self.holder = Some(thread);
        self.held_since = now;
        if self.last_holder != Some(thread) {
            self.last_holder = Some(thread);
            self.switches += 1;
        }
        self.consult(now, threads, |policy, view| policy.acquired(view, thread));
    }

    /// Takes the lock from its holder; says how long the holder had it.
    #[inline]
    pub fn free(&mut self, now: Instant, threads: usize, reason: Reason) -> (Release, Span) {
        let release = self.consult(now, threads, |policy, view| policy.release(view, reason));
        let held = now - self.held_since;
        self.held += held;
        self.holder = None;
        (release, held)
    }
}
