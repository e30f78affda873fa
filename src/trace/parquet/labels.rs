//! Text columns, always as an Enum: numbers in the file, texts once in its schema.

use polars::prelude::*;

/// The texts that a column may have.
#[derive(Debug, Clone)]
pub struct Labels(Series);

impl Labels {
    /// Labels, each with its place in the list as its number.
    ///
    /// # Errors
    ///
    /// Two labels are equal.
    pub fn new<'a>(labels: impl IntoIterator<Item = &'a str>) -> PolarsResult<Self> {
        let labels: Vec<_> = labels.into_iter().collect();
        let dtype =
            DataType::from_frozen_categories(FrozenCategories::new(labels.iter().copied())?);
        Series::new("".into(), labels).strict_cast(&dtype).map(Self)
    }

    /// A column of labels, given by their numbers; null where there is none.
    ///
    /// # Errors
    ///
    /// A number stands for no label.
    pub fn column(&self, name: &str, numbers: &IdxCa) -> PolarsResult<Column> {
        Ok(self.0.take(numbers)?.with_name(name.into()).into())
    }
}
