//! Every way to run a workload: threads under a global lock, and the ways out of it.
//!
//! An architecture turns a workload into one that runs: it adds what starting a worker and passing a message cost, and
//! says what the engine has to know ([`Runtime`]). The draws stay the same, so that architectures are compared pair by
//! pair.

mod defaults;
mod runtime;
mod spec;

use gilsim_policies::Span;

pub use runtime::{Collector, Counts, Interpreters, ObjectRules, Protection, Runtime};
pub use spec::{
    ArchitectureSpec, CollectorSpec, FreeThreaded, Gilectomy, MessageSpec, ObjectLocks, Processes,
    Sequential, StartEach, StartMethod, SubInterpreters, Threads,
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
        let without = if needed { Interpreters::One } else { Interpreters::None };
        let counts = (workload.objects() > 0).then(|| self.counts());
        let CollectorSpec { threshold, pause, check_spacing } = self.collector();
        let collector = Collector { threshold, pause, check_spacing: None };
        let shared = Runtime { counts, collector: Some(collector), ..Runtime::THREADS };
        let stops = matches!(without, Interpreters::None).then_some(check_spacing);
        let collector = Some(Collector { check_spacing: stops, ..collector });
        match self {
            Self::Sequential(_) => Runtime { one_by_one: true, ..shared },
            Self::Threads(given) => Runtime { launch: given.start, ..shared },
            Self::Processes(given) => {
                let (launch, boot) = match given.start_each {
                    StartEach::Worker => given.start_costs(),
                    // Part of each pass.
                    StartEach::Pass => (Span::ZERO, Span::ZERO),
                };
                Runtime { interpreters: several(given.workers), launch, boot, ..shared }
            }
            Self::Interpreters(given) => Runtime {
                interpreters: several(given.workers),
                launch: given.launch,
                boot: given.boot,
                ..shared
            },
            Self::FreeThreaded(given) => Runtime {
                interpreters: without,
                launch: given.start,
                stretch_permille: permille(given.slowdown),
                objects: ObjectRules {
                    implicit: Some(given.lock),
                    read: given.lock_reads,
                    sections: true,
                    explicit: given.lock,
                },
                collector,
                ..shared
            },
            Self::Gilectomy(given) => Runtime {
                interpreters: without,
                launch: given.start,
                stretch_permille: permille(given.slowdown),
                objects: ObjectRules {
                    implicit: Some(given.lock),
                    read: true,
                    sections: false,
                    explicit: given.lock,
                },
                collector,
                ..shared
            },
            Self::ObjectLocks(given) => Runtime {
                interpreters: without,
                launch: given.start,
                objects: ObjectRules {
                    implicit: Some(given.lock),
                    read: true,
                    sections: false,
                    explicit: given.lock,
                },
                collector,
                ..shared
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

    /// How much memory a workload takes \[bytes\]: interpreters, threads, and as many copies of each object as there
    /// are processes or interpreters.
    #[must_use]
    pub fn memory(&self, workload: &Workload) -> u64 {
        let threads = workload.threads() as u64;
        let copies = match self.runtime(workload).interpreters {
            Interpreters::Several(count) => u64::from(count),
            Interpreters::One | Interpreters::None => 1,
        };
        let memory = self.memory_spec();
        let object = |bytes: u64| bytes + memory.object;
        let data: u64 = workload
            .populations
            .iter()
            .map(|population| u64::from(population.count) * object(population.bytes))
            .sum();
        // Who hands out the work has an interpreter, too.
        let workers = match self {
            Self::Processes(_) | Self::Interpreters(_) => copies,
            _ => 0,
        };
        let threads = if matches!(self, Self::Sequential(_)) { 1 } else { threads };
        memory.process
            + memory.server
            + memory.worker * workers
            + memory.thread * threads
            + data * copies
    }
}

/// A factor in thousandths.
fn permille(factor: f64) -> u32 {
    (factor * 1000.0).round() as u32
}
