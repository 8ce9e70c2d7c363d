//! JSON that has the objects of many rows, but not one on each line.

use std::{cell::RefCell, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// The depth to which objects are searched for the list of rows.
const MAX_DEPTH: usize = 4;

/// Whether a line has several objects, one after the other.
pub(crate) fn has_several_objects(line: &str) -> bool {
    let mut values = serde_json::Deserializer::from_str(line).into_iter::<&RawValue>();
    let is_object = matches!(values.next(), Some(Ok(first)) if first.get().starts_with('{'));
    is_object && line.get(values.byte_offset()..).is_some_and(|rest| rest.trim_start().starts_with('{'))
}

/// Whether the text has nothing but one object, which may be cut off.
fn is_one_object(text: &str) -> bool {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let first = values.next();
    text.trim_start().starts_with('{')
        && match first {
            Some(Ok(_)) => text.get(values.byte_offset()..).is_some_and(|rest| rest.trim().is_empty()),
            Some(Err(error)) => error.is_eof(),
            None => false,
        }
}

/// Returns the path of the list that has the rows, if the text is one object with such a list. The text may be cut off.
pub(crate) fn list_of_rows(text: &str) -> Option<String> {
    if is_one_object(text) { list_of_objects(text).map(|path| path.join(".")) } else { None }
}

/// Returns the path of the first list of objects in an object. Returns `None` if a value outside of lists may be an email
/// address: then the object itself may be a row.
fn list_of_objects(text: &str) -> Option<Vec<String>> {
    let found = RefCell::new(Found::default());
    let mut json = serde_json::Deserializer::from_str(text);
    // A text that is cut off is an error, but what was found before its end counts.
    let _ = Probe { path: Vec::new(), is_in_list: false, found: &found }.deserialize(&mut json);
    let Found { path, has_address } = found.into_inner();
    path.filter(|path| !has_address && !path.iter().any(|name| name.contains(['@', '.', '"', '\'', '\\'])))
}

#[derive(Debug, Default)]
struct Found {
    path: Option<Vec<String>>,
    has_address: bool,
}

/// Looks at a value.
struct Probe<'f> {
    /// The names that lead to it.
    path: Vec<String>,
    /// Whether it is the first value of the list at that path.
    is_in_list: bool,
    found: &'f RefCell<Found>,
}

impl<'de> DeserializeSeed<'de> for Probe<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Probe<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.is_in_list && !self.path.is_empty() {
            self.found.borrow_mut().path.get_or_insert_with(|| self.path.clone());
        }
        while let Some(name) = map.next_key::<String>()? {
            if self.is_in_list || self.path.len() >= MAX_DEPTH {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let path = self.path.iter().cloned().chain([name]).collect();
            map.next_value_seed(Probe { path, is_in_list: false, found: self.found })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if !self.is_in_list {
            list.next_element_seed(Probe { is_in_list: true, ..self })?;
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.found.borrow_mut().has_address |= !self.is_in_list && text.contains('@');
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_several_objects_on_a_line() {
        for (line, is) in [
            ("{\"a\": 1}{\"a\": 2}", true),
            ("{\"a\": {}} {\"a\"", true),
            ("{\"a\": \"}{\"}", false),
            ("{\"a\": 1} x", false),
            ("{\"a\": 1", false),
            ("1 {\"a\": 1}", false),
        ] {
            assert_eq!(has_several_objects(line), is, "{line}");
        }
    }

    #[test]
    fn recognises_a_single_object() {
        for (text, is) in
            [("{\"a\": 1}\n", true), ("{\"a\": [1,", true), ("{\"a\": 1}\n{}", false), ("{\"a\" 1}", false)]
        {
            assert_eq!(is_one_object(text), is, "{text}");
        }
    }

    #[test]
    fn finds_the_list_of_objects_in_an_object() {
        for (text, path) in [
            (r#"{"count": 2, "data": [{"Email": "a@b.co"}, {"Email": "b@b.co"}]}"#, Some("data")),
            (r#"{"ids": ["a@b.co"], "result": {"items": [{"Email": "a@"#, Some("result.items")),
            (r#"{"Email": "a@b.co", "orders": [{"id": 1}]}"#, None),
            (r#"{"orders": [{"id": 1}], "Email": "a@b.co"}"#, None),
            (r#"{"a@b.co": [{"id": 1}]}"#, None),
            (r#"{"a": [1, {"b": 2}], "c": [[{"b": 2}]]}"#, None),
            (r#"{"a": {"b": {"c": {"d": {"e": [{}]}}}}}"#, None),
        ] {
            assert_eq!(list_of_objects(text).map(|path| path.join(".")).as_deref(), path, "{text}");
        }
    }
}
