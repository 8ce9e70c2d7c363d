//! Reports of every kind of run, for the tests of this module.

use std::{collections::BTreeMap, num::NonZeroU32};

use serde_json::json;

use crate::{
    contact::{Channel, InvalidCell, WarningCounts},
    keys::RunRef,
    run::{
        Allowed, ConsentCounts, Counts, DUPLICATE_REASON, EnsuredSegment, Forecast, ForecastRequests, Guard,
        GuardLimits, GuardName, Planned, Reason, Report, Requests, RowOutcome, SegmentState, Settled,
        SourceObject, State, TagCounts, TagWay,
    },
};

/// A run that read one file and took one second.
pub(super) fn report(state: State, counts: Counts) -> Report {
    Report {
        run: RunRef {
            export: "vip".parse().unwrap(),
            run: "20261123t100000z-e00bae5756b877e3".parse().unwrap(),
        },
        connection: "acme".parse().unwrap(),
        display_name: "VIP customers".to_owned(),
        mode: crate::run::Mode::Changes,
        state,
        message: None,
        trigger: "a drop of segments/vip/2026-11-23.csv".to_owned(),
        started_at: "2026-11-23T10:00:00.12Z".parse().unwrap(),
        ended_at: "2026-11-23T10:00:01.3Z".parse().unwrap(),
        source: vec![SourceObject {
            object: "segments/vip/2026-11-23.csv".to_owned(),
            version: "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY".to_owned(),
            size: 1_320_068,
        }],
        counts,
        undoes: None,
        corrects: None,
        replays: None,
        sends_all: None,
        overlapping: 0,
        conflicting: 0,
        not_sent: 0,
        batches: 0,
        requests: Requests::default(),
        tags: TagCounts::default(),
        segments: Vec::new(),
        warnings: BTreeMap::new(),
        consent: BTreeMap::new(),
        rejects_without_cells: false,
        reasons: Vec::new(),
        guards: GuardLimits::default(),
        allowed: Allowed::new(),
        stopped: Vec::new(),
        dry_run: None,
    }
}

fn counts(
    [read, invalid, duplicate, unchanged, sent]: [u64; 5],
    [accepted, rejected, unknown]: [u64; 3],
) -> Counts {
    Counts::new(
        Planned { read, invalid, duplicate, unchanged, sent, ..Planned::default() },
        Settled { accepted, rejected, unknown },
    )
    .unwrap()
}

fn consent(
    [subscribed, unsubscribed, non_subscribed, untouched]: [u64; 4],
    [held_back, undated]: [u64; 2],
) -> ConsentCounts {
    ConsentCounts { subscribed, non_subscribed, unsubscribed, untouched, held_back, undated }
}

fn reason(outcome: RowOutcome, code: &str, reason: &str, count: u64) -> Reason {
    Reason { outcome, code: code.to_owned(), reason: reason.to_owned(), count }
}

fn warning(mut all: WarningCounts, (field, reason, count): (&str, InvalidCell, u64)) -> WarningCounts {
    all.entry(field.to_owned()).or_default().insert(reason.to_string(), count);
    all
}

fn of_the_file(invalid_email: u64, no_email: u64, duplicate: u64) -> Vec<Reason> {
    let reasons = vec![
        reason(RowOutcome::Duplicate, "duplicate", DUPLICATE_REASON, duplicate),
        reason(RowOutcome::Invalid, "invalid_email", "the email address is not valid", invalid_email),
        reason(RowOutcome::Invalid, "no_email", "the email cell is empty", no_email),
    ];
    reasons.into_iter().filter(|reason| reason.count > 0).collect()
}

pub(super) fn succeeded() -> Report {
    Report {
        ended_at: "2026-11-23T10:00:16Z".parse().unwrap(),
        batches: 93,
        requests: Requests { upload: 93, settle: 3, tags: 39, segments: 2, ..Requests::default() },
        tags: TagCounts { added_to: 9_285, added: 9_285, removed_from: 214, removed: 215, refused: 0 },
        segments: vec![EnsuredSegment {
            name: "VIP".to_owned(),
            tag: "segment: VIP".to_owned().try_into().unwrap(),
            state: SegmentState::Created,
            advice: None,
        }],
        consent: [(Channel::Email, consent([8_000, 1_284, 1, 0], [0, 0]))].into(),
        reasons: of_the_file(0, 0, 419),
        ..report(State::Succeeded, counts([9_704, 0, 419, 0, 9_285], [9_285, 0, 0]))
    }
}

