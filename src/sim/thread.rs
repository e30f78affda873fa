//! A simulated thread: what it is doing, and the account of its time.

use gilsim_policies::{Ask, Instant, Reason, Span, Then, ThreadId};

use super::ThreadTotals;
use super::lock::{LockId, NO_LOCK};
use super::objects::Reference;
use crate::trace::{State, StateTimes};
use crate::workload::{Arrivals, Cursor, Draws, Group, Law, StreamKey};

/// What a thread is doing. Those up to [`Phase::Blocking`] need a core and take CPU time; what
/// follows once the time is spent stands with each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Compute under the lock; then the next check point or the next step.
    Compute,
    /// Run C code, with the lock; then the next step.
    CHold,
    /// Run C code without the lock; then ask for it.
    CRelease,
    /// Start up, without a lock; then begin.
    Boot,
    /// Do the interpreter's own work; then the next step.
    Prepare,
    /// Change the reference count of an object; then the next step.
    Count,
    /// Collect cycles while everybody stands still; then let them go on.
    Collect,
    /// Let those go on who stood still; then stop them again, or the next step.
    StartWorld,
    /// Call into the lock to take it; then put the question to the policy.
    Ask(Ask),
    /// Make the call that sleeps at the lock; then sleep, unless it has become free. Who waits for a condition is
    /// among the sleepers already.
    FallAsleep,
    /// Make the call that sleeps until the lock has gone to another thread; then sleep.
    FallAwaiting(Reason),
    /// Return from the sleep that a hand-over ended; then go on with the lock.
    Granted,
    /// Call into the lock to free it; then it is free.
    Release(Reason),
    /// Wake the next thread after a release; then go on as the reason and the policy say.
    WakeNext { reason: Reason, then: Then },
    /// Unlock the mutex that guards the lock's state, after waking; then go on as after any release.
    Unguard { reason: Reason, then: Then },
    /// Wake those that await a switch or the mutex, after taking the lock; then go on with the lock.
    WakeSwitched,
    /// Return from awaiting a switch; then go on as after any release.
    Switched(Reason),

    /// Yet to start.
    Unborn,
    /// Asleep at the lock.
    Asleep,
    /// Asleep at the mutex that guards the lock's state, to ask for the lock.
    AtGuard(Ask),
    /// Asleep at that mutex with the lock, to free it.
    AtGuardToRelease(Reason),
    /// Asleep until the lock has gone to another thread.
    AwaitingSwitch(Reason),
    /// Standing still for the collector.
    Stopped,
    /// Waiting until everybody else stands still.
    AwaitingStop,
    /// In a blocking call.
    Blocked,
    /// Thinking, or without a request to serve.
    Idle,
    /// At its end.
    Exited,
}

impl Phase {
    /// Whether the thread is inside the kernel, where it can't be pre-empted before the call is over.
    pub const fn in_kernel(self) -> bool {
        matches!(
            self,
            Self::WakeNext { .. }
                | Self::WakeSwitched
                | Self::StartWorld
                | Self::FallAsleep
                | Self::FallAwaiting(_)
        )
    }

    /// The state in which the thread's time counts while it is on a core.
    pub const fn state_on_core(self) -> State {
        match self {
            Self::Compute | Self::CHold | Self::CRelease => State::Running,
            _ => State::Overhead,
        }
    }
}

/// Where a thread is, as the machine sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Not runnable.
    Off,
    /// Ready, in the run queue of this core.
    Ready(u16),
    /// On a core, or about to be: it runs once the core has woken up and switched.
    On(u16),
}

impl Place {
    pub const fn core(self) -> Option<u16> {
        match self {
            Self::On(core) => Some(core),
            _ => None,
        }
    }
}

/// A thread.
#[derive(Debug)]
pub struct Thread<'a> {
    pub id: ThreadId,
    pub group: &'a Group,
    /// The global lock of its interpreter.
    pub main: LockId,
    /// Whether nobody's start or end brings it along.
    pub founder: bool,
    /// The lock that it is busy with.
    pub at: LockId,
    /// The objects that it refers to, the innermost last.
    pub references: Vec<Reference>,
    /// Whether it is to take the innermost lock again that it let go of to wait.
    pub reenters: bool,
    /// The object whose count it changes.
    pub counting: Counting,
    pub phase: Phase,
    pub place: Place,
    /// CPU time that the phase still takes.
    pub left: Span,
    /// What its next computation takes longer for its core's having been cold.
    pub cold: Span,
    /// When it last left a core, and which.
    pub left_core: (Instant, u16),
    /// From when on the phase makes progress; later than now during a context switch.
    pub progress_from: Instant,
    /// When its core has woken up to run it.
    pub arrives_at: Instant,
    /// When the context switch that brought it to its core is over.
    pub switched_at: Instant,
    /// CPU time of the interrupted computation, while other phases come between.
    pub burst: Span,
    /// Computing time since the last check point.
    pub since_check: Span,
    /// Whether it may have to stop computing at a check point.
    pub checks: bool,
    /// Whether it stands at a check point that matters.
    pub at_check: bool,
    /// Whether it is on its way to ask the lock again, and counts as in flight there.
    pub in_flight: bool,
    /// When its sleep at the lock times out.
    pub deadline: Option<Instant>,
    /// When its timer expires, if it has set one.
    pub expiry: Instant,
    /// When it first asked for the lock, this time.
    pub asked_since: Instant,
    /// How long the blocking call lasts that it is about to make.
    pub pause: Pause,
    /// How often the lock had switched when this thread let go.
    pub switches_at_release: u64,

    pub cursor: Cursor,
    pub passes: u64,
    /// How many requests it serves before it polls again.
    pub to_serve: usize,
    /// How long it had run when it began to poll; `None` if it does not.
    pub polls_since: Option<Span>,
    /// Whether nothing of the pass is done yet: an operation that begins now began with the pass.
    pub at_head: bool,
    /// The stream of its think times.
    pub think: Draws,
    pub op_start: Instant,
    pub op_queued: Span,
    pub op_times: StateTimes,

    pub state: State,
    pub state_since: Instant,
    pub holds: bool,
    pub totals: ThreadTotals,
}

