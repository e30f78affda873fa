//! Architectures as experiment files write them, and where their defaults come from.

use gilsim_policies::{PolicySpec, Span};
use serde::{Deserialize, Serialize};

use super::defaults::CHECK_SPACING;
use super::runtime::{Counts, ObjectRules, Protection};

/// A way to run a workload.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArchitectureSpec {
    /// One thread does everything, one after the other.
    Sequential(Sequential),
    /// Threads under a global lock, or under none.
    Threads(Threads),
    /// Processes, each with its own lock.
    Processes(Processes),
    /// Sub-interpreters in one process, each with its own lock (PEP 684).
    Interpreters(SubInterpreters),
    /// No global lock: biased counts, critical sections, a collector that stops the world (PEP 703).
    FreeThreaded(FreeThreaded),
    /// No global lock: atomic counts and a lock for each object (Hastings 2016).
    Gilectomy(Gilectomy),
    /// No global lock: a plain lock for each data structure, and nothing else.
    ObjectLocks(ObjectLocks),
}

/// Parameters of [`ArchitectureSpec::Sequential`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sequential {
    /// The collector of cycles.
    pub collector: CollectorSpec,
}

/// Parameters of [`ArchitectureSpec::Threads`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Threads {
    /// From one thread's start to the next.
    pub start: Span,
    /// The collector of cycles.
    pub collector: CollectorSpec,
    /// What keeps two threads from changing a reference count at once. Default `none`: the lock does.
    pub counts: Protection,
}

/// How a process is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartMethod {
    /// As a copy of the parent.
    Fork,
    /// As a copy of a server that has nothing else to do. The default of CPython from 3.14 on.
    #[default]
    Forkserver,
    /// As a new interpreter.
    Spawn,
}

/// What a process is started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartEach {
    /// For all passes of a worker: a pool.
    #[default]
    Worker,
    /// For each pass.
    Pass,
}

/// Parameters of [`ArchitectureSpec::Processes`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Processes {
    /// How they are started.
    pub method: StartMethod,
    /// What for.
    pub start_each: StartEach,
    /// How many; the threads are dealt out to them in turn. One for each thread if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
    /// From one start to the next, in the parent and the server; as the method has it if not given: 0.43, 0.9 and
    /// 0.37 ms of CPU time for fork, forkserver and spawn, CPython 3.13.0, measured with a small parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch: Option<Span>,
    /// CPU time until the first statement runs; as the method has it if not given: 0.7, 3.4 and 28.2 ms, measured likewise,
    /// without the program's own imports. PEP 703 says 50 ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot: Option<Span>,
    /// What it costs to pass a message, however small: writing, sending, receiving and reading it \[CPU time of the
    /// worker\]. Default 61 us: half of a task and its result in `ProcessPoolExecutor` of CPython 3.13.0, the parent's CPU
    /// time and the worker's together, measured (a bare pipe takes 8.5 us).
    pub message_each: Span,
    /// The same for each mebibyte. Default 650 us, measured with bytes; seven times that for lists of numbers.
    pub message_per_mib: Span,
    /// The collector of cycles.
    pub collector: CollectorSpec,
}

/// Parameters of [`ArchitectureSpec::Interpreters`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SubInterpreters {
    /// How many; the threads are dealt out to them in turn. One for each thread if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
    /// From one start to the next. Default 44 us: each is made by a thread of its own.
    pub launch: Span,
    /// CPU time until the first statement runs. Default 7.3 ms: CPython 3.13.0, measured.
    pub boot: Span,
    /// What it costs to pass an object, however small. Default 1.4 us: pickled, through the queue of CPython 3.13.0, both
    /// sides, measured; what can be shared takes 0.6 us.
    pub message_each: Span,
    /// The same for each mebibyte of bytes. Default 240 us, measured likewise.
    pub message_per_mib: Span,
    /// Whether each has a lock. Without, each is as `free_threaded` with its defaults.
    pub global_lock: bool,
    /// How much longer computing takes with one thread. 1 with the lock and as `free_threaded` has it without, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slowdown: Option<f64>,
    /// The collector of cycles.
    pub collector: CollectorSpec,
    /// The distance of the check points at which computing threads stop for the collector, where there is no lock.
    pub check_spacing: Span,
}

