//! What is measured: queues, runs, and rows to write.

use std::path::Path;

use gilsim::machine::MachineSpec;
use gilsim::policies::{Instant, PolicySpec, Span, ThreadId};
use gilsim::sim::queue::Queue;
use gilsim::sim::{Outcome, RunSpec, run};
use gilsim::trace::parquet::{EventSink, Metadata, RunFiles};
use gilsim::trace::{EventKind, EventRow, Sink};
use gilsim::workload::Workload;
use indexmap::IndexMap;

/// Threads under a policy on a machine.
#[derive(Debug)]
pub struct Scenario {
    workload: Workload,
    machine: MachineSpec,
    policy: PolicySpec,
}

impl Scenario {
    /// From the parts of an experiment file.
    pub fn new(groups: &str, machine: &str, policy: &str) -> Self {
        let groups = toml::from_str(groups).expect("the groups are well written");
        Self {
            workload: Workload::compile(&groups, &IndexMap::new(), Path::new("."))
                .expect("the groups make sense"),
            machine: toml::from_str(machine).expect("the machine is well written"),
            policy: toml::from_str(policy).expect("the policy is well written"),
        }
    }

    pub fn run(&self, duration: Span, sink: &mut impl Sink) -> Outcome {
        run(&RunSpec::new(&self.workload, &self.machine, &self.policy, duration), sink)
    }
}

/// The machine repairman: exponential think and hold times (1 ms), first come, first served. One operation is a lock cycle.
pub fn repairman(threads: u32, think_ms: u32) -> Scenario {
    let groups = format!(
        "[t]\nthreads = {threads}\narrivals = {{ think = {{ exponential = {{ mean = \"{think_ms}ms\" }} }} }}\nprogram = [{{ compute = {{ exponential = {{ mean = \"1ms\" }} }} }}]"
    );
    Scenario::new(&groups, "ideal = {}", "fifo_handoff = {}")
}

/// Eight threads that compute beside eight that do I/O.
pub fn mixed(machine: &str, policy: &str) -> Scenario {
    beside_io("{ compute = \"1ms\" }", machine, policy)
}

/// The same, but those that compute let the lock go each millisecond, as some policies leave it to them.
pub fn cooperative(machine: &str, policy: &str) -> Scenario {
    beside_io("{ compute = \"1ms\" }, \"yield\"", machine, policy)
}

fn beside_io(steps: &str, machine: &str, policy: &str) -> Scenario {
    let groups = format!(
        "[cpu]\nthreads = 8\nprogram = [{steps}]\n[io]\nthreads = 8\nprogram = [{{ block = \"1ms\" }}]\n"
    );
    Scenario::new(&groups, machine, policy)
}

/// Two threads that compute, and fight for the lock on two cores at each check of CPython 2.7.
pub fn battle() -> Scenario {
    let groups = "[cpu]\nthreads = 2\nprogram = [{ compute = \"1ms\" }]\n";
    Scenario::new(groups, "linux = { cores = 2 }", "tick = {}")
}

/// A policy with its defaults, as experiment files write it.
pub fn written(policy: &PolicySpec) -> String {
    format!("{} = {{}}", policy.name())
}

/// A queue with an event in each slot.
pub fn full(slots: usize) -> Queue {
    let mut queue = Queue::new(slots);
    (0..slots).for_each(|slot| queue.set(slot, Instant::from_ns(97 * slot as u64 % 10_007)));
    queue
}

/// Moves the first event on by a time that has no pattern.
#[inline]
pub fn step(queue: &mut Queue, state: &mut u64) {
    let (at, slot) = queue.first().expect("no slot is ever empty");
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    queue.take(slot);
    queue.set(slot, at + Span::from_ns(*state >> 44));
    queue.settle();
}

/// Threads that pass the lock on, with gaps between the events that have no pattern.
pub fn feed(sink: &mut EventSink, rows: u64) {
    let (mut at, mut state) = (0, 1_u64);
    for i in 0..rows {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        at += (state >> 33) % 50_000;
        let thread = (i / 6) % 8;
        sink.event(&EventRow {
            at: Instant::from_ns(at),
            thread: ThreadId(thread as u32),
            kind: EventKind::ALL[(i % 6) as usize + 4],
            core: (i % 3 != 0).then_some((thread % 4) as u16),
            other: (i % 6 == 4).then_some(ThreadId((thread as u32 + 1) % 8)),
            object: None,
        });
    }
}

/// Sixteen threads of one group.
pub fn files<'a>(results: &'a Path, groups: &'a [String]) -> RunFiles<'a> {
    const NO_METADATA: &Metadata = &Vec::new();
    RunFiles { results, run: 0, groups, thread_groups: &[0; 16], metadata: NO_METADATA }
}
