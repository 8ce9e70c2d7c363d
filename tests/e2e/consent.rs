//! Tests that consent is never invented, and that an opt-out always wins.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Ran, Segment, World, address, options};

const BLOCK: &str = r#"
[consent.email]
column = "News"
subscribed = ["yes"]
unsubscribed = ["no"]
non_subscribed = ["pending"]
date = "Since"
source = "CRM"
may_subscribe = true
ip = "Ip"
"#;

const HEAD: &str = r#"
display_name = "VIP customers"
mode = "full"
[[segments]]
name = "VIP"
path = "segments/vip/"
[fields]
email = "EMail"
"#;

/// Returns a world whose segment has these rows of `EMail,News,Since,Ip`. `duplicate` is the expected number of
/// duplicates.
async fn world(rows: &[String], duplicate: u64, block: &str) -> World {
    let file = format!("EMail,News,Since,Ip\n{}\n", rows.join("\n"));
    let world = World::with(options(), Segment::clean(file, rows.len() as u64).with(0, duplicate)).await;
    world.write("exports/acme/vip.toml", format!("{HEAD}{block}"));
    world
}

/// Returns the row of person `n`.
fn row(n: u64, rest: &str) -> String {
    format!("{},{rest}", address(n))
}

/// Returns each person's email status in the sandbox, and its date.
async fn statuses(world: &World) -> BTreeMap<String, (String, Option<String>)> {
    let contacts = world.contacts().await.into_iter();
    let of = |contact: &Value| {
        let text = |name: &str| contact[name].as_str().map(str::to_owned);
        (text("status").unwrap(), text("statusChangedAt"))
    };
    contacts.map(|(email, contact)| (email, of(&contact))).collect()
}

fn counts([subscribed, unsubscribed, non_subscribed, untouched, held_back, undated]: [u64; 6]) -> Value {
    json!({
        "subscribed": subscribed, "unsubscribed": unsubscribed, "non_subscribed": non_subscribed,
        "untouched": untouched, "held_back": held_back, "undated": undated,
    })
}

#[track_caller]
fn assert_email_counts(ran: &Ran, expected: [u64; 6]) {
    assert_eq!(ran.report()["consent"]["email"], counts(expected));
}

/// Returns the number of batches whose body contains this text.
async fn requests_with(world: &World, text: &str) -> usize {
    world.posts().await.iter().filter(|post| post["body"].as_str().unwrap().contains(text)).count()
}

/// A row's status and date, and the contact's status and date in Omnisend after the run. The export may subscribe, and
/// each contact has been subscribed since [`BEFORE`].
const RULES: [(&str, &str, &str, Option<&str>); 14] = [
    ("yes", "2024-05-06", "subscribed", Some("2024-05-06T00:00:00Z")),
    (" YES ", "2024-05-06T07:08:09+09:00", "subscribed", Some("2024-05-05T22:08:09Z")),
    ("yes", "", "subscribed", Some(BEFORE)),
    ("yes", "soon", "subscribed", Some(BEFORE)),
    ("yes", "2999-01-01", "subscribed", Some(BEFORE)),
    ("yes", "1970-01-01", "subscribed", Some(BEFORE)),
    ("no", "2024-05-06", "unsubscribed", Some("2024-05-06T00:00:00Z")),
    ("no", "", "unsubscribed", None),
    ("no", "soon", "unsubscribed", None),
    ("No", "2999-01-01", "unsubscribed", None),
    ("pending", "2024-05-06", "nonSubscribed", Some("2024-05-06T00:00:00Z")),
    ("pending", "", "subscribed", Some(BEFORE)),
    ("", "2024-05-06", "subscribed", Some(BEFORE)),
    ("perhaps", "2024-05-06", "subscribed", Some(BEFORE)),
];
const BEFORE: &str = "2020-01-01T00:00:00Z";

async fn world_of_rules(block: &str) -> World {
    let rows: Vec<_> =
        (0..).zip(RULES).map(|(n, (value, date, ..))| row(n, &format!("{value},{date},"))).collect();
    let world = world(&rows, 0, block).await;
    let before = (0..RULES.len() as u64)
        .map(|n| json!({ "email": address(n), "status": "subscribed", "statusChangedAt": BEFORE }));
    world.seed(&before.collect()).await;
    world
}

