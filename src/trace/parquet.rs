//! Tables on disk: Parquet files that are whole or not there.
//!
//! A file is written under a temporary name in its own directory and renamed when it is whole. So
//! whoever finds a table under its final name can rely on it, and what a kill leaves behind
//! (`*.tmp`) can be removed. Every column of few texts is an Enum, which all readers filter well; units
//! stand last in the names; equal rows give equal bytes.
//!
//! | file | written by |
//! |---|---|
//! | `runs.parquet`, `threads.parquet` | [`write_rows`], all runs at once |
//! | `ops/000012.parquet` | [`OpSink`], while run 12 goes on |
//! | `intervals/000012.parquet` | [`IntervalSink`], likewise |
//! | `events/000012.parquet` | [`EventSink`], likewise |

mod apart;
mod batches;
mod labels;
mod pending;
mod rows;
mod sink;
mod writer;

use std::io;
use std::path::{Path, PathBuf};

use polars::error::PolarsError;

pub use batches::{EventBatch, IntervalBatch, OpBatch};
pub use pending::PendingFile;
pub use rows::write_rows;
pub use sink::{EventSink, IntervalSink, OpSink, RunFiles, TableSink};

/// Key and value pairs in a file's own metadata, such as provenance.
pub type Metadata = Vec<(String, String)>;

/// The metadata key of the table's name.
pub const TABLE_KEY: &str = "gilsim.table";
/// The metadata key of [`SCHEMA_VERSION`](super::tables::SCHEMA_VERSION).
pub const SCHEMA_KEY: &str = "gilsim.schema_version";

/// Where the table of all runs with this name lies.
#[must_use]
pub fn table_path(results: &Path, table: &str) -> PathBuf {
    results.join(format!("{table}.parquet"))
}

/// Where one run's part of the table with this name lies.
#[must_use]
pub fn run_path(results: &Path, table: &str, run: u32) -> PathBuf {
    results.join(table).join(format!("{run:06}.parquet"))
}

/// Why a table could not be written. Nothing stands under its final name then, unless it did before.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file system refuses.
    #[error("can't write {}: {source}{}", path.display(), hint(source))]
    Io {
        /// The file's final name.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
    /// The rows can't be encoded.
    #[error("can't write {}: {source}", path.display())]
    Encode {
        /// The file's final name.
        path: PathBuf,
        /// What the encoder says.
        source: PolarsError,
    },
    /// A number is too large for its column.
    #[error("can't write {}: {value} exceeds what the column \"{column}\" holds", path.display())]
    Range {
        /// The file's final name.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// The number.
        value: u64,
    },
}

/// What to do about an error of the file system.
fn hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => "; does the results directory exist?",
        io::ErrorKind::StorageFull => "; free some space, or lower the level, and run it again",
        _ => "",
    }
}

#[cfg(test)]
mod tests;
