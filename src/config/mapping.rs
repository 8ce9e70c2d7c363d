//! An export's `[fields]` and `[custom_properties]`.

use std::collections::BTreeMap;

use crate::contact::{Field, Mapping, Property, PropertyKind, PropertyName};

use super::{
    consent::consent,
    item::Item,
    section::{AT_THE_TOP, Section},
    words::shown,
};

/// The kinds of custom property, as a file names them.
const KINDS: [(&str, Kind); 5] = [
    ("string", Kind::String),
    ("number", Kind::Number),
    ("boolean", Kind::Boolean),
    ("date", Kind::Date),
    ("list", Kind::List),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    String,
    Number,
    Boolean,
    Date,
    List,
}

/// Reads the two tables out of an export's root, and joins them with what stands above them.
pub(super) fn mapping(
    root: &mut Section<'_>,
    keep_email_case: Option<bool>,
    send_welcome_message: Option<bool>,
) -> Option<Mapping> {
    let fields = root
        .required(
            "fields",
            "contacts are told apart by e-mail address; say which column holds it:\n    [fields]\n    \
             email = \"<column>\"",
        )
        .and_then(|item| fields(item.section()?));
    let properties = root
        .optional("custom_properties")
        .map_or(Some(Vec::new()), |item| properties(&item, item.section()?));
    let has_phone =
        fields.as_ref().is_some_and(|(_, fields)| fields.iter().any(|(of, _)| *of == Field::Phone));
    // Fields that were refused may have had a phone.
    let consent = consent(root, has_phone || fields.is_none());
    let (email, fields) = fields?;
    Some(Mapping {
        email,
        fields,
        properties: properties?,
        keep_email_case: keep_email_case?,
        send_welcome_message: send_welcome_message?,
        consent: consent?,
    })
}

type Fields = (String, Vec<(Field, String)>);

fn fields(mut section: Section<'_>) -> Option<Fields> {
    let mut email = None;
    let mut fields = Some(Vec::new());
    for field in Field::ALL {
        if field == Field::Email {
            email = section
                .required(
                    field.key(),
                    "contacts are told apart by e-mail address; say which column holds it: email = \"<column>\"",
                )
                .and_then(|item| item.parse(column));
        } else if let Some(item) = section.optional(field.key()) {
            let column = item.parse(column);
            fields = fields.zip(column).map(|(mut fields, column)| {
                fields.push((field, column));
                fields
            });
        }
    }
    section.finish_with("; what is none of these goes under [custom_properties]");
    Some((email?, fields?))
}

fn properties(table: &Item<'_>, section: Section<'_>) -> Option<Vec<Property>> {
    let mut properties = Some(Vec::new());
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (name, item) in section.into_entries() {
        let property = property(table, name, &item);
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

fn property(table: &Item<'_>, name: &str, item: &Item<'_>) -> Option<Property> {
    let checked = PropertyName::try_from(name.to_owned()).ok().or_else(|| {
        item.refuse(
            "not a custom property's name: Omnisend takes 1 to 128 of A-Z, a-z, 0-9 and `_`; rename it",
        )
    });
    let (column, kind) = if let Some(mut section) = item.as_section() {
        let column = section
            .required("column", "say which column it comes from: column = \"<column>\"")
            .and_then(|item| item.parse(column));
        let kind = section.optional("type").map_or(Some(Kind::String), |item| item.choice("a type", &KINDS));
        let separator = section.optional("separator");
        section.finish();
        (column, kind_with(kind, separator.as_ref()))
    } else if item.as_text().is_some() {
        (item.parse(column), Some(PropertyKind::String))
    } else {
        let advice = if table.is_root_key(name) { AT_THE_TOP } else { "" };
        (
            item.refuse_type("a column's name in double quotes, or { column = \"…\", type = \"…\" }", advice),
            None,
        )
    };
    Some(Property { name: checked?, column: column?, kind: kind? })
}

fn kind_with(kind: Option<Kind>, separator: Option<&Item<'_>>) -> Option<PropertyKind> {
    let text = separator.map(|item| {
        item.parse(|text| {
            if text.is_empty() {
                Err("it is empty; put what stands between two values")
            } else {
                Ok(text.to_owned())
            }
        })
    });
    let kind = kind?;
    if kind != Kind::List
        && let Some(item) = separator
    {
        return item.refuse("only a list has a separator; add type = \"list\" or remove it");
    }
    Some(match kind {
        Kind::String => PropertyKind::String,
        Kind::Number => PropertyKind::Number,
        Kind::Boolean => PropertyKind::Boolean,
        Kind::Date => PropertyKind::Date,
        Kind::List => PropertyKind::List { separator: text.unwrap_or_else(|| Some(",".to_owned()))? },
    })
}

/// A column's name, as the file's header has it: white space around it may be part of it.
pub(super) fn column(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() {
        Err("it is empty; put the column's name as the file's header has it")
    } else {
        Ok(text.to_owned())
    }
}
