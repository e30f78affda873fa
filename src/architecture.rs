//! Every way to run a workload: threads under a global lock, and the ways out of it.
//!
//! An architecture turns a workload into one that runs: it adds what starting a worker and passing a message cost, and
//! says what the engine has to know ([`Runtime`]). The draws stay the same, so that architectures are compared pair by
//! pair.

mod defaults;
mod memory;
mod runtime;
mod spec;

use gilsim_policies::Span;

pub use runtime::{Collector, Counts, Interpreters, ObjectRules, Protection, Runtime};
pub use spec::{
    ArchitectureSpec, CollectorSpec, FreeThreaded, Gilectomy, ObjectLocks, Processes, Sequential,
    StartEach, StartMethod, SubInterpreters, Threads,
};

use crate::workload::object::message_cost;
use crate::workload::{Group, Workload};

impl ArchitectureSpec {
    /// What the engine has to know, for this workload.
    #[must_use]
    pub fn runtime(&self, workload: &Workload) -> Runtime {
        let threads = workload.threads() as u32;
        // An interpreter of no thread can't be: a group may be empty, but not all of them.
        let several = |workers: Option<u32>| {
            Interpreters::Several(workers.unwrap_or(threads).clamp(1, threads.max(1)))
        };
        // One extension that needs the lock brings it back for all.
        let needed = workload.groups.iter().any(|group| group.needs_lock && group.threads > 0);
        let CollectorSpec { threshold, pause } = self.collector();
        let with_lock = Runtime {
            stretch_permille: permille(self.slowdown()),
            counts: (workload.objects() > 0).then(|| self.counts()),
            collector: Some(Collector { threshold, pause, check_spacing: None }),
            ..Runtime::THREADS
        };
        let without = |check_spacing| Runtime {
            global_lock: needed,
            collector: Some(Collector {
                threshold,
                pause,
                check_spacing: (!needed).then_some(check_spacing),
            }),
            ..with_lock
        };
        match self {
            Self::Sequential(_) => Runtime { one_by_one: true, ..with_lock },
            Self::Threads(given) => Runtime { launch: given.start, ..with_lock },
            Self::Processes(given) => {
                let (launch, boot) = match given.start_each {
                    StartEach::Worker => given.start_costs(),
                    // Part of each pass.
                    StartEach::Pass => (Span::ZERO, Span::ZERO),
                };
                Runtime { interpreters: several(given.workers), launch, boot, ..with_lock }
            }
            Self::Interpreters(given) => {
                let free_threaded = FreeThreaded::default();
                let build = if given.global_lock {
                    with_lock
                } else {
                    Runtime { objects: free_threaded.objects(), ..without(given.check_spacing) }
                };
                let interpreters = several(given.workers);
                Runtime { interpreters, launch: given.launch, boot: given.boot, ..build }
            }
            Self::FreeThreaded(given) => Runtime {
                launch: given.start,
                objects: given.objects(),
                ..without(given.check_spacing)
            },
            Self::Gilectomy(given) => Runtime {
                launch: given.start,
                objects: ObjectRules::plain(given.lock),
                ..without(given.check_spacing)
            },
            Self::ObjectLocks(given) => Runtime {
                launch: given.start,
                objects: ObjectRules::plain(given.lock),
                ..without(given.check_spacing)
            },
        }
    }

    /// The workload with what this architecture adds to each pass. Every draw stays the same.
    #[must_use]
    pub fn apply(&self, workload: &Workload) -> Workload {
        let Some((each, per_mib)) = self.message() else { return workload.clone() };
        let boot = self.pass_boot();
        let cost = |bytes| message_cost(each, per_mib, bytes);
        let prepare = |group: &Group| Group {
            program: group
                .program
                .prepared(boot + cost(group.message.to), cost(group.message.back)),
            ..group.clone()
        };
        Workload { groups: workload.groups.iter().map(prepare).collect(), ..workload.clone() }
    }
}

/// A factor in thousandths.
fn permille(factor: f64) -> u32 {
    (factor * 1000.0).round() as u32
}
