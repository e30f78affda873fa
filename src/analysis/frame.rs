//! A table file, checked to be ours, and its columns as plain vectors.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use polars::io::mmap::MmapBytesReader;
use polars::prelude::*;

use crate::trace::parquet::{Metadata, SCHEMA_KEY, TABLE_KEY};
use crate::trace::tables::SCHEMA_VERSION;

/// Why a table could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file was given where results are asked for.
    #[error(
        "{} is a file; results are the directory that `gilsim run` writes, as results/convoy is",
        .0.display()
    )]
    File(PathBuf),
    /// There is no such file.
    #[error("{} is missing; {}", path.display(), origin(table))]
    Missing {
        /// The file.
        path: PathBuf,
        /// The table that it should hold.
        table: &'static str,
    },
    /// The file system refuses.
    #[error("can't read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
    /// The file is not a Parquet file, or broken.
    #[error("can't read {}: {source}", path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// What the decoder says.
        source: PolarsError,
    },
    /// Something else wrote the file.
    #[error("{} is not a table \"{table}\" of gilsim", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The table that it should hold.
        table: &'static str,
    },
    /// Another version of gilsim wrote the file.
    #[error(
        "{} has schema version {found}, but this program reads version {SCHEMA_VERSION}; \
         run the experiment again, or use the version of gilsim that wrote it",
        path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// The version that it has.
        found: String,
    },
    /// A column is missing, or has other contents than it should.
    #[error("the column \"{column}\" of {} is missing or not as gilsim writes it; if another version did, run again with --fresh", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
}

/// Where a table comes from.
fn origin(table: &str) -> String {
    match table {
        "runs" | "threads" => {
            "it is written when all runs are done: `gilsim run` carries on with those that are left"
                .to_owned()
        }
        "probe" => "gilsim measure writes measured runs".to_owned(),
        table => format!(
            "run the experiment with the level \"{table}\" or a higher one, and with --fresh if it had that"
        ),
    }
}

/// The contents of a table file.
pub(super) struct Frame {
    frame: DataFrame,
    path: PathBuf,
    /// What the file says of itself.
    pub(super) metadata: Metadata,
}

impl ReadError {
    /// Whether the table is simply not there, as when runs were recorded at a lower level.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }

    /// What is needed instead, whichever run's file it is.
    #[must_use]
    pub fn need(&self) -> String {
        match self {
            Self::Missing { table, .. } => format!("the table \"{table}\": {}", origin(table)),
            error => error.to_string(),
        }
    }
}

impl Frame {
    /// Reads a file, or only some of its columns.
    pub(super) fn open(
        path: &Path,
        table: &'static str,
        columns: Option<&[&str]>,
    ) -> Result<Self, ReadError> {
        let file = File::open(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => ReadError::Missing { path: path.to_owned(), table },
            _ => ReadError::Io { path: path.to_owned(), source },
        })?;
        Self::read(file, path, table, columns)
    }

    /// Reads what is open already; `path` is what errors call it.
    pub(super) fn read(
        source: impl MmapBytesReader,
        path: &Path,
        table: &'static str,
        columns: Option<&[&str]>,
    ) -> Result<Self, ReadError> {
        let decode = |source| ReadError::Decode { path: path.to_owned(), source };
        let mut reader = ParquetReader::new(source);
        let pairs = reader.get_metadata().map_err(decode)?.key_value_metadata().clone();
        let metadata: Metadata = pairs
            .unwrap_or_default()
            .into_iter()
            .filter_map(|pair| Some((pair.key, pair.value?)))
            .collect();
        let value = |key| metadata.iter().find(|(name, _)| name == key).map(|(_, value)| value);
        if value(TABLE_KEY).is_none_or(|found| found != table) {
            return Err(ReadError::Foreign { path: path.to_owned(), table });
        }
        let version = value(SCHEMA_KEY).cloned().unwrap_or_default();
        if version != SCHEMA_VERSION.to_string() {
            return Err(ReadError::Version { path: path.to_owned(), found: version });
        }
        let columns = columns.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        let frame = reader.with_columns(columns).finish().map_err(decode)?;
        Ok(Self { frame, path: path.to_owned(), metadata })
    }

    /// The table itself.
    pub(super) fn into_polars(self) -> DataFrame {
        self.frame
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.frame.height()
    }

    /// The columns' names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.frame.get_column_names().into_iter().map(PlSmallStr::as_str)
    }

    /// That a column is not as it should be.
    pub(super) fn error(&self, column: &str) -> ReadError {
        ReadError::Column { path: self.path.clone(), column: column.to_owned() }
    }

    /// A column of whole numbers, some of which may be missing.
    pub(super) fn optional_whole(&self, name: &str) -> Result<Vec<Option<u64>>, ReadError> {
        self.cast(name, &DataType::UInt64, |column| Ok(column.u64()?.iter().collect()))
    }

    /// A column of whole numbers.
    pub(super) fn whole(&self, name: &str) -> Result<Vec<u64>, ReadError> {
        let values = self.optional_whole(name)?.into_iter().collect::<Option<_>>();
        values.ok_or_else(|| self.error(name))
    }

    /// A column of real numbers, some of which may be missing.
    pub(super) fn optional_real(&self, name: &str) -> Result<Vec<Option<f64>>, ReadError> {
        self.cast(name, &DataType::Float64, |column| Ok(column.f64()?.iter().collect()))
    }

    /// A column of truth values.
    pub(super) fn truth(&self, name: &str) -> Result<Vec<bool>, ReadError> {
        let values = self.cast(name, &DataType::Boolean, |column| {
            Ok(column.bool()?.iter().collect::<Option<Vec<_>>>())
        })?;
        values.ok_or_else(|| self.error(name))
    }

    /// A column of text: the number of each row's label, and the labels.
    pub(super) fn labels(&self, name: &str) -> Result<(Vec<u64>, Vec<String>), ReadError> {
        let column = self.frame.column(name).map_err(|_| self.error(name))?;
        let DataType::Enum(categories, _) = column.dtype() else {
            return Err(self.error(name));
        };
        let labels = categories.categories().values_iter().map(str::to_owned).collect();
        let numbers = column
            .to_physical_repr()
            .cast(&DataType::UInt64)
            .and_then(|numbers| Ok(numbers.u64()?.iter().collect::<Option<Vec<_>>>()));
        numbers.ok().flatten().map(|numbers| (numbers, labels)).ok_or_else(|| self.error(name))
    }

    /// A column of texts of which most differ.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, ReadError> {
        let texts = self.cast(name, &DataType::String, |column| {
            let texts = column.str()?.iter();
            Ok(texts.map(|text| text.map(str::to_owned)).collect::<Option<Vec<_>>>())
        })?;
        texts.ok_or_else(|| self.error(name))
    }

    fn cast<T>(
        &self,
        name: &str,
        dtype: &DataType,
        values: impl FnOnce(&Column) -> PolarsResult<T>,
    ) -> Result<T, ReadError> {
        let column = self.frame.column(name).and_then(|column| column.strict_cast(dtype));
        column.and_then(|column| values(&column)).map_err(|_| self.error(name))
    }
}
