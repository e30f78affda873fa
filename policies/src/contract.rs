//! What a policy may see, what it is asked, and what it may answer.
//!
//! A policy is a deterministic state machine. Whoever runs the lock, a simulator or a real mutex,
//! asks it the questions of [`Policy`] at the moments that each method names, always under the
//! lock's own protection, and carries out the answer. A policy never acts by itself, keeps no clock
//! and knows nothing of cores, run queues or what a thread will do next.

use std::fmt::Debug;
use std::num::NonZeroU64;

use crate::{Instant, Span, ThreadId, WaitQueue};

/// What a policy may know when it is asked: the state of its lock.
#[derive(Debug, Clone)]
pub struct View {
    /// The instant of the question.
    pub now: Instant,
    /// Who has the lock. A thread to which it was handed over counts even before it wakes.
    pub holder: Option<ThreadId>,
    /// Since when the holder has it.
    pub held_since: Instant,
    /// Who sleeps at the lock and can be woken. A thread that was woken is no longer in it.
    pub sleepers: WaitQueue,
    /// How many threads were woken or have timed out, or are about to sleep, and have yet to look at the lock
    /// again.
    pub in_flight: usize,
    /// Threads that have started and not ended: a lock of a single thread may need no care.
    pub threads: usize,
}

impl View {
    /// A lock that nobody has had, for threads numbered below `threads`, none of which has started.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        Self {
            now: Instant::ZERO,
            holder: None,
            held_since: Instant::ZERO,
            sleepers: WaitQueue::new(threads),
            in_flight: 0,
            threads: 0,
        }
    }
}

/// Why a thread stands before the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// It comes from outside.
    Fresh,
    /// It slept at the lock and somebody woke it.
    Woken,
    /// It slept at the lock and its time-out ran out.
    TimedOut,
    /// It has given its core away so many times in a row to see whether the lock becomes free.
    Spun(u32),
}

impl Ask {
    /// The same question after it has given its core away once more.
    #[must_use]
    pub const fn again(self) -> Self {
        if let Self::Spun(times) = self { Self::Spun(times + 1) } else { Self::Spun(1) }
    }
}

/// How a thread that asked goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
// A tag of its own takes fewer instructions to tell than one within the option.
#[repr(u8)]
pub enum Entry {
    /// It takes the lock. Only allowed while there is no holder.
    Take,
    /// It offers its core to others, once, and then asks again.
    Spin,
    /// It sleeps until it is woken, or until the time-out if there is one, and then asks again.
    Sleep {
        /// Longest sleep.
        timeout: Option<Span>,
    },
}

/// The answer to a thread that asks for the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// How the thread goes on.
    pub entry: Entry,
    /// Whether the holder is asked to let go at its next check point.
    pub ask_drop: bool,
}

impl Answer {
    /// The thread takes the lock.
    pub const TAKE: Self = Self { entry: Entry::Take, ask_drop: false };

    /// The thread stays awake and asks again.
    pub const SPIN: Self = Self { entry: Entry::Spin, ask_drop: false };

    /// The thread sleeps until somebody wakes it.
    pub const SLEEP: Self = Self { entry: Entry::Sleep { timeout: None }, ask_drop: false };
}

/// Why a holder lets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The policy said so at a check point. The thread will ask again at once.
    CheckPoint,
    /// The thread is about to block, or to run code that does not need the lock.
    Blocking,
    /// The thread ends.
    Exit,
}

/// Who is told that the lock is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Successor {
    /// Nobody.
    Nobody,
    /// Nobody, although the call that wakes is made: a semaphore does so while a thread is in flight.
    Futile,
    /// This sleeper is woken, and asks again when it runs. Until then anybody may take the lock.
    Wake(ThreadId),
    /// This sleeper has the lock from now on, although it has yet to wake.
    HandOver(ThreadId),
}

/// What the releaser does once it has let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It goes on with its own affairs.
    GoOn,
    /// It first sleeps until another thread has taken the lock.
    AwaitSwitch,
}

/// The answer to a holder that lets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// Who is told.
    pub successor: Successor,
    /// What the releaser does next.
    pub then: Then,
}

/// What a holder does at a check point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// It carries on.
    CarryOn,
    /// It lets the lock go ([`Reason::CheckPoint`]) and asks for it again.
    LetGo,
}

/// What the sleepers of a lock sleep at. It decides from when on a release finds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Primitive {
    /// A semaphore, or a word in memory: a sleeper is there once the kernel has looked at the word a last time.
    Semaphore,
    /// A condition variable, and the mutex that guards the lock's state: who asks is there at once, and
    /// a releaser has the mutex while it wakes its successor.
    Condition,
    /// A queue of the lock's own: who asks is there at once.
    Queue,
}

/// A rule that decides who has a lock, and for how long.
pub trait Policy: Debug + Send {
    /// A thread stands before the lock: may it take it, or does it sleep?
    ///
    /// Asked at every arrival, and again whenever a sleeper has woken and runs. The thread is not
    /// among the sleepers while it asks.
    fn ask(&mut self, view: &View, thread: ThreadId, ask: Ask) -> Answer;

    /// A thread has the lock from now on: it took it, or was named in a hand-over.
    /// `view.holder` is that thread.
    fn acquired(&mut self, _view: &View, _thread: ThreadId) {}

    /// The holder lets go: who is told, and how does the releaser go on?
    ///
    /// `view.holder` still names the releaser. A named successor is always one of the sleepers.
    fn release(&mut self, view: &View, reason: Reason) -> Release;

    /// What the lock's sleepers sleep at.
    fn primitive(&self) -> Primitive {
        Primitive::Semaphore
    }

    /// The distance between two check points \[computing time of the holder\]; `None` if the
    /// policy never looks.
    fn check_spacing(&self) -> Option<Span> {
        None
    }

    /// Which of the holder's coming check points is the first that matters: 1 is the very next.
    /// `None` while none does, until a question to the policy is answered.
    ///
    /// This is how check points at which nothing can happen cost nothing.
    fn next_check(&self, _view: &View) -> Option<NonZeroU64> {
        None
    }

    /// The holder has passed `count` check points that did not matter.
    fn pass_checks(&mut self, _count: u64) {}

    /// How long the holder computes from one check point at which it lets go to the next, if each round is like the last: who
    /// asks takes the lock if it is free, and sleeps without a time-out if it is not; a release at a check point wakes the
    /// longest sleeper, and goes on; and nothing of that changes what the policy will do. Longer than nothing.
    ///
    /// This is how letting go in vain costs next to nothing: the policy may not be asked about such rounds.
    fn round_in_vain(&self) -> Option<Span> {
        None
    }

    /// The holder stands at a check point that matters.
    fn check(&mut self, _view: &View) -> Check {
        Check::CarryOn
    }
}
