//! Collects every invalid field of a request while the request is read.

use serde_json::{Map, Value};

use crate::contract::problem::{FieldError, Problem};

/// The invalid fields so far: Omnisend lists them all at once (published).
#[derive(Debug, Default)]
pub(crate) struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    pub(crate) fn add(&mut self, field: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), code: code.into(), message: message.into() });
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

    pub(crate) fn boolean(&mut self, field: &str, value: &Value) -> Option<bool> {
        self.typed(field, value, "a boolean", Value::as_bool)
    }

    /// Returns the value in the field's type. If it has another type, adds an error and returns `None`.
    fn typed<'v, T>(
        &mut self,
        field: &str,
        value: &'v Value,
        expected: &str,
        convert: fn(&'v Value) -> Option<T>,
    ) -> Option<T> {
        let typed = convert(value);
        if typed.is_none() {
            self.add(field, "invalidType", format!("must be {expected}"));
        }
        typed
    }

    /// Returns the parsed string. If it is invalid, adds an error and returns `None`.
    pub(crate) fn parsed<T>(
        &mut self,
        field: &str,
        value: &Value,
        parse: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        let text = self.text(field, value)?;
        parse(text).map_err(|message| self.add(field, "invalidFormat", message)).ok()
    }

    /// Returns the strings of an array that pass a check. Adds an error for each that does not, and one if there are
    /// more than `max`.
    pub(crate) fn strings(
        &mut self,
        field: &str,
        value: &Value,
        max: usize,
        check: impl Fn(&str) -> Result<(), &'static str>,
    ) -> Vec<String> {
        let Some(values) = self.array(field, value) else { return Vec::new() };
        if values.len() > max {
            self.add(field, "tooMany", format!("must hold at most {max}, holds {}", values.len()));
        }
        let checked = |text: &str| check(text).map(|()| text.to_owned());
        let read = |(i, value)| self.parsed(&format!("{field}[{i}]"), value, checked);
        values.iter().enumerate().filter_map(read).collect()
    }

    /// Returns the value, or the errors if a field is invalid.
    pub(crate) fn into_result<T>(self, value: T) -> Result<T, Vec<FieldError>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }

    /// Refuses the request if a field is invalid.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        self.into_result(()).map_err(Problem::invalid)
    }
}
