//! From columns back to rows.

use gilsim_policies::{Instant, Span, ThreadId};

use super::frame::{Frame, ReadError};
use crate::trace::tables::{Cell, Kind, Table};
use crate::trace::{EventKind, EventRow, IntervalRow, OpRow, State, StateTimes};

/// The rows of a table of whole runs.
pub(super) fn rows<R: Table>(frame: &Frame) -> Result<Vec<R>, ReadError> {
    let mut rows: Vec<R> = (0..frame.rows()).map(|_| R::default()).collect();
    for column in R::COLUMNS {
        let cells = cells(frame, column.name, column.kind)?;
        for (row, cell) in rows.iter_mut().zip(cells) {
            (column.set)(row, cell).ok_or_else(|| frame.error(column.name))?;
        }
    }
    for name in frame.names().filter(|name| R::is_extra(name)) {
        for (row, value) in rows.iter_mut().zip(frame.optional_real(name)?) {
            value.into_iter().for_each(|value| row.add_extra(name, value));
        }
    }
    Ok(rows)
}

fn cells(frame: &Frame, name: &str, kind: Kind) -> Result<Vec<Cell>, ReadError> {
    fn some<T>(values: Vec<Option<T>>, cell: fn(T) -> Cell) -> Vec<Cell> {
        values.into_iter().map(|value| value.map_or(Cell::Null, cell)).collect()
    }
    Ok(match kind {
        Kind::UInt32 | Kind::Int64 => some(frame.optional_whole(name)?, Cell::Whole),
        Kind::Float64 => some(frame.optional_real(name)?, Cell::Real),
        Kind::Text => frame.texts(name)?.into_iter().map(Cell::Text).collect(),
        Kind::Enum => {
            let (numbers, labels) = frame.labels(name)?;
            numbers.into_iter().map(|number| Cell::Text(labels[number as usize].clone())).collect()
        }
    })
}

/// Completed operations.
pub(super) fn ops(frame: &Frame) -> Result<Vec<OpRow>, ReadError> {
    let thread = threads(frame, "thread")?;
    let start = frame.whole("start_ns")?;
    let latency = frame.whole("latency_ns")?;
    let queued = frame.whole("queued_ns")?;
    let mut times = vec![StateTimes::default(); frame.rows()];
    for state in State::ALL {
        let column = frame.whole(&format!("{}_ns", state.name()))?;
        for (times, ns) in times.iter_mut().zip(column) {
            times.0[state as usize] = Span::from_ns(ns);
        }
    }
    let row = |i: usize| {
        let (start, queued) = (Instant::from_ns(start[i]), Span::from_ns(queued[i]));
        let end = start + Span::from_ns(latency[i]).saturating_sub(queued);
        OpRow { thread: thread[i], start, end, queued, times: times[i] }
    };
    Ok((0..frame.rows()).map(row).collect())
}

/// The latencies of a group's operations, shortest first.
pub(super) fn latencies_ns(frame: &Frame, group: &str) -> Result<Vec<u64>, ReadError> {
    let (groups, labels) = frame.labels("group")?;
    let pairs = groups.into_iter().zip(frame.whole("latency_ns")?);
    let mut latencies: Vec<_> = pairs
        .filter(|(number, _)| labels[*number as usize] == group)
        .map(|(_, latency)| latency)
        .collect();
    latencies.sort_unstable();
    Ok(latencies)
}

/// When a group's operations were completed, in that order, and their latencies.
pub(super) fn completions_ns(frame: &Frame, group: &str) -> Result<Vec<(u64, u64)>, ReadError> {
    let (groups, labels) = frame.labels("group")?;
    let (start, latency) = (frame.whole("start_ns")?, frame.whole("latency_ns")?);
    let queued = frame.whole("queued_ns")?;
    let mine = (0..frame.rows()).filter(|i| labels[groups[*i] as usize] == group);
    let mut completions: Vec<_> =
        mine.map(|i| (start[i] + latency[i].saturating_sub(queued[i]), latency[i])).collect();
    completions.sort_by_key(|(end, _)| *end);
    Ok(completions)
}

/// Stretches of time in one state.
pub(super) fn intervals(frame: &Frame) -> Result<Vec<IntervalRow>, ReadError> {
    let thread = threads(frame, "thread")?;
    let state = named(frame, "state", &State::ALL, State::name)?;
    let holds = frame.truth("holds")?;
    let core = cores(frame)?;
    let start = frame.whole("start_ns")?;
    let end = frame.whole("end_ns")?;
    let row = |i: usize| IntervalRow {
        thread: thread[i],
        state: state[i],
        holds: holds[i],
        core: core[i],
        start: Instant::from_ns(start[i]),
        end: Instant::from_ns(end[i]),
    };
    Ok((0..frame.rows()).map(row).collect())
}

/// Everything that happened.
pub(super) fn events(frame: &Frame) -> Result<Vec<EventRow>, ReadError> {
    let at = frame.whole("t_ns")?;
    let thread = threads(frame, "thread")?;
    let kind = named(frame, "kind", &EventKind::ALL, EventKind::name)?;
    let core = cores(frame)?;
    let other = narrow(frame, "other", |other| u32::try_from(other).ok())?;
    let object = narrow(frame, "object", |object| u32::try_from(object).ok())?;
    let row = |i: usize| EventRow {
        at: Instant::from_ns(at[i]),
        thread: thread[i],
        kind: kind[i],
        core: core[i],
        other: other[i].map(ThreadId),
        object: object[i],
    };
    Ok((0..frame.rows()).map(row).collect())
}

fn threads(frame: &Frame, name: &str) -> Result<Vec<ThreadId>, ReadError> {
    let thread = |number: u64| u32::try_from(number).map(ThreadId).map_err(|_| frame.error(name));
    frame.whole(name)?.into_iter().map(thread).collect()
}

fn cores(frame: &Frame) -> Result<Vec<Option<u16>>, ReadError> {
    narrow(frame, "core", |core| u16::try_from(core).ok())
}

fn narrow<T>(
    frame: &Frame,
    name: &str,
    convert: impl Fn(u64) -> Option<T>,
) -> Result<Vec<Option<T>>, ReadError> {
    let convert = |number| convert(number).ok_or_else(|| frame.error(name));
    frame.optional_whole(name)?.into_iter().map(|value| value.map(convert).transpose()).collect()
}

/// A column of labels that stand for values.
fn named<T: Copy>(
    frame: &Frame,
    column: &str,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<Vec<T>, ReadError> {
    let (numbers, labels) = frame.labels(column)?;
    let value = |label: &String| all.iter().copied().find(|value| name(*value) == label);
    let values = labels.iter().map(value).collect::<Option<Vec<_>>>();
    let values = values.ok_or_else(|| frame.error(column))?;
    Ok(numbers.into_iter().map(|number| values[number as usize]).collect())
}
