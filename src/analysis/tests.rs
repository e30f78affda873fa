//! Tables come back as they were written, and what is not a table of ours is refused.

use std::path::Path;

use gilsim_policies::{Instant, Span, ThreadId};

use super::*;
use crate::trace::fingerprint::Fingerprint;
use crate::trace::parquet::{
    EventSink, IntervalSink, OpSink, RunFiles, SCHEMA_KEY, TABLE_KEY, TableSink, write_rows,
};
use crate::trace::tables::Ending;
use crate::trace::{EventKind, MemorySink, Sink, State, StateTimes, Tee};

fn run(run: u32) -> RunRow {
    RunRow {
        run,
        case: "convoy".to_owned(),
        point: format!("cores={run}"),
        policy: ["tick", "fifo"][run as usize % 2].to_owned(),
        policy_kind: "tick".to_owned(),
        seed: i64::MAX as u64,
        ending: Ending::ALL[run as usize % 3],
        fingerprint: Fingerprint(u64::MAX - u64::from(run)),
        latency_p99_ns: (run > 0).then_some(7_000_000_000),
        fairness: (run > 1).then_some(1.0 / 3.0),
        sweep: if run == 1 { Vec::new() } else { vec![("sweep_cores".to_owned(), 0.1)] },
        ..RunRow::default()
    }
}

/// Results with three runs, of which the last has all tables.
fn write(directory: &Path) -> (Vec<RunRow>, Vec<ThreadRow>, MemorySink) {
    let metadata = vec![("gilsim.seed".to_owned(), "7".to_owned())];
    let runs: Vec<_> = (0..3).map(run).collect();
    write_rows(&table_path(directory, "runs"), &runs, &metadata).unwrap();
    let threads = vec![
        ThreadRow { run: 2, group: "io".to_owned(), ops: 3, ..ThreadRow::default() },
        ThreadRow { run: 2, thread: 1, group: "cpu".to_owned(), ..ThreadRow::default() },
    ];
    write_rows(&table_path(directory, "threads"), &threads, &metadata).unwrap();

    let groups = ["io".to_owned(), "cpu".to_owned()];
    let files = RunFiles {
        results: directory,
        run: 2,
        groups: &groups,
        thread_groups: &[0, 1],
        metadata: &metadata,
    };
    let written = <Tee<OpSink, Tee<IntervalSink, EventSink>>>::create(&files).unwrap();
    let mut sinks = Tee(MemorySink::default(), written);
    for i in 0..100_u64 {
        let thread = ThreadId((i % 2) as u32);
        let (start, end) = (Instant::from_ns(i), Instant::from_ns(1_000 - i));
        let end = end.max(start);
        sinks.op(&OpRow {
            thread,
            start,
            end,
            queued: Span::from_ns(i % 5),
            times: StateTimes([i, 2, 3, 4, 5].map(Span::from_ns)),
        });
        let (core, other) = ((i % 3 != 0).then_some(i as u16), (i % 7 != 0).then_some(thread));
        let state = State::ALL[i as usize % State::ALL.len()];
        sinks.interval(&IntervalRow { thread, state, holds: i % 4 == 0, core, start, end });
        let kind = EventKind::ALL[i as usize % EventKind::ALL.len()];
        let object = (i % 5 == 0).then_some(i as u32);
        sinks.event(&EventRow { at: start, thread, kind, core, other, object });
    }
    sinks.1.finish().unwrap();
    (runs, threads, sinks.0)
}

#[test]
fn every_table_comes_back_as_it_was_written() {
    let directory = tempfile::tempdir().unwrap();
    let (runs, threads, rows) = write(directory.path());
    let results = Results::open(directory.path()).unwrap();
    assert_eq!(results.runs(), runs);
    assert_eq!(results.metadata("gilsim.seed"), Some("7"));
    assert_eq!(results.threads().unwrap(), threads);
    assert_eq!(results.ops(2).unwrap(), rows.ops);
    assert_eq!(results.intervals(2).unwrap(), rows.intervals);
    assert_eq!(results.events(2).unwrap(), rows.events);
}

#[test]
fn latencies_are_those_of_a_group_and_sorted() {
    let directory = tempfile::tempdir().unwrap();
    let (.., rows) = write(directory.path());
    let results = Results::open(directory.path()).unwrap();
    let mut expected: Vec<_> =
        rows.ops.iter().filter(|op| op.thread == ThreadId(1)).map(|op| op.latency().ns()).collect();
    expected.sort_unstable();
    assert_eq!(results.latencies_ns(2, "cpu").unwrap(), expected);
    assert!(results.latencies_ns(2, "nobody").unwrap().is_empty());
}

#[test]
fn tables_without_rows_can_be_read() {
    let directory = tempfile::tempdir().unwrap();
    write_rows::<RunRow>(&table_path(directory.path(), "runs"), &[], &Vec::new()).unwrap();
    assert!(Results::open(directory.path()).unwrap().runs().is_empty());
}

#[test]
fn what_is_missing_is_named_with_the_way_to_get_it() {
    let directory = tempfile::tempdir().unwrap();
    let error = Results::open(directory.path()).unwrap_err().to_string();
    assert!(
        error.contains("runs.parquet is missing; it is written when all runs are done"),
        "{error}"
    );
    write(directory.path());
    let error = Results::open(directory.path()).unwrap().events(1).unwrap_err().to_string();
    assert!(
        error.contains("events/000001.parquet") && error.contains("level \"events\""),
        "{error}"
    );
}

#[test]
fn files_that_are_not_ours_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = table_path(directory.path(), "runs");
    std::fs::write(&path, "case,policy\n").unwrap();
    // The table itself is no results directory.
    let error = Results::open(&path).unwrap_err().to_string();
    assert!(error.contains("runs.parquet is a file; results are the directory"), "{error}");
    assert!(matches!(Results::open(directory.path()), Err(ReadError::Decode { .. })));
    // A table, but another one.
    write_rows::<ThreadRow>(&path, &[], &Vec::new()).unwrap();
    assert!(matches!(Results::open(directory.path()), Err(ReadError::Foreign { .. })));
}

/// A table of runs that we would not write.
fn write_foreign(directory: &Path, version: &str) {
    use polars::io::parquet::write::KeyValueMetadata;
    use polars::prelude::*;

    let pairs = [(TABLE_KEY, "runs"), (SCHEMA_KEY, version)];
    let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let mut frame = DataFrame::new(1, vec![Column::new("run".into(), [-1_i64])]).unwrap();
    ParquetWriter::new(std::fs::File::create(table_path(directory, "runs")).unwrap())
        .with_key_value_metadata(Some(KeyValueMetadata::from_static(pairs.to_vec())))
        .finish(&mut frame)
        .unwrap();
}

#[test]
fn other_schema_versions_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    write_foreign(directory.path(), "999");
    let error = Results::open(directory.path()).unwrap_err().to_string();
    assert!(error.contains("schema version 999"), "{error}");
}

#[test]
fn a_column_with_other_contents_is_named() {
    let directory = tempfile::tempdir().unwrap();
    write_foreign(directory.path(), "1");
    let error = Results::open(directory.path()).unwrap_err().to_string();
    assert!(error.contains("\"run\""), "{error}");
}
