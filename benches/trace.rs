//! Writing everything that happens to disk, on one core. The goal is 3 million rows a second.

use criterion::{Criterion, Throughput};
use gilsim::policies::{Instant, ThreadId};
use gilsim::trace::parquet::{EventSink, RunFiles, TableSink, run_path};
use gilsim::trace::{EventKind, EventRow, Sink};

const ROWS: u64 = 5_000_000;

/// Threads that pass the lock on, with gaps between the events that have no pattern.
fn feed(sink: &mut EventSink) {
    let (mut at, mut state) = (0, 1_u64);
    for i in 0..ROWS {
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

/// `events` to Parquet.
pub fn events(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let files = RunFiles {
        results: directory.path(),
        run: 0,
        groups: &["all".to_owned()],
        thread_groups: &[0; 8],
        metadata: &Vec::new(),
    };
    let mut group = criterion.benchmark_group("trace");
    group.sample_size(10).throughput(Throughput::Elements(ROWS));
    group.bench_function("events", |bencher| {
        bencher.iter(|| {
            let mut sink = EventSink::create(&files).expect("a new file");
            feed(&mut sink);
            sink.finish().expect("room on the disk");
        });
    });
    group.finish();
    if let Ok(file) = std::fs::metadata(run_path(files.results, "events", files.run)) {
        println!("trace/events: {:.2} bytes/row", file.len() as f64 / ROWS as f64);
    }
}
