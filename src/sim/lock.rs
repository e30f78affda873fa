//! The lock: who holds it, who sleeps at it, and the policy that decides.

use gilsim_policies::{
    Answer, Ask, Instant, Policy, Primitive, Reason, Release, Span, ThreadId, View,
};

use super::account::Log;
use super::thread::Thread;
use crate::machine::{Machine, MutexKind};
use crate::trace::{EventKind, Sink};

/// The number of a lock: global ones first, then those of objects as they are needed.
pub type LockId = u32;

/// No lock.
pub const NO_LOCK: LockId = u32::MAX;

/// A lock with its policy.
#[derive(Debug)]
pub struct Lock {
    pub policy: Box<dyn Policy>,
    /// Whether it guards an object, rather than an interpreter.
    pub of_object: bool,
    /// Distance between two check points, if the policy looks at any.
    pub check_spacing: Option<Span>,
    /// What its sleepers sleep at.
    pub primitive: Primitive,
    /// Who has the mutex: a releaser, or whoever called into the lock if those who find it taken sleep.
    pub guard: Option<ThreadId>,
    /// Who sleeps at the mutex.
    pub guard_waiters: Vec<ThreadId>,
    /// Whether each call into the lock keeps the others from the mutex, and unlocking it wakes one of them.
    pub first_fit: bool,
    /// Sleepers on their way into the call that sleeps, who may yet notice that the lock becomes free.
    pub falling_asleep: Vec<ThreadId>,
    /// Who is of the group that the condition variable signals now, and how many are. glibc (2.25 and later) closes a
    /// group of waiters to newcomers at a signal, once nobody of the one before is left; who times out and waits again
    /// is a newcomer. Whom a release wakes is the policy's choice: the group decides who may take that signal.
    in_group: Vec<bool>,
    group: usize,
    /// What the policy sees: who holds the lock, and who sleeps at it.
    pub view: View,
    pub last_holder: Option<ThreadId>,
    /// How often the lock went to a thread other than the one before.
    pub switches: u64,
    /// Threads that sleep until the lock has gone to another thread.
    pub switch_waiters: Vec<ThreadId>,
}

impl Lock {
    pub fn new(policy: Box<dyn Policy>, of_object: bool, threads: usize, mutex: MutexKind) -> Self {
        let primitive = policy.primitive();
        let guarded = primitive == Primitive::Condition;
        Self {
            of_object,
            check_spacing: policy.check_spacing(),
            primitive,
            guard: None,
            guard_waiters: Vec::new(),
            first_fit: guarded && mutex == MutexKind::FirstFit,
            falling_asleep: Vec::new(),
            in_group: vec![false; if guarded { threads } else { 0 }],
            group: 0,
            policy,
            // Few objects have sleepers.
            view: View::new(if of_object { 0 } else { threads }),
            last_holder: None,
            switches: 0,
            switch_waiters: Vec::new(),
        }
    }

    /// How much longer the holder computes until it meets a check point that matters, if any does;
    /// the last check point was `since_check` ago.
    #[inline]
    pub fn until_check(&self, since_check: Span) -> Option<Span> {
        let spacing = self.check_spacing?;
        let next = self.policy.next_check(&self.view)?;
        Some(spacing * u64::from(next) - since_check)
    }

    /// Whether a mutex guards the state, and is held while a successor is woken.
    pub fn is_guarded(&self) -> bool {
        self.primitive == Primitive::Condition
    }

    /// A sleeper leaves the queue.
    #[inline]
    pub fn call(&mut self, thread: &Thread<'_>) {
        let asleep = self.view.sleepers.remove(thread.id);
        assert!(asleep, "the policy wakes {}, which does not sleep", thread.id);
        if let Some(in_group) = self.in_group.get_mut(thread.id.index())
            && std::mem::take(in_group)
        {
            self.group -= 1;
        }
    }

    /// A signal goes to those who wait now, if all whom the last one was meant for are gone.
    pub fn close_group(&mut self) {
        if self.is_guarded() && self.group == 0 {
            for sleeper in self.view.sleepers.iter() {
                self.in_group[sleeper.index()] = true;
                self.group += 1;
            }
        }
    }

    /// Waits on in the group whose signal it did not get.
    pub fn join_group(&mut self, thread: ThreadId) {
        if let Some(in_group) = self.in_group.get_mut(thread.index()) {
            *in_group = true;
            self.group += 1;
        }
    }

    /// Who takes the signal that wakes `next`, if it is somebody else: one of the group that `runs` and was about to
    /// sleep sees it before the kernel has woken anybody.
    pub fn signalled(&self, next: ThreadId, runs: impl Fn(ThreadId) -> bool) -> Option<ThreadId> {
        let mut falling_asleep = self.falling_asleep.iter().copied();
        let first = falling_asleep
            .find(|&other| runs(other) && (other == next || self.is_in_group(other)))?;
        (first != next).then_some(first)
    }

    fn is_in_group(&self, thread: ThreadId) -> bool {
        self.in_group.get(thread.index()).is_some_and(|in_group| *in_group)
    }

    /// Puts a thread's question to the policy.
    #[inline(always)]
    pub fn ask(&mut self, now: Instant, thread: &mut Thread<'_>, ask: Ask) -> Answer {
        if std::mem::take(&mut thread.in_flight) {
            self.view.in_flight -= 1;
        }
        self.view.now = now;
        self.policy.ask(&self.view, thread.id, ask)
    }

    /// A thread that was called is on its way to ask again.
    #[inline]
    pub fn send(&mut self, thread: &mut Thread<'_>) {
        self.view.in_flight += 1;
        thread.in_flight = true;
    }

    /// Gives the free lock to a thread; says whether that is a switch.
    #[inline(always)]
    pub fn give<M: Machine, S: Sink>(
        &mut self,
        log: &mut Log<'_, M, S>,
        thread: &mut Thread<'_>,
    ) -> bool {
        let id = thread.id;
        if let Some(holder) = self.view.holder {
            is_taken(id, holder);
        }
        log.mark(thread);
        self.view.now = log.now;
        self.view.holder = Some(id);
        self.view.held_since = log.now;
        let switched = self.last_holder != Some(id);
        if switched {
            self.last_holder = Some(id);
            self.switches += 1;
        }
        self.policy.acquired(&self.view, id);
        if self.of_object {
            thread.totals.object_acquisitions += 1;
        } else {
            thread.holds = true;
            thread.totals.acquisitions += 1;
        }
        log.emit(thread, EventKind::Acquire, None);
        switched
    }

    /// Takes the lock from its holder; says who is told, and what the holder does next.
    #[inline(always)]
    pub fn free<M: Machine, S: Sink>(
        &mut self,
        log: &mut Log<'_, M, S>,
        thread: &mut Thread<'_>,
        reason: Reason,
    ) -> Release {
        log.mark(thread);
        self.view.now = log.now;
        let release = self.policy.release(&self.view, reason);
        let held = log.now - self.view.held_since;
        self.view.holder = None;
        if !self.of_object {
            thread.holds = false;
            thread.totals.held += held;
        }
        thread.switches_at_release = self.switches;
        let kind = if reason == Reason::CheckPoint {
            EventKind::ForcedDrop
        } else {
            thread.totals.voluntary_releases += u64::from(!self.of_object);
            EventKind::VoluntaryRelease
        };
        log.emit(thread, kind, None);
        release
    }
}

/// The policy lets a thread take a lock that another holds. Both come by value, as in [`super::check::impossible`].
#[cold]
#[inline(never)]
fn is_taken(thread: ThreadId, holder: ThreadId) -> ! {
    panic!("{thread} takes the lock that {holder} holds")
}
