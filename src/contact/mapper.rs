//! Maps the rows of one file to contacts.

use std::{borrow::Cow, collections::HashSet};

use jiff::{Timestamp, civil::Date, tz::Offset};

use super::{
    cells::Cells,
    consent::ConsentReader,
    field::Field,
    invalid_cell::InvalidCell,
    invalid_row::InvalidRow,
    mapping::{Mapped, Mapping, Source},
    policy::{OnEmpty, OnInvalid},
    prepared::{EmailKey, PreparedContact},
    program::{Program, Programs},
    value::Value,
    warnings::{WarningCounts, Warnings},
};
use crate::contact::email_cells::EmailCells;
use segment_files::{ColumnProblem, Header, Row};

/// The longest text of a custom property, in characters.
const MAX_TEXT: usize = 2048;

/// One value of a contact, bound to the columns of one file.
#[derive(Debug)]
struct Bound<'m, N> {
    name: N,
    cells: Cells<'m>,
    mapped: &'m Mapped,
}

/// A mapping bound to the columns of one file.
#[derive(Debug)]
pub struct Mapper<'m> {
    email: EmailCells<'m>,
    filter: Option<Program<'m>>,
    fields: Vec<Bound<'m, Field>>,
    properties: Vec<Bound<'m, &'m str>>,
    send_welcome_message: bool,
    consent: ConsentReader<'m>,
    /// The latest valid birthdate.
    today: Date,
}

