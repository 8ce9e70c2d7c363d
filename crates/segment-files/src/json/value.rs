//! JSON values as cells. Numbers stay as they are written: as a float, a customer number could lose digits.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer as _,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Error, value::RawValue};

/// A JSON value as a cell.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cell<'j> {
    /// `null` or an empty list.
    Null,
    /// A text; a number or a boolean as it is written; an object or a nested list as JSON.
    Text(Cow<'j, str>),
    /// A list of texts, numbers and booleans.
    List(Vec<String>),
}

impl<'j> Cell<'j> {
    pub(super) fn of(value: &'j RawValue) -> Result<Self, Error> {
        let text = value.get();
        match text.as_bytes() {
            [b'"', ..] => unquoted(text).map(Self::Text),
            [b'n', ..] => Ok(Self::Null),
            [b'[', ..] => list(text),
            _ => Ok(Self::Text(Cow::Borrowed(text))),
        }
    }
}

fn unquoted(text: &str) -> Result<Cow<'_, str>, Error> {
    match text.get(1..text.len().saturating_sub(1)) {
        Some(inside) if memchr::memchr(b'\\', inside.as_bytes()).is_none() => Ok(Cow::Borrowed(inside)),
        _ => serde_json::from_str(text).map(Cow::Owned),
    }
}

/// Returns a list, or its JSON if it contains an object or a list.
fn list(text: &str) -> Result<Cell<'_>, Error> {
    let mut list = Vec::new();
    let mut is_flat = true;
    elements(text, |_, element| {
        match Cell::of(element)? {
            Cell::Null => {}
            Cell::Text(text) if !element.get().starts_with('{') => list.push(text.into_owned()),
            Cell::Text(_) | Cell::List(_) => is_flat = false,
        }
        Ok(())
    })?;
    Ok(match (is_flat, list.is_empty()) {
        (true, true) => Cell::Null,
        (true, false) => Cell::List(list),
        (false, _) => Cell::Text(Cow::Borrowed(text)),
    })
}

/// Calls `member` with every member of an object.
pub(super) fn members<'j>(
    object: &'j str,
    member: impl FnMut(&str, &'j RawValue) -> Result<(), Error>,
) -> Result<(), Error> {
    struct Members<F>(F);
    impl<'j, F: FnMut(&str, &'j RawValue) -> Result<(), Error>> Visitor<'j> for Members<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'j>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some(Key(key)) = map.next_key()? {
                (self.0)(&key, map.next_value()?).map_err(serde::de::Error::custom)?;
            }
            Ok(())
        }
    }
    let mut json = serde_json::Deserializer::from_str(object);
    json.deserialize_map(Members(member))?;
    json.end()
}

/// Calls `element` with every element of a list and its position.
pub(super) fn elements<'j>(
    list: &'j str,
    element: impl FnMut(usize, &'j RawValue) -> Result<(), Error>,
) -> Result<(), Error> {
    struct Elements<F>(F);
    impl<'j, F: FnMut(usize, &'j RawValue) -> Result<(), Error>> Visitor<'j> for Elements<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'j>>(mut self, mut seq: A) -> Result<(), A::Error> {
            let mut at = 0;
            while let Some(value) = seq.next_element()? {
                (self.0)(at, value).map_err(serde::de::Error::custom)?;
                at += 1;
            }
            Ok(())
        }
    }
    let mut json = serde_json::Deserializer::from_str(list);
    json.deserialize_seq(Elements(element))?;
    json.end()
}

/// The name of a member, borrowed if it has no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Key<'j>(#[serde(borrow)] Cow<'j, str>);
