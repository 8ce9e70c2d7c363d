//! Reads the email address of a row.

use std::borrow::Cow;

use jiff::civil::Date;

use super::{
    cells::Cells,
    clean::{self, clean},
    field::Field,
    invalid_cell::InvalidCell,
    invalid_row::InvalidRow,
    mapping::Kind,
    normalise::email,
    value::Value,
};
use segment_files::Row;

/// The cells of the email address, in one file.
#[derive(Debug)]
pub(super) struct EmailCells<'m> {
    cells: Cells<'m>,
    /// Whether addresses keep their upper case.
    keep_case: bool,
}

impl<'m> EmailCells<'m> {
    pub(super) fn new(cells: Cells<'m>, keep_case: bool) -> Self {
        Self { cells, keep_case }
    }

    /// Returns the row's normalised address. Unlike other fields, it is required, and an invalid one is never left
    /// out.
    pub(super) fn address<'a>(&'a self, row: &'a Row) -> Result<Cow<'a, str>, InvalidRow> {
        let Cells::Column(column) = &self.cells else { return self.computed(row) };
        let cell = clean::cell(row, *column);
        match (&*cell, row.list(*column)) {
            ("", None) => Err(InvalidRow::NoEmail),
            ("", Some([address])) => self.normalised(clean(address.trim())),
            ("", Some(_)) => {
                Err(InvalidRow::Cell { field: Field::Email.key().to_owned(), reason: InvalidCell::List })
            }
            _ => self.normalised(cell),
        }
    }

    /// Returns the row's cell as it is in the file.
    pub(super) fn raw<'r>(&self, row: &'r Row) -> Cow<'r, str>
    where
        'm: 'r,
    {
        self.cells.text(row).unwrap_or_default()
    }

    /// Returns the address from several columns or a template.
    fn computed<'a>(&'a self, row: &'a Row) -> Result<Cow<'a, str>, InvalidRow> {
        match self.cells.value(row, &Kind::Email, Date::MAX) {
            Ok(Some(Value::Text(address))) if !self.keep_case => Ok(address),
            Ok(None) => Err(InvalidRow::NoEmail),
            _ => self.normalised(self.cells.text(row).map_err(|_| InvalidRow::Email)?),
        }
    }

    #[inline]
    fn normalised<'a>(&self, cell: Cow<'a, str>) -> Result<Cow<'a, str>, InvalidRow> {
        let address = match cell {
            Cow::Borrowed(cell) => email(cell, self.keep_case),
            Cow::Owned(cell) => email(&cell, self.keep_case).map(|address| Cow::Owned(address.into_owned())),
        };
        address.map_err(|_| InvalidRow::Email)
    }
}