#[tokio::test]
async fn each_status_with_each_kind_of_date_follows_the_rules() {
    let world = world_of_rules(BLOCK).await;
    let dry = world.call("run vip --dry-run").end().await;
    assert_eq!(world.requests().await, Vec::<Value>::new());
    let ran = world.call("run vip").end().await;
    ran.exits(0).reports("succeeded", [14, 0, 0]);

    let statuses = statuses(&world).await;
    for (n, (value, date, status, since)) in (0..).zip(RULES) {
        let expected = (status.to_owned(), since.map(str::to_owned));
        assert_eq!(statuses[&address(n)], expected, "{value:?}, {date:?}");
    }
    for ran in [&dry, &ran] {
        assert_email_counts(ran, [2, 4, 1, 7, 0, 5]);
        assert_eq!(
            ran.report()["warnings"],
            json!({
                "consent.email": { "not one of the listed values; the status is left unchanged": 1 },
                "consent.email.date": { "not a date from 1990 to the day of the run, or not in the given `format`": 5 },
            })
        );
        let line = "consent, email: 2 subscribed, 4 unsubscribed, 1 non-subscribed, 7 untouched";
        assert!(ran.stdout.contains(line), "{}", ran.stdout);
        assert!(ran.stdout.contains("5 have a status without a valid date"), "{}", ran.stdout);
    }
    let pages = world.run_files().into_iter().filter(|file| file.ends_with("report.html"));
    assert_eq!(pages.filter(|page| world.read(page).contains("<h2>Consent</h2>")).count(), 2);
}

#[tokio::test]
async fn without_permission_only_opt_outs_are_sent() {
    let world = world_of_rules(&BLOCK.replace("may_subscribe = true\n", "")).await;
    let dry = world.call("run vip --dry-run").end().await;
    let ran = world.call("run vip").end().await;
    ran.exits(0);
    let statuses = statuses(&world).await;
    for (n, (value, _, status, since)) in (0..).zip(RULES) {
        let expected = if status == "unsubscribed" { (status, since) } else { ("subscribed", Some(BEFORE)) };
        assert_eq!(statuses[&address(n)], (expected.0.to_owned(), expected.1.map(str::to_owned)), "{value}");
    }
    for ran in [&dry, &ran] {
        assert_email_counts(ran, [0, 4, 0, 10, 3, 5]);
    }
    assert_eq!(requests_with(&world, "\"subscribed\"").await, 0);
    assert_eq!(requests_with(&world, "\"consent\"").await, 0, "an opt-out was sent with a proof");
    assert!(ran.stdout.contains("[consent.email] does not set may_subscribe = true"), "{}", ran.stdout);
}

#[tokio::test]
async fn a_subscription_is_sent_with_its_proof() {
    let rows = [row(0, "yes,2024-05-06,203.0.113.7"), row(1, "yes,2024-05-06,here")];
    let world = world(&rows, 0, BLOCK).await;
    let ran = world.call("run vip").end().await;
    ran.exits(0);
    let contacts = world.contacts().await;
    let proof = json!({ "source": "CRM", "createdAt": "2024-05-06T00:00:00Z" });
    assert_eq!(contacts[&address(1)]["consent"], proof);
    assert_eq!(contacts[&address(0)]["consent"]["ip"], "203.0.113.7");
    assert_eq!(ran.report()["warnings"], json!({ "consent.email.ip": { "not an IP address": 1 } }));
}

#[tokio::test]
async fn without_a_consent_block_no_request_mentions_consent() {
    let world = world(&[row(0, "yes,2024-05-06,"), row(1, "no,2024-05-06,")], 0, "").await;
    world
        .seed(&json!([
            { "email": address(0), "status": "unsubscribed", "statusChangedAt": BEFORE },
            { "email": address(1), "status": "subscribed", "statusChangedAt": BEFORE },
        ]))
        .await;
    let ran = world.call("run vip").end().await;
    ran.exits(0);
    for word in ["channels", "consent", "subscribed"] {
        assert_eq!(requests_with(&world, word).await, 0, "{word}");
    }
    assert_eq!(ran.report()["consent"], Value::Null);
    let statuses = statuses(&world).await;
    assert_eq!(statuses[&address(0)].0, "unsubscribed");
    assert_eq!(statuses[&address(1)].0, "subscribed");
}

