//! Durations from a column of a file.

use std::fs::File;
use std::path::Path;

use gilsim_policies::Span;
use serde::{Deserialize, Serialize};

use crate::workload::LONGEST_RUN;
use crate::workload::path::SpecError;

/// The unit of a column of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Nanoseconds.
    Ns,
    /// Microseconds.
    Us,
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
}

impl Unit {
    const fn ns(self) -> f64 {
        match self {
            Self::Ns => 1.0,
            Self::Us => 1e3,
            Self::Ms => 1e6,
            Self::S => 1e9,
        }
    }
}

/// The durations in a column, in the order of its rows.
pub(super) fn read(path: &Path, column: &str, unit: Unit) -> Result<Vec<Span>, SpecError> {
    let bad = |message: String| SpecError::File { file: path.to_owned(), message };
    let file = File::open(path).map_err(|error| bad(error.to_string()))?;
    let is_parquet = path.extension().is_some_and(|ending| ending == "parquet");
    let numbers = if is_parquet { parquet(file, column) } else { csv(file, column) };
    let spans = numbers.map_err(&bad)?.into_iter().enumerate().map(|(row, number)| {
        let ns = number * unit.ns();
        if (0.0..=LONGEST_RUN.ns() as f64).contains(&ns) {
            Ok(Span::from_ns_f64(ns))
        } else {
            Err(bad(format!(
                "row {} of column `{column}` holds {number}, which is no duration of up to 72h",
                row + 1
            )))
        }
    });
    let spans: Vec<_> = spans.collect::<Result<_, _>>()?;
    if spans.is_empty() {
        return Err(bad(format!("column `{column}` holds no values")));
    }
    Ok(spans)
}

fn csv(file: File, column: &str) -> Result<Vec<f64>, String> {
    let mut reader = csv::Reader::from_reader(file);
    let headers = reader.headers().map_err(|error| error.to_string())?;
    let place = headers
        .iter()
        .position(|header| header.trim() == column)
        .ok_or_else(|| no_column(column, headers.iter()))?;
    let numbers = reader.records().enumerate().map(|(row, record)| {
        let record = record.map_err(|error| error.to_string())?;
        let text = record.get(place).unwrap_or_default().trim();
        text.parse().map_err(|_| {
            format!("row {} of column `{column}` holds \"{text}\", which is no number", row + 1)
        })
    });
    numbers.collect()
}

#[cfg(feature = "analysis")]
fn parquet(file: File, column: &str) -> Result<Vec<f64>, String> {
    use polars::prelude::{DataType, ParquetReader, SerReader};

    let table = ParquetReader::new(file).finish().map_err(|error| error.to_string())?;
    let names = table.get_column_names();
    if !names.iter().any(|name| name.as_str() == column) {
        return Err(no_column(column, names.iter().map(|name| name.as_str())));
    }
    let numbers = table.column(column).and_then(|values| values.cast(&DataType::Float64));
    let numbers = numbers.map_err(|error| error.to_string())?;
    let numbers = numbers.f64().map_err(|error| error.to_string())?;
    let missing = || format!("column `{column}` holds values that are missing or no numbers");
    numbers.iter().map(|number| number.ok_or_else(missing)).collect()
}

#[cfg(not(feature = "analysis"))]
fn parquet(_file: File, _column: &str) -> Result<Vec<f64>, String> {
    Err("this build reads only CSV; build with the feature `analysis` to read Parquet".to_owned())
}

fn no_column<'a>(column: &str, present: impl Iterator<Item = &'a str>) -> String {
    let present: Vec<_> = present.map(|name| format!("`{name}`")).collect();
    format!("there is no column `{column}`; there is {}", present.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv_file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn columns_become_durations() {
        let file = csv_file("what,burst\na,1.5\nb,0\n");
        let spans = read(file.path(), "burst", Unit::Us).unwrap();
        assert_eq!(spans, [Span::from_ns(1500), Span::ZERO]);
    }

    #[test]
    fn bad_columns_are_named() {
        for (text, end) in [
            ("a,b\n1,2\n", "there is no column `x`; there is `a`, `b`"),
            ("x\n", "column `x` holds no values"),
            ("x\n1\nmany\n", "row 2 of column `x` holds \"many\", which is no number"),
            ("x\n-1\n", "row 1 of column `x` holds -1, which is no duration of up to 72h"),
            ("x\nnan\n", "row 1 of column `x` holds NaN, which is no duration of up to 72h"),
        ] {
            let file = csv_file(text);
            let message = read(file.path(), "x", Unit::S).unwrap_err().to_string();
            assert_eq!(message, format!("{}: {end}", file.path().display()));
        }
    }

    #[cfg(feature = "analysis")]
    #[test]
    fn parquet_columns_become_durations() {
        use polars::prelude::{Column, DataFrame, ParquetWriter};

        let file = tempfile::Builder::new().suffix(".parquet").tempfile().unwrap();
        let column = Column::new("burst".into(), [3_i64, 4]);
        let mut table = DataFrame::new(2, vec![column]).unwrap();
        ParquetWriter::new(file.reopen().unwrap()).finish(&mut table).unwrap();
        let spans = read(file.path(), "burst", Unit::Ms).unwrap();
        assert_eq!(spans, [Span::from_ms(3), Span::from_ms(4)]);
        assert!(read(file.path(), "x", Unit::Ms).unwrap_err().to_string().ends_with("is `burst`"));
    }
}
