//! One value of a mapping: a column's name, or a table that says where it comes from and what it is turned into.

use crate::contact::{Decimal, Field, Kind, Mapped, OnEmpty, Source, check_date_format, check_template};

use super::{
    item::Item,
    mapping::{Defaults, ON_EMPTY, ON_INVALID, flip, region},
    section::Section,
    words,
};

/// The types of a custom property, as a file names them.
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

/// Keys that only some values take, and which.
const ONLY: [(&str, &str); 4] = [
    ("separator", "only a list has a separator; add type = \"list\" or remove it"),
    ("decimal", "only a number has a decimal sign; add type = \"number\" or remove it"),
    ("format", "only a date has a format; remove it, or make the property type = \"date\""),
    ("region", "only a phone number has a region; remove it"),
];

/// What a value is of.
#[derive(Debug)]
pub(super) struct Value {
    /// The field's own kind; a custom property's is in its table.
    kind: Option<Kind>,
}

impl Value {
    pub(super) fn email() -> Self {
        Self { kind: Some(Kind::Email) }
    }

    pub(super) fn field(field: Field) -> Self {
        Self { kind: Some(Kind::of(field)) }
    }

    pub(super) fn property() -> Self {
        Self { kind: None }
    }
}

/// Reads a value.
pub(super) fn value(item: &Item<'_>, of: &Value, defaults: &Defaults) -> Option<Mapped> {
    let is_email = of.kind == Some(Kind::Email);
    let Some(mut section) = item.as_section() else {
        if item.as_text().is_none() {
            return item.refuse_type("a column's name in double quotes, or { column = \"…\" }", "");
        }
        let from = Source::Column(item.parse(column)?);
        let kind = with_defaults(of.kind.clone().unwrap_or(Kind::Text), defaults);
        return Some(Mapped { from, kind, on_invalid: defaults.on_invalid, on_empty: defaults.on_empty });
    };
    let from = source(item, &mut section);
    let kind = match &of.kind {
        Some(kind) => given(&mut section, kind.clone()),
        None => typed(&mut section),
    };
    let mut on_invalid = Some(defaults.on_invalid);
    let mut on_empty = Some(None);
    if !is_email {
        if let Some(item) = section.optional("on_invalid") {
            on_invalid = item.choice("what to do", &ON_INVALID);
        }
        on_empty = flip(section.optional("on_empty").map(|item| {
            let chosen = item.choice("what to do", &ON_EMPTY)?;
            if chosen == OnEmpty::Clear && kind.as_ref().is_some_and(|kind| !kind.can_be_cleared()) {
                return item.refuse(
                    "Omnisend documents no value that says \"nothing\" here; only texts and lists can be cleared",
                );
            }
            Some(chosen)
        }));
    }
    section.finish();
    let mapped = Mapped {
        from: from?,
        kind: with_defaults(kind?, defaults),
        on_invalid: on_invalid?,
        on_empty: on_empty?.unwrap_or(defaults.on_empty),
    };
    check_constant(item, mapped)
}

fn with_defaults(kind: Kind, defaults: &Defaults) -> Kind {
    match kind {
        Kind::Phone { region: None } => Kind::Phone { region: defaults.region.clone() },
        kind => kind,
    }
}

/// A constant that its field does not take would be left out of every contact.
fn check_constant(item: &Item<'_>, mapped: Mapped) -> Option<Mapped> {
    match (&mapped.from, &mapped.kind) {
        (Source::Constant(_), Kind::Email) => {
            item.refuse("every contact would have the same e-mail address; name a column")
        }
        (Source::Constant(text), kind) => match kind.check(text.trim()) {
            Ok(()) => Some(mapped),
            Err(flaw) => item.refuse(format_args!("`{}` is {flaw}", words::shown(text))),
        },
        _ => Some(mapped),
    }
}

/// Where the value comes from: exactly one of four keys.
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
        (None, _) => item.refuse("say where it comes from: column, constant, template or first_of"),
        (Some(_), Some(_)) => item.refuse(
            "say only one of column, constant, template and first_of: a value comes from one of them",
        ),
    }
}

fn first_of(item: &Item<'_>) -> Option<Source> {
    let items = item.elements()?;
    if items.len() < 2 {
        return item.refuse("name at least two columns, of which the first that has a value is taken");
    }
    let read: Vec<_> = items.iter().map(|item| item.parse(column)).collect();
    Some(Source::FirstOf(read.into_iter().collect::<Option<_>>()?))
}

/// A field's kind, with what its table says of it.
fn given(section: &mut Section<'_>, kind: Kind) -> Option<Kind> {
    let kind = match kind {
        Kind::Phone { .. } => {
            Kind::Phone { region: flip(section.optional("region").map(|item| item.parse(region)))? }
        }
        Kind::Birthdate { .. } => Kind::Birthdate { format: format(section)? },
        Kind::Moment { .. } => Kind::Moment { format: format(section)? },
        kind => kind,
    };
    Some(kind)
}

/// A custom property's kind, by its `type`.
fn typed(section: &mut Section<'_>) -> Option<Kind> {
    let kind = section.optional("type").map_or(Some(Type::String), |item| item.choice("a type", &TYPES));
    let options: Vec<_> = ONLY.iter().map(|(key, _)| section.optional(key)).collect();
    let kind = kind?;
    let own = match kind {
        Type::List => "separator",
        Type::Number => "decimal",
        Type::Date => "format",
        Type::String | Type::Boolean => "",
    };
    let mut fine = true;
    let mut option = None;
    for ((key, advice), item) in ONLY.iter().zip(options) {
        let Some(item) = item else { continue };
        if *key == own {
            option = Some(item);
        } else {
            item.refuse::<()>(advice);
            fine = false;
        }
    }
    let kind = match kind {
        Type::String => Kind::Text,
        Type::Boolean => Kind::Boolean,
        Type::Date => Kind::Date { format: flip(option.map(|item| item.parse(check_date_format)))? },
        Type::Number => {
            Kind::Number { decimal: flip(option.map(|item| item.choice("a decimal sign", &DECIMALS)))? }
        }
        Type::List => {
            let separator = flip(option.map(|item| item.parse(separator)))?;
            Kind::List { separator: separator.unwrap_or_else(|| ",".to_owned()) }
        }
    };
    fine.then_some(kind)
}

#[expect(clippy::option_option, reason = "a key is not there, is refused, or was read")]
fn format(section: &mut Section<'_>) -> Option<Option<String>> {
    flip(section.optional("format").map(|item| item.parse(check_date_format)))
}

fn separator(text: &str) -> Result<String, &'static str> {
    if text.is_empty() { Err("it is empty; put what stands between two values") } else { Ok(text.to_owned()) }
}

fn constant(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() { Err("it is empty; remove the field instead") } else { Ok(text.to_owned()) }
}

fn template(text: &str) -> Result<String, String> {
    check_template(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// What `export init` leaves for a person to fill in.
pub(super) const GAP: &str = "…";

/// A column's name, as the file's header has it: white space around it may be part of it.
pub(super) fn column(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() {
        Err("it is empty; put the column's name as the file's header has it")
    } else if text == GAP {
        Err("put the column's name here, as the file's header has it")
    } else {
        Ok(text.to_owned())
    }
}
