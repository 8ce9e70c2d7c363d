//! The value of one field or custom property.

use std::borrow::Cow;

use serde::Serialize;

/// A value of a field or a custom property. An empty cell has none, unless the export clears the field.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value<'a> {
    Text(Cow<'a, str>),
    /// A number with the precision of its cell: whole numbers are exact to 64 bits.
    Number(serde_json::Number),
    Boolean(bool),
    List(Vec<Cow<'a, str>>),
}

impl Value<'_> {
    pub(super) fn into_owned(self) -> Value<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Text(text) => Value::Text(owned(text)),
            Self::Number(number) => Value::Number(number),
            Self::Boolean(is) => Value::Boolean(is),
            Self::List(list) => Value::List(list.into_iter().map(owned).collect()),
        }
    }
}