/// Parameters of [`ArchitectureSpec::FreeThreaded`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FreeThreaded {
    /// How much longer computing takes with one thread. Default 1.08: CPython 3.14 on x86-64 Linux, its documentation;
    /// PEP 703 measured 1.06 to 1.08, 3.13 has 1.4.
    pub slowdown: f64,
    /// From one thread's start to the next.
    pub start: Span,
    /// The locks of objects. Default `py_mutex`.
    pub lock: PolicySpec,
    /// Whether looking at an object takes its lock. Default no: lists and dictionaries are read without (PEP 703).
    pub lock_reads: bool,
    /// What keeps two threads from changing a reference count at once. Default `biased`.
    pub counts: Protection,
    /// The collector of cycles.
    pub collector: CollectorSpec,
    /// The distance of the check points at which computing threads stop for the collector. Default 25 ns: an iteration of
    /// a counting loop.
    pub check_spacing: Span,
}

/// Parameters of [`ArchitectureSpec::Gilectomy`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gilectomy {
    /// How much longer computing takes with one thread. Default 1.3: atomic counts alone, as reported of the Gilectomy.
    pub slowdown: f64,
    /// From one thread's start to the next.
    pub start: Span,
    /// The locks of objects. Default `barging`: its futex mutex.
    pub lock: PolicySpec,
    /// What keeps two threads from changing a reference count at once. Default `atomic`.
    pub counts: Protection,
    /// The collector of cycles.
    pub collector: CollectorSpec,
    /// The distance of the check points at which computing threads stop for the collector. Default 25 ns: an iteration of
    /// a counting loop.
    pub check_spacing: Span,
}

/// Parameters of [`ArchitectureSpec::ObjectLocks`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ObjectLocks {
    /// From one thread's start to the next.
    pub start: Span,
    /// The locks of objects. Default `barging`: a plain mutex.
    pub lock: PolicySpec,
    /// What keeps two threads from changing a reference count at once. Default `lock`.
    pub counts: Protection,
    /// The collector of cycles.
    pub collector: CollectorSpec,
    /// The distance of the check points at which computing threads stop for the collector. Default 25 ns: an iteration of
    /// a counting loop.
    pub check_spacing: Span,
}

/// The collector of cycles, which steps of the kind `allocate` set going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CollectorSpec {
    /// It runs after so many allocations. Default 2000: CPython 3.13.0; 700 up to 3.12.
    pub threshold: u64,
    /// How long it works. Default 24 us: a young collection of 2000 lists, CPython 3.13.0, measured. A full one takes
    /// 25 to 45 ns for each object that there is, and is the only kind without a global lock.
    pub pause: Span,
}

impl Processes {
    /// What starting one costs, in the parent and in the worker.
    #[must_use]
    pub fn start_costs(&self) -> (Span, Span) {
        let (launch_us, boot_us) = match self.method {
            StartMethod::Fork => (430, 700),
            StartMethod::Forkserver => (900, 3_400),
            StartMethod::Spawn => (370, 28_200),
        };
        let or_us = |given: Option<Span>, us| given.unwrap_or(Span::from_us(us));
        (or_us(self.launch, launch_us), or_us(self.boot, boot_us))
    }
}

impl FreeThreaded {
    /// Which accesses to objects take a lock.
    pub(super) const fn objects(&self) -> ObjectRules {
        ObjectRules { read: self.lock_reads, sections: true, ..ObjectRules::plain(self.lock) }
    }
}

impl ArchitectureSpec {
    /// One of each with its defaults, in reading order.
    #[must_use]
    pub fn all() -> [Self; 7] {
        [
            Self::Sequential(Sequential::default()),
            Self::Threads(Threads::default()),
            Self::Processes(Processes::default()),
            Self::Interpreters(SubInterpreters::default()),
            Self::FreeThreaded(FreeThreaded::default()),
            Self::Gilectomy(Gilectomy::default()),
            Self::ObjectLocks(ObjectLocks::default()),
        ]
    }

