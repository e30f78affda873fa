//! One Parquet file, written batch by batch.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use polars::io::parquet::write::{BatchedWriter, KeyValueMetadata};
use polars::prelude::*;
use polars_parquet::read::ParquetError;
use polars_parquet::write::{
    Compressor, DynIter, DynStreamingIterator, Encoding, FallibleStreamingIterator,
    array_to_columns, get_dtype_encoding,
};

use super::{Metadata, PendingFile, SCHEMA_KEY, TABLE_KEY, WriteError};
use crate::trace::tables::SCHEMA_VERSION;

/// How a column is encoded. Times and numbers follow close on each other: their differences take few bits, and no search for
/// those that are equal, which was most of what a row cost.
fn encodings(column: &Column, dtype: &ArrowDataType) -> PolarsResult<Vec<Encoding>> {
    let close = match column.dtype() {
        DataType::Int64 | DataType::UInt16 => true,
        // They are stored as signed numbers, and some readers refuse differences that don't fit one.
        DataType::UInt32 => column.u32()?.max().is_none_or(|max| i32::try_from(max).is_ok()),
        _ => false,
    };
    Ok(if close { vec![Encoding::DeltaBinaryPacked] } else { get_dtype_encoding(dtype) })
}

fn refused(error: PolarsError) -> ParquetError {
    ParquetError::FeatureNotSupported(error.to_string())
}

/// Writes a table in bounded memory: each batch becomes a row group of its own.
pub struct TableWriter {
    writer: BatchedWriter<BufWriter<Honest>>,
    failure: Failure,
    pending: PendingFile,
}

impl TableWriter {
    /// Begins a table with the given columns.
    ///
    /// # Errors
    ///
    /// The file can't be created.
    pub fn create(
        path: &Path,
        table: &str,
        schema: &Schema,
        metadata: &Metadata,
    ) -> Result<Self, WriteError> {
        let pending = PendingFile::create(path)?;
        let file = pending
            .file()
            .try_clone()
            .map_err(|source| WriteError::Io { path: path.to_owned(), source })?;
        Self::begin(pending, file, table, schema, metadata)
    }

    /// Begins a table in a file that will become, or stands for, the pending one.
    pub(super) fn begin(
        pending: PendingFile,
        file: File,
        table: &str,
        schema: &Schema,
        metadata: &Metadata,
    ) -> Result<Self, WriteError> {
        let failure = Failure::default();
        let file = BufWriter::new(Honest { file, failure: failure.clone() });
        let mut pairs = vec![
            (TABLE_KEY.to_owned(), table.to_owned()),
            (SCHEMA_KEY.to_owned(), SCHEMA_VERSION.to_string()),
        ];
        pairs.extend_from_slice(metadata);
        let writer = ParquetWriter::new(file)
            .with_key_value_metadata(Some(KeyValueMetadata::from_static(pairs)))
            // A sweep has its runs in parallel already.
            .set_parallel(false)
            .batched(schema)
            .map_err(|error| failure.explain(pending.path(), error))?;
        Ok(Self { writer, failure, pending })
    }

    /// The file's final name.
    pub fn path(&self) -> &Path {
        self.pending.path()
    }

    /// Appends a row group.
    ///
    /// # Errors
    ///
    /// The disk is full.
    pub fn write(&mut self, batch: &DataFrame) -> Result<(), WriteError> {
        self.append(batch).map_err(|error| self.failure.explain(self.pending.path(), error))
    }

    fn append(&self, batch: &DataFrame) -> PolarsResult<()> {
        let mut file = self.writer.get_writer().lock().unwrap_or_else(PoisonError::into_inner);
        let (options, fields) = (file.options(), file.parquet_schema().fields().to_vec());
        let chunks = batch.iter_chunks(CompatLevel::newest(), false);
        // A row group without rows has no pages.
        for chunk in chunks.filter(|chunk| !chunk.is_empty()) {
            let mut columns = Vec::new();
            for ((column, array), field) in batch.columns().iter().zip(chunk.columns()).zip(&fields)
            {
                let encodings = encodings(column, array.dtype())?;
                for pages in array_to_columns(array, field.clone(), options, &encodings)? {
                    let pages = pages.map(|page| page.map_err(refused));
                    let pages = Compressor::new_from_vec(pages, options.compression, Vec::new());
                    columns.push(Ok(DynStreamingIterator::new(pages.map_err(PolarsError::from))));
                }
            }
            file.write(chunk.len() as u64, DynIter::new(columns.into_iter()))?;
        }
        Ok(())
    }

    /// Ends the table and gives it its final name.
    ///
    /// # Errors
    ///
    /// The disk is full, or the file can't be renamed.
    pub fn finish(self) -> Result<(), WriteError> {
        let end = self.writer.finish();
        end.map_err(|error| self.failure.explain(self.pending.path(), error))?;
        self.pending.finish()
    }
}

/// What the file system said when a write failed. The encoder passes on a text that blames the file.
#[derive(Clone, Default)]
struct Failure(Arc<Mutex<Option<io::Error>>>);

impl Failure {
    fn explain(&self, path: &Path, error: PolarsError) -> WriteError {
        let path = path.to_owned();
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(source) => WriteError::Io { path, source },
            None => WriteError::Encode { path, source: error },
        }
    }
}

/// A file that keeps what went wrong.
struct Honest {
    file: File,
    failure: Failure,
}

impl Honest {
    fn keep(&self, error: io::Error) -> io::Error {
        let copy = error.raw_os_error().map_or(error.kind().into(), io::Error::from_raw_os_error);
        *self.failure.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(copy);
        error
    }
}

impl Write for Honest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).map_err(|error| self.keep(error))
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(|error| self.keep(error))
    }
}