impl<'m> Mapper<'m> {
    /// Binds a mapping to a file's header. The error lists all missing columns. `programs` are compiled from the same
    /// mapping. `now` is the start of the run: no birthdate is later, and no consent more than 24 hours later.
    pub fn bind(
        mapping: &'m Mapping,
        programs: &'m Programs,
        header: &Header,
        now: Timestamp,
    ) -> Result<Self, Vec<ColumnProblem>> {
        let (mut problems, mut seen) = (Vec::new(), HashSet::new());
        let mut find = |column: &str| {
            header.find(column).unwrap_or_else(|problem| {
                if seen.insert(column.to_owned()) {
                    problems.push(problem);
                }
                usize::MAX
            })
        };
        let mut cells = |source: &'m Source| {
            let template = programs.template(source, &mut find);
            Cells::bind(source, template, &mut find)
        };
        let email = EmailCells::new(cells(&mapping.email), mapping.keep_email_case);
        let mut bind_field =
            |(field, mapped): &'m (Field, Mapped)| Bound { name: *field, cells: cells(&mapped.from), mapped };
        let fields = mapping.fields.iter().map(&mut bind_field).collect();
        let properties = mapping
            .properties
            .iter()
            .map(|property| {
                let mapped = &property.value;
                Bound { name: property.name.as_str(), cells: cells(&mapped.from), mapped }
            })
            .collect();
        let filter = programs.filter(&mut find);
        let consent = ConsentReader::bind(&mapping.consent, now, &mut find);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            email,
            filter,
            fields,
            properties,
            send_welcome_message: mapping.send_welcome_message,
            consent,
            today: Offset::UTC.to_datetime(now).date(),
        })
    }

    /// Returns a row's contact, or `None` if the filter excludes the row. A cell that does not fit its field is counted
    /// in `warnings` and left out, or makes the row invalid; the export decides which. An invalid email address always
    /// makes the row invalid.
    pub fn contact<'a>(
        &'a self,
        row: &'a Row,
        warnings: &mut Warnings,
    ) -> Result<Option<PreparedContact<'a>>, InvalidRow> {
        if let Some(filter) = &self.filter
            && !filter.keeps(row).ok_or(InvalidRow::Filter)?
        {
            return Ok(None);
        }
        let email = self.email.address(row)?;
        let mut phone = None;
        let mut fields = Vec::with_capacity(self.fields.len());
        for (at, bound) in self.fields.iter().enumerate() {
            let value = self.value(row, at, bound, warnings);
            match value.map_err(|reason| InvalidRow::Cell { field: bound.name.key().to_owned(), reason })? {
                Some(Value::Text(number)) if bound.name == Field::Phone => phone = Some(number),
                value => fields.extend(value.map(|value| (bound.name, value))),
            }
        }
        let mut properties = Vec::with_capacity(self.properties.len());
        for (at, bound) in (self.fields.len()..).zip(&self.properties) {
            let value = self.value(row, at, bound, warnings);
            let mut value =
                value.map_err(|reason| InvalidRow::Cell { field: property_name(bound.name), reason })?;
            if value.as_ref().is_some_and(is_too_long) {
                // Omnisend would refuse the contact, which is worth more than the text, whatever `on_invalid` says.
                warnings.count(at, InvalidCell::TooLong);
                value = None;
            }
            properties.extend(value.map(|value| (bound.name, value)));
        }
        let mut invalid = Vec::new();
        let consent = self.consent.read(row, &mut invalid);
        if let Some(invalid) = invalid.iter().find(|invalid| self.consent.rejects_row(**invalid)) {
            return Err((*invalid).into());
        }
        warnings.count_consent(&invalid);
        let send_welcome_message = self.send_welcome_message;
        Ok(Some(PreparedContact { email, phone, fields, properties, send_welcome_message, consent }))
    }

    /// Returns the key of the row's contact if its address is valid, even if the row is not.
    pub fn key(&self, row: &Row) -> Option<EmailKey> {
        self.email.address(row).ok().map(|email| EmailKey::of(&email))
    }

    /// Returns a contact with only the row's consent, its address and its phone, if the address is valid, even if the
    /// row is not.
    pub fn consent<'a>(&'a self, row: &'a Row) -> Option<PreparedContact<'a>> {
        let email = self.email.address(row).ok()?;
        // Invalid cells were counted when the row was mapped, or made it invalid.
        let phone = self.fields.iter().find(|bound| bound.name == Field::Phone);
        let phone = phone.and_then(|bound| bound.cells.value(row, &bound.mapped.kind, self.today).ok()?);
        Some(PreparedContact {
            phone: phone.and_then(|value| match value {
                Value::Text(number) => Some(number),
                _ => None,
            }),
            send_welcome_message: self.send_welcome_message,
            consent: self.consent.read(row, &mut Vec::new()),
            ..PreparedContact::of(email)
        })
    }

    #[inline]
    fn value<'a, N>(
        &self,
        row: &'a Row,
        at: usize,
        bound: &'a Bound<'_, N>,
        warnings: &mut Warnings,
    ) -> Result<Option<Value<'a>>, InvalidCell> {
        let mapped = bound.mapped;
        match bound.cells.value(row, &mapped.kind, self.today) {
            Ok(None) if mapped.on_empty == OnEmpty::Clear => Ok(mapped.kind.cleared()),
            Ok(value) => Ok(value),
            Err(reason) if mapped.on_invalid == OnInvalid::RejectRow => Err(reason),
            Err(reason) => {
                warnings.count(at, reason);
                Ok(None)
            }
        }
    }

    /// Returns the row's email cell as it is in the file.
    pub fn email_cell<'r>(&self, row: &'r Row) -> Cow<'r, str>
    where
        'm: 'r,
    {
        self.email.raw(row)
    }

    /// Returns the warnings by the field's name in an export: `birthdate` or `custom_properties.loyalty_tier`.
    pub fn named(&self, warnings: &Warnings) -> WarningCounts {
        let fields = self.fields.iter().map(|bound| bound.name.key().to_owned());
        let properties = self.properties.iter().map(|bound| property_name(bound.name));
        warnings.named(&fields.chain(properties).collect::<Vec<_>>())
    }
}

/// Whether a custom property has a text that is longer than Omnisend accepts.
fn is_too_long(value: &Value<'_>) -> bool {
    let is_long = |text: &str| text.len() > MAX_TEXT && text.chars().count() > MAX_TEXT;
    match value {
        Value::Text(text) => is_long(text),
        Value::List(list) => list.iter().any(|item| is_long(item)),
        Value::Number(_) | Value::Boolean(_) => false,
    }
}

fn property_name(name: &str) -> String {
    format!("custom_properties.{name}")
}

#[cfg(test)]
mod tests;
