use std::borrow::Cow;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json, value::RawValue};

use super::*;
use crate::{
    contact::{ChannelConsent, OnInvalid},
    stage::people::seen::Seen,
};

fn mapping() -> ConsentMapping {
    let channel = ChannelConsent {
        column: String::new(),
        values: Vec::new(),
        date: String::new(),
        date_format: None,
        source: String::new(),
        may_subscribe: true,
        on_invalid: OnInvalid::default(),
        ip: None,
        user_agent: None,
    };
    ConsentMapping { email: Some(channel.clone()), sms: Some(channel) }
}

fn status() -> impl Strategy<Value = ConsentStatus> {
    // Few different times, so that many are equal.
    let at = || (0_i64..4).prop_map(|day| Timestamp::from_second(day * 86_400).unwrap());
    let opt_in = prop::sample::select(vec![Status::Subscribed, Status::NonSubscribed]);
    prop_oneof![
        Just(ConsentStatus::Unstated),
        Just(ConsentStatus::Undated),
        Just(ConsentStatus::HeldBack),
        (opt_in, at()).prop_map(|(status, at)| ConsentStatus::Stated(Statement { status, at: Some(at) })),
        prop::option::of(at())
            .prop_map(|at| ConsentStatus::Stated(Statement { status: Status::Unsubscribed, at })),
    ]
}

#[derive(Debug, Clone)]
struct Row {
    address: String,
    has_phone: bool,
    /// The row is invalid, but its address is usable.
    is_invalid: bool,
    stated: Channels<ConsentStatus>,
}

fn row() -> impl Strategy<Value = Row> {
    ("[a-d]", any::<bool>(), prop::bool::weighted(0.2), status(), status()).prop_map(
        |(address, has_phone, is_invalid, email, sms)| Row {
            address,
            has_phone,
            is_invalid,
            stated: Channels { email, sms },
        },
    )
}

impl Row {
    fn contact(&self) -> PreparedContact<'_> {
        let consent = |status| Consent { status, proof: None };
        PreparedContact {
            email: Cow::Borrowed(&self.address),
            phone: self.has_phone.then_some(Cow::Borrowed("+442079460958")),
            fields: Vec::new(),
            properties: Vec::new(),
            send_welcome_message: false,
            consent: Channels { email: consent(self.stated.email), sms: consent(self.stated.sms) },
        }
    }
}

/// Returns the result of the plan: one pass over the rows, with the opt-outs written at the end.
fn planned(rows: &[Row]) -> (Vec<Value>, BTreeMap<Channel, ConsentCounts>) {
    let (mut seen, mut ledger, mut written) = (Seen::new(), Ledger::new(&mapping()), Vec::new());
    for row in rows {
        let mut contact = row.contact();
        let key = contact.key();
        match seen.get(key) {
            Some(note) => {
                seen.set_note(key, ledger.later_row(key, note, &contact.consent, &Channels::default()));
            }
            None if row.is_invalid => ledger.row_without_contact(key, &contact.consent),
            None => {
                seen.insert(key);
                ledger.restrict(key, &mut contact, &Channels::default());
                seen.set_note(key, ledger.count_sent(&contact));
                written.push((key, contact.to_json()));
            }
        }
    }
    let (counts, late) = ledger.finish();
    let amend = |(key, contact): (EmailKey, Box<RawValue>)| {
        let contact = if late.contains(key) { late.amend(&contact).unwrap() } else { contact };
        serde_json::from_str(contact.get()).unwrap()
    };
    (written.into_iter().map(amend).collect(), counts)
}

/// Returns the expected result by definition, from all rows of an address at once.
fn expected(rows: &[Row]) -> Vec<Value> {
    let mut contacts: Vec<Value> = Vec::new();
    for (at, first) in rows.iter().enumerate() {
        let is_first = !rows[..at].iter().any(|row| row.address == first.address && !row.is_invalid);
        if first.is_invalid || !is_first {
            continue;
        }
        let decided = |channel: Channel| {
            let of_address = rows.iter().filter(|row| row.address == first.address);
            let opt_outs = of_address.map(|row| row.stated.of(channel).opt_out());
            status_to_send(first.stated.of(channel).statement(), opt_outs.fold(None, latest_opt_out), None)
        };
        let identifier = |kind: &str, id: &str, channel: Channel| {
            let mut identifier = json!({ "type": kind, "id": id, "sendWelcomeMessage": false });
            if let Some(decided) = decided(channel) {
                identifier["channels"] = json!({ channel.key(): decided });
            }
            identifier
        };
        let mut identifiers = vec![identifier("email", &first.address, Channel::Email)];
        if first.has_phone {
            identifiers.push(identifier("phone", "+442079460958", Channel::Sms));
        }
        contacts.push(json!({ "identifiers": identifiers }));
    }
    contacts
}

proptest! {
    #[test]
    fn one_pass_gives_the_consent_of_all_rows_of_an_address(rows in prop::collection::vec(row(), 0..24)) {
        let (contacts, counts) = planned(&rows);
        prop_assert_eq!(&contacts, &expected(&rows));
        for (channel, counts) in counts {
            let with = |status: &str| {
                let pointers = ["/identifiers/0/channels", "/identifiers/1/channels"];
                let of = |contact: &Value| {
                    let mut channels = pointers.iter().filter_map(|pointer| contact.pointer(pointer));
                    channels.any(|channels| channels[channel.key()]["status"] == status)
                };
                contacts.iter().filter(|contact| of(contact)).count() as u64
            };
            prop_assert_eq!(counts.subscribed, with("subscribed"));
            prop_assert_eq!(counts.non_subscribed, with("nonSubscribed"));
            prop_assert_eq!(counts.unsubscribed, with("unsubscribed"));
            prop_assert_eq!(counts.contacts(), contacts.len() as u64);
            prop_assert!(counts.held_back + counts.undated <= counts.untouched);
        }
    }
}
