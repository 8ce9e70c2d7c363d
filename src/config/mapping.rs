//! An export's `[fields]` and `[custom_properties]`.

use std::collections::BTreeMap;

use crate::{
    contact::{Field, Kind, Mapped, Mapping, Property, PropertyName, Source},
    wording::quoted,
};

use super::{
    column::column,
    consent::consent,
    defaults::Defaults,
    item::Item,
    section::{MOVE_TO_TOP, Section},
};
use crate::config::mapped_value::value;

/// Reads the tables from an export's root and combines them with the keys above them.
pub(super) fn mapping(root: &mut Section<'_>, defaults: Option<Defaults>) -> Option<Mapping> {
    let advice =
        "contacts are identified by email address; name its column:\n    [fields]\n    email = \"<column>\"";
    let table = root.required("fields", advice);
    let properties_table = root.optional("custom_properties");
    // If a key above the tables is refused, the tables are still read to report their problems at the same time.
    let fallback = Defaults::default();
    let above = defaults.as_ref().unwrap_or(&fallback);
    let fields = table.and_then(|item| fields(Section::of(&item)?, above));
    let properties =
        properties_table.map_or(Some(Vec::new()), |item| properties(&item, Section::of(&item)?, above));
    // Refused fields may have contained a phone.
    let may_have_phone =
        fields.as_ref().is_none_or(|fields| fields.others.iter().any(|(field, _)| *field == Field::Phone));
    let consent = consent(root, may_have_phone, above.on_invalid);
    let (fields, properties, defaults) = (fields?, properties?, defaults?);
    Some(Mapping {
        email: fields.email,
        fields: fields.others,
        properties,
        filter: defaults.filter,
        keep_email_case: defaults.keep_email_case,
        send_welcome_message: defaults.send_welcome_message,
        consent: consent?,
    })
}

struct Fields {
    email: Source,
    others: Vec<(Field, Mapped)>,
}

fn fields(mut section: Section<'_>, defaults: &Defaults) -> Option<Fields> {
    let mut email = None;
    let mut others = Some(Vec::new());
    for field in Field::ALL {
        if field == Field::Email {
            let advice = "contacts are identified by email address; name its column: email = \"<column>\"";
            email =
                section.read_required(field.key(), advice, |item| value(item, Some(Kind::Email), defaults));
        } else if let Some(item) = section.optional(field.key()) {
            let mapped = value(&item, Some(Kind::of(field)), defaults);
            others = others.zip(mapped).map(|(mut others, mapped)| {
                others.push((field, mapped));
                others
            });
        }
    }
    section.finish_with("; put other columns in [custom_properties]");
    Some(Fields { email: email?.from, others: others? })
}

fn properties(table: &Item<'_>, section: Section<'_>, defaults: &Defaults) -> Option<Vec<Property>> {
    let mut properties = Some(Vec::new());
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (name, item) in section.into_entries() {
        let property = property(table, name, &item, defaults);
        if let Some(other) = names.insert(name.to_lowercase(), name.to_owned()) {
            properties = item.refuse(format_args!(
                "it differs from `{}` only in upper and lower case, which is easily confused in Omnisend; rename or \
                 remove one",
                quoted(&other)
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
        item.refuse("this is not the name of a custom property; use 1 to 128 of A-Z, a-z, 0-9 and `_`")
    });
    let mapped = if item.is_table() {
        value(item, None, defaults)
    } else if item.as_text().is_some() {
        item.parse(column).map(|column| Mapped {
            on_invalid: defaults.on_invalid,
            on_empty: defaults.on_empty,
            ..Mapped::column(&column, Kind::Text)
        })
    } else {
        let advice = if table.document().is_root_key(name) { MOVE_TO_TOP } else { "" };
        item.refuse_type("a column's name in double quotes, or { column = \"…\", type = \"…\" }", advice)
    };
    Some(Property { name: checked?, value: mapped? })
}
