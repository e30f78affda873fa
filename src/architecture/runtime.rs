//! What the engine has to know of an architecture.

use gilsim_policies::barging::Barging;
use gilsim_policies::{PolicySpec, Span};
use serde::{Deserialize, Serialize};

use crate::workload::Access;

/// How threads, interpreters and objects are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runtime {
    /// Who shares objects, and the global lock if there is one.
    pub interpreters: Interpreters,
    /// Whether each interpreter has a global lock.
    pub global_lock: bool,
    /// Whether a thread starts only when the one before has ended.
    pub one_by_one: bool,
    /// From one worker's start to the next.
    pub launch: Span,
    /// What a worker does before its first step \[CPU time\].
    pub boot: Span,
    /// How long computing takes, in thousandths of what the workload says.
    pub stretch_permille: u32,
    /// The locks of objects.
    pub objects: ObjectRules,
    /// How reference counts are kept; `None` if they are not simulated.
    pub counts: Option<Counts>,
    /// The collector of cycles.
    pub collector: Option<Collector>,
}

/// Who shares objects, and the global lock if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpreters {
    /// All threads. The interpreter is there from the start.
    One,
    /// Threads are dealt out in turn to so many interpreters. Each is started by its first thread, and has its own copy
    /// of every object.
    Several(u32),
}

impl Interpreters {
    /// How many there are.
    #[must_use]
    pub const fn count(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Several(count) => count,
        }
    }
}

/// Which accesses to objects take a lock of the object's, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectRules {
    /// The lock that the interpreter itself takes to change an object; `None` if it takes none.
    pub implicit: Option<PolicySpec>,
    /// Whether it takes that to look at one, too.
    pub read: bool,
    /// Whether these locks are critical sections: who has to wait lets go of all of them meanwhile.
    pub sections: bool,
    /// The locks of the program's own.
    pub explicit: PolicySpec,
}

impl ObjectRules {
    /// A lock for each object, taken by every access.
    #[must_use]
    pub const fn plain(lock: PolicySpec) -> Self {
        Self { implicit: Some(lock), read: true, sections: false, explicit: lock }
    }

    /// The policy of the lock that an access takes.
    #[must_use]
    pub fn policy(&self, access: Access) -> Option<PolicySpec> {
        match access {
            Access::Lock => Some(self.explicit),
            Access::Change => self.implicit,
            Access::Read => self.implicit.filter(|_| self.read),
        }
    }

    /// Whether threads can wait for each other for ever at these locks.
    #[must_use]
    pub fn may_block(&self, access: Access) -> bool {
        self.policy(access).is_some() && (access == Access::Lock || !self.sections)
    }
}

/// How reference counts are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// What keeps two threads from changing a count at once.
    pub protection: Protection,
    /// Reading, changing and writing back a count \[CPU time\]: the time during which another thread's update is lost.
    pub plain: Span,
    /// The same as one indivisible instruction.
    pub atomic: Span,
    /// Fetching a count that another core has changed last, as far as that is known to be so.
    pub transfer: Span,
}

/// What keeps two threads from changing a reference count at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// Nothing, or a lock that the thread has anyway.
    None,
    /// An indivisible instruction (Gilectomy).
    Atomic,
    /// A plain count for the thread that made the object, an indivisible one for all others (PEP 703).
    Biased,
    /// A lock for each object, taken to change its count.
    Lock,
    /// The object is never freed, and nobody counts (PEP 683).
    Immortal,
}

impl Protection {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::None, Self::Atomic, Self::Biased, Self::Lock, Self::Immortal];
}

/// The collector of cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collector {
    /// It runs after so many allocations in an interpreter.
    pub threshold: u64,
    /// How long it works \[CPU time\].
    pub pause: Span,
    /// Without a global lock, all threads have to stop, twice a run: computing threads do at their next check point,
    /// which they meet in this distance.
    pub check_spacing: Option<Span>,
}

impl Runtime {
    /// Threads that exist from the start and share one lock, as far as the policy has any.
    pub const THREADS: Self = Self {
        interpreters: Interpreters::One,
        global_lock: true,
        one_by_one: false,
        launch: Span::ZERO,
        boot: Span::ZERO,
        stretch_permille: 1000,
        objects: ObjectRules {
            implicit: None,
            read: false,
            sections: false,
            explicit: PolicySpec::Barging(Barging {}),
        },
        counts: None,
        collector: None,
    };

    /// From the begin until the last of so many threads can do its first step: all workers are started in turn, and the
    /// last starts up.
    #[must_use]
    pub fn start_up(&self, threads: u32) -> Span {
        let workers = match self.interpreters {
            Interpreters::Several(count) => count.min(threads),
            _ if self.one_by_one => 1,
            _ => threads,
        };
        self.launch * u64::from(workers) + self.boot
    }

    /// Where a thread belongs.
    #[must_use]
    pub const fn interpreter(&self, thread: u32) -> u32 {
        match self.interpreters {
            Interpreters::Several(count) => thread % count,
            Interpreters::One => 0,
        }
    }
}