/// Returns people whose rows contradict each other. Other people are between the rows, so that the rows are in several
/// chunks.
fn contradicting_rows() -> Vec<String> {
    let others = (100..110).map(|n| row(n, "yes,2024-05-06,"));
    [
        // Subscribed here, but opted out in rows below: with an earlier date, a later date, without a date, and twice.
        row(0, "yes,2024-05-06,203.0.113.7"),
        row(1, "yes,2024-05-06,"),
        row(2, "yes,2024-05-06,"),
        row(3, "yes,2024-05-06,"),
        row(4, "no,2023-01-01,"),
        row(5, ",,"),
        row(6, "yes,,"),
    ]
    .into_iter()
    .chain(others)
    .chain([
        row(0, "no,2023-01-01,"),
        row(1, "no,2025-01-01,"),
        row(2, "no,,"),
        row(3, "no,2025-01-01,"),
        row(3, "no,2023-01-01,"),
        row(4, "yes,2025-01-01,"),
        row(5, "no,2023-01-01,"),
        row(6, "no,2023-01-01,"),
        // An opt-in in a later row has no effect.
        row(7, ",,"),
        row(7, "yes,2024-05-06,"),
    ])
    .collect()
}

async fn assert_opt_outs_won(world: &World) {
    let statuses = statuses(world).await;
    for (n, since) in [
        (0, Some("2023-01-01")),
        (1, Some("2025-01-01")),
        (2, None),
        (3, Some("2025-01-01")),
        (4, Some("2023-01-01")),
        (5, Some("2023-01-01")),
        (6, Some("2023-01-01")),
    ] {
        let since = since.map(|day| format!("{day}T00:00:00Z"));
        assert_eq!(statuses[&address(n)], ("unsubscribed".to_owned(), since), "person {n}");
    }
    assert_eq!(statuses[&address(7)], ("nonSubscribed".to_owned(), None));
    assert!((100..110).all(|n| statuses[&address(n)].0 == "subscribed"));
    // No request subscribed them even briefly.
    for post in world.posts().await {
        let body: Value = serde_json::from_str(post["body"].as_str().unwrap()).unwrap();
        for item in body["items"].as_array().unwrap() {
            let identifier = &item["identifiers"][0];
            let n: u64 = identifier["id"].as_str().unwrap()[6..12].parse().unwrap();
            let status = &identifier["channels"]["email"]["status"];
            assert!(n >= 100 || *status == "unsubscribed" || (n == 7 && status.is_null()), "{item}");
            assert!(n >= 100 || identifier["consent"].is_null(), "{item}");
        }
    }
}

#[cfg(feature = "test-scale")]
#[tokio::test]
async fn an_opt_out_in_any_row_of_an_address_wins() {
    let rows = contradicting_rows();
    for chunk in ["chunk:1", "chunk:3", "chunk:100"] {
        let world = world(&rows, 9, BLOCK).await;
        let dry = world.call("run vip --dry-run").scale(chunk).end().await;
        let shown = dry.report()["dry_run"]["first_contacts"].as_array().unwrap();
        assert!(shown.iter().all(|contact| contact.to_string().contains("\"unsubscribed\"")), "{shown:#?}");
        let ran = world.call("run vip").scale(chunk).end().await;
        ran.exits(0).reports("succeeded", [18, 0, 0]);
        assert_opt_outs_won(&world).await;
        for ran in [&dry, &ran] {
            assert_email_counts(ran, [10, 7, 0, 1, 0, 0]);
        }
    }
}

#[tokio::test]
async fn the_latest_of_several_opt_outs_is_sent_once_and_kept() {
    let segment_of =
        |rows: &[String]| Segment::clean(format!("EMail,News,Since,Ip\n{}\n", rows.join("\n")), 0);
    let opt_outs = [row(0, "no,2024-01-01,"), row(0, "no,2024-03-03,")];
    let world = world(&opt_outs, 1, BLOCK).await;
    world.write("exports/acme/vip.toml", format!("{HEAD}{BLOCK}").replace("mode = \"full\"", ""));
    let latest = ("unsubscribed".to_owned(), Some("2024-03-03T00:00:00Z".to_owned()));
    world.call("run vip").end().await.exits(0).reports("succeeded", [1, 0, 0]);
    assert_eq!(statuses(&world).await[&address(0)], latest);
    world.call("run vip").end().await.exits(0).reports("skipped", [0, 0, 0]);
    // An older opt-out and an opt-in that is older than the latest opt-out have no effect.
    for older in ["no,2024-01-01,", "yes,2024-02-02,"] {
        let segment = segment_of(&[row(0, older)]);
        world.segment(Segment { rows: 1, ..segment });
        world.call("run vip --mode full").end().await.exits(0);
        assert_eq!(statuses(&world).await[&address(0)], latest, "{older}");
    }
}

