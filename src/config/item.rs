//! A value with its place in the file: hands itself out as the type that is asked for, or says what it is
//! instead.

use std::{fmt, ops::RangeInclusive};

use jiff::Timestamp;
use toml::de::DeValue;

use super::{document::Document, section::Section, words};

/// A value of a file.
#[derive(Debug)]
pub(super) struct Item<'d> {
    document: &'d Document<'d>,
    value: &'d DeValue<'d>,
    path: String,
    line: usize,
}

impl<'d> Item<'d> {
    pub(super) fn new(document: &'d Document<'d>, value: &'d DeValue<'d>, path: String, line: usize) -> Self {
        Self { document, value, path, line }
    }

    /// Reports a problem of this value. Always `None`, to be returned.
    pub(super) fn refuse<T>(&self, message: impl fmt::Display) -> Option<T> {
        self.document.report(self.line, &self.path, message.to_string());
        None
    }

    /// Reports that the value is of another type.
    pub(super) fn refuse_type<T>(&self, expected: &str, advice: &str) -> Option<T> {
        self.refuse(format_args!("expected {expected}, found {}{advice}", self.found()))
    }

    /// A text.
    pub(super) fn text(&self) -> Option<&'d str> {
        match self.value {
            DeValue::String(text) => Some(text),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
                self.refuse_type("a text", "; put it in double quotes")
            }
            DeValue::Array(_) | DeValue::Table(_) => self.refuse_type("a text in double quotes", ""),
        }
    }

    /// The text, if that is what it is.
    pub(super) fn as_text(&self) -> Option<&'d str> {
        if let DeValue::String(text) = self.value { Some(text) } else { None }
    }

    /// A text that becomes something else; what `parse` returns as an error is the message.
    pub(super) fn parse<T, E: fmt::Display>(&self, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        match parse(self.text()?) {
            Ok(parsed) => Some(parsed),
            Err(message) => self.refuse(message),
        }
    }

    /// A whole number in a range.
    pub(super) fn integer(&self, range: RangeInclusive<u64>, advice: &str) -> Option<u64> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        let DeValue::Integer(number) = self.value else {
            let unquote = if self.as_text().is_some() { "; write it without quotes" } else { "" };
            return self.refuse_type(&expected, unquote);
        };
        match u64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if range.contains(&number) => Some(number),
            _ => {
                let number = words::shown(&number.to_string());
                self.refuse(format_args!("expected {expected}, found {number}{advice}"))
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self) -> Option<bool> {
        match self.value {
            DeValue::Boolean(value) => Some(*value),
            DeValue::String(_) => self.refuse_type("true or false", "; write it without quotes"),
            _ => self.refuse_type("true or false", ""),
        }
    }

    /// An instant: TOML's date and time with an offset, or the same as a text.
    pub(super) fn instant(&self) -> Option<Timestamp> {
        let expected = "a date and time with an offset, such as 2026-11-23T10:00:00Z";
        let text = match self.value {
            DeValue::Datetime(datetime) => datetime.to_string(),
            DeValue::String(text) => text.as_ref().to_owned(),
            _ => return self.refuse_type(expected, ""),
        };
        match text.parse() {
            Ok(instant) => Some(instant),
            Err(_) => self.refuse(format_args!("expected {expected}, found `{}`", words::shown(&text))),
        }
    }

    /// One of a few words; `what` names them: `a mode`.
    pub(super) fn choice<T: Copy>(&self, what: &str, choices: &[(&'static str, T)]) -> Option<T> {
        self.parse(|text| {
            let known = || choices.iter().map(|(word, _)| *word);
            let chosen = choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
            chosen.ok_or_else(|| {
                let meant = match words::nearest(text, known()) {
                    Some(meant) => format!("did you mean `{meant}`? Known: "),
                    None => "known: ".to_owned(),
                };
                format!("`{}` is not {what}; {meant}{}", words::shown(text), words::list(known(), "and"))
            })
        })
    }

    /// A table.
    pub(super) fn section(&self) -> Option<Section<'d>> {
        match self.value {
            DeValue::Table(table) => Some(Section::new(self.document, table, self.path.clone(), self.line)),
            DeValue::Array(_) if !self.path.contains(['.', '[']) => {
                self.refuse_type("a table", &format!("; write [{}] with one bracket", self.path))
            }
            _ => self.refuse_type("a table", ""),
        }
    }

    /// The table, if that is what it is.
    pub(super) fn as_section(&self) -> Option<Section<'d>> {
        if let DeValue::Table(_) = self.value { self.section() } else { None }
    }

    /// A list.
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

    /// Whether the file's root takes a key of this name.
    pub(super) fn is_root_key(&self, key: &str) -> bool {
        self.document.is_root_key(key)
    }

    fn found(&self) -> &'static str {
        match self.value {
            DeValue::String(_) => "a text",
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
