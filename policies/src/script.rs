//! Runs a policy by hand, step by step: each policy's worked timeline is a test in this form.

use crate::{
    Answer, Ask, Check, Entry, Instant, Policy, Reason, Release, Successor, Then, ThreadId, View,
};

pub const A: ThreadId = ThreadId(0);
pub const B: ThreadId = ThreadId(1);
pub const C: ThreadId = ThreadId(2);
pub const THREADS: usize = 3;

/// A lock between three threads, with no operating system around it.
pub struct Script<P> {
    pub policy: P,
    view: View,
    asked_since: [Instant; THREADS],
}

impl<P: Policy> Script<P> {
    pub fn new(policy: P) -> Self {
        let view = View { threads: THREADS, ..View::new(THREADS) };
        Self { policy, view, asked_since: [Instant::ZERO; THREADS] }
    }

    pub fn holder(&self) -> Option<ThreadId> {
        self.view.holder
    }

    pub fn at_us(&mut self, us: u64) -> &mut Self {
        assert!(us * 1_000 >= self.view.now.ns(), "time goes forward");
        self.view.now = Instant::from_ns(us * 1_000);
        self
    }

    pub fn at_ms(&mut self, ms: u64) -> &mut Self {
        self.at_us(ms * 1_000)
    }

    /// The thread asks; the policy must answer so, and the answer is carried out.
    pub fn ask(&mut self, thread: ThreadId, ask: Ask, expected: Answer) {
        match ask {
            Ask::Fresh => self.asked_since[thread.index()] = self.view.now,
            Ask::TimedOut => assert!(self.view.sleepers.remove(thread), "{thread} did not sleep"),
            Ask::Woken => self.view.in_flight -= 1,
            Ask::Spun(_) => {}
        }
        let answer = self.policy.ask(&self.view, thread, ask);
        assert_eq!(answer, expected, "{thread} asks at {:?}", self.view.now);
        match answer.entry {
            Entry::Take => self.give_to(thread),
            Entry::Spin => {}
            Entry::Sleep { .. } => {
                self.view.sleepers.push(thread, self.asked_since[thread.index()])
            }
        }
    }

    /// The holder lets go; the policy must answer so, and the answer is carried out.
    pub fn release(&mut self, reason: Reason, successor: Successor, then: Then) {
        assert!(self.view.holder.is_some(), "nobody holds the lock");
        let release = self.policy.release(&self.view, reason);
        assert_eq!(release, Release { successor, then }, "release at {:?}", self.view.now);
        self.view.holder = None;
        match successor {
            Successor::Nobody | Successor::Futile => {}
            Successor::Wake(thread) => {
                assert!(self.view.sleepers.remove(thread));
                self.view.in_flight += 1;
            }
            Successor::HandOver(thread) => {
                assert!(self.view.sleepers.remove(thread));
                self.give_to(thread);
            }
        }
    }

    /// Which check point matters next.
    pub fn next_check(&mut self) -> Option<u64> {
        self.policy.next_check(&self.view).map(u64::from)
    }

    /// The holder stands at a check point.
    pub fn check(&mut self, expected: Check) {
        assert_eq!(self.policy.check(&self.view), expected);
    }

    fn give_to(&mut self, thread: ThreadId) {
        assert_eq!(self.view.holder, None, "{thread} takes a lock that is held");
        self.view.holder = Some(thread);
        self.view.held_since = self.view.now;
        self.policy.acquired(&self.view, thread);
    }
}
