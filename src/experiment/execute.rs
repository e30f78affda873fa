//! One run, from the plan to its rows and files; and the tables of all runs.

use std::path::{Path, PathBuf};

use gilsim_policies::{Instant, Policy, Span};
use serde::{Deserialize, Serialize};

use super::error::Error;
use super::manifest;
use super::plan::{Plan, PlannedRun, Point};
use super::spec::Window;
use super::warm_up::Cut;
use crate::metrics::{fingerprint, run_row, thread_rows};
use crate::sim;
use crate::trace::fingerprint::{Fingerprint, Fingerprinter};
use crate::trace::parquet::{
    EventSink, IntervalSink, Metadata, OpSink, RunFiles, TableSink, WriteError, run_path,
    table_path, write_rows,
};
use crate::trace::tables::{Coverage, RunRow, Table, ThreadRow};
use crate::trace::{EventRow, IntervalRow, Level, NullSink, OpRow, Sink, Summary, Tee};

/// What is kept of a run until the tables are written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The run.
    pub run: RunRow,
    /// Its threads.
    pub threads: Vec<ThreadRow>,
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        Self::Table(error)
    }
}

/// Does a run, and writes its own tables below `dir`.
///
/// # Errors
/// A table can't be written. None of the run's tables stands under its final name then.
pub fn execute(plan: &Plan, run: &PlannedRun, dir: &Path) -> Result<Record, Error> {
    execute_with(plan, run, dir, None)
}

/// What makes a policy that no registry knows, for a fresh lock.
pub type Own<'a> = &'a (dyn Fn() -> Box<dyn Policy> + Sync);

/// [`execute`], with a policy that is not in the registry if there is one; the one that was planned is then not looked at.
///
/// # Errors
/// As [`execute`].
pub fn execute_with(
    plan: &Plan,
    run: &PlannedRun,
    dir: &Path,
    own: Option<Own<'_>>,
) -> Result<Record, Error> {
    match run.point.experiment.level {
        Level::Runs => traced::<NullSink>(plan, run, dir, own),
        Level::Ops => traced::<OpSink>(plan, run, dir, own),
        Level::Intervals => traced::<Tee<OpSink, IntervalSink>>(plan, run, dir, own),
        Level::Events => traced::<Tee<OpSink, Tee<IntervalSink, EventSink>>>(plan, run, dir, own),
    }
}

