//! An export's `[fields]` and `[custom_properties]`, and what stands above them.

use std::collections::BTreeMap;

use crate::contact::{
    Field, Kind, Mapped, Mapping, OnEmpty, OnInvalid, Property, PropertyName, Source, check_expression,
    is_region,
};

use super::{
    consent::{consent, welcome},
    item::Item,
    section::{AT_THE_TOP, Section},
    value::{Value, column, value},
    words::shown,
};

/// What stands above the tables, and holds for every field that says nothing else.
#[derive(Debug)]
pub(super) struct Defaults {
    pub(super) region: Option<String>,
    pub(super) on_invalid: OnInvalid,
    pub(super) on_empty: OnEmpty,
    filter: Option<String>,
    keep_email_case: bool,
    send_welcome_message: bool,
}

/// The words for [`OnInvalid`].
pub(super) const ON_INVALID: [(&str, OnInvalid); 2] =
    [("drop-field", OnInvalid::DropField), ("reject-row", OnInvalid::RejectRow)];
/// The words for [`OnEmpty`].
pub(super) const ON_EMPTY: [(&str, OnEmpty); 2] = [("skip", OnEmpty::Skip), ("clear", OnEmpty::Clear)];

/// Reads the keys above the tables. Before any table: a table then knows which of its keys belong above it.
pub(super) fn defaults(root: &mut Section<'_>) -> Option<Defaults> {
    let region = root.optional("default_region").map(|item| item.parse(region));
    let on_invalid = root.optional("on_invalid").map(|item| item.choice("what to do", &ON_INVALID));
    let on_empty = root.optional("on_empty").map(|item| item.choice("what to do", &ON_EMPTY));
    let filter = root.optional("where").map(|item| {
        item.parse(|text| check_expression(text).map(|_| text.to_owned()).map_err(|error| error.to_string()))
    });
    let keep_email_case = root.boolean("keep_email_case");
    let send_welcome_message = welcome(root);
    Some(Defaults {
        region: flip(region)?,
        on_invalid: flip(on_invalid)?.unwrap_or_default(),
        on_empty: flip(on_empty)?.unwrap_or_default(),
        filter: flip(filter)?,
        keep_email_case: keep_email_case?,
        send_welcome_message: send_welcome_message?,
    })
}

/// A key that is not there is fine, and one that is refused is not.
#[expect(clippy::option_option, reason = "a key is not there, is refused, or was read")]
pub(super) fn flip<T>(given: Option<Option<T>>) -> Option<Option<T>> {
    match given {
        None => Some(None),
        Some(read) => read.map(Some),
    }
}

/// A country for phone numbers.
pub(super) fn region(text: &str) -> Result<String, String> {
    if is_region(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{}` is not a country's code; use two capital letters, such as \"JP\"", shown(text)))
    }
}

/// Reads the two tables out of an export's root, and joins them with what stands above them.
pub(super) fn mapping(root: &mut Section<'_>, defaults: Option<Defaults>) -> Option<Mapping> {
    let table = root.required(
        "fields",
        "contacts are told apart by e-mail address; say which column holds it:\n    [fields]\n    \
         email = \"<column>\"",
    );
    let properties_table = root.optional("custom_properties");
    // Where what stands above is wrong, the tables are still read: their problems are told at the same time.
    let stand_in = Defaults {
        region: None,
        on_invalid: OnInvalid::default(),
        on_empty: OnEmpty::default(),
        filter: None,
        keep_email_case: false,
        send_welcome_message: false,
    };
    let above = defaults.as_ref().unwrap_or(&stand_in);
    let fields = table.and_then(|item| fields(item.section()?, above));
    let properties =
        properties_table.map_or(Some(Vec::new()), |item| properties(&item, item.section()?, above));
    let has_phone =
        fields.as_ref().is_some_and(|(_, fields)| fields.iter().any(|(of, _)| *of == Field::Phone));
    // Fields that were refused may have had a phone.
    let consent = consent(root, has_phone || fields.is_none(), above.on_invalid);
    let ((email, fields), properties, defaults) = (fields?, properties?, defaults?);
    Some(Mapping {
        email,
        fields,
        properties,
        filter: defaults.filter,
        keep_email_case: defaults.keep_email_case,
        send_welcome_message: defaults.send_welcome_message,
        consent: consent?,
    })
}

type Fields = (Source, Vec<(Field, Mapped)>);

fn fields(mut section: Section<'_>, defaults: &Defaults) -> Option<Fields> {
    let mut email = None;
    let mut fields = Some(Vec::new());
    for field in Field::ALL {
        if field == Field::Email {
            email = section
                .required(
                    field.key(),
                    "contacts are told apart by e-mail address; say which column holds it: email = \"<column>\"",
                )
                .and_then(|item| value(&item, &Value::email(), defaults));
        } else if let Some(item) = section.optional(field.key()) {
            let mapped = value(&item, &Value::field(field), defaults);
            fields = fields.zip(mapped).map(|(mut fields, mapped)| {
                fields.push((field, mapped));
                fields
            });
        }
    }
    section.finish_with("; what is none of these goes under [custom_properties]");
    Some((email?.from, fields?))
}

fn properties(table: &Item<'_>, section: Section<'_>, defaults: &Defaults) -> Option<Vec<Property>> {
    let mut properties = Some(Vec::new());
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (name, item) in section.into_entries() {
        let property = property(table, name, &item, defaults);
        if let Some(other) = names.insert(name.to_lowercase(), name.to_owned()) {
            properties = item.refuse(format_args!(
                "`{}` differs from it only in upper and lower case; in Omnisend they are easily taken for one \
                 another, so rename or remove one",
                shown(&other)
            ));
        }
        properties = properties.zip(property).map(|(mut properties, property)| {
            properties.push(property);
            properties
        });
    }
    properties
}

fn property(table: &Item<'_>, name: &str, item: &Item<'_>, defaults: &Defaults) -> Option<Property> {
    let checked = PropertyName::try_from(name.to_owned()).ok().or_else(|| {
        item.refuse(
            "not a custom property's name: Omnisend takes 1 to 128 of A-Z, a-z, 0-9 and `_`; rename it",
        )
    });
    let mapped = if item.as_section().is_some() {
        value(item, &Value::property(), defaults)
    } else if item.as_text().is_some() {
        item.parse(column).map(|column| Mapped {
            on_invalid: defaults.on_invalid,
            on_empty: defaults.on_empty,
            ..Mapped::column(&column, Kind::Text)
        })
    } else {
        let advice = if table.is_root_key(name) { AT_THE_TOP } else { "" };
        item.refuse_type("a column's name in double quotes, or { column = \"…\", type = \"…\" }", advice)
    };
    Some(Property { name: checked?, value: mapped? })
}
