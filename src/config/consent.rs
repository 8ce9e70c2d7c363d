//! An export's `[consent.email]` and `[consent.sms]`.

use std::collections::BTreeMap;

use crate::contact::{Channel, ChannelConsent, ConsentMapping, DateFormat, OnInvalid, Status};

use super::{
    item::Item,
    mapping::ON_INVALID,
    section::Section,
    value::{GAP, column},
    words::shown,
};

/// The lists of values, and what those in them mean.
const LISTS: [(&str, Status); 3] = [
    ("subscribed", Status::Subscribed),
    ("unsubscribed", Status::Unsubscribed),
    ("non_subscribed", Status::NonSubscribed),
];

/// Reads the tables out of an export's root. `has_phone` says whether a column gives the phone, `on_invalid` what holds
/// where a table says nothing else.
pub(super) fn consent(
    root: &mut Section<'_>,
    has_phone: bool,
    on_invalid: OnInvalid,
) -> Option<ConsentMapping> {
    let Some(item) = root.optional("consent") else { return Some(ConsentMapping::default()) };
    let mut section = item.section()?;
    let email = section.optional(Channel::Email.key()).map(|item| channel(&item, on_invalid));
    let sms = section.optional(Channel::Sms.key()).map(|item| {
        let sms = channel(&item, on_invalid);
        if has_phone {
            sms
        } else {
            item.refuse(
                "there is nobody to text to: say which column holds the phone, phone = \"<column>\" in [fields], \
                 or remove this table",
            )
        }
    });
    section.finish_with("; write [consent.email] or [consent.sms] above what belongs to it");
    Some(ConsentMapping { email: all_or_none(email)?, sms: all_or_none(sms)? })
}

/// `None` where there is something that was refused.
#[expect(clippy::option_option, reason = "not there, and refused, are two things")]
fn all_or_none<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(read) => read.map(Some),
    }
}

fn channel(item: &Item<'_>, on_invalid: OnInvalid) -> Option<ChannelConsent> {
    let mut section = item.section()?;
    let from = section
        .required("column", "say which column tells what people consented to: column = \"<column>\"")
        .and_then(|item| item.parse(column));
    let values = values(item, &mut section);
    let date = section
        .required(
            "date",
            "no consent is mapped without its date; say which column tells when it was given: date = \"<column>\"",
        )
        .and_then(|item| date(&item));
    let source = section
        .required("source", "say where people gave their consent: source = \"Newsletter form\"")
        .and_then(|item| item.parse(source));
    let may_subscribe = section.boolean("may_subscribe");
    let on_invalid = section
        .optional("on_invalid")
        .map_or(Some(on_invalid), |item| item.choice("what to do", &ON_INVALID));
    let ip = all_or_none(section.optional("ip").map(|item| item.parse(column)));
    let user_agent = all_or_none(section.optional("user_agent").map(|item| item.parse(column)));
    section.finish();
    let (date, date_format) = date?;
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

/// The values of all lists. None may mean two things.
fn values(table: &Item<'_>, section: &mut Section<'_>) -> Option<Vec<(String, Status)>> {
    let mut values = Some(Vec::new());
    let mut meanings = BTreeMap::new();
    let mut is_any_list = false;
    for (list, status) in LISTS {
        let Some(item) = section.optional(list) else { continue };
        is_any_list = true;
        let Some(elements) = item.elements() else {
            values = None;
            continue;
        };
        for element in elements {
            let value = element.parse(value).and_then(|value| match meanings.insert(value.clone(), list) {
                None => Some(value),
                Some(other) if other == list => element.refuse(format_args!(
                    "`{}` is in this list twice; upper and lower case are the same here",
                    shown(&value)
                )),
                Some(other) => element.refuse(format_args!(
                    "`{}` is in `{other}` too; a value means one thing, so remove one of them",
                    shown(&value)
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
            "it names no value; say which of the column's values mean what: unsubscribed = [\"no\"], and \
             subscribed and non_subscribed in the same way",
        );
    }
    values
}

fn value(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("it is empty; an empty cell says nothing, so remove it"),
        GAP => Err("put the column's own values here, such as \"no\""),
        text => Ok(text.to_lowercase()),
    }
}

fn date(item: &Item<'_>) -> Option<(String, Option<DateFormat>)> {
    let Some(mut section) = item.as_section() else {
        return item.parse(column).map(|column| (column, None));
    };
    let from = section
        .required("column", "say which column it comes from: column = \"<column>\"")
        .and_then(|item| item.parse(column));
    let format =
        section.optional("format").map(|item| item.parse(|text| DateFormat::try_from(text.to_owned())));
    section.finish();
    Some((from?, all_or_none(format)?))
}

fn source(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("it is empty; put where people gave their consent, such as \"Newsletter form\""),
        GAP => Err("put where people gave their consent here, such as \"Newsletter form\""),
        text if text.chars().count() > 250 || text.chars().any(char::is_control) => {
            Err("put at most 250 characters, on one line")
        }
        text => Ok(text.to_owned()),
    }
}

/// Whether Omnisend may send its welcome message, which has to be said twice.
pub(super) fn welcome(root: &mut Section<'_>) -> Option<bool> {
    let item = root.optional("send_welcome_message");
    let acknowledged = root.boolean("send_welcome_message_acknowledged")?;
    let Some(item) = item else { return Some(false) };
    let send = item.boolean()?;
    if send && !acknowledged {
        return item.refuse(
            "Omnisend would send its welcome message to every contact that is new to it: in a first run that is the \
             whole segment; if that is meant, add send_welcome_message_acknowledged = true, else remove this line",
        );
    }
    Some(send)
}
