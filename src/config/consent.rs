//! An export's `[consent.email]` and `[consent.sms]`.

use std::collections::BTreeMap;

use crate::{
    contact::{Channel, ChannelConsent, ConsentMapping, DateFormat, OnInvalid, Status},
    wording::quoted,
};

use super::{
    column::{PLACEHOLDER, column},
    defaults::ON_INVALID,
    item::Item,
    section::Section,
    text::short_text,
};

/// The longest description of where people gave their consent, in characters.
const MAX_SOURCE: usize = 250;

/// The keys that list values, and the status that the values mean.
const LISTS: [(&str, Status); 3] = [
    ("subscribed", Status::Subscribed),
    ("unsubscribed", Status::Unsubscribed),
    ("non_subscribed", Status::NonSubscribed),
];

/// Reads the tables from an export's root. `has_phone` is whether the mapping has a phone. `on_invalid` is the default
/// for tables that do not set it.
pub(super) fn consent(
    root: &mut Section<'_>,
    has_phone: bool,
    on_invalid: OnInvalid,
) -> Option<ConsentMapping> {
    let Some(item) = root.optional("consent") else { return Some(ConsentMapping::default()) };
    let mut section = Section::of(&item)?;
    let email = section.read_optional(Channel::Email.key(), |item| channel(item, on_invalid));
    let sms = section.read_optional(Channel::Sms.key(), |item| {
        let sms = channel(item, on_invalid);
        if has_phone {
            sms
        } else {
            item.refuse(
                "SMS consent needs a phone number; name its column with phone = \"<column>\" in [fields], or remove \
                 this table",
            )
        }
    });
    section.finish_with("; put [consent.email] or [consent.sms] above the keys of a channel");
    Some(ConsentMapping { email: email?, sms: sms? })
}

fn channel(item: &Item<'_>, on_invalid: OnInvalid) -> Option<ChannelConsent> {
    let mut section = Section::of(item)?;
    let advice = "name the column with people's consent: column = \"<column>\"";
    let from = section.read_required("column", advice, |item| item.parse(column));
    let values = values(item, &mut section);
    let advice =
        "consent needs a date; name the column with the date on which it was given: date = \"<column>\"";
    let date = section.read_required("date", advice, date);
    let advice = "describe where people gave their consent: source = \"Newsletter form\"";
    let source = section.read_required("source", advice, |item| item.parse(source));
    let may_subscribe = section.boolean("may_subscribe");
    let on_invalid = section.read_or("on_invalid", on_invalid, |item| item.choice("a setting", &ON_INVALID));
    let ip = section.read_optional("ip", |item| item.parse(column));
    let user_agent = section.read_optional("user_agent", |item| item.parse(column));
    section.finish();
    let DateColumn { column: date, format: date_format } = date?;
    Some(ChannelConsent {
        column: from?,
        values: values?,
        date,
        date_format,
        source: source?,
        may_subscribe: may_subscribe?,
        on_invalid: on_invalid?,
        ip: ip?,
        user_agent: user_agent?,
    })
}

/// Returns the values of all lists. A value may be in one list only.
fn values(table: &Item<'_>, section: &mut Section<'_>) -> Option<Vec<(String, Status)>> {
    let mut values = Some(Vec::new());
    let mut lists = BTreeMap::new();
    let mut is_any_list = false;
    for (list, status) in LISTS {
        let Some(item) = section.optional(list) else { continue };
        is_any_list = true;
        let Some(elements) = item.elements() else {
            values = None;
            continue;
        };
        for element in elements {
            let value = element.parse(value).and_then(|value| match lists.insert(value.clone(), list) {
                None => Some(value),
                Some(other) if other == list => element.refuse(format_args!(
                    "`{}` is in this list twice (upper and lower case are the same); remove one",
                    quoted(&value)
                )),
                Some(other) => element.refuse(format_args!(
                    "`{}` is also in `{other}`; a value has one meaning, so remove one of the two",
                    quoted(&value)
                )),
            });
            values = values.zip(value).map(|(mut values, value)| {
                values.push((value, status));
                values
            });
        }
    }
    if !is_any_list || values.as_ref().is_some_and(Vec::is_empty) {
        return table.refuse(
            "it lists no values; list the column's values by meaning, such as unsubscribed = [\"no\"], in subscribed, \
             unsubscribed or non_subscribed",
        );
    }
    values
}

fn value(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("it is empty; remove it, because an empty cell never has a status"),
        PLACEHOLDER => Err("replace `…` with the column's own values, such as \"no\""),
        text => Ok(text.to_lowercase()),
    }
}

struct DateColumn {
    column: String,
    format: Option<DateFormat>,
}

fn date(item: &Item<'_>) -> Option<DateColumn> {
    if !item.is_table() {
        return item.parse(column).map(|column| DateColumn { column, format: None });
    }
    let mut section = Section::of(item)?;
    let column =
        section.read_required("column", "name the column: column = \"<column>\"", |item| item.parse(column));
    let format =
        section.read_optional("format", |item| item.parse(|text| DateFormat::try_from(text.to_owned())));
    section.finish();
    Some(DateColumn { column: column?, format: format? })
}

fn source(text: &str) -> Result<String, String> {
    let advice = "describe where people gave their consent, such as \"Newsletter form\"";
    if text.trim() == PLACEHOLDER { Err(advice.to_owned()) } else { short_text(text, MAX_SOURCE, advice) }
}
