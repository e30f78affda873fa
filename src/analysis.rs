//! From tables to numbers: reads what experiments wrote, and computes statistics.
//!
//! Nothing here knows the simulator. Whatever wrote the tables, the numbers are the same.

pub mod compare;
pub mod estimate;
mod frame;
pub mod intervals;
pub mod measured;
pub mod probe;
pub mod ratio;
mod read;

use std::path::{Path, PathBuf};

use polars::prelude::DataFrame;

use crate::trace::parquet::{Metadata, run_path, table_path};
use crate::trace::tables::{RunRow, Table, ThreadRow};
use crate::trace::{EventRow, IntervalRow, OpRow};

pub use frame::ReadError;

/// The results of an experiment.
#[derive(Debug, Clone)]
pub struct Results {
    directory: PathBuf,
    runs: Vec<RunRow>,
    metadata: Metadata,
}

impl Results {
    /// Opens a results directory and reads its table of runs.
    ///
    /// # Errors
    ///
    /// It is not a directory, or the table is missing, is not ours, or has another schema version.
    pub fn open(directory: &Path) -> Result<Self, ReadError> {
        if directory.is_file() {
            return Err(ReadError::File(directory.to_owned()));
        }
        let frame = frame::Frame::open(&table_path(directory, RunRow::NAME), RunRow::NAME, None)?;
        let runs = read::rows(&frame)?;
        Ok(Self { directory: directory.to_owned(), runs, metadata: frame.metadata })
    }

    /// The name of their directory.
    #[must_use]
    pub fn name(&self) -> String {
        let name = self.directory.canonicalize().ok();
        let name = name.as_deref().unwrap_or(&self.directory).file_name();
        name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// All runs, in the order of their numbers.
    #[must_use]
    pub fn runs(&self) -> &[RunRow] {
        &self.runs
    }

    /// What the table of runs says of itself, such as provenance.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The table of runs as it lies in the file.
    ///
    /// # Errors
    ///
    /// The table is missing or not ours.
    pub fn frame(&self) -> Result<DataFrame, ReadError> {
        let path = table_path(&self.directory, RunRow::NAME);
        frame::Frame::open(&path, RunRow::NAME, None).map(frame::Frame::into_polars)
    }

    /// The threads of all runs, in the order of runs and threads.
    ///
    /// # Errors
    ///
    /// The table is missing or not ours.
    pub fn threads(&self) -> Result<Vec<ThreadRow>, ReadError> {
        let path = table_path(&self.directory, ThreadRow::NAME);
        read::rows(&frame::Frame::open(&path, ThreadRow::NAME, None)?)
    }

    /// A run's operations, in the order in which they were completed.
    ///
    /// # Errors
    ///
    /// The run was recorded without operations, or the table is not ours.
    pub fn ops(&self, run: u32) -> Result<Vec<OpRow>, ReadError> {
        read::ops(&self.part("ops", run, None)?)
    }

    /// The latencies \[ns\] of a group's operations in a run, shortest first.
    ///
    /// # Errors
    ///
    /// The run was recorded without operations, or the table is not ours.
    pub fn latencies_ns(&self, run: u32, group: &str) -> Result<Vec<u64>, ReadError> {
        read::latencies_ns(&self.part("ops", run, Some(&["group", "latency_ns"]))?, group)
    }

    /// When each of a group's operations in a run was completed, in that order, and its latency \[ns\].
    ///
    /// # Errors
    ///
    /// The run was recorded without operations, or the table is not ours.
    pub fn completions_ns(&self, run: u32, group: &str) -> Result<Vec<(u64, u64)>, ReadError> {
        let columns = ["group", "start_ns", "latency_ns", "queued_ns"];
        read::completions_ns(&self.part("ops", run, Some(&columns))?, group)
    }

    /// A run's intervals, in the order in which they ended.
    ///
    /// # Errors
    ///
    /// The run was recorded without intervals, or the table is not ours.
    pub fn intervals(&self, run: u32) -> Result<Vec<IntervalRow>, ReadError> {
        // Whose group is whose, the threads say; labels take long to read.
        let columns = ["thread", "state", "holds", "core", "start_ns", "end_ns"];
        read::intervals(&self.part("intervals", run, Some(&columns))?)
    }

    /// A run's events, in the order in which they happened.
    ///
    /// # Errors
    ///
    /// The run was recorded without events, or the table is not ours.
    pub fn events(&self, run: u32) -> Result<Vec<EventRow>, ReadError> {
        read::events(&self.part("events", run, None)?)
    }

    fn part(
        &self,
        table: &'static str,
        run: u32,
        columns: Option<&[&str]>,
    ) -> Result<frame::Frame, ReadError> {
        frame::Frame::open(&run_path(&self.directory, table, run), table, columns)
    }
}

/// The run that tells most if one alone is shown: the first at which threads meet, or the first if they never do.
pub fn telling<'a>(runs: impl IntoIterator<Item = &'a RunRow>) -> Option<&'a RunRow> {
    runs.into_iter().min_by_key(|run| run.threads <= 1)
}

/// Names of a run's threads: the group, and the number within it if it has several.
#[must_use]
pub fn thread_names(threads: &[ThreadRow], run: u32) -> Vec<String> {
    let mine: Vec<_> = threads.iter().filter(|row| row.run == run).collect();
    let label = |(place, row): (usize, &&ThreadRow)| {
        let of_group = |rows: &[&ThreadRow]| rows.iter().filter(|r| r.group == row.group).count();
        if of_group(&mine) == 1 {
            row.group.clone()
        } else {
            format!("{} {}", row.group, of_group(&mine[..=place]))
        }
    };
    mine.iter().enumerate().map(label).collect()
}

#[cfg(test)]
mod tests;
