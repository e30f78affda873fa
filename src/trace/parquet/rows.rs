//! Writes tables of whole runs: [`RunRow`](crate::trace::tables::RunRow)s and
//! [`ThreadRow`](crate::trace::tables::ThreadRow)s.

use std::path::Path;

use indexmap::IndexSet;
use polars::prelude::*;

use super::labels::Labels;
use super::writer::TableWriter;
use super::{Metadata, WriteError};
use crate::trace::tables::{Cell, Column as TableColumn, Kind, Table};

/// Writes a table at once, its rows in the given order. Columns that only some rows have
/// ([`Table::extra`]) come last; the other rows are null there.
///
/// # Errors
///
/// The file can't be written, or a number is too large for its column.
pub fn write_rows<R: Table>(
    path: &Path,
    rows: &[R],
    metadata: &Metadata,
) -> Result<(), WriteError> {
    let encode = |source| WriteError::Encode { path: path.to_owned(), source };
    let mut columns = Vec::new();
    for column in R::COLUMNS {
        columns.push(listed(path, column, rows)?);
    }
    let extra: IndexSet<&str> =
        rows.iter().flat_map(Table::extra).map(|(name, _)| name.as_str()).collect();
    for name in extra {
        let values: Vec<_> = rows.iter().map(|row| find(row.extra(), name)).collect();
        columns.push(Column::new(name.into(), values));
    }
    let frame = DataFrame::new(rows.len(), columns).map_err(encode)?;
    let mut writer = TableWriter::create(path, R::NAME, frame.schema(), metadata)?;
    writer.write(&frame)?;
    writer.finish()
}

fn find(pairs: &[(String, f64)], name: &str) -> Option<f64> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
}

fn listed<R: Table>(
    path: &Path,
    column: &TableColumn<R>,
    rows: &[R],
) -> Result<Column, WriteError> {
    let cells = rows.iter().map(column.get);
    let encode = |source| WriteError::Encode { path: path.to_owned(), source };
    match column.kind {
        Kind::UInt32 => whole::<u32, UInt32Type>(path, column.name, cells),
        Kind::Int64 => whole::<i64, Int64Type>(path, column.name, cells),
        Kind::Float64 => Ok(reals(column.name, cells)),
        Kind::Enum => labels(column.name, cells).map_err(encode),
        Kind::Text => Ok(texts(column.name, cells)),
    }
}

fn whole<N, T>(
    path: &Path,
    name: &'static str,
    cells: impl Iterator<Item = Cell>,
) -> Result<Column, WriteError>
where
    N: TryFrom<u64>,
    T: PolarsNumericType<Native = N>,
    ChunkedArray<T>: IntoSeries,
{
    let number = |cell| match cell {
        Cell::Whole(value) => N::try_from(value).map(Some).map_err(|_| WriteError::Range {
            path: path.to_owned(),
            column: name,
            value,
        }),
        _ => Ok(None),
    };
    let numbers = cells.map(number).collect::<Result<Vec<_>, _>>()?;
    let array = ChunkedArray::<T>::from_iter_options(name.into(), numbers.into_iter());
    Ok(array.into_series().into())
}

fn reals(name: &str, cells: impl Iterator<Item = Cell>) -> Column {
    let number = |cell| match cell {
        Cell::Real(value) => Some(value),
        _ => None,
    };
    Column::new(name.into(), cells.map(number).collect::<Vec<_>>())
}

fn texts(name: &str, cells: impl Iterator<Item = Cell>) -> Column {
    let text = |cell| match cell {
        Cell::Text(text) => Some(text),
        _ => None,
    };
    Column::new(name.into(), cells.map(text).collect::<Vec<_>>())
}

/// The labels are the texts in the order in which they first appear.
fn labels(name: &str, cells: impl Iterator<Item = Cell>) -> PolarsResult<Column> {
    let mut labels = IndexSet::new();
    let mut number = |cell| match cell {
        Cell::Text(text) => Some(labels.insert_full(text).0 as u32),
        _ => None,
    };
    let numbers: IdxCa = cells.map(&mut number).collect();
    let labels = Labels::new(labels.iter().map(String::as_str))?;
    labels.column(name, &numbers)
}
