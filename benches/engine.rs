//! The engine without a trace: lock cycles on the ideal machine, and an hour of CPython on Linux.

use std::path::Path;

use criterion::{Criterion, Throughput};
use gilsim::machine::MachineSpec;
use gilsim::policies::{PolicySpec, Span};
use gilsim::sim::{Outcome, RunSpec, run};
use gilsim::trace::NullSink;
use gilsim::workload::Workload;
use indexmap::IndexMap;

fn simulate(groups: &str, machine: &str, policy: &str, duration: Span) -> Outcome {
    let groups = toml::from_str(groups).expect("the groups are well written");
    let workload = Workload::compile(&groups, &IndexMap::new(), Path::new("."))
        .expect("the groups make sense");
    let machine: MachineSpec = toml::from_str(machine).expect("the machine is well written");
    let policy: PolicySpec = toml::from_str(policy).expect("the policy is well written");
    let spec = RunSpec::new(&workload, &machine, &policy, duration);
    run(&spec, &mut NullSink)
}

/// The machine repairman: exponential think and hold times, first come, first served. One element is
/// a lock cycle; the goal is 12 million a second with 10 threads.
pub fn repairman(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("repairman");
    for (threads, think_ms) in [(4, 10), (10, 10), (64, 50), (1024, 1000)] {
        let groups = format!(
            "[t]\nthreads = {threads}\narrivals = {{ think = {{ exponential = {{ mean = \"{think_ms}ms\" }} }} }}\nprogram = [{{ compute = {{ exponential = {{ mean = \"1ms\" }} }} }}]"
        );
        let once = || simulate(&groups, "ideal = {}", "fifo_handoff = {}", Span::from_s(200));
        let cycles: u64 = once().threads.iter().map(|thread| thread.ops).sum();
        group.throughput(Throughput::Elements(cycles));
        group.sample_size(20);
        group.bench_function(format!("{threads} threads"), |bencher| bencher.iter(once));
    }
    group.finish();
}

/// `timed_wait` on two Linux cores, 8 threads that compute and 8 that do I/O: one simulated hour. The
/// goal is under two seconds.
pub fn one_hour(criterion: &mut Criterion) {
    let groups = "[cpu]\nthreads = 8\nprogram = [{ compute = \"1ms\" }]\n\
                  [io]\nthreads = 8\nprogram = [{ block = \"1ms\" }]\n";
    let mut group = criterion.benchmark_group("timed_wait");
    group.sample_size(10);
    group.bench_function("one hour on linux", |bencher| {
        bencher.iter(|| simulate(groups, "linux = {}", "timed_wait = {}", Span::from_s(3600)));
    });
    group.finish();
}