#[tokio::test]
async fn an_opt_out_wins_from_any_file_of_a_drop() {
    let rows = contradicting_rows();
    let (first, second) = rows.split_at(12);
    for parts in [[first, second], [second, first]] {
        let world = World::with(options(), Segment::people(0)).await;
        let export = HEAD.replace("\"segments/vip/\"", "\"segments/drop/\"\ncomplete_on = \"_SUCCESS\"");
        world.write("exports/acme/vip.toml", format!("{export}{BLOCK}"));
        for (n, rows) in parts.iter().enumerate() {
            let file = format!("EMail,News,Since,Ip\n{}\n", rows.join("\n"));
            world.write(&format!("segments/drop/part-{n}.csv"), file);
        }
        world.write("segments/drop/_SUCCESS", "");
        world.call("run vip").end().await.exits(0).reports("succeeded", [18, 0, 0]);
        let statuses = statuses(&world).await;
        assert!((0..7).all(|n| statuses[&address(n)].0 == "unsubscribed"), "{statuses:?}");
        assert!((100..110).all(|n| statuses[&address(n)].0 == "subscribed"), "{statuses:?}");
    }
}

#[cfg(all(feature = "kill-points", feature = "test-scale"))]
#[tokio::test]
async fn a_plan_killed_while_it_adds_opt_outs_sends_nothing() {
    let world = world(&contradicting_rows(), 9, BLOCK).await;
    let killed = world.call("run vip").scale("chunk:3").env("OMNISEND_EXPORT_KILL", "plan.chunk-revised:2");
    killed.end().await.was_killed();
    assert_eq!(world.requests().await, Vec::<Value>::new());
    world.call("run vip").scale("chunk:3").end().await.exits(0).reports("succeeded", [18, 0, 0]);
    assert_opt_outs_won(&world).await;
}

#[tokio::test]
async fn sms_has_its_own_consent() {
    let block = r#"phone = "Phone"
        [consent.sms]
        column = "Sms"
        subscribed = ["1"]
        unsubscribed = ["0"]
        date = { column = "Since", format = "%d.%m.%Y" }
        source = "Shop"
        may_subscribe = true
    "#;
    let person = |n: u64, phone: &str, sms: &str| format!("{},{phone},{sms},06.05.2024", address(n));
    let rows = [
        person(0, "+442079460958", "1"),
        person(1, "+442079460959", "0"),
        person(2, "", "0"),
        person(3, "+442079460960", "1"),
        person(3, "", "0"),
        person(4, "", "1"),
        person(4, "", "0"),
    ];
    let file = format!("EMail,Phone,Sms,Since\n{}\n", rows.join("\n"));
    let world = World::with(options(), Segment::clean(file, 7).with(0, 2)).await;
    world.write("exports/acme/vip.toml", format!("{HEAD}{block}"));
    let dry = world.call("run vip --dry-run").end().await;
    let ran = world.call("run vip").end().await;
    ran.exits(0).reports("succeeded", [5, 0, 0]);
    for ran in [&dry, &ran] {
        assert_eq!(ran.report()["consent"], json!({ "sms": counts([1, 2, 0, 2, 0, 0]) }));
    }
    let contacts = world.contacts().await;
    let sms: Vec<_> = (0..5).map(|n| contacts[&address(n)]["smsStatus"].as_str()).collect();
    assert_eq!(sms, [Some("subscribed"), Some("unsubscribed"), None, Some("unsubscribed"), None]);
    assert!(contacts.values().all(|contact| contact["status"] == "nonSubscribed"), "an email status changed");
    assert_eq!(contacts[&address(0)]["smsConsent"]["source"], "Shop");
}

#[tokio::test]
async fn welcome_messages_need_an_acknowledgement() {
    let world = world(&[row(0, ",,"), row(1, ",,")], 0, "").await;
    world.write("exports/acme/vip.toml", format!("send_welcome_message = true\n{HEAD}"));
    world.call("run vip").end().await.exits(2).says(&["send_welcome_message_acknowledged = true"]);
    assert_eq!(world.requests().await, Vec::<Value>::new());

    let acknowledged = "send_welcome_message = true\nsend_welcome_message_acknowledged = true";
    world.write("exports/acme/vip.toml", format!("{acknowledged}\n{HEAD}"));
    world.call("run vip").end().await.exits(0);
    assert_eq!(world.state().await["brands"][0]["welcome_mails"], 2);
}
