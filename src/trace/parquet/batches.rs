//! The columns of `ops`, `intervals` and `events`, while their rows wait to be written.

use std::{fmt, mem};

use gilsim_policies::{Instant, Span, ThreadId};
use polars::prelude::*;

use super::labels::Labels;
use super::sink::RunFiles;
use crate::trace::{EventKind, EventRow, IntervalRow, OpRow, State, StateTimes};

/// Rows of one table of one run, as columns.
pub trait Batch: Clone + Send + 'static {
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
    /// Makes room for others where the rows were that were taken, and that nobody has any more: new memory would take longer
    /// than writing the rows into it.
    fn reuse(&mut self);
}

/// The column of what is the same in every row: the run.
fn run_column(run: u32, rows: usize) -> Column {
    Column::new_scalar("run".into(), run.into(), rows)
}

/// A column of numbers.
#[derive(Clone)]
struct Numbers<T: PolarsNumericType> {
    values: Vec<T::Native>,
    taken: ChunkedArray<T>,
}

/// A column of points or lengths of time. A run lasts days at most, so they fit.
type Times = Numbers<Int64Type>;

impl<T: PolarsNumericType> Numbers<T> {
    fn new() -> Self {
        Self { values: Vec::new(), taken: ChunkedArray::default() }
    }
    fn push(&mut self, value: T::Native) {
        self.values.push(value);
    }
    fn take(&mut self, name: &str) -> ChunkedArray<T> {
        self.taken = ChunkedArray::from_vec(name.into(), mem::take(&mut self.values));
        self.taken.clone()
    }
    fn reuse(&mut self) {
        let taken = mem::take(&mut self.taken).downcast_into_iter().next();
        if let Some(mut values) = taken.and_then(|array| array.into_inner().1.into_mut().right()) {
            values.clear();
            self.values = values;
        }
    }
}

impl<T: PolarsNumericType> fmt::Debug for Numbers<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.values.fmt(f)
    }
}

impl Times {
    fn point(&mut self, at: Instant) {
        self.push(at.ns() as i64);
    }
    fn length(&mut self, span: Span) {
        self.push(span.ns() as i64);
    }
}

/// Takes the values of a column some of whose rows have none.
fn take_optional<T: PolarsNumericType>(name: &str, values: &mut Vec<Option<T::Native>>) -> Column
where
    ChunkedArray<T>: IntoColumn,
{
    ChunkedArray::<T>::from_iter_options(name.into(), values.drain(..)).into_column()
}

/// Threads and their groups.
#[derive(Debug, Clone)]
struct Threads {
    labels: Labels,
    groups: Vec<u32>,
    thread: Numbers<UInt32Type>,
    group: Numbers<UInt32Type>,
}

impl Threads {
    fn new(run: &RunFiles<'_>) -> PolarsResult<Self> {
        Ok(Self {
            labels: Labels::new(run.groups.iter().map(String::as_str))?,
            groups: run.thread_groups.to_vec(),
            thread: Numbers::new(),
            group: Numbers::new(),
        })
    }
    fn push(&mut self, thread: ThreadId) {
        self.thread.push(thread.0);
        self.group.push(self.groups[thread.index()]);
    }
    fn take(&mut self) -> PolarsResult<[Column; 2]> {
        let group = self.labels.column("group", &self.group.take(""))?;
        Ok([self.thread.take("thread").into_column(), group])
    }
    fn reuse(&mut self) {
        self.thread.reuse();
        self.group.reuse();
    }
}

/// Completed operations.
#[derive(Debug, Clone)]
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
            start: Times::new(),
            latency: Times::new(),
            queued: Times::new(),
            times: State::ALL.map(|_| Times::new()),
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
        let rows = self.start.values.len();
        let mut columns = vec![run_column(self.run, rows)];
        columns.extend(self.threads.take()?);
        columns.push(self.start.take("start_ns").into_column());
        columns.push(self.latency.take("latency_ns").into_column());
        columns.push(self.queued.take("queued_ns").into_column());
        for (state, times) in State::ALL.iter().zip(&mut self.times) {
            columns.push(times.take(&format!("{}_ns", state.name())).into_column());
        }
        DataFrame::new(rows, columns)
    }
    fn reuse(&mut self) {
        self.threads.reuse();
        let Self { start, latency, queued, times, .. } = self;
        times.iter_mut().chain([start, latency, queued]).for_each(Times::reuse);
    }
}

/// Stretches of time in one state.
#[derive(Debug, Clone)]
pub struct IntervalBatch {
    run: u32,
    threads: Threads,
    states: Labels,
    state: Numbers<UInt32Type>,
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
            state: Numbers::new(),
            holds: Vec::new(),
            core: Vec::new(),
            start: Times::new(),
            end: Times::new(),
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
        let rows = self.start.values.len();
        let mut columns = vec![run_column(self.run, rows)];
        columns.extend(self.threads.take()?);
        columns.push(self.states.column("state", &self.state.take(""))?);
        let holds: BooleanChunked = self.holds.drain(..).collect();
        columns.push(holds.with_name("holds".into()).into_column());
        columns.push(take_optional::<UInt16Type>("core", &mut self.core));
        columns.push(self.start.take("start_ns").into_column());
        columns.push(self.end.take("end_ns").into_column());
        DataFrame::new(rows, columns)
    }
    fn reuse(&mut self) {
        self.threads.reuse();
        self.state.reuse();
        self.start.reuse();
        self.end.reuse();
    }
}

/// Everything that happened.
#[derive(Debug, Clone)]
pub struct EventBatch {
    run: u32,
    at: Times,
    thread: Numbers<UInt32Type>,
    kinds: Labels,
    kind: Numbers<UInt32Type>,
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
            at: Times::new(),
            thread: Numbers::new(),
            kinds: Labels::new(EventKind::ALL.map(EventKind::name))?,
            kind: Numbers::new(),
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
        let rows = self.at.values.len();
        DataFrame::new(
            rows,
            vec![
                run_column(self.run, rows),
                self.at.take("t_ns").into_column(),
                self.thread.take("thread").into_column(),
                self.kinds.column("kind", &self.kind.take(""))?,
                take_optional::<UInt16Type>("core", &mut self.core),
                take_optional::<UInt32Type>("other", &mut self.other),
                take_optional::<UInt32Type>("object", &mut self.object),
            ],
        )
    }
    fn reuse(&mut self) {
        self.at.reuse();
        self.thread.reuse();
        self.kind.reuse();
    }
}