pub(super) fn partial() -> Report {
    let mut reasons = of_the_file(204, 92, 419);
    reasons.extend([
        reason(RowOutcome::Rejected, "plan_limit", "the subscription's contact limit is reached", 38),
        reason(RowOutcome::Rejected, "max_length", "address: must have at most 250 characters", 1),
        reason(RowOutcome::Rejected, "403", "Omnisend rejected it without a reason", 1),
        reason(
            RowOutcome::Unknown,
            "unknown",
            "Omnisend counts 2 errors in the contact's batch, names 1, and does not name this contact",
            3,
        ),
    ]);
    Report {
        ended_at: "2026-11-23T10:02:41Z".parse().unwrap(),
        batches: 73,
        requests: Requests { upload: 79, settle: 5, throttled: 6, ..Requests::default() },
        warnings: [
            ("birthdate", InvalidCell::AmbiguousDate, 520),
            ("birthdate", InvalidCell::TwoDigitYear, 5),
            ("custom_properties.lifetime_value", InvalidCell::Number, 1),
            ("gender", InvalidCell::Gender, 1621),
            ("phone", InvalidCell::PhoneWithoutRegion, 994),
        ]
        .into_iter()
        .fold(BTreeMap::new(), warning),
        reasons,
        ..report(State::Partial, counts([10_000, 296, 419, 2_000, 7_285], [7_242, 40, 3]))
    }
}

pub(super) fn failed() -> Report {
    Report {
        message: Some(
            "Omnisend answered 403: the API key has no access to this endpoint (trace id \
             urn:omnisend:request:0f5c2b7e-6a52-4f0c-9e0f-3f1d2c1b9a77); the API key lacks a permission: it needs \
             the scopes contacts.read, contacts.write and brands.read, and for segments also segments.read and \
             segments.write"
                .to_owned(),
        ),
        not_sent: 9_285,
        requests: Requests { upload: 1, settle: 0, throttled: 0, ..Requests::default() },
        reasons: of_the_file(204, 92, 419),
        ..report(State::Failed, counts([10_000, 296, 419, 0, 9_285], [0, 0, 9_285]))
    }
}

fn stopped_by(guards: Vec<Guard>, report: Report) -> Report {
    Report { message: Some(crate::run::stop_message(&guards, &report.run.export)), stopped: guards, ..report }
}

/// Stopped by a guard before all rows were read.
pub(super) fn stopped() -> Report {
    let report = Report {
        not_sent: 1_001,
        reasons: of_the_file(20, 8, 41),
        guards: GuardLimits { max_profiles: 1000, growth_factor: None, ..GuardLimits::default() },
        ..report(State::Stopped, counts([1_070, 28, 41, 0, 1_001], [0, 0, 1_001]))
    };
    stopped_by(vec![Guard::MaxProfiles { limit: 1000 }], report)
}

/// Stopped by two guards after all rows were read.
pub(super) fn shrunk() -> Report {
    let report = Report {
        not_sent: 35,
        allowed: [GuardName::Rejects].into(),
        ..report(State::Stopped, counts([412, 0, 0, 377, 35], [0, 0, 35]))
    };
    let shrink = Guard::Shrink { members: 412, last: 12_500, limit_percent: 50 };
    let removals = Guard::Removals { removals: 12_088, last: 12_500, limit_percent: 10 };
    stopped_by(vec![shrink, removals], report)
}

/// A dry run that two guards would stop.
pub(super) fn dry_run_shrunk() -> Report {
    let Report { stopped, allowed, guards, .. } = shrunk();
    let report = Report {
        allowed,
        guards,
        dry_run: dry_run().dry_run.map(|forecast| Forecast {
            batches: 1,
            requests: ForecastRequests { upload: 1, settle: 1, untag: 49, ..ForecastRequests::default() },
            seconds: 50,
            first_contacts: vec![json!({"firstName": "A•••", "tags": ["segment: VIP"]})],
            masked: true,
            ..forecast
        }),
        ..report(State::Stopped, counts([412, 0, 0, 377, 35], [0, 0, 35]))
    };
    let report = stopped_by(stopped, report);
    Report {
        message: report.message.map(|message| format!("a run now would be stopped: {message}")),
        ..report
    }
}

/// Stopped by a guard because the source is empty.
pub(super) fn empty() -> Report {
    stopped_by(vec![Guard::Empty { read: 0 }], report(State::Stopped, counts([0; 5], [0; 3])))
}

