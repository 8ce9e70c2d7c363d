//! Reads the body of `POST /batches`.

use std::collections::BTreeMap;

use axum::body::Bytes;
use serde_json::{Value, value::RawValue};

use crate::contract::contact_body::read_contact;
use crate::contract::draft::Draft;
use crate::contract::field_errors::FieldErrors;
use crate::contract::problem::{FieldError, Problem, read_json};

/// The most items of a batch (published).
const MAX_ITEMS: usize = 100;

#[derive(Debug)]
pub(crate) struct BatchBody {
    /// The text of the items: a JSON array.
    pub(crate) items: Bytes,
    pub(crate) total: usize,
    pub(crate) origin: Option<String>,
}

impl BatchBody {
    /// Reads a batch, without its items: they are read when the batch is processed.
    pub(crate) fn read(body: &Bytes) -> Result<Self, Problem> {
        let object: BTreeMap<String, &RawValue> = read_json(body)?;
        let mut errors = FieldErrors::default();
        let mut batch = Self { items: Bytes::new(), total: 0, origin: None };
        for name in ["endpoint", "method", "items"] {
            if !object.contains_key(name) {
                errors.add(name, "required", "is required");
            }
        }
        for (name, raw) in object {
            if name == "items" {
                batch.total = count_items(&mut errors, raw);
                batch.items = body.slice_ref(raw.get().as_bytes());
                continue;
            }
            let value: Value = read_json(raw.get().as_bytes())?;
            match (name.as_str(), errors.text(&name, &value)) {
                (_, None) | ("endpoint", Some("contacts")) | ("method", Some("POST")) => {}
                ("endpoint", Some(_)) => {
                    errors.add(
                        name,
                        "invalidValue",
                        "must be `contacts`, the only one that the sandbox supports",
                    );
                }
                ("method", Some(_)) => errors.add(name, "invalidValue", "must be `POST`"),
                ("origin", Some(origin)) => batch.origin = Some(origin.to_owned()),
                _ => errors.add(name, "unknownField", "is not a property of a batch"),
            }
        }
        errors.finish().map(|()| batch)
    }
}

fn count_items(errors: &mut FieldErrors, raw: &RawValue) -> usize {
    let items = serde_json::from_str::<Vec<&RawValue>>(raw.get());
    match items.as_ref().map(Vec::len) {
        Ok(0) => errors.add("items", "required", "must hold at least one item"),
        Ok(count @ ..=MAX_ITEMS) => return count,
        Ok(count) => {
            errors.add("items", "tooMany", format!("must hold at most {MAX_ITEMS} items, holds {count}"));
        }
        Err(_) => errors.add("items", "invalidType", "must be an array"),
    }
    0
}

/// Reads the items of a batch, each as a contact or the errors in it.
pub(crate) fn read_items(items: &[u8]) -> Vec<Result<Draft, Vec<FieldError>>> {
    // The text was an array when the batch was accepted.
    let values: Vec<Value> = serde_json::from_slice(items).unwrap_or_default();
    values.iter().map(read_contact).collect()
}