    /// Its name in experiment files.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sequential(_) => "sequential",
            Self::Threads(_) => "threads",
            Self::Processes(_) => "processes",
            Self::Interpreters(_) => "interpreters",
            Self::FreeThreaded(_) => "free_threaded",
            Self::Gilectomy(_) => "gilectomy",
            Self::ObjectLocks(_) => "object_locks",
        }
    }

    /// What it is, in a line.
    #[must_use]
    pub const fn summary(&self) -> &'static str {
        match self {
            Self::Sequential(_) => "one thread does everything, one after the other",
            Self::Threads(_) => "threads under a global lock",
            Self::Processes(_) => "processes, each with its own lock; messages are copied",
            Self::Interpreters(_) => {
                "sub-interpreters in one process, each with its own lock (PEP 684)"
            }
            Self::FreeThreaded(_) => "no global lock: biased counts, critical sections (PEP 703)",
            Self::Gilectomy(_) => "no global lock: atomic counts, a lock for each object",
            Self::ObjectLocks(_) => "no global lock: a plain lock for each data structure",
        }
    }

    /// Checks what the types cannot: the parameter, and what is wrong with it.
    ///
    /// # Errors
    /// Names the parameter that makes no sense, and says why.
    pub fn validate(&self) -> Result<(), (&'static str, &'static str)> {
        let workers = match self {
            Self::Processes(given) => given.workers,
            Self::Interpreters(given) => given.workers,
            _ => None,
        };
        if workers == Some(0) {
            return Err(("workers", "must be at least 1"));
        }
        if !(0.01..=100.0).contains(&self.slowdown()) {
            return Err(("slowdown", "must lie between 0.01 and 100"));
        }
        if self.collector().threshold == 0 {
            return Err(("collector", "must have a `threshold` of at least 1"));
        }
        if self.check_spacing().is_some_and(Span::is_zero) {
            return Err(("check_spacing", "must be longer than 0ns"));
        }
        match self {
            Self::Interpreters(given)
                if given.global_lock && given.check_spacing != CHECK_SPACING =>
            {
                Err((
                    "check_spacing",
                    "is for interpreters without a lock: with one, its policy says it",
                ))
            }
            _ => Ok(()),
        }
    }

    /// How much longer computing takes with one thread.
    pub(super) fn slowdown(&self) -> f64 {
        match self {
            Self::Interpreters(given) => given.slowdown.unwrap_or(match given.global_lock {
                true => 1.0,
                false => FreeThreaded::default().slowdown,
            }),
            Self::FreeThreaded(given) => given.slowdown,
            Self::Gilectomy(given) => given.slowdown,
            Self::Sequential(_) | Self::Threads(_) | Self::Processes(_) | Self::ObjectLocks(_) => {
                1.0
            }
        }
    }

    const fn check_spacing(&self) -> Option<Span> {
        match self {
            Self::Interpreters(given) => Some(given.check_spacing),
            Self::FreeThreaded(given) => Some(given.check_spacing),
            Self::Gilectomy(given) => Some(given.check_spacing),
            Self::ObjectLocks(given) => Some(given.check_spacing),
            Self::Sequential(_) | Self::Threads(_) | Self::Processes(_) => None,
        }
    }

    pub(super) const fn collector(&self) -> CollectorSpec {
        match self {
            Self::Sequential(given) => given.collector,
            Self::Threads(given) => given.collector,
            Self::Processes(given) => given.collector,
            Self::Interpreters(given) => given.collector,
            Self::FreeThreaded(given) => given.collector,
            Self::Gilectomy(given) => given.collector,
            Self::ObjectLocks(given) => given.collector,
        }
    }

    pub(super) const fn counts(&self) -> Counts {
        let protection = match self {
            Self::Interpreters(given) if !given.global_lock => Protection::Biased,
            Self::Sequential(_) | Self::Processes(_) | Self::Interpreters(_) => Protection::None,
            Self::Threads(given) => given.counts,
            Self::FreeThreaded(given) => given.counts,
            Self::Gilectomy(given) => given.counts,
            Self::ObjectLocks(given) => given.counts,
        };
        Counts {
            protection,
            // Timed on two cores of a Zen 4: 0.5 ns, 2 ns, and 105 ns for a line that the other core had.
            plain: Span::from_ns(1),
            atomic: Span::from_ns(2),
            transfer: Span::from_ns(105),
        }
    }

    /// What a message costs, each and by size; `None` if nothing is passed.
    pub(super) const fn message(&self) -> Option<(Span, Span)> {
        match self {
            Self::Processes(given) => Some((given.message_each, given.message_per_mib)),
            Self::Interpreters(given) => Some((given.message_each, given.message_per_mib)),
            _ => None,
        }
    }

    /// What a worker does before each pass.
    pub(super) fn pass_boot(&self) -> Span {
        match self {
            Self::Processes(given) if given.start_each == StartEach::Pass => {
                let (launch, boot) = given.start_costs();
                launch + boot
            }
            _ => Span::ZERO,
        }
    }
}

#[cfg(test)]
mod tests;
