//! Opt-outs by address, collected until their contacts are written.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::contact::{Channel, Channels, EmailKey, Identifier, Statement, Status, latest_opt_out};

/// An opt-out of one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OptOut {
    pub key: EmailKey,
    pub channel: Channel,
    pub statement: Statement,
}

/// The latest opt-out of each channel, by address. The table grows by doubling, so an address takes 38 to 76 bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OptOuts(HashMap<EmailKey, Channels<i64>>);

/// A channel without an opt-out, and an opt-out without a date. Every other value is a time in seconds.
const NONE: i64 = i64::MIN;
const UNDATED: i64 = i64::MAX;

impl OptOuts {
    /// Returns the number of addresses.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn contains(&self, key: EmailKey) -> bool {
        self.0.contains_key(&key)
    }

    /// Returns an address's opt-out of a channel.
    pub(super) fn of(&self, key: EmailKey, channel: Channel) -> Option<Statement> {
        let at = match *self.0.get(&key)?.of(channel) {
            NONE => return None,
            UNDATED => None,
            seconds => Timestamp::from_second(seconds).ok(),
        };
        Some(Statement { status: Status::Unsubscribed, at })
    }

    /// Adds an opt-out. Of two opt-outs the later one is kept.
    pub(super) fn add(&mut self, opt_out: OptOut) {
        let OptOut { key, channel, statement } = opt_out;
        let latest = latest_opt_out(self.of(key, channel), Some(statement)).and_then(|latest| latest.at);
        let entry = self.0.entry(key).or_insert(Channels { email: NONE, sms: NONE });
        *entry.of_mut(channel) = latest.map_or(UNDATED, Timestamp::as_second);
    }

    /// Returns a contact with the opt-outs of its address. Everything else in it stays byte for byte the same.
    pub(crate) fn amend(&self, contact: &RawValue) -> serde_json::Result<Box<RawValue>> {
        #[derive(Deserialize)]
        struct Contact<'a> {
            #[serde(borrow)]
            identifiers: &'a RawValue,
        }
        let old = serde_json::from_str::<Contact<'_>>(contact.get())?.identifiers.get();
        let mut identifiers: Vec<Identifier<'_>> = serde_json::from_str(old)?;
        let Some(key) = identifiers.first().map(|email| EmailKey::of(&email.id)) else {
            return Ok(contact.to_owned());
        };
        for identifier in &mut identifiers {
            if let Some(opt_out) = self.of(key, identifier.channel()) {
                let existing = identifier.statement().filter(|existing| existing.status == opt_out.status);
                if let Some(latest) = latest_opt_out(existing, Some(opt_out)) {
                    identifier.set_statement(latest);
                }
                identifier.consent = None;
            }
        }
        let new = serde_json::to_string(&identifiers)?;
        RawValue::from_string(contact.get().replacen(old, &new, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amending_keeps_the_rest_of_a_contact_byte_for_byte() {
        let contact = |identifier: &str| {
            let text = format!(
                r#"{{"identifiers":[{identifier}],"firstName":"J\u00f6","customProperties":{{"n":0.1000000000000000055511151231257827,"m":9007199254740993}},"tags":["a"]}}"#
            );
            RawValue::from_string(text).unwrap()
        };
        let before = contact(
            r#"{"type":"email","id":"a@b.co","channels":{"email":{"status":"subscribed","statusChangedAt":"2024-01-01T00:00:00Z"}},"consent":{"source":"CRM","createdAt":"2024-01-01T00:00:00Z"},"sendWelcomeMessage":false}"#,
        );
        let mut opt_outs = OptOuts::default();
        opt_outs.add(OptOut {
            key: EmailKey::of("a@b.co"),
            channel: Channel::Email,
            statement: Statement { status: Status::Unsubscribed, at: None },
        });
        let after = contact(
            r#"{"type":"email","id":"a@b.co","channels":{"email":{"status":"unsubscribed"}},"sendWelcomeMessage":false}"#,
        );
        assert_eq!(opt_outs.amend(&before).unwrap().get(), after.get());
    }
}
