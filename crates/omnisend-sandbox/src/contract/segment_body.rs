//! Reads the body of `POST /segments` and `PUT /segments/{id}`: a name and conditions on contacts' tags.
//!
//! Undocumented, chosen: all conditions and groups must hold. The only filter that the sandbox supports is `tags`
//! `anyOf`; it refuses the others, because its counts would be wrong if it ignored them.

use serde_json::Value;

use crate::contract::field_errors::FieldErrors;
use crate::contract::formats;
use crate::contract::problem::Problem;

/// The longest name, in characters (published).
const MAX_NAME: usize = 256;

#[derive(Debug)]
pub(crate) struct SegmentBody {
    pub(crate) name: String,
    /// The conditions as they were sent.
    pub(crate) groups: Value,
    conditions: Vec<Condition>,
}

/// Filters. All of them (`and`) or any of them (`or`) must hold; a filter holds if the contact has one of its tags.
#[derive(Debug)]
struct Condition {
    junction: Junction,
    filters: Vec<Vec<String>>,
}

#[derive(Debug, Clone, Copy)]
enum Junction {
    And,
    Or,
}

impl SegmentBody {
    pub(crate) fn read(value: &Value) -> Result<Self, Problem> {
        let mut errors = FieldErrors::default();
        let (mut name, mut groups, mut conditions) = (None, None, Vec::new());
        for (key, value) in errors.object("", value).into_iter().flatten() {
            match key.as_str() {
                "name" => name = errors.text(key, value),
                "conditionGroups" => {
                    groups = Some(value);
                    each_object(&mut errors, key, value, |errors, field, group| {
                        refuse_unknown(errors, field, group, &["conditions"]);
                        let list = group.get("conditions").unwrap_or(&Value::Null);
                        each_object(errors, &format!("{field}.conditions"), list, |errors, field, value| {
                            conditions.push(Condition::read(errors, field, value));
                        });
                    });
                }
                _ => errors.add(key, "unknownField", "is not a property of a segment"),
            }
        }
        match name {
            Some(name) if (1..=MAX_NAME).contains(&name.chars().count()) => {}
            Some(_) => errors.add("name", "invalidFormat", format!("must be 1 to {MAX_NAME} characters")),
            None => errors.add("name", "required", "must be a string"),
        }
        if groups.is_none() {
            errors.add("conditionGroups", "required", "is required");
        }
        errors.finish()?;
        Ok(Self {
            name: name.unwrap_or_default().to_owned(),
            groups: groups.cloned().unwrap_or_default(),
            conditions,
        })
    }

    /// Whether a contact with these tags is in the segment.
    pub(crate) fn matches(&self, has_tag: impl Fn(&str) -> bool) -> bool {
        let holds = |any_of: &Vec<String>| any_of.iter().any(|tag| has_tag(tag));
        self.conditions.iter().all(|condition| match condition.junction {
            Junction::And => condition.filters.iter().all(holds),
            Junction::Or => condition.filters.iter().any(holds),
        })
    }
}

impl Condition {
    fn read(errors: &mut FieldErrors, field: &str, value: &Value) -> Self {
        refuse_unknown(errors, field, value, &["entity", "junction", "filters"]);
        one_of(errors, field, value, "entity", &["contact"]);
        let junction = match one_of(errors, field, value, "junction", &["and", "or"]) {
            Some("or") => Junction::Or,
            _ => Junction::And,
        };
        let mut filters = Vec::new();
        let list = value.get("filters").unwrap_or(&Value::Null);
        each_object(errors, &format!("{field}.filters"), list, |errors, field, filter| {
            refuse_unknown(errors, field, filter, &["property", "operator", "value"]);
            one_of(errors, field, filter, "property", &["tags"]);
            one_of(errors, field, filter, "operator", &["anyOf"]);
            let tags = filter.get("value").unwrap_or(&Value::Null);
            filters.push(errors.strings(&format!("{field}.value"), tags, usize::MAX, formats::tag));
        });
        Self { junction, filters }
    }
}

/// Calls `read` for every object of an array that must not be empty.
fn each_object(
    errors: &mut FieldErrors,
    field: &str,
    value: &Value,
    mut read: impl FnMut(&mut FieldErrors, &str, &Value),
) {
    let Some(values) = errors.array(field, value) else { return };
    if values.is_empty() {
        errors.add(field, "required", "must not be empty");
    }
    for (i, value) in values.iter().enumerate() {
        let field = format!("{field}[{i}]");
        if errors.object(&field, value).is_some() {
            read(errors, &field, value);
        }
    }
}

/// Adds an error for every property of the object that is not in `known`.
fn refuse_unknown(errors: &mut FieldErrors, field: &str, value: &Value, known: &[&str]) {
    for (key, _) in value.as_object().into_iter().flatten() {
        if !known.contains(&key.as_str()) {
            errors.add(format!("{field}.{key}"), "unknownField", "is not a property of this object");
        }
    }
}

/// Returns a property that must be one of some words, or adds an error and returns `None`.
fn one_of<'v>(
    errors: &mut FieldErrors,
    field: &str,
    value: &'v Value,
    key: &str,
    words: &[&str],
) -> Option<&'v str> {
    let word = value.get(key).and_then(Value::as_str).filter(|word| words.contains(word));
    if word.is_none() {
        errors.add(format!("{field}.{key}"), "invalidValue", format!("must be `{}`", words.join("` or `")));
    }
    word
}
