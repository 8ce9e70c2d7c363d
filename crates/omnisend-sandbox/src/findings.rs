//! Everything that is wrong with a request, gathered while it is read.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::fields;
use crate::problem::FieldError;

/// What is wrong, gathered: Omnisend lists every failure at once (published).
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<FieldError>);

impl Findings {
    pub(crate) fn add(&mut self, field: impl Into<String>, code: &'static str, message: impl Into<String>) {
        let message = message.into();
        self.0.push(FieldError { field: field.into(), code: Cow::Borrowed(code), message });
    }

    /// The value as what the field takes, or `None` and a finding.
    pub(crate) fn typed<'v, T>(
        &mut self,
        field: &str,
        value: &'v Value,
        what: &str,
        of: fn(&'v Value) -> Option<T>,
    ) -> Option<T> {
        let typed = of(value);
        if typed.is_none() {
            self.add(field, "invalidType", format!("must be {what}"));
        }
        typed
    }

    pub(crate) fn text<'v>(&mut self, field: &str, value: &'v Value) -> Option<&'v str> {
        self.typed(field, value, "a string", Value::as_str)
    }

    pub(crate) fn object<'v>(&mut self, field: &str, value: &'v Value) -> Option<&'v Map<String, Value>> {
        self.typed(field, value, "an object", Value::as_object)
    }

    pub(crate) fn array<'v>(&mut self, field: &str, value: &'v Value) -> Option<&'v Vec<Value>> {
        self.typed(field, value, "an array", Value::as_array)
    }

    pub(crate) fn moment(&mut self, field: &str, value: &Value) -> Option<Timestamp> {
        let text = self.text(field, value)?;
        let moment = fields::moment(text);
        if moment.is_none() {
            self.add(field, "invalidFormat", "must be a date and time as RFC 3339 has it");
        }
        moment
    }

    /// Strings that all pass a check, at most `most` of them.
    pub(crate) fn strings(
        &mut self,
        field: &str,
        value: &Value,
        most: usize,
        check: impl Fn(&str) -> Result<(), &'static str>,
    ) -> Vec<String> {
        let Some(values) = self.array(field, value) else { return Vec::new() };
        if values.len() > most {
            self.add(field, "tooMany", format!("must hold at most {most}, holds {}", values.len()));
        }
        let mut strings = Vec::with_capacity(values.len());
        for (i, value) in values.iter().enumerate() {
            let place = format!("{field}[{i}]");
            let Some(text) = self.text(&place, value) else { continue };
            match check(text) {
                Ok(()) => strings.push(text.to_owned()),
                Err(message) => self.add(place, "invalidFormat", message),
            }
        }
        strings
    }

    pub(crate) fn into_result<T>(self, value: T) -> Result<T, Vec<FieldError>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }
}