fn traced<T: TableSink>(
    plan: &Plan,
    run: &PlannedRun,
    dir: &Path,
    own: Option<Own<'_>>,
) -> Result<Record, Error> {
    let point = &*run.point;
    let workload = &*run.workload;
    let groups: Vec<_> = workload.groups.iter().map(|group| group.name.clone()).collect();
    let thread_groups: Vec<_> = (0_u32..)
        .zip(&workload.groups)
        .flat_map(|(number, group)| std::iter::repeat_n(number, group.threads as usize))
        .collect();
    let mut metadata = provenance(plan);
    metadata.extend(
        [
            ("case", point.case.clone().unwrap_or_default()),
            ("point", point.label.clone()),
            ("policy", run.policy.clone()),
            ("replication", run.replication.to_string()),
        ]
        .map(|(key, value)| (format!("gilsim.{key}"), value)),
    );
    let tables = T::create(&RunFiles {
        results: dir,
        run: run.index,
        groups: &groups,
        thread_groups: &thread_groups,
        metadata: &metadata,
    })?;
    let window = point.experiment.trace_window;
    let window = window.unwrap_or(Window { from: Span::ZERO, to: point.experiment.duration });
    let Cut { span: warm_up, too_short } = run.warm_up.unwrap_or_default();
    let from = Instant::ZERO + warm_up;
    let summary = After { from, inner: Summary::new(&thread_groups, groups.len()) };
    let operations = Tee(summary, Fingerprinter::default());
    let mut sink = Tee(operations, Windowed::new(tables, window));
    let marks = if warm_up.is_zero() { &[][..] } else { &[from] };
    let outcomes = match own {
        None => sim::run_marked(&run.run_spec(), marks, &mut sink),
        Some(own) => sim::run_marked_with(&run.run_spec(), &|| Some(own()), marks, &mut sink),
    };
    let whole = &outcomes[outcomes.len() - 1];
    // The two are the same one if it ended during its warm-up.
    let outcome = if warm_up.is_zero() { whole.clone() } else { whole.since(&outcomes[0]) };
    let Tee(Tee(After { inner: summary, .. }, operations), tables) = sink;
    tables.inner.finish()?;
    let focus = groups.iter().position(|name| Some(name) == point.experiment.focus.as_ref());
    let focus = focus.and_then(|focus| u32::try_from(focus).ok()).unwrap_or(0);
    let row = RunRow {
        run: run.index,
        case: point.case.clone().unwrap_or_default(),
        point: point.label.clone(),
        policy: run.policy.clone(),
        policy_kind: own.map_or(run.policy_spec.name(), |_| "own").to_owned(),
        architecture: run.architecture_kind().to_owned(),
        focus: point.experiment.focus.clone().unwrap_or_default(),
        replication: run.replication,
        tie_order: run.ties,
        seed: point.experiment.seed,
        deadlock: sim::deadlock::describe(&outcome, workload),
        memory_bytes: run.memory(),
        coverage: match (too_short, warm_up.is_zero()) {
            (true, _) => Coverage::TooShort,
            (false, false) => Coverage::AfterWarmUp,
            (false, true) => Coverage::Whole,
        },
        warm_up_ns: warm_up.ns(),
        fingerprint: fingerprint(operations, whole),
        sweep: point.numbers.clone(),
        ..run_row(&outcome, &summary, focus)
    };
    Ok(Record { run: row, threads: thread_rows(run.index, &outcome, &groups) })
}

/// Does a run for its fingerprint alone, and writes nothing.
#[must_use]
pub fn fingerprint_of(run: &PlannedRun) -> Fingerprint {
    let mut operations = Fingerprinter::default();
    let outcome = sim::run(&run.run_spec(), &mut operations);
    fingerprint(operations, &outcome)
}

/// Writes the tables of all runs; returns every table of the experiment.
///
/// # Errors
/// A table can't be written.
pub fn write_tables<'r>(
    plan: &Plan,
    runs: &[PlannedRun],
    records: impl Iterator<Item = &'r Record>,
    dir: &Path,
) -> Result<Vec<PathBuf>, Error> {
    let (rows, threads): (Vec<_>, Vec<_>) =
        records.map(|record| (record.run.clone(), record.threads.clone())).unzip();
    let metadata = provenance(plan);
    let mut files = vec![table_path(dir, RunRow::NAME), table_path(dir, ThreadRow::NAME)];
    write_rows(&files[0], &rows, &metadata)?;
    write_rows(&files[1], &threads.concat(), &metadata)?;
    for run in runs {
        let level = run.point.experiment.level;
        let tables =
            [(Level::Ops, "ops"), (Level::Intervals, "intervals"), (Level::Events, "events")];
        let written = tables.into_iter().filter(|(least, _)| level >= *least);
        files.extend(written.map(|(_, table)| run_path(dir, table, run.index)));
    }
    Ok(files)
}

/// What every table says of itself.
fn provenance(plan: &Plan) -> Metadata {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let mut pairs = vec![
        ("experiment", plan.name.clone()),
        ("version", version),
        ("seed", plan.seed().to_string()),
        ("config_sha256", plan.hash.clone()),
        ("config", plan.resolved.clone()),
    ];
    pairs.extend(manifest::commit().map(|commit| ("commit", commit.to_owned())));
    let mut pairs: Metadata =
        pairs.into_iter().map(|(key, value)| (format!("gilsim.{key}"), value)).collect();
    // What figures show. Cases may differ, and then it is not said of the whole.
    let same = |value: fn(&Point) -> Option<&str>| {
        let first = value(plan.points.first()?)?;
        plan.points.iter().all(|point| value(point) == Some(first)).then(|| first.to_owned())
    };
    let focus = same(|point| point.experiment.focus.as_deref());
    let metric = same(|point| Some(&point.experiment.metric));
    pairs.extend(focus.map(|focus| ("focus".to_owned(), focus)));
    pairs.extend(metric.map(|metric| ("metric".to_owned(), metric)));
    pairs
}

