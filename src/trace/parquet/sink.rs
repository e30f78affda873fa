//! Sinks that write one run's rows to disk as they come, in bounded memory.

use std::fmt;
use std::io;
use std::path::Path;

use super::apart::{Output, append};
use super::batches::{Batch, EventBatch, IntervalBatch, OpBatch};
use super::writer::TableWriter;
use super::{Metadata, WriteError, run_path};
use crate::trace::{EventRow, IntervalRow, NullSink, OpRow, Sink, Tee};

/// Rows in a row group: what a sink keeps in memory.
///
/// The file's footer grows in memory too, by about 20 KiB for each row group. With this many rows
/// in each, two thousand million rows stay below 300 MiB.
pub(super) const BATCH_ROWS: usize = 128 * 1024;

/// What a run's files are called, and what they say of themselves.
#[derive(Debug, Clone, Copy)]
pub struct RunFiles<'a> {
    /// The directory of all tables. It must exist; the tables' own directories are made in it.
    pub results: &'a Path,
    /// The run's number within the experiment.
    pub run: u32,
    /// Names of the groups, all different.
    pub groups: &'a [String],
    /// The group of each thread.
    pub thread_groups: &'a [u32],
    /// Where the rows come from.
    pub metadata: &'a Metadata,
}

/// A sink that may write to disk, and ends by saying how that went.
///
/// [`Tee`]s of such sinks are such sinks: `Tee<OpSink, IntervalSink>` writes both tables.
/// [`NullSink`] writes none.
pub trait TableSink: Sink + Sized {
    /// Begins the tables of a run.
    ///
    /// # Errors
    ///
    /// A file can't be created.
    fn create(files: &RunFiles<'_>) -> Result<Self, WriteError>;

    /// Ends the tables and gives them their final names. A sink that is dropped instead leaves
    /// no file.
    ///
    /// # Errors
    ///
    /// Something went wrong, now or at an earlier row.
    fn finish(self) -> Result<(), WriteError>;
}

/// Writes completed operations.
pub type OpSink = BatchSink<OpBatch>;
/// Writes stretches of time in one state.
pub type IntervalSink = BatchSink<IntervalBatch>;
/// Writes everything that happens.
pub type EventSink = BatchSink<EventBatch>;

/// Writes the rows of one table.
pub struct BatchSink<B> {
    batch: B,
    /// Rows in the batch.
    rows: usize,
    /// There, but for the time of a call.
    output: Option<Output<B>>,
}

impl<B: Batch> BatchSink<B> {
    fn push(&mut self, row: &B::Row) {
        self.batch.push(row);
        self.rows += 1;
        if self.rows == BATCH_ROWS {
            self.flush();
        }
    }

    #[cold]
    fn flush(&mut self) {
        self.rows = 0;
        self.output = self.output.take().map(|output| output.write(&mut self.batch));
    }
}

impl<B> fmt::Debug for BatchSink<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchSink").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// Makes a directory, but not the one that it lies in: that one may be mistyped.
fn make_directory(path: &Path) -> Result<(), WriteError> {
    match std::fs::create_dir(path) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            Err(WriteError::Io { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

impl Sink for OpSink {
    fn op(&mut self, row: &OpRow) {
        self.push(row);
    }
}

impl Sink for IntervalSink {
    const INTERVALS: bool = true;

    fn interval(&mut self, row: &IntervalRow) {
        self.push(row);
    }
}

impl Sink for EventSink {
    const EVENTS: bool = true;

    fn event(&mut self, row: &EventRow) {
        self.push(row);
    }
}

impl<B: Batch> TableSink for BatchSink<B>
where
    Self: Sink,
{
    fn create(files: &RunFiles<'_>) -> Result<Self, WriteError> {
        let path = run_path(files.results, B::TABLE, files.run);
        make_directory(&files.results.join(B::TABLE))?;
        let encode = |source| WriteError::Encode { path: path.clone(), source };
        let mut batch = B::new(files).map_err(encode)?;
        let empty = batch.take().map_err(encode)?;
        let writer = TableWriter::create(&path, B::TABLE, empty.schema(), files.metadata)?;
        let output = Some(Output::Ready(Box::new((writer, batch.clone()))));
        Ok(Self { batch, rows: 0, output })
    }

    fn finish(mut self) -> Result<(), WriteError> {
        let Some(output) = self.output.take() else { unreachable!("a sink has an output") };
        let mut writer = output.finish();
        if self.rows > 0 {
            writer = append(writer, &mut self.batch);
        }
        writer?.finish()
    }
}

impl TableSink for NullSink {
    fn create(_files: &RunFiles<'_>) -> Result<Self, WriteError> {
        Ok(Self)
    }
    fn finish(self) -> Result<(), WriteError> {
        Ok(())
    }
}

impl<A: TableSink, B: TableSink> TableSink for Tee<A, B> {
    fn create(files: &RunFiles<'_>) -> Result<Self, WriteError> {
        Ok(Self(A::create(files)?, B::create(files)?))
    }
    fn finish(self) -> Result<(), WriteError> {
        self.0.finish()?;
        self.1.finish()
    }
}
