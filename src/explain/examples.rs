//! Outcomes made by hand, for tests.

use std::path::Path;

use gilsim_policies::{Instant, PolicySpec, Span, ThreadId};
use indexmap::IndexMap;

use super::{Case, Evidence, Operations, Run, Tried};
use crate::machine::MachineSpec;
use crate::sim::{CountTotals, Ending, Outcome, Stuck, ThreadTotals};
use crate::trace::StateTimes;
use crate::workload::Workload;

pub struct Example {
    pub workload: Workload,
    pub machine: MachineSpec,
    pub policy: PolicySpec,
    pub baseline: Vec<Run>,
    pub one_core: Vec<Run>,
    pub tried: Vec<Tried>,
}

impl Example {
    /// Groups as in an experiment file, on 2 cores, under `timed_wait`; and the threads of the only run.
    pub fn new(groups: &str, threads: Vec<ThreadTotals>) -> Self {
        let groups = toml::from_str(groups).unwrap();
        Self {
            workload: Workload::compile(&groups, &IndexMap::new(), Path::new(".")).unwrap(),
            machine: toml::from_str("linux = { cores = 2 }").unwrap(),
            policy: toml::from_str("timed_wait = {}").unwrap(),
            baseline: vec![Self::run(threads)],
            one_core: Vec::new(),
            tried: Vec::new(),
        }
    }

    /// A run that lasts as long as the longest thread, and is cut off. The first two groups do 100 operations.
    pub fn run(threads: Vec<ThreadTotals>) -> Run {
        let outcome = Outcome {
            ending: Ending::TimeUp,
            elapsed: threads.iter().map(|thread| thread.times.total()).max().unwrap_or_default(),
            held: threads.iter().map(|thread| thread.held).sum(),
            threads,
            switches: 100,
            counts: CountTotals::default(),
            collections: 0,
            collecting: Span::ZERO,
            events: 0,
        };
        let operations = Operations { count: 100, mean_ns: Some(1e6), p99_ns: Some(2_000_000) };
        Run { outcome, operations: vec![operations; 2] }
    }

    pub fn case(&self) -> Case<'_> {
        Case {
            workload: &self.workload,
            machine: &self.machine,
            policy: &self.policy,
            focus: 0,
            duration: Span::from_s(1),
            seed: 1,
        }
    }

    pub fn evidence(&self) -> Evidence<'_> {
        let Self { baseline, one_core, tried, .. } = self;
        Evidence { case: self.case(), baseline, one_core, tried }
    }
}

/// Running, overhead, lock, core, blocked \[ms\].
pub fn thread(group: u32, times_ms: [u64; 5]) -> ThreadTotals {
    let times = StateTimes(times_ms.map(Span::from_ms));
    ThreadTotals {
        group,
        end: Instant::ZERO + times.total(),
        times,
        ops: 100,
        ..ThreadTotals::default()
    }
}

/// Two threads, each waiting for the other.
pub fn deadlock() -> Ending {
    let stuck = |thread, holder, object| Stuck {
        thread: ThreadId(thread),
        holder: Some(ThreadId(holder)),
        object: Some(object),
        awaits_switch: false,
    };
    Ending::Deadlock(vec![stuck(0, 1, 7), stuck(1, 0, 6)])
}
