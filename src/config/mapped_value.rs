//! A value of a mapping: a column's name, or a table with the value's source and its conversion.

use crate::{
    contact::{Decimal, Kind, Mapped, OnEmpty, ProgramError, Source, check_date_format, check_template},
    wording::quoted,
};

use super::{
    column::column,
    defaults::{Defaults, ON_EMPTY, ON_INVALID, region},
    item::Item,
    section::Section,
};

/// The types of a custom property.
const TYPES: [(&str, Type); 5] = [
    ("string", Type::String),
    ("number", Type::Number),
    ("boolean", Type::Boolean),
    ("date", Type::Date),
    ("list", Type::List),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    String,
    Number,
    Boolean,
    Date,
    List,
}

const DECIMALS: [(&str, Decimal); 2] = [(".", Decimal::Point), (",", Decimal::Comma)];

/// Keys that only one type has, with the message for all other types.
const TYPE_KEYS: [(&str, &str); 4] = [
    ("separator", "only a list has a separator; set type = \"list\" or remove this key"),
    ("decimal", "only a number has a decimal sign; set type = \"number\" or remove this key"),
    ("format", "only a date has a format; set type = \"date\" or remove this key"),
    ("region", "only a phone number has a region; remove this key"),
];

/// Reads a value. `field_kind` is the kind of a field; a custom property sets its own with `type`.
pub(super) fn value(item: &Item<'_>, field_kind: Option<Kind>, defaults: &Defaults) -> Option<Mapped> {
    if !item.is_table() {
        if item.as_text().is_none() {
            return item.refuse_type("a column's name in double quotes, or { column = \"…\" }", "");
        }
        let from = Source::Column(item.parse(column)?);
        let kind = with_defaults(field_kind.unwrap_or(Kind::Text), defaults);
        return Some(Mapped { from, kind, on_invalid: defaults.on_invalid, on_empty: defaults.on_empty });
    }
    let mut section = Section::of(item)?;
    let from = source(item, &mut section);
    let is_email = field_kind == Some(Kind::Email);
    let kind = match field_kind {
        Some(kind) => kind_of_field(&mut section, kind),
        None => kind_of_property(&mut section),
    };
    let (mut on_invalid, mut on_empty) = (Some(defaults.on_invalid), Some(defaults.on_empty));
    if !is_email {
        on_invalid =
            section.read_or("on_invalid", defaults.on_invalid, |item| item.choice("a setting", &ON_INVALID));
        on_empty = section.read_or("on_empty", defaults.on_empty, |item| {
            let chosen = item.choice("a setting", &ON_EMPTY)?;
            if chosen == OnEmpty::Clear && kind.as_ref().is_some_and(|kind| !kind.can_be_cleared()) {
                return item.refuse(
                    "Omnisend documents no way to clear this value; only text and lists can be cleared",
                );
            }
            Some(chosen)
        });
    }
    section.finish();
    let mapped = Mapped {
        from: from?,
        kind: with_defaults(kind?, defaults),
        on_invalid: on_invalid?,
        on_empty: on_empty?,
    };
    check_constant(item, mapped)
}

fn with_defaults(kind: Kind, defaults: &Defaults) -> Kind {
    match kind {
        Kind::Phone { region: None } => Kind::Phone { region: defaults.region.clone() },
        kind => kind,
    }
}

/// Rejects a constant that does not fit its field: every contact would be sent without it.
fn check_constant(item: &Item<'_>, mapped: Mapped) -> Option<Mapped> {
    match (&mapped.from, &mapped.kind) {
        (Source::Constant(_), Kind::Email) => {
            item.refuse("every contact would have the same email address; name a column")
        }
        (Source::Constant(text), kind) => match kind.check(text.trim()) {
            Ok(()) => Some(mapped),
            Err(flaw) => item.refuse(format_args!("`{}` is {flaw}", quoted(text))),
        },
        _ => Some(mapped),
    }
}

/// Reads where the value comes from: exactly one of four keys.
fn source(item: &Item<'_>, section: &mut Section<'_>) -> Option<Source> {
    let given = [
        section.optional("column").map(|item| item.parse(column).map(Source::Column)),
        section.optional("constant").map(|item| item.parse(constant).map(Source::Constant)),
        section.optional("template").map(|item| item.parse(template).map(Source::Template)),
        section.optional("first_of").map(|item| first_of(&item)),
    ];
    let mut given = given.into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(source), None) => source,
        (None, _) => item.refuse("set where the value comes from: column, constant, template or first_of"),
        (Some(_), Some(_)) => item.refuse("set only one of column, constant, template and first_of"),
    }
}

fn first_of(item: &Item<'_>) -> Option<Source> {
    let items = item.elements()?;
    if items.len() < 2 {
        return item.refuse("name at least two columns; the first one with a value is used");
    }
    let read: Vec<_> = items.iter().map(|item| item.parse(column)).collect();
    Some(Source::FirstOf(read.into_iter().collect::<Option<_>>()?))
}

/// Returns a field's kind with the options in its table.
fn kind_of_field(section: &mut Section<'_>, kind: Kind) -> Option<Kind> {
    let kind = match kind {
        Kind::Phone { .. } => {
            Kind::Phone { region: section.read_optional("region", |item| item.parse(region))? }
        }
        Kind::Birthdate { .. } => {
            Kind::Birthdate { format: section.read_optional("format", |item| item.parse(check_date_format))? }
        }
        Kind::Moment { .. } => {
            Kind::Moment { format: section.read_optional("format", |item| item.parse(check_date_format))? }
        }
        kind => kind,
    };
    Some(kind)
}

/// Returns a custom property's kind, by its `type`.
fn kind_of_property(section: &mut Section<'_>) -> Option<Kind> {
    let kind = section.read_or("type", Type::String, |item| item.choice("a type", &TYPES));
    let options: Vec<_> = TYPE_KEYS.iter().map(|(key, _)| section.optional(key)).collect();
    let kind = kind?;
    let own_key = match kind {
        Type::List => "separator",
        Type::Number => "decimal",
        Type::Date => "format",
        Type::String | Type::Boolean => "",
    };
    let mut is_any_refused = false;
    let mut option = None;
    for ((key, message), item) in TYPE_KEYS.iter().zip(options) {
        let Some(item) = item else { continue };
        if *key == own_key {
            option = Some(item);
        } else {
            item.refuse::<()>(message);
            is_any_refused = true;
        }
    }
    let kind = match (kind, option) {
        (Type::String, _) => Kind::Text,
        (Type::Boolean, _) => Kind::Boolean,
        (Type::Date, None) => Kind::Date { format: None },
        (Type::Date, Some(item)) => Kind::Date { format: Some(item.parse(check_date_format)?) },
        (Type::Number, None) => Kind::Number { decimal: None },
        (Type::Number, Some(item)) => {
            Kind::Number { decimal: Some(item.choice("a decimal sign", &DECIMALS)?) }
        }
        (Type::List, None) => Kind::List { separator: ",".to_owned() },
        (Type::List, Some(item)) => Kind::List { separator: item.parse(separator)? },
    };
    (!is_any_refused).then_some(kind)
}

fn separator(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        Err("it is empty; put the text between two values, such as \",\"")
    } else {
        Ok(text.to_owned())
    }
}

fn constant(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() { Err("it is empty; remove the field instead") } else { Ok(text.to_owned()) }
}

fn template(text: &str) -> Result<String, ProgramError> {
    check_template(text).map(|_| text.to_owned())
}
