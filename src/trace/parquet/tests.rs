//! What the writers promise whoever only has the files.

use std::fs::File;
use std::path::Path;

use gilsim_policies::{Instant, Span, ThreadId};
use polars::prelude::*;

use super::apart::Output;
use super::batches::Batch;
use super::sink::BATCH_ROWS;
use super::writer::TableWriter;
use super::*;
use crate::trace::tables::{RunRow, ThreadRow};
use crate::trace::{
    EventKind, EventRow, IntervalRow, NullSink, OpRow, Sink, State, StateTimes, Tee,
};

type AllSinks = Tee<OpSink, Tee<IntervalSink, EventSink>>;

struct Run {
    groups: Vec<String>,
    metadata: Metadata,
}

impl Run {
    fn new() -> Self {
        Self {
            groups: vec!["io".to_owned(), "cpu".to_owned()],
            metadata: vec![("gilsim.seed".to_owned(), "7".to_owned())],
        }
    }
    fn files<'a>(&'a self, results: &'a Path) -> RunFiles<'a> {
        RunFiles {
            results,
            run: 12,
            groups: &self.groups,
            thread_groups: &[0, 1, 1],
            metadata: &self.metadata,
        }
    }
}

fn feed(sink: &mut impl Sink, rows: u64) {
    for i in 0..rows {
        let thread = ThreadId((i % 3) as u32);
        // Gaps without a pattern, which take room on the disk.
        let at = 10 * i + ((i * 0x9e37_79b9) >> 16) % 8;
        let (start, end) = (Instant::from_ns(at), Instant::from_ns(at + 9));
        let core = (i % 2 == 0).then_some(1);
        let times = StateTimes([1, 2, 3, 0, 3].map(Span::from_ns));
        let state = State::ALL[i as usize % State::ALL.len()];
        let kind = EventKind::ALL[i as usize % EventKind::ALL.len()];
        sink.op(&OpRow { thread, start, end, queued: Span::from_ns(4), times });
        sink.interval(&IntervalRow { thread, state, holds: i % 3 == 0, core, start, end });
        sink.event(&EventRow { at: start, thread, kind, core, other: None, object: None });
    }
}

/// Column names and types, in order.
fn schema(path: &Path) -> Vec<(String, String)> {
    let frame = ParquetReader::new(File::open(path).unwrap()).finish().unwrap();
    let names = frame.get_column_names().into_iter().map(ToString::to_string);
    let dtype = |dtype: &DataType| match dtype {
        DataType::Enum(..) => "enum".to_owned(),
        other => format!("{other:?}"),
    };
    names.zip(frame.dtypes().iter().map(dtype)).collect()
}

fn files_in(directory: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            names.extend(files_in(&entry.path()));
        } else {
            names.push(entry.file_name().into_string().unwrap());
        }
    }
    names
}

#[test]
fn columns_have_units_and_no_strings() {
    let (directory, run) = (tempfile::tempdir().unwrap(), Run::new());
    let mut sinks = AllSinks::create(&run.files(directory.path())).unwrap();
    feed(&mut sinks, 10);
    sinks.finish().unwrap();
    let columns = |table| {
        let columns = schema(&run_path(directory.path(), table, 12));
        columns.iter().map(|(name, dtype)| format!("{name} {dtype}")).collect::<Vec<_>>()
    };
    assert_eq!(
        columns("ops"),
        [
            "run UInt32",
            "thread UInt32",
            "group enum",
            "start_ns Int64",
            "latency_ns Int64",
            "queued_ns Int64",
            "running_ns Int64",
            "overhead_ns Int64",
            "lock_wait_ns Int64",
            "core_wait_ns Int64",
            "blocked_ns Int64",
        ]
    );
    assert_eq!(
        columns("intervals"),
        [
            "run UInt32",
            "thread UInt32",
            "group enum",
            "state enum",
            "holds Boolean",
            "core UInt16",
            "start_ns Int64",
            "end_ns Int64",
        ]
    );
    assert_eq!(
        columns("events"),
        [
            "run UInt32",
            "t_ns Int64",
            "thread UInt32",
            "kind enum",
            "core UInt16",
            "other UInt32",
            "object UInt32",
        ]
    );
}

#[test]
fn tables_of_whole_runs_have_few_strings_and_say_where_they_come_from() {
    let directory = tempfile::tempdir().unwrap();
    let metadata = Run::new().metadata;
    let (runs, threads) =
        (table_path(directory.path(), "runs"), table_path(directory.path(), "threads"));
    write_rows(&runs, &[RunRow::default(), RunRow::default()], &metadata).unwrap();
    write_rows::<ThreadRow>(&threads, &[], &metadata).unwrap();
    for (path, table) in [(&runs, "runs"), (&threads, "threads")] {
        // Only what differs from row to row.
        let few = |(name, dtype): &(String, String)| dtype != "String" || name == "fingerprint";
        assert!(schema(path).iter().all(few), "{table}");
        let mut reader = ParquetReader::new(File::open(path).unwrap());
        let pairs = reader.get_metadata().unwrap().key_value_metadata().clone().unwrap();
        let has = |key: &str, value: &str| {
            pairs.iter().any(|pair| pair.key == key && pair.value.as_deref() == Some(value))
        };
        assert!(has("gilsim.table", table) && has("gilsim.schema_version", "1"));
        assert!(has("gilsim.seed", "7"));
    }
}

