//! A value with its place in the file. It converts itself to the requested type, or reports its actual type.

use std::{fmt, ops::RangeInclusive};

use jiff::Timestamp;
use toml::de::{DeTable, DeValue};

use super::document::Document;
use crate::wording::{quoted, unknown};

#[derive(Debug)]
pub(super) struct Item<'d> {
    document: &'d Document<'d>,
    value: &'d DeValue<'d>,
    /// The value's dotted path, such as `segments[1].name`.
    path: String,
    line: usize,
}

impl<'d> Item<'d> {
    pub(super) fn new(document: &'d Document<'d>, value: &'d DeValue<'d>, path: String, line: usize) -> Self {
        Self { document, value, path, line }
    }

    pub(super) fn document(&self) -> &'d Document<'d> {
        self.document
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Reports a problem of this value. Always returns `None`.
    pub(super) fn refuse<T>(&self, message: impl fmt::Display) -> Option<T> {
        self.document.report(self.line, &self.path, message.to_string());
        None
    }

    /// Reports that the value has another type. Always returns `None`.
    pub(super) fn refuse_type<T>(&self, expected: &str, advice: &str) -> Option<T> {
        self.refuse(format_args!("expected {expected}, found {}{advice}", self.type_name()))
    }

    pub(super) fn text(&self) -> Option<&'d str> {
        match self.value {
            DeValue::String(text) => Some(text),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
                self.refuse_type("text", "; put it in double quotes")
            }
            DeValue::Array(_) | DeValue::Table(_) => self.refuse_type("text in double quotes", ""),
        }
    }

    /// Returns the text, or `None` if the value is something else. Reports nothing.
    pub(super) fn as_text(&self) -> Option<&'d str> {
        if let DeValue::String(text) = self.value { Some(text) } else { None }
    }

    /// Parses the text. Reports the error that `parse` returns.
    pub(super) fn parse<T, E: fmt::Display>(&self, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        match parse(self.text()?) {
            Ok(parsed) => Some(parsed),
            Err(message) => self.refuse(message),
        }
    }

    /// Returns a whole number in a range. `advice` follows the message for a number outside of it.
    pub(super) fn integer(&self, range: RangeInclusive<u64>, advice: &str) -> Option<u64> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        let DeValue::Integer(number) = self.value else {
            let unquote = if self.as_text().is_some() { "; write it without quotes" } else { "" };
            return self.refuse_type(&expected, unquote);
        };
        match u64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if range.contains(&number) => Some(number),
            _ => {
                let number = quoted(&number.to_string());
                self.refuse(format_args!("expected {expected}, found {number}{advice}"))
            }
        }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match self.value {
            DeValue::Boolean(value) => Some(*value),
            DeValue::String(_) => self.refuse_type("true or false", "; write it without quotes"),
            _ => self.refuse_type("true or false", ""),
        }
    }

    /// Returns a date and time with an offset, which may also be in quotes.
    pub(super) fn instant(&self) -> Option<Timestamp> {
        let expected = "a date and time with an offset, such as 2026-11-23T10:00:00Z";
        let text = match self.value {
            DeValue::Datetime(datetime) => datetime.to_string(),
            DeValue::String(text) => text.as_ref().to_owned(),
            _ => return self.refuse_type(expected, ""),
        };
        match text.parse() {
            Ok(instant) => Some(instant),
            Err(_) => self.refuse(format_args!("expected {expected}, found `{}`", quoted(&text))),
        }
    }

    /// Returns the choice that the text names. `what` describes the choices in messages, such as `a mode`.
    pub(super) fn choice<T: Copy>(&self, what: &str, choices: &[(&'static str, T)]) -> Option<T> {
        self.parse(|text| {
            let choice = choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
            choice.ok_or_else(|| {
                let known: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
                unknown(text, what, &known)
            })
        })
    }

    pub(super) fn table(&self) -> Option<&'d DeTable<'d>> {
        match self.value {
            DeValue::Table(table) => Some(table),
            DeValue::Array(_) if !self.path.contains(['.', '[']) => {
                self.refuse_type("a table", &format!("; write [{}] with one bracket", self.path))
            }
            _ => self.refuse_type("a table", ""),
        }
    }

    /// Whether the value is a table. Reports nothing.
    pub(super) fn is_table(&self) -> bool {
        matches!(self.value, DeValue::Table(_))
    }

    /// Returns the elements of a list.
    pub(super) fn elements(&self) -> Option<Vec<Item<'d>>> {
        match self.value {
            DeValue::Array(array) => Some(
                (1..)
                    .zip(array.iter())
                    .map(|(n, value)| Item {
                        document: self.document,
                        value: value.get_ref(),
                        path: format!("{}[{n}]", self.path),
                        line: self.document.line_at(value.span().start),
                    })
                    .collect(),
            ),
            DeValue::Table(_) => {
                self.refuse_type("a list", &format!("; write [[{}]] with two brackets", self.path))
            }
            DeValue::String(_) => self.refuse_type("a list", "; put it in [brackets]"),
            _ => self.refuse_type("a list", ""),
        }
    }

    fn type_name(&self) -> &'static str {
        match self.value {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a decimal number",
            DeValue::Boolean(true) => "true",
            DeValue::Boolean(false) => "false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }
}