/// Passes on the operations that end after the warm-up.
#[derive(Debug)]
struct After<S> {
    from: Instant,
    inner: S,
}

impl<S: Sink> Sink for After<S> {
    const OPS: bool = S::OPS;

    fn op(&mut self, row: &OpRow) {
        // What ends at the very instant belongs to the part before, unless there is none.
        if row.end > self.from || self.from == Instant::ZERO {
            self.inner.op(row);
        }
    }
}

/// Passes on the events of a part of the run, intervals as far as they lie in it, and all operations.
#[derive(Debug)]
struct Windowed<S> {
    inner: S,
    from: Instant,
    to: Instant,
}

impl<S> Windowed<S> {
    fn new(inner: S, window: Window) -> Self {
        Self { inner, from: Instant::ZERO + window.from, to: Instant::ZERO + window.to }
    }
}

impl<S: Sink> Sink for Windowed<S> {
    const OPS: bool = S::OPS;
    const INTERVALS: bool = S::INTERVALS;
    const EVENTS: bool = S::EVENTS;

    fn op(&mut self, row: &OpRow) {
        self.inner.op(row);
    }
    fn interval(&mut self, row: &IntervalRow) {
        let (start, end) = (row.start.max(self.from), row.end.min(self.to));
        if start < end {
            self.inner.interval(&IntervalRow { start, end, ..*row });
        }
    }
    fn event(&mut self, row: &EventRow) {
        if (self.from..=self.to).contains(&row.at) {
            self.inner.event(row);
        }
    }
}

#[cfg(test)]
mod tests {
    use gilsim_policies::ThreadId;

    use super::super::Sources;
    use super::super::tests::FILE;
    use super::*;
    use crate::trace::{EventKind, MemorySink, State};

    fn fingerprint(settings: &[&str], run: usize) -> String {
        let settings = ["duration=100ms"].iter().chain(settings);
        let settings: Vec<_> = settings.map(|&text| text.to_owned()).collect();
        let sources = Sources::new(Path::new("x.toml"), FILE.to_owned(), &settings);
        let plan = Plan::from_sources(&sources).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let written = execute(&plan, &plan.runs[run], dir.path()).unwrap().run.fingerprint;
        assert_eq!(written, fingerprint_of(&plan.runs[run]));
        written.to_string()
    }

    #[test]
    fn a_fingerprint_depends_on_what_happened_and_not_on_what_is_written() {
        // Only a change of the model may change this.
        let known = "b532281bcd0edb5e";
        assert_eq!(fingerprint(&[], 0), known);
        assert_eq!(fingerprint(&["level=\"events\""], 0), known);
        assert_ne!(fingerprint(&["seed=2"], 0), known);
        assert_ne!(fingerprint(&[], 1), known);
        assert_ne!(fingerprint(&["groups.io.program.0.compute=1001us"], 0), known);
    }

    #[test]
    fn only_the_window_is_traced() {
        let window = Window { from: Span::from_ns(10), to: Span::from_ns(20) };
        let mut sink = Windowed::new(MemorySink::default(), window);
        let thread = ThreadId(0);
        for at in [9, 10, 20, 21] {
            let at = Instant::from_ns(at);
            let kind = EventKind::Start;
            sink.event(&EventRow { at, thread, kind, core: None, other: None, object: None });
        }
        for (start, end) in [(0, 9), (0, 30), (21, 30)] {
            let (start, end) = (Instant::from_ns(start), Instant::from_ns(end));
            let row =
                IntervalRow { thread, state: State::Running, holds: false, core: None, start, end };
            sink.interval(&row);
        }
        assert_eq!((sink.inner.events.len(), sink.inner.intervals.len()), (2, 1));
    }
}
