//! Tables of whole runs as plain rows: one row a run, one row a thread.
//!
//! A row type lists its columns once, in [`Table::COLUMNS`]. Writers, readers and statistics go by
//! that list, so a column exists for all of them or for none.

pub mod probe;
pub mod run;
pub mod thread;

pub use probe::ProbeRow;
pub use run::{Coverage, Ending, RunRow, SWEEP_PREFIX};
pub use thread::ThreadRow;

use super::fingerprint::Fingerprint;

/// The version of all tables. It rises when a column changes its name or its meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers below 2^32.
    UInt32,
    /// Whole numbers below 2^63; signed, so that differences do not wrap.
    Int64,
    /// Real numbers.
    Float64,
    /// One of a few texts.
    Enum,
    /// Texts of which most differ.
    Text,
}

impl Kind {
    /// Whether the column holds numbers.
    #[must_use]
    pub const fn is_number(self) -> bool {
        !matches!(self, Self::Enum | Self::Text)
    }
}

/// What a row has in a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing: the number does not exist.
    Null,
    /// A whole number.
    Whole(u64),
    /// A real number.
    Real(f64),
    /// A text.
    Text(String),
}

/// A column of rows `R`.
#[derive(Debug)]
pub struct Column<R> {
    /// Its name, which is the field's name. A unit stands last.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// What a row has in it.
    pub get: fn(&R) -> Cell,
    /// Puts a cell into a row; `None` if the cell is not of the column's kind.
    pub set: fn(&mut R, Cell) -> Option<()>,
}

/// A row of a table.
pub trait Table: Default + 'static {
    /// The table's name.
    const NAME: &'static str;
    /// The columns, in order.
    const COLUMNS: &'static [Column<Self>];

    /// Real numbers in columns that only some tables have: name and value.
    fn extra(&self) -> &[(String, f64)] {
        &[]
    }
    /// Whether a column that is not listed belongs to [`Table::extra`].
    fn is_extra(_name: &str) -> bool {
        false
    }
    /// Adds to [`Table::extra`].
    fn add_extra(&mut self, _name: &str, _value: f64) {}
}

/// A field that is a column.
pub(crate) trait Field: Sized {
    /// The column's type.
    const KIND: Kind;
    /// The field as a cell.
    fn cell(&self) -> Cell;
    /// The cell as a field, if it is of the right kind and in range.
    fn from_cell(cell: Cell) -> Option<Self>;
}

/// Lists fields of `Self` as columns.
macro_rules! columns {
    ($($field:ident),* $(,)?) => {
        &[$($crate::trace::tables::Column {
            name: stringify!($field),
            kind: $crate::trace::tables::kind_of(|row: &Self| &row.$field),
            get: |row| $crate::trace::tables::Field::cell(&row.$field),
            set: |row, cell| {
                row.$field = $crate::trace::tables::Field::from_cell(cell)?;
                Some(())
            },
        }),*]
    };
}
pub(crate) use columns;

/// The kind of the field that a function points at.
pub(crate) const fn kind_of<R, F: Field>(_field: fn(&R) -> &F) -> Kind {
    F::KIND
}

macro_rules! whole_field {
    ($($type:ty => $kind:ident),*) => {
        $(impl Field for $type {
            const KIND: Kind = Kind::$kind;
            fn cell(&self) -> Cell {
                Cell::Whole(u64::from(*self))
            }
            fn from_cell(cell: Cell) -> Option<Self> {
                match cell {
                    Cell::Whole(value) => value.try_into().ok(),
                    _ => None,
                }
            }
        })*
    };
}
whole_field!(u32 => UInt32, u64 => Int64);

impl Field for f64 {
    const KIND: Kind = Kind::Float64;
    fn cell(&self) -> Cell {
        Cell::Real(*self)
    }
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Real(value) => Some(value),
            _ => None,
        }
    }
}

impl Field for String {
    const KIND: Kind = Kind::Enum;
    fn cell(&self) -> Cell {
        Cell::Text(self.clone())
    }
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Field for Fingerprint {
    const KIND: Kind = Kind::Text;
    fn cell(&self) -> Cell {
        Cell::Text(self.to_string())
    }
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Text(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl<F: Field> Field for Option<F> {
    const KIND: Kind = F::KIND;
    fn cell(&self) -> Cell {
        self.as_ref().map_or(Cell::Null, F::cell)
    }
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            cell => F::from_cell(cell).map(Some),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde::Serialize;

    use super::*;

    /// Every field is a column, but for the field that holds the extra ones.
    fn assert_lists_every_field<R: Table + Serialize>(extra: usize) {
        let row = serde_json::to_value(R::default()).unwrap();
        let fields = row.as_object().unwrap();
        R::COLUMNS.iter().for_each(|column| {
            assert!(fields.contains_key(column.name), "{} {}", R::NAME, column.name);
        });
        let mut names: Vec<_> = R::COLUMNS.iter().map(|column| column.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len() + extra, fields.len(), "{}", R::NAME);
    }

    #[test]
    fn every_field_is_a_column() {
        assert_lists_every_field::<RunRow>(1);
        assert_lists_every_field::<ThreadRow>(0);
        assert_lists_every_field::<ProbeRow>(0);
    }

    #[test]
    fn cells_of_the_wrong_kind_are_refused() {
        assert_eq!(u32::from_cell(Cell::Whole(1 << 32)), None);
        assert_eq!(u64::from_cell(Cell::Real(1.0)), None);
        assert_eq!(u64::from_cell(Cell::Null), None);
        assert_eq!(Option::<f64>::from_cell(Cell::Null), Some(None));
        assert_eq!(Option::<f64>::from_cell(Cell::Text(String::new())), None);
    }
}
