//! Writing to disk: everything that happens, at 5 million rows a second at least; and operations, at most 30 % dearer than
//! nothing.

use criterion::{Criterion, Throughput};
use gilsim::policies::Span;
use gilsim::trace::NullSink;
use gilsim::trace::parquet::{EventSink, OpSink, TableSink, run_path};

use super::subject::{feed, files, mixed, repairman};

const ROWS: u64 = 5_000_000;

/// `events` to Parquet.
pub fn events(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let groups = ["all".to_owned()];
    let files = files(directory.path(), &groups);
    let mut group = criterion.benchmark_group("trace");
    group.sample_size(10).throughput(Throughput::Elements(ROWS));
    group.bench_function("events", |bencher| {
        bencher.iter(|| {
            let mut sink = EventSink::create(&files).expect("a new file");
            feed(&mut sink, ROWS);
            sink.finish().expect("room on the disk");
        });
    });
    group.finish();
    if let Ok(file) = std::fs::metadata(run_path(files.results, "events", files.run)) {
        println!("trace/events: {:.2} bytes/row", file.len() as f64 / ROWS as f64);
    }
}

/// The same run without a trace and with `ops`: lock cycles that are an operation each, and CPython on Linux.
pub fn operations(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let groups = ["all".to_owned()];
    let scenarios = [
        ("repairman", repairman(10, 10), Span::from_s(10_000)),
        ("timed_wait", mixed("linux = { cores = 2 }", "timed_wait = {}"), Span::from_s(1_000)),
    ];
    for (name, scenario, for_) in scenarios {
        let mut group = criterion.benchmark_group(format!("trace/{name}"));
        group.sample_size(10);
        group.bench_function("none", |bencher| {
            bencher.iter(|| scenario.run(for_, &mut NullSink));
        });
        group.bench_function("ops", |bencher| {
            bencher.iter(|| {
                let files = files(directory.path(), &groups);
                let mut sink = OpSink::create(&files).expect("a new file");
                scenario.run(for_, &mut sink);
                sink.finish().expect("room on the disk");
            });
        });
        group.finish();
    }
}
