//! Runs a policy by hand, step by step: each policy's worked timeline is a test in this form.

use crate::{
    Answer, Ask, Check, Entry, Instant, Policy, Reason, Release, Successor, Then, ThreadId, View,
    WaitQueue,
};

pub const A: ThreadId = ThreadId(0);
pub const B: ThreadId = ThreadId(1);
pub const C: ThreadId = ThreadId(2);
pub const THREADS: usize = 3;

/// A lock between three threads, with no operating system around it.
pub struct Script<P> {
    pub policy: P,
    pub holder: Option<ThreadId>,
    now: Instant,
    held_since: Instant,
    asked_since: [Instant; THREADS],
    sleepers: WaitQueue,
}

impl<P: Policy> Script<P> {
    pub fn new(policy: P) -> Self {
        Self {
            policy,
            holder: None,
            now: Instant::ZERO,
            held_since: Instant::ZERO,
            asked_since: [Instant::ZERO; THREADS],
            sleepers: WaitQueue::new(THREADS),
        }
    }

    pub fn at_us(&mut self, us: u64) -> &mut Self {
        assert!(us * 1_000 >= self.now.ns(), "time goes forward");
        self.now = Instant::from_ns(us * 1_000);
        self
    }

    pub fn at_ms(&mut self, ms: u64) -> &mut Self {
        self.at_us(ms * 1_000)
    }

    /// The thread asks; the policy must answer so, and the answer is carried out.
    pub fn ask(&mut self, thread: ThreadId, ask: Ask, expected: Answer) {
        match ask {
            Ask::Fresh => self.asked_since[thread.index()] = self.now,
            Ask::TimedOut => assert!(self.sleepers.remove(thread), "{thread} did not sleep"),
            Ask::Woken => {}
        }
        let answer = self.with_view(|policy, view| policy.ask(view, thread, ask));
        assert_eq!(answer, expected, "{thread} asks at {:?}", self.now);
        match answer.entry {
            Entry::Take => self.give_to(thread),
            Entry::Sleep { .. } => self.sleepers.push(thread, self.asked_since[thread.index()]),
        }
    }

    /// The holder lets go; the policy must answer so, and the answer is carried out.
    pub fn release(&mut self, reason: Reason, successor: Successor, then: Then) {
        let release = self.with_view(|policy, view| policy.release(view, reason));
        assert_eq!(release, Release { successor, then }, "release at {:?}", self.now);
        self.holder = None;
        match successor {
            Successor::Nobody => {}
            Successor::Wake(thread) => assert!(self.sleepers.remove(thread)),
            Successor::HandOver(thread) => {
                assert!(self.sleepers.remove(thread));
                self.give_to(thread);
            }
        }
    }

    /// Which check point matters next.
    pub fn next_check(&mut self) -> Option<u64> {
        self.with_view(|policy, view| policy.next_check(view)).map(u64::from)
    }

    /// The holder stands at a check point.
    pub fn check(&mut self, expected: Check) {
        assert_eq!(self.with_view(|policy, view| policy.check(view)), expected);
    }

    fn give_to(&mut self, thread: ThreadId) {
        assert_eq!(self.holder, None, "{thread} takes a lock that is held");
        self.holder = Some(thread);
        self.held_since = self.now;
        self.with_view(|policy, view| policy.acquired(view, thread));
    }

    fn with_view<T>(&mut self, ask: impl FnOnce(&mut P, &View<'_>) -> T) -> T {
        let view = View {
            now: self.now,
            holder: self.holder,
            held_since: self.held_since,
            sleepers: &self.sleepers,
            threads: THREADS,
        };
        ask(&mut self.policy, &view)
    }
}
