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

/// Takes a column's values, and makes room for as many others.
fn take<T: PolarsNumericType>(name: &str, values: &mut Vec<T::Native>) -> ChunkedArray<T> {
    let others = Vec::with_capacity(values.len());
    ChunkedArray::from_vec(name.into(), std::mem::replace(values, others))
}

/// Takes the values of a column some of whose rows have none.
fn take_optional<T: PolarsNumericType>(name: &str, values: &mut Vec<Option<T::Native>>) -> Column
where
    ChunkedArray<T>: IntoColumn,
{
    ChunkedArray::<T>::from_iter_options(name.into(), values.drain(..)).into_column()
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
        let thread = take::<UInt32Type>("thread", &mut self.thread).into_column();
        Ok([thread, self.labels.column("group", &take("", &mut self.group))?])
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
        take::<Int64Type>(name, &mut self.0).into_column()
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
    state: Vec<u32>,
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
        self.state.push(row.state as u32);
        self.holds.push(row.holds);
        self.core.push(row.core);
        self.start.point(row.start);
        self.end.point(row.end);
    }
    fn take(&mut self) -> PolarsResult<DataFrame> {
        let rows = self.start.0.len();
        let mut columns = vec![run_column(self.run, rows)];
        columns.extend(self.threads.take()?);
        columns.push(self.states.column("state", &take("", &mut self.state))?);
        let holds: BooleanChunked = self.holds.drain(..).collect();
        columns.push(holds.with_name("holds".into()).into_column());
        columns.push(take_optional::<UInt16Type>("core", &mut self.core));
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
    kind: Vec<u32>,
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
        self.kind.push(row.kind as u32);
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
                take::<UInt32Type>("thread", &mut self.thread).into_column(),
                self.kinds.column("kind", &take("", &mut self.kind))?,
                take_optional::<UInt16Type>("core", &mut self.core),
                take_optional::<UInt32Type>("other", &mut self.other),
                take_optional::<UInt32Type>("object", &mut self.object),
            ],
        )
    }
}
