//! How a notebook shows what ends a cell.
//!
//! The kernel calls `evcxr_display` on it, whatever trait that comes from, and takes what stands between two marks as an
//! output of the given type: one for each cell.

use std::fmt::Display;

use polars::prelude::{AnyValue, Column, DataFrame};

use super::{Figure, Text};
use crate::figure::Quantity;

/// The most rows of a table that are shown.
const ROWS: usize = 24;

/// What a notebook can show.
pub trait Show {
    /// Shows it.
    fn evcxr_display(&self);
}

/// Tells the kernel what to show.
fn emit(kind: &str, content: &str) {
    println!("EVCXR_BEGIN_CONTENT {kind}\n{content}\nEVCXR_END_CONTENT");
}

impl Show for Text {
    fn evcxr_display(&self) {
        emit("text/plain", self.0.trim_end());
    }
}

impl Show for DataFrame {
    fn evcxr_display(&self) {
        emit("text/html", &html(self));
    }
}

impl Show for Figure {
    fn evcxr_display(&self) {
        match self.draw() {
            Ok(svg) => emit("image/svg+xml", &svg),
            Err(error) => eprintln!("{error}"),
        }
    }
}

impl<T: Show, E: Display> Show for Result<T, E> {
    fn evcxr_display(&self) {
        match self {
            Ok(value) => value.evcxr_display(),
            Err(error) => eprintln!("{error}"),
        }
    }
}

/// What is added to the name of a metric's column by those that belong to it.
const HALF_WIDTH: &str = " ±";
const LOWEST: &str = " lowest";
const HIGHEST: &str = " highest";

/// A table; what belongs to a number stands in its cell, and a column has one unit.
fn html(frame: &DataFrame) -> String {
    let columns = frame.columns();
    let named = |name: String| columns.iter().find(|column| column.name().as_str() == name);
    let mut shown = Vec::new();
    for column in columns {
        let name = column.name().as_str();
        let belongs = [HALF_WIDTH, LOWEST, HIGHEST]
            .iter()
            .any(|end| name.strip_suffix(end).is_some_and(|base| named(base.to_owned()).is_some()));
        let is_empty = (0..column.len()).all(|row| {
            column.get(row).is_ok_and(|value| value.is_null() || value.get_str() == Some(""))
        });
        if !belongs && !is_empty {
            let base = name.split(' ').next().and_then(|base| named(base.to_owned()));
            let with = |end: &str| named(format!("{name}{end}")).map(numbers);
            let around = [with(HALF_WIDTH), with(LOWEST), with(HIGHEST)];
            shown.push(Shown { column, unit: unit(base.unwrap_or(column)), around });
        }
    }
    let rows = frame.height().min(ROWS);
    let mut text = String::from("<table><thead><tr>");
    shown.iter().for_each(|shown| text += &shown.head());
    text += "</tr></thead><tbody>";
    for row in 0..rows {
        text += "\n<tr>";
        shown.iter().for_each(|shown| text += &shown.cell(row));
        text += "</tr>";
    }
    text += "</tbody></table>";
    if rows < frame.height() {
        text += &format!("\n<p>the first {rows} of {} rows</p>", frame.height());
    }
    text
}

/// A column with what stands in its cells.
struct Shown<'a> {
    column: &'a Column,
    unit: (f64, &'static str),
    /// Half widths, lowest, and highest values.
    around: [Option<Vec<Option<f64>>>; 3],
}

impl Shown<'_> {
    fn is_text(&self) -> bool {
        !self.column.dtype().is_primitive_numeric()
    }

    fn align(&self) -> &'static str {
        if self.is_text() { "left" } else { "right" }
    }

    fn head(&self) -> String {
        let (_, symbol) = self.unit;
        let name = escaped(self.column.name());
        let unit = if symbol.is_empty() {
            String::new()
        } else {
            format!("<br><small>in {symbol}</small>")
        };
        format!("<th style=\"text-align: {}\">{name}{unit}</th>", self.align())
    }

    fn cell(&self, row: usize) -> String {
        let value = self.column.get(row).unwrap_or(AnyValue::Null);
        let text = match value.extract::<f64>() {
            None if value.is_null() => String::new(),
            None => escaped(&value.get_str().map_or_else(|| value.to_string(), str::to_owned)),
            Some(number) => self.number(row, number, value.is_integer()),
        };
        format!("<td style=\"text-align: {}; white-space: nowrap\">{text}</td>", self.align())
    }

    fn number(&self, row: usize, number: f64, whole: bool) -> String {
        let (factor, _) = self.unit;
        let at = |place: usize| Some(self.around[place].as_ref()?.get(row).copied()?? / factor);
        let number = number / factor;
        let half = at(0);
        let digits = match half {
            _ if whole && factor == 1.0 => 0,
            // No more digits than the interval leaves, and four of them at most.
            Some(half) => digits(number, 3).max(digits(half, 1).min(digits(number, 4))),
            None => digits(number, 3),
        };
        let mut text = grouped(number, digits);
        if let Some(half) = half {
            text += &format!(" ± {}", grouped(half, digits));
        }
        if let Some((low, high)) = at(1).zip(at(2)) {
            text += &format!(" ({} to {})", grouped(low, digits), grouped(high, digits));
        }
        text
    }
}

