//! A value's source bound to the columns of one file.

use std::borrow::Cow;

use jiff::civil::Date;

use super::{Flaw, Kind, Source, Value, program::Program};
use crate::source::Row;

/// Where a value comes from, in a file.
#[derive(Debug)]
pub(super) enum Cells<'m> {
    /// A column.
    Column(usize),
    /// The first of these that has a value.
    FirstOf(Vec<usize>),
    /// The same for every row.
    Constant(&'m str),
    /// A template.
    Template(Program<'m>),
}

impl<'m> Cells<'m> {
    /// Binds a source. `find` says where a column stands.
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

    /// The row's text, trimmed; empty where there is none. Of a list it is the values between commas.
    pub(super) fn text<'r>(&self, row: &'r Row) -> Result<Cow<'r, str>, Flaw>
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

    /// The row's value as a kind has it, `None` where there is none.
    #[inline]
    pub(super) fn value<'r>(
        &'r self,
        row: &'r Row,
        kind: &Kind,
        today: Date,
    ) -> Result<Option<Value<'r>>, Flaw> {
        match self {
            Self::Column(column) => of_column(row, *column, kind, today),
            Self::FirstOf(columns) => {
                let mut flaw = None;
                for column in columns {
                    match of_column(row, *column, kind, today) {
                        Ok(None) => {}
                        Ok(found) => return Ok(found),
                        Err(found) => flaw = flaw.or(Some(found)),
                    }
                }
                flaw.map_or(Ok(None), Err)
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

#[inline]
fn of_column<'r>(row: &'r Row, column: usize, kind: &Kind, today: Date) -> Result<Option<Value<'r>>, Flaw> {
    let cell = row.cell(column);
    if !cell.is_empty() {
        return kind.value(cell, today).map(Some);
    }
    row.list(column).map(|list| kind.of_list(list, today)).transpose()
}

fn joined(row: &Row, column: usize) -> Cow<'_, str> {
    match row.list(column) {
        Some(list) => Cow::Owned(list.join(", ")),
        None => Cow::Borrowed(row.cell(column)),
    }
}
