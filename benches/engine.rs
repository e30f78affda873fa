//! The engine without a trace: lock cycles on the ideal machine, each policy and each machine, an hour of CPython on Linux.

use criterion::{Criterion, Throughput};
use gilsim::policies::{PolicySpec, Span};
use gilsim::trace::NullSink;

use super::subject::{Scenario, battle, cooperative, mixed, repairman, written};

fn events(criterion: &mut Criterion, group: &str, name: &str, scenario: &Scenario, for_: Span) {
    let once = || scenario.run(for_, &mut NullSink);
    let mut group = criterion.benchmark_group(group);
    group.sample_size(10).throughput(Throughput::Elements(once().events));
    group.bench_function(name, |bencher| bencher.iter(once));
    group.finish();
}

/// One element is a lock cycle; with as many threads as keep the lock nine tenths busy.
pub fn cycles(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("repairman");
    for (threads, think_ms) in [(4, 10), (10, 10), (64, 50), (1_024, 1_000), (10_000, 10_000)] {
        let scenario = repairman(threads, think_ms);
        let once = || scenario.run(Span::from_s(200), &mut NullSink);
        let cycles: u64 = once().threads.iter().map(|thread| thread.ops).sum();
        group.throughput(Throughput::Elements(cycles));
        group.sample_size(20);
        group.bench_function(format!("{threads} threads"), |bencher| bencher.iter(once));
    }
    group.finish();
}

/// One element is an event.
pub fn policies(criterion: &mut Criterion) {
    for policy in PolicySpec::all() {
        let scenario = cooperative("linux = { cores = 2 }", &written(&policy));
        events(criterion, "policy", policy.name(), &scenario, Span::from_s(20));
    }
}

/// One element is an event.
pub fn machines(criterion: &mut Criterion) {
    let machines = [
        ("unbounded", "ideal = {}"),
        ("ideal, 2 cores", "ideal = { cores = 2 }"),
        ("linux, 2 cores", "linux = { cores = 2 }"),
        ("linux, 16 cores", "linux = { cores = 16 }"),
    ];
    for (name, machine) in machines {
        events(criterion, "machine", name, &mixed(machine, "timed_wait = {}"), Span::from_s(20));
    }
}

/// Simulated time: the goals are an hour of `timed_wait` a second, and 300 seconds of the fight for CPython 2.7's lock.
pub fn hours(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("simulated");
    group.sample_size(10);
    let hour = mixed("linux = { cores = 2 }", "timed_wait = {}");
    group.bench_function("an hour of timed_wait", |bencher| {
        bencher.iter(|| hour.run(Span::from_s(3_600), &mut NullSink));
    });
    let battle = battle();
    group.bench_function("300 s of tick on two cores", |bencher| {
        bencher.iter(|| battle.run(Span::from_s(300), &mut NullSink));
    });
    group.finish();
}