/// A change of a reference count that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counting {
    pub object: u32,
    pub change: i64,
    /// The count as it was read, and how often it had been written by then.
    pub read: (i64, u64),
}

/// What a thread does once it has let the lock go of its own accord.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Pause {
    /// Ask for the lock again.
    None,
    /// Go on with the program: it was the lock of an object.
    GoOn,
    /// Wait for the lock of an object, and then ask for the lock again.
    Enter(LockId),
    /// Run C code for so long.
    CCode(Span),
    /// Block for so long.
    Block(Span),
    /// Think for so long.
    Think(Span),
    /// Wait for a request.
    AwaitRequest,
}

impl<'a> Thread<'a> {
    /// How long it has run in the poll that is under way.
    pub fn polled(&self) -> Span {
        let ran = self.totals.times.of(State::Running);
        self.polls_since.map_or(Span::ZERO, |since| ran - since)
    }

    /// Whether it is in a critical section, of which it lets go to wait.
    pub fn in_section(&self) -> bool {
        self.references.iter().any(Reference::is_open_section)
    }

    /// The object with whose lock it is busy, if it is.
    pub fn object(&self) -> Option<u32> {
        if self.at == self.main {
            return None;
        }
        let reference = self.references.iter().rev().find(|other| other.lock == self.at);
        reference.map(|reference| reference.number)
    }

    /// Whether it has a global lock to come back to.
    pub const fn has_main(&self) -> bool {
        self.main != NO_LOCK
    }

    /// Whether it is on a core, and not only on its way there.
    pub fn is_here(&self, now: Instant) -> bool {
        matches!(self.place, Place::On(_)) && self.progress_from <= now
    }

    /// Spends so much time in a state.
    #[inline]
    pub fn book(&mut self, state: State, span: Span) {
        self.totals.times.0[state as usize] += span;
    }

    /// Has had the lock so many times from one check point to the next, freeing it in a call each time, and computed longer by
    /// `cold` in all.
    #[inline]
    pub fn book_rounds(&mut self, rounds: u64, computes: Span, cold: Span, call: Span) {
        let computed = computes * rounds;
        self.burst -= computed;
        self.book(State::Running, computed + cold);
        let totals = &mut self.totals;
        totals.running_locked += computed + cold;
        totals.held += computed + cold + call * rounds;
        totals.acquisitions += rounds;
        totals.forced_drops += rounds;
    }

    /// Is about to let the lock go for something that does not need it.
    #[inline]
    pub fn pause_for(&mut self, pause: Pause) -> Reason {
        self.pause = pause;
        self.at_head = false;
        Reason::Blocking
    }

    pub fn new(id: ThreadId, group: &'a Group, main: LockId, key: StreamKey) -> Self {
        let nothing = Law::Constant(Span::ZERO);
        let think = match &group.arrivals {
            Arrivals::Closed { think } => think,
            Arrivals::Open { .. } => &nothing,
        };
        Self {
            id,
            group,
            main,
            founder: true,
            at: main,
            references: Vec::new(),
            reenters: false,
            counting: Counting::default(),
            phase: Phase::Unborn,
            place: Place::Off,
            left: Span::ZERO,
            cold: Span::ZERO,
            left_core: (Instant::ZERO, 0),
            progress_from: Instant::ZERO,
            arrives_at: Instant::ZERO,
            switched_at: Instant::ZERO,
            burst: Span::ZERO,
            since_check: Span::ZERO,
            checks: true,
            at_check: false,
            in_flight: false,
            deadline: None,
            expiry: Instant::ZERO,
            asked_since: Instant::ZERO,
            pause: Pause::None,
            switches_at_release: 0,
            cursor: Cursor::new(&group.program, key),
            passes: 0,
            to_serve: 0,
            polls_since: None,
            at_head: false,
            think: Draws::new(think, key, u64::MAX),
            op_start: Instant::ZERO,
            op_queued: Span::ZERO,
            op_times: StateTimes::default(),
            state: State::Blocked,
            state_since: Instant::ZERO,
            holds: false,
            totals: ThreadTotals { group: key.group, ..ThreadTotals::default() },
        }
    }
}
