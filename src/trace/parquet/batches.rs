//! The columns of `ops`, `intervals` and `events`, while their rows wait to be written.

use gilsim_policies::{Instant, Span, ThreadId};
use polars::prelude::*;

use super::labels::Labels;
use super::sink::RunFiles;
use crate::trace::{EventKind, EventRow, IntervalRow, OpRow, State, StateTimes};

/// Rows of one table of one run, as columns.
pub trait Batch: Sized {
    /// The row that it is made from.
    type Row;
    /// The table's name.
    const TABLE: &'static str;

    /// No rows.
    ///
    /// # Errors
    ///
    /// Two groups have the same name.
    fn new(run: &RunFiles<'_>) -> PolarsResult<Self>;
    /// Appends a row.
    fn push(&mut self, row: &Self::Row);
    /// Takes the rows out.
    ///
    /// # Errors
    ///
    /// A number stands for no label, which the row types rule out.
    fn take(&mut self) -> PolarsResult<DataFrame>;
}

/// The column of what is the same in every row: the run.
fn run_column(run: u32, rows: usize) -> Column {
    Column::new_scalar("run".into(), run.into(), rows)
}

/// Takes a column's values, and keeps the room for others.
fn take<T>(name: &str, values: &mut Vec<T>) -> Series
where
    Series: for<'a> NamedFrom<&'a [T], [T]>,
{
    let series = Series::new(name.into(), values.as_slice());
    values.clear();
    series
}

/// Threads and their groups.
#[derive(Debug)]
struct Threads {
    labels: Labels,
    groups: Vec<u32>,
    thread: Vec<u32>,
    group: Vec<u32>,
}

impl Threads {
    fn new(run: &RunFiles<'_>) -> PolarsResult<Self> {
        Ok(Self {
            labels: Labels::new(run.groups.iter().map(String::as_str))?,
            groups: run.thread_groups.to_vec(),
            thread: Vec::new(),
            group: Vec::new(),
        })
    }
    fn push(&mut self, thread: ThreadId) {
        self.thread.push(thread.0);
        self.group.push(self.groups[thread.index()]);
    }
    fn take(&mut self) -> PolarsResult<[Column; 2]> {
        let group = take("group", &mut self.group);
        Ok([take("thread", &mut self.thread).into(), self.labels.column("group", group)?])
    }
}

/// A column of points or lengths of time. A run lasts days at most, so they fit.
#[derive(Debug, Default)]
struct Times(Vec<i64>);

impl Times {
    fn point(&mut self, at: Instant) {
        self.0.push(at.ns() as i64);
    }
    fn length(&mut self, span: Span) {
        self.0.push(span.ns() as i64);
    }
    fn take(&mut self, name: &str) -> Column {
        take(name, &mut self.0).into()
    }
}

/// Completed operations.
#[derive(Debug)]
pub struct OpBatch {
    run: u32,
    threads: Threads,
    start: Times,
    latency: Times,
    queued: Times,
    times: [Times; State::ALL.len()],
}

impl Batch for OpBatch {
    type Row = OpRow;
    const TABLE: &'static str = "ops";

    fn new(run: &RunFiles<'_>) -> PolarsResult<Self> {
        Ok(Self {
            run: run.run,
            threads: Threads::new(run)?,
            start: Times::default(),
            latency: Times::default(),
            queued: Times::default(),
            times: Default::default(),
        })
    }
    fn push(&mut self, row: &OpRow) {
        self.threads.push(row.thread);
        self.start.point(row.start);
        self.latency.length(row.latency());
        self.queued.length(row.queued);
        let StateTimes(times) = row.times;
        self.times.iter_mut().zip(times).for_each(|(column, time)| column.length(time));
    }
    fn take(&mut self) -> PolarsResult<DataFrame> {
        let rows = self.start.0.len();
        let mut columns = vec![run_column(self.run, rows)];
        columns.extend(self.threads.take()?);
        columns.push(self.start.take("start_ns"));
        columns.push(self.latency.take("latency_ns"));
        columns.push(self.queued.take("queued_ns"));
        for (state, times) in State::ALL.iter().zip(&mut self.times) {
            columns.push(times.take(&format!("{}_ns", state.name())));
        }
        DataFrame::new(rows, columns)
    }
}

/// Stretches of time in one state.
#[derive(Debug)]
pub struct IntervalBatch {
    run: u32,
    threads: Threads,
    states: Labels,
    state: Vec<u8>,
    holds: Vec<bool>,
    core: Vec<Option<u16>>,
    start: Times,
    end: Times,
}

impl Batch for IntervalBatch {
    type Row = IntervalRow;
    const TABLE: &'static str = "intervals";

    fn new(run: &RunFiles<'_>) -> PolarsResult<Self> {
        Ok(Self {
            run: run.run,
            threads: Threads::new(run)?,
            states: Labels::new(State::ALL.map(State::name))?,
            state: Vec::new(),
            holds: Vec::new(),
            core: Vec::new(),
            start: Times::default(),
            end: Times::default(),
        })
    }
    fn push(&mut self, row: &IntervalRow) {
        self.threads.push(row.thread);
        self.state.push(row.state as u8);
        self.holds.push(row.holds);
        self.core.push(row.core);
        self.start.point(row.start);
        self.end.point(row.end);
    }
    fn take(&mut self) -> PolarsResult<DataFrame> {
        let rows = self.start.0.len();
        let mut columns = vec![run_column(self.run, rows)];
        columns.extend(self.threads.take()?);
        columns.push(self.states.column("state", take("state", &mut self.state))?);
        columns.push(take("holds", &mut self.holds).into());
        columns.push(take("core", &mut self.core).into());
        columns.push(self.start.take("start_ns"));
        columns.push(self.end.take("end_ns"));
        DataFrame::new(rows, columns)
    }
}

/// Everything that happened.
#[derive(Debug)]
pub struct EventBatch {
    run: u32,
    at: Times,
    thread: Vec<u32>,
    kinds: Labels,
    kind: Vec<u8>,
    core: Vec<Option<u16>>,
    other: Vec<Option<u32>>,
    object: Vec<Option<u32>>,
}

impl Batch for EventBatch {
    type Row = EventRow;
    const TABLE: &'static str = "events";

    fn new(run: &RunFiles<'_>) -> PolarsResult<Self> {
        Ok(Self {
            run: run.run,
            at: Times::default(),
            thread: Vec::new(),
            kinds: Labels::new(EventKind::ALL.map(EventKind::name))?,
            kind: Vec::new(),
            core: Vec::new(),
            other: Vec::new(),
            object: Vec::new(),
        })
    }
    fn push(&mut self, row: &EventRow) {
        self.at.point(row.at);
        self.thread.push(row.thread.0);
        self.kind.push(row.kind as u8);
        self.core.push(row.core);
        self.other.push(row.other.map(|thread| thread.0));
        self.object.push(row.object);
    }
    fn take(&mut self) -> PolarsResult<DataFrame> {
        let rows = self.at.0.len();
        DataFrame::new(
            rows,
            vec![
                run_column(self.run, rows),
                self.at.take("t_ns"),
                take("thread", &mut self.thread).into(),
                self.kinds.column("kind", take("kind", &mut self.kind))?,
                take("core", &mut self.core).into(),
                take("other", &mut self.other).into(),
                take("object", &mut self.object).into(),
            ],
        )
    }
}
