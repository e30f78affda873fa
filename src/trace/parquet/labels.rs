//! Text columns, always as an Enum: numbers in the file, texts once in its schema.

use polars::prelude::*;

/// The texts that a column may have.
#[derive(Debug, Clone)]
pub struct Labels {
    dtype: DataType,
    physical: DataType,
}

impl Labels {
    /// Labels, each with its place in the list as its number.
    ///
    /// # Errors
    ///
    /// Two labels are equal.
    pub fn new<'a>(labels: impl IntoIterator<Item = &'a str>) -> PolarsResult<Self> {
        let dtype = DataType::from_frozen_categories(FrozenCategories::new(labels)?);
        let physical = DataType::from(dtype.cat_physical()?);
        Ok(Self { dtype, physical })
    }

    /// A column of labels, given by their numbers.
    ///
    /// # Errors
    ///
    /// A number stands for no label.
    pub fn column(&self, name: &str, numbers: Series) -> PolarsResult<Column> {
        let numbers = numbers.strict_cast(&self.physical)?;
        let labels = Series::from_cats_and_dtype(&numbers, &self.dtype, true)?;
        Ok(labels.with_name(name.into()).into())
    }
}
