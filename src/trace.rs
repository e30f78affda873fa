//! What a run leaves behind: the rows that the engine emits, and who takes them.
//!
//! The engine keeps no statistics. It tells a [`Sink`] what happens, and sinks count, sum up or
//! write to disk. A sink that wants nothing costs nothing: [`NullSink`] compiles to no code.

pub mod fingerprint;
pub mod level;
#[cfg(feature = "analysis")]
pub mod parquet;
pub mod summary;
pub mod tables;
pub mod tee;

use gilsim_policies::{Instant, Span, ThreadId};

pub use level::Level;
pub use summary::Summary;
pub use tee::Tee;

/// Where a thread's time goes: at any instant of its life a thread is in exactly one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// On a core, doing its own work, with or without the lock.
    Running,
    /// On a core, busy with the lock or the scheduler: calls, wake-ups, context switches.
    Overhead,
    /// Asleep at the lock, or awaiting a forced switch.
    LockWait,
    /// Ready or on its way to a core, but not on it.
    CoreWait,
    /// Blocked in I/O, or idle until a request arrives.
    Blocked,
}

impl State {
    /// Every state, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Running, Self::Overhead, Self::LockWait, Self::CoreWait, Self::Blocked];

    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Overhead => "overhead",
            Self::LockWait => "lock_wait",
            Self::CoreWait => "core_wait",
            Self::Blocked => "blocked",
        }
    }
}

/// Time spent in each [`State`], indexed by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StateTimes(pub [Span; State::ALL.len()]);

impl StateTimes {
    /// Time spent in one state.
    #[must_use]
    pub const fn of(&self, state: State) -> Span {
        self.0[state as usize]
    }

    /// Time spent in all of them.
    #[must_use]
    pub fn total(&self) -> Span {
        self.0.into_iter().sum()
    }

    /// What has been added since `earlier`.
    #[inline]
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut times = *self;
        times.0.iter_mut().zip(earlier.0).for_each(|(time, before)| *time -= before);
        times
    }
}

/// One completed operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpRow {
    /// Who did it.
    pub thread: ThreadId,
    /// When it began; in an open loop, when it was taken up.
    pub start: Instant,
    /// When it was done.
    pub end: Instant,
    /// In an open loop, how long it waited before a thread took it up.
    pub queued: Span,
    /// Where the time from `start` to `end` went.
    pub times: StateTimes,
}

impl OpRow {
    /// From arrival to completion.
    #[must_use]
    pub fn latency(&self) -> Span {
        (self.end - self.start) + self.queued
    }
}

/// A stretch of time that a thread spent in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntervalRow {
    /// Whose time it is.
    pub thread: ThreadId,
    /// The state.
    pub state: State,
    /// Whether the thread had the lock meanwhile.
    pub holds: bool,
    /// The core it was on, if on any.
    pub core: Option<u16>,
    /// Begin.
    pub start: Instant,
    /// End.
    pub end: Instant,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum EventKind {
    /// The thread starts.
    Start,
    /// It ends.
    Exit,
    /// It is put on a core.
    Dispatch,
    /// It is taken off its core although it could go on.
    Preempt,
    /// It asks for the lock for the first time since it last had it.
    Request,
    /// It takes the lock, or is handed it.
    Acquire,
    /// It was woken, but the lock was taken again.
    FailedAcquire,
    /// It falls asleep at the lock.
    Sleep,
    /// It is woken at the lock; the other thread woke it.
    Wake,
    /// Its sleep at the lock ended by time-out.
    TimeOut,
    /// It asks the other thread, the holder, to let go.
    DropRequest,
    /// It lets go at a check point.
    ForcedDrop,
    /// It lets go to block, or to run code without the lock.
    VoluntaryRelease,
    /// It sleeps until another thread has taken the lock.
    AwaitSwitch,
    /// It begins to block.
    Block,
    /// Its blocking call is over.
    Unblock,
    /// An operation begins.
    OpStart,
    /// An operation is done.
    OpEnd,
}

impl EventKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 18] = [
        Self::Start,
        Self::Exit,
        Self::Dispatch,
        Self::Preempt,
        Self::Request,
        Self::Acquire,
        Self::FailedAcquire,
        Self::Sleep,
        Self::Wake,
        Self::TimeOut,
        Self::DropRequest,
        Self::ForcedDrop,
        Self::VoluntaryRelease,
        Self::AwaitSwitch,
        Self::Block,
        Self::Unblock,
        Self::OpStart,
        Self::OpEnd,
    ];

    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Exit => "exit",
            Self::Dispatch => "dispatch",
            Self::Preempt => "preempt",
            Self::Request => "request",
            Self::Acquire => "acquire",
            Self::FailedAcquire => "failed_acquire",
            Self::Sleep => "sleep",
            Self::Wake => "wake",
            Self::TimeOut => "time_out",
            Self::DropRequest => "drop_request",
            Self::ForcedDrop => "forced_drop",
            Self::VoluntaryRelease => "voluntary_release",
            Self::AwaitSwitch => "await_switch",
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::OpStart => "op_start",
            Self::OpEnd => "op_end",
        }
    }
}

/// Something that happened. Rows come in the order in which things happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRow {
    /// When.
    pub at: Instant,
    /// To whom.
    pub thread: ThreadId,
    /// What.
    pub kind: EventKind,
    /// The core that the thread is on, if on any.
    pub core: Option<u16>,
    /// The other thread that had to do with it, if any.
    pub other: Option<ThreadId>,
    /// The object whose lock it is about; `None` if it is about a global lock, or none.
    pub object: Option<u32>,
}

/// Who takes the rows of one run.
///
/// The constants say what a sink wants, so that the engine need not make rows for nobody.
pub trait Sink {
    /// Whether [`Sink::op`] is wanted.
    const OPS: bool = true;
    /// Whether [`Sink::interval`] is wanted.
    const INTERVALS: bool = false;
    /// Whether [`Sink::event`] is wanted.
    const EVENTS: bool = false;

    /// An operation is done.
    fn op(&mut self, _row: &OpRow) {}
    /// A thread has left a state.
    fn interval(&mut self, _row: &IntervalRow) {}
    /// Something has happened.
    fn event(&mut self, _row: &EventRow) {}
}

/// Takes nothing.
#[derive(Debug, Clone, Copy)]
pub struct NullSink;

impl Sink for NullSink {
    const OPS: bool = false;
}

/// Keeps every row, for tests and notebooks.
#[derive(Debug, Clone, Default)]
pub struct MemorySink {
    /// Operations.
    pub ops: Vec<OpRow>,
    /// Intervals.
    pub intervals: Vec<IntervalRow>,
    /// Events.
    pub events: Vec<EventRow>,
}

impl Sink for MemorySink {
    const INTERVALS: bool = true;
    const EVENTS: bool = true;

    fn op(&mut self, row: &OpRow) {
        self.ops.push(*row);
    }
    fn interval(&mut self, row: &IntervalRow) {
        self.intervals.push(*row);
    }
    fn event(&mut self, row: &EventRow) {
        self.events.push(*row);
    }
}