/// The unit of a whole column, by the end of its name: what numbers are divided by, and its symbol.
fn unit(column: &Column) -> (f64, &'static str) {
    let name = column.name().as_str();
    let quantity = if name.ends_with("_ns") {
        Quantity::TimeNs
    } else if name.ends_with("_bytes") {
        Quantity::Bytes
    } else if name.ends_with("_share") {
        Quantity::Share
    } else {
        Quantity::Plain
    };
    let mut known: Vec<f64> = numbers(column).into_iter().flatten().map(f64::abs).collect();
    known.sort_by(f64::total_cmp);
    let unit = quantity.unit(known.get(known.len() / 2).copied().unwrap_or(0.0));
    (unit.factor, unit.symbol)
}

fn numbers(column: &Column) -> Vec<Option<f64>> {
    (0..column.len()).map(|row| column.get(row).ok()?.extract()).collect()
}

/// How many decimals show so many significant digits, four at most.
fn digits(number: f64, significant: i32) -> usize {
    if number == 0.0 || !number.is_finite() {
        return 0;
    }
    // Between 0 and 4.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let digits = (significant - 1 - number.abs().log10().floor() as i32).clamp(0, 4) as usize;
    digits
}

/// A number with narrow blanks between thousands.
fn grouped(number: f64, digits: usize) -> String {
    let text = format!("{number:.digits$}");
    let whole = text.find('.').unwrap_or(text.len());
    let mut grouped = String::new();
    for (place, letter) in text.chars().enumerate() {
        let left = whole.saturating_sub(place);
        if place > 0 && left > 0 && left % 3 == 0 && grouped.ends_with(|c: char| c.is_ascii_digit())
        {
            grouped.push('\u{202f}');
        }
        grouped.push(letter);
    }
    grouped
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> DataFrame {
        let columns = vec![
            Column::new("policy".into(), ["a < b", "c"]),
            Column::new("runs".into(), [12_345_u32, 7]),
            Column::new("latency_mean_ns".into(), [Some(6_270_000.0), None]),
            Column::new("latency_mean_ns ±".into(), [Some(4_000.0), None]),
            Column::new("latency_mean_ns measured".into(), [6_300_000.0, 1_100_000.0]),
            Column::new("latency_mean_ns measured lowest".into(), [6_200_000.0, 1_000_000.0]),
            Column::new("latency_mean_ns measured highest".into(), [6_500_000.0, 1_200_000.0]),
        ];
        DataFrame::new(2, columns).unwrap()
    }

    #[test]
    fn a_table_has_one_unit_a_column_and_belongings_in_the_cell() {
        let html = html(&frame());
        let cells: Vec<_> = html.split("<td").skip(1).collect();
        assert_eq!(cells.len(), 8, "{html}");
        for (cell, expected) in cells.iter().zip([
            ">a &lt; b<",
            ">12\u{202f}345<",
            ">6.270 ± 0.004<",
            ">6.30 (6.20 to 6.50)<",
            ">c<",
            ">7<",
            "\"></td>",
            ">1.10 (1.00 to 1.20)<",
        ]) {
            assert!(cell.contains(expected), "{cell} lacks {expected}");
        }
        assert_eq!(html.matches("in ms").count(), 2);
    }

    #[test]
    fn a_long_table_says_how_long_it_is() {
        let column = Column::new("x".into(), (0..100_u32).collect::<Vec<_>>());
        let html = html(&DataFrame::new(100, vec![column]).unwrap());
        assert_eq!(html.matches("<td").count(), ROWS);
        assert!(html.ends_with("<p>the first 24 of 100 rows</p>"));
    }

    #[test]
    fn numbers_have_the_digits_that_tell() {
        for (number, expected) in [
            (0.0, "0"),
            (1_234_567.8, "1\u{202f}234\u{202f}568"),
            (-1234.0, "-1\u{202f}234"),
            (0.001_23, "0.0012"),
            (12.345, "12.3"),
        ] {
            assert_eq!(grouped(number, digits(number, 3)), expected);
        }
    }
}
