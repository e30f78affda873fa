//! Small workloads from text, and what several tests ask of a run.

use std::path::Path;

use gilsim::machine::{IdealParameters, MachineSpec};
use gilsim::policies::{PolicySpec, Span, ThreadId};
use gilsim::sim::{Outcome, RunSpec, run};
use gilsim::trace::{EventKind, MemorySink, NullSink, Sink};
use gilsim::workload::{GroupSpec, PopulationSpec, Workload};
use indexmap::IndexMap;
use serde::Deserialize;

/// Groups written as in an experiment file.
pub fn workload(groups: &str) -> Workload {
    let groups = toml::from_str(groups).expect("the groups are well written");
    Workload::compile(&groups, &IndexMap::new(), Path::new(".")).expect("the groups make sense")
}

/// Groups and objects written as in an experiment file.
pub fn workload_with_objects(text: &str) -> Workload {
    #[derive(Deserialize)]
    struct File {
        groups: IndexMap<String, GroupSpec>,
        objects: IndexMap<String, PopulationSpec>,
    }
    let file: File = toml::from_str(text).expect("the workload is well written");
    Workload::compile(&file.groups, &file.objects, Path::new("."))
        .expect("the workload makes sense")
}

pub fn policy(text: &str) -> PolicySpec {
    toml::from_str(text).expect("the policy is well written")
}

pub fn machine(text: &str) -> MachineSpec {
    toml::from_str(text).expect("the machine is well written")
}

/// As many cores as threads, and no costs.
pub const IDEAL: MachineSpec = MachineSpec::Ideal(IdealParameters { cores: None });

pub struct Setting<'a> {
    pub workload: &'a Workload,
    pub machine: &'a MachineSpec,
    pub policy: &'a PolicySpec,
    pub duration: Span,
}

impl Setting<'_> {
    pub fn spec(&self, replication: u32) -> RunSpec<'_> {
        let Setting { workload, machine, policy, duration } = *self;
        RunSpec { replication, ..RunSpec::new(workload, machine, policy, duration) }
    }

    pub fn run_into<S: Sink>(&self, replication: u32, sink: &mut S) -> Outcome {
        run(&self.spec(replication), sink)
    }

    pub fn run(&self) -> Outcome {
        self.run_into(0, &mut NullSink)
    }

    pub fn traced(&self) -> (Outcome, MemorySink) {
        let mut sink = MemorySink::default();
        let outcome = self.run_into(0, &mut sink);
        (outcome, sink)
    }
}

/// Threads that only compute.
pub fn spinners(threads: u32) -> String {
    format!("[cpu]\nthreads = {threads}\nprogram = [{{ compute = \"50us\" }}]\n")
}

/// How long the lock stayed with each holder before it went to another thread \[ms\], leaving out the
/// first two, in which the threads fall into step.
pub fn tenures(trace: &MemorySink) -> Vec<f64> {
    let mut tenures: Vec<f64> = Vec::new();
    let mut holder: Option<(ThreadId, u64)> = None;
    for row in &trace.events {
        if row.kind != EventKind::Acquire {
            continue;
        }
        match holder {
            Some((thread, _)) if thread == row.thread => {}
            Some((_, since)) => {
                tenures.push((row.at.ns() - since) as f64 / 1e6);
                holder = Some((row.thread, row.at.ns()));
            }
            None => holder = Some((row.thread, row.at.ns())),
        }
    }
    tenures.split_off(2.min(tenures.len()))
}