/// Halted because Omnisend refuses every contact.
pub(super) fn halted() -> Report {
    Report {
        message: Some(
            "Omnisend refuses contacts because of the brand's subscription: The subscription's contact limit is reached \
             (402). The run was halted: 100 contacts were accepted, 200 were rejected, and 9,700 were not sent. Make \
             room in the subscription, or choose a larger one, then run the export again"
                .to_owned(),
        ),
        not_sent: 9_700,
        batches: 3,
        requests: Requests { upload: 3, settle: 7, ..Requests::default() },
        reasons: vec![reason(RowOutcome::Rejected, "402", "The subscription's contact limit is reached.", 200)],
        ..report(State::Partial, counts([10_000, 0, 0, 0, 10_000], [100, 200, 9_700]))
    }
}

pub(super) fn canceled() -> Report {
    Report {
        message: Some("the run was canceled; what was sent before that stays in Omnisend".to_owned()),
        ended_at: "2026-11-23T10:00:09Z".parse().unwrap(),
        not_sent: 5_185,
        batches: 41,
        requests: Requests { upload: 41, settle: 1, throttled: 0, ..Requests::default() },
        reasons: of_the_file(0, 0, 1),
        ..report(State::Canceled, counts([9_286, 0, 1, 0, 9_285], [4_000, 0, 5_285]))
    }
}

pub(super) fn dry_run() -> Report {
    let contact = |email: &str, name: &str| {
        json!({
            "identifiers": [{"type": "email", "id": email, "sendWelcomeMessage": false}],
            "firstName": name,
            "customProperties": {"lifetime_value": 12.5},
            "tags": ["segment: VIP"],
        })
    };
    Report {
        not_sent: 9_285,
        warnings: warning(BTreeMap::new(), ("phone", InvalidCell::Phone, 1)),
        consent: [
            (Channel::Email, consent([5_000, 285, 0, 4_000], [1_200, 17])),
            (Channel::Sms, consent([0, 1, 2, 9_282], [0, 0])),
        ]
        .into(),
        reasons: of_the_file(204, 92, 419),
        dry_run: Some(Forecast {
            batches: 93,
            requests: ForecastRequests { upload: 93, settle: 2, tag: 38, untag: 3, segment: 2 },
            requests_per_minute: const { NonZeroU32::new(400).unwrap() },
            seconds: 64,
            tag_way: Some(TagWay::Endpoint),
            masked: false,
            first_contacts: vec![contact("ada@example.com", "Ada"), contact("bo@example.com", "Bo <b>")],
        }),
        ..report(State::Partial, counts([10_000, 296, 419, 0, 9_285], [0, 0, 9_285]))
    }
}

pub(super) fn skipped() -> Report {
    report(State::Skipped, counts([9_285, 0, 0, 9_285, 0], [0; 3]))
}

/// One contact and one batch, with hostile text wherever a report shows text from outside.
pub(super) fn hostile() -> Report {
    let evil = "\u{1b}]0;owned\u{7}\u{202e}<script>alert(1)</script> & \"quoted\" 'text'";
    Report {
        display_name: "Bob's \"best\" <i>friends</i>\n\u{1b}[2J".to_owned(),
        message: Some(format!("Omnisend answered 400: {evil} {}; do this and that", "long ".repeat(200))),
        trigger: "a call at 2026-11-23T10:00:00.123456789Z".to_owned(),
        batches: 1,
        requests: Requests { upload: 1, settle: 0, throttled: 1, ..Requests::default() },
        warnings: warning(BTreeMap::new(), ("custom_properties.<b>", InvalidCell::List, 1)),
        reasons: vec![
            reason(RowOutcome::Rejected, "<code>", &format!("{evil} {}", "äöü ".repeat(200)), 1),
            reason(RowOutcome::Invalid, "no_email", "the email cell is empty", 1),
        ],
        source: vec![SourceObject {
            object: "s3://b/\"><img src=x>.csv".to_owned(),
            version: "'v'".to_owned(),
            size: 1,
        }],
        ..report(State::Partial, counts([2, 1, 0, 0, 1], [0, 1, 0]))
    }
}

/// Returns one report of each kind, with a name.
pub(super) fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("succeeded", succeeded()),
        ("partial", partial()),
        ("failed", failed()),
        ("stopped", stopped()),
        ("shrunk", shrunk()),
        ("empty", empty()),
        ("halted", halted()),
        ("canceled", canceled()),
        ("dry run", dry_run()),
        ("dry run, shrunk", dry_run_shrunk()),
        ("skipped", skipped()),
        ("hostile", hostile()),
    ]
}
