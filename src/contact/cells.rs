//! A value's source, bound to the columns of one file.

use std::borrow::Cow;

use jiff::civil::Date;

use super::{
    clean,
    invalid_cell::InvalidCell,
    mapping::{Decimal, Kind, Source},
    program::Program,
    value::Value,
};
use segment_files::Row;

/// Where a value comes from in a file. Columns are given by position.
#[derive(Debug)]
pub(super) enum Cells<'m> {
    Column(usize),
    /// The first column with a valid value.
    FirstOf(Vec<usize>),
    /// The same text for every row.
    Constant(&'m str),
    Template(Program<'m>),
}

impl<'m> Cells<'m> {
    /// Binds a source to a file. `find` returns a column's position.
    pub(super) fn bind(
        source: &'m Source,
        template: Option<Program<'m>>,
        mut find: impl FnMut(&str) -> usize,
    ) -> Self {
        match (source, template) {
            (_, Some(program)) => Self::Template(program),
            (Source::Column(column), None) => Self::Column(find(column)),
            (Source::FirstOf(columns), None) => {
                Self::FirstOf(columns.iter().map(|column| find(column)).collect())
            }
            (Source::Constant(text) | Source::Template(text), None) => Self::Constant(text),
        }
    }

    /// Returns the row's text, trimmed, and empty if there is none. Commas separate the items of a list.
    pub(super) fn text<'r>(&self, row: &'r Row) -> Result<Cow<'r, str>, InvalidCell>
    where
        'm: 'r,
    {
        match self {
            Self::Column(column) => Ok(joined(row, *column)),
            Self::FirstOf(columns) => {
                let filled = columns.iter().map(|column| joined(row, *column)).find(|text| !text.is_empty());
                Ok(filled.unwrap_or_default())
            }
            Self::Constant(text) => Ok(Cow::Borrowed(text.trim())),
            Self::Template(program) => program.render(row).map(Cow::Owned),
        }
    }

    /// Returns the row's value of this kind, or `None` if its cells are empty.
    #[inline]
    pub(super) fn value<'r>(
        &'r self,
        row: &'r Row,
        kind: &Kind,
        today: Date,
    ) -> Result<Option<Value<'r>>, InvalidCell> {
        match self {
            Self::Column(column) => column_value(row, *column, kind, today),
            Self::FirstOf(columns) => {
                let mut first_invalid = None;
                for column in columns {
                    match column_value(row, *column, kind, today) {
                        Ok(None) => {}
                        Ok(value) => return Ok(value),
                        Err(invalid) => first_invalid = first_invalid.or(Some(invalid)),
                    }
                }
                first_invalid.map_or(Ok(None), Err)
            }
            Self::Constant(text) => kind.value(text.trim(), today).map(Some),
            Self::Template(program) => {
                let text = program.render(row)?;
                if text.is_empty() {
                    Ok(None)
                } else {
                    kind.value(&text, today).map(|value| Some(value.into_owned()))
                }
            }
        }
    }
}

/// How a number of JSON or Parquet is read: it always has a decimal point.
static TYPED_NUMBER: Kind = Kind::Number { decimal: Some(Decimal::Point) };

#[inline]
fn column_value<'r>(
    row: &'r Row,
    column: usize,
    kind: &Kind,
    today: Date,
) -> Result<Option<Value<'r>>, InvalidCell> {
    let cell = clean::cell(row, column);
    if !cell.is_empty() {
        let is_typed = matches!(kind, Kind::Number { .. }) && row.is_number(column);
        let kind = if is_typed { &TYPED_NUMBER } else { kind };
        let value = kind.cleaned_value(cell, today)?;
        // As in JSON, a list of nothing is an empty cell.
        return Ok(Some(value).filter(|value| !matches!(value, Value::List(items) if items.is_empty())));
    }
    row.list(column).map(|list| kind.of_list(list, today)).transpose()
}

fn joined(row: &Row, column: usize) -> Cow<'_, str> {
    match row.list(column) {
        Some(list) => Cow::Owned(list.join(", ")),
        None => clean::cell(row, column),
    }
}