#[test]
fn memory_is_bounded_because_batches_go_to_disk_on_the_way() {
    let (directory, run) = (tempfile::tempdir().unwrap(), Run::new());
    let mut sink = EventSink::create(&run.files(directory.path())).unwrap();
    let rows = 4 * BATCH_ROWS + 1;
    feed(&mut sink, rows as u64);
    let table = directory.path().join("events");
    let entry = std::fs::read_dir(&table).unwrap().next().unwrap().unwrap();
    // The fourth is passed on only once the third is written.
    assert!(entry.metadata().unwrap().len() > 10_000, "nothing was written so far");
    sink.finish().unwrap();
    let file = File::open(run_path(directory.path(), "events", 12)).unwrap();
    let mut reader = ParquetReader::new(file);
    let groups = reader.get_metadata().unwrap().row_groups.iter();
    let groups: Vec<_> = groups.map(|group| group.num_rows()).collect();
    assert_eq!(groups, [BATCH_ROWS, BATCH_ROWS, BATCH_ROWS, BATCH_ROWS, 1]);
}

#[test]
fn equal_rows_give_equal_bytes() {
    let run = Run::new();
    let bytes = || {
        let directory = tempfile::tempdir().unwrap();
        let mut sinks = AllSinks::create(&run.files(directory.path())).unwrap();
        feed(&mut sinks, 1_000);
        sinks.finish().unwrap();
        ["ops", "intervals", "events"]
            .map(|table| std::fs::read(run_path(directory.path(), table, 12)).unwrap())
    };
    assert!(bytes() == bytes());
}

#[test]
fn a_dropped_sink_leaves_nothing() {
    let (directory, run) = (tempfile::tempdir().unwrap(), Run::new());
    let mut sinks = AllSinks::create(&run.files(directory.path())).unwrap();
    feed(&mut sinks, 1_000);
    assert_eq!(files_in(directory.path()).len(), 3);
    drop(sinks);
    assert!(files_in(directory.path()).is_empty());
    let mut sink = OpSink::create(&run.files(directory.path())).unwrap();
    feed(&mut sink, BATCH_ROWS as u64 + 1);
    drop(sink);
    assert!(files_in(directory.path()).is_empty(), "what a thread wrote is left");
}

#[test]
fn the_lowest_level_writes_nothing() {
    let (directory, run) = (tempfile::tempdir().unwrap(), Run::new());
    NullSink::create(&run.files(directory.path())).unwrap().finish().unwrap();
    assert!(std::fs::read_dir(directory.path()).unwrap().next().is_none());
}

#[test]
fn a_missing_directory_is_named() {
    let (directory, run) = (tempfile::tempdir().unwrap(), Run::new());
    let nowhere = directory.path().join("nowhere");
    let error = OpSink::create(&run.files(&nowhere)).unwrap_err().to_string();
    assert!(
        error.contains("nowhere/ops") && error.contains("does the results directory"),
        "{error}"
    );
    let path = table_path(&nowhere, "runs");
    let error = write_rows(&path, &[RunRow::default()], &Vec::new()).unwrap_err().to_string();
    assert!(error.contains("nowhere/runs.parquet"), "{error}");
}

#[test]
fn numbers_beyond_their_column_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let row = RunRow { seed: u64::MAX, ..RunRow::default() };
    let path = table_path(directory.path(), "runs");
    let error = write_rows(&path, &[row], &Vec::new()).unwrap_err().to_string();
    assert!(error.contains("18446744073709551615") && error.contains("\"seed\""), "{error}");
}

/// `/dev/full` takes nothing, as a full disk does.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_of_the_disk_and_names_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.parquet");
    let frame = DataFrame::new(1, vec![Column::new("x".into(), [1_i64])]).unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let pending = PendingFile::create(&path).unwrap();
    let mut writer =
        TableWriter::begin(pending, full, "events", frame.schema(), &Vec::new()).unwrap();
    // The buffer takes a single row; what it holds must not get lost.
    let error = writer.write(&frame).and_then(|()| writer.finish()).unwrap_err();
    assert!(matches!(&error, WriteError::Io { source, .. }
        if source.kind() == io::ErrorKind::StorageFull));
    let text = error.to_string();
    assert!(text.contains("a.parquet") && text.contains("free some space"), "{text}");
    assert!(files_in(directory.path()).is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn what_fails_on_the_writers_thread_is_heard_of_at_the_end() {
    let (directory, run) = (tempfile::tempdir().unwrap(), Run::new());
    let mut batch = OpBatch::new(&run.files(directory.path())).unwrap();
    let spare = batch.clone();
    let schema = batch.take().unwrap().schema().clone();
    let path = directory.path().join("a.parquet");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let pending = PendingFile::create(&path).unwrap();
    let writer = TableWriter::begin(pending, full, "ops", &schema, &Vec::new()).unwrap();
    let mut output = Output::Ready(Box::new((writer, spare)));
    for _ in 0..3 {
        for ns in 0..10_000 {
            let (start, queued) = (Instant::from_ns(ns * ns), Span::from_ns(ns));
            let (end, times) = (start + queued, StateTimes::default());
            batch.push(&OpRow { thread: ThreadId(0), start, end, queued, times });
        }
        output = output.write(&mut batch);
    }
    let error = output.finish().and_then(TableWriter::finish).unwrap_err();
    assert!(matches!(&error, WriteError::Io { source, .. }
        if source.kind() == io::ErrorKind::StorageFull));
    assert!(files_in(directory.path()).is_empty());
}
