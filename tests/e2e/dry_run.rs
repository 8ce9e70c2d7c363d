//! A dry run does everything except sending.

use serde_json::{Value, json};

use crate::harness::{CANARY, EXPORT, Segment, World, address, options};

#[tokio::test]
async fn reports_what_would_be_sent_without_a_request() {
    let mut text = String::from_utf8(Segment::people(1_250).bytes).unwrap();
    text += "nobody,No Address\n";
    text += &(address(7) + ",Again\n");
    let world = World::with(options(), Segment::clean(text, 1_252).with(1, 1)).await;
    world.connection("acme", 400);
    let ran = world.call("run vip --dry-run").without_key().end().await;
    ran.exits(3).reports("partial", [0, 0, 1_250]);
    let forecast = &ran.report()["dry_run"];
    let first = || {
        json!({
            "identifiers": [{ "type": "email", "id": "p•••@c•••.example", "sendWelcomeMessage": false }],
            "firstName": "P•••", "tags": ["segment: VIP"],
        })
    };
    assert_eq!(
        forecast,
        &json!({
            "batches": 13, "requests_per_minute": 400, "seconds": 3,
            "requests": { "upload": 13, "settle": 2, "tag": 0, "untag": 0, "segment": 0 },
            "tag_way": "inline", "first_contacts": [first(), first(), first()], "masked": true,
        })
    );
    for expected in [
        "dry run, nothing was sent",
        "1,250 to send",
        "a run now would send 15 requests in about 3s, at 400 per minute: 13 batches, 2 to settle them",
        "the first contacts, as they would be sent; values are masked (--show-values shows them):",
        "{\"firstName\":\"P•••\",\"identifiers\":[{\"id\":\"p•••@c•••.example\"",
    ] {
        assert!(ran.stdout.contains(expected), "{expected:?} is not in\n{}", ran.stdout);
    }
    assert_eq!(world.requests().await, Vec::<Value>::new(), "a dry run sends no request");
    let chunks: Vec<_> = world.run_files().into_iter().filter(|file| file.contains("/chunks/")).collect();
    assert_eq!(chunks, Vec::<String>::new(), "a dry run stores no contacts");
}

#[tokio::test]
async fn a_dry_run_of_a_clean_file_exits_with_0_and_prints_json() {
    let world = World::of_people(3).await;
    let ran = world.call("run vip --dry-run --json").without_key().end().await;
    assert!(!ran.stdout.contains(CANARY), "values are masked by default");
    let printed: Value = serde_json::from_str(&ran.exits(0).stdout).unwrap();
    let written: Vec<Value> = world.reports().into_values().collect();
    assert_eq!(vec![printed.clone()], written);
    assert!(
        !world.run_files().iter().any(|file| world.read(file).contains(CANARY)),
        "no file has the values either"
    );
    assert_eq!(world.requests().await.len(), 0);
}

#[tokio::test]
async fn show_values_turns_masking_off() {
    let world = World::of_people(3).await;
    let ran = world.call("run vip --dry-run --show-values").without_key().end().await;
    ran.exits(0).reports("succeeded", [0, 0, 3]);
    let forecast = &ran.report()["dry_run"];
    assert_eq!(forecast["first_contacts"][2]["identifiers"][0]["id"], address(2));
    assert_eq!(forecast["masked"], false);
    assert!(ran.stdout.contains(&format!("\"id\":\"{}\"", address(2))), "{}", ran.stdout);
    world.call("run vip --show-values").end().await.exits(2).says(&["--dry-run"]);
    assert_eq!(world.requests().await.len(), 0);
}

#[tokio::test]
async fn forecasts_requests_for_tags_and_segments_at_their_own_pace() {
    let world = World::of_people(600).await;
    world.connection_with("acme", 400, "tags = \"endpoint\"");
    world.write("exports/acme/vip.toml", format!("create_segment = true\n{EXPORT}"));
    let ran = world.call("run vip --dry-run").without_key().end().await;
    let forecast = &ran.exits(0).report()["dry_run"];
    let requests = json!({ "upload": 6, "settle": 2, "tag": 3, "untag": 0, "segment": 2 });
    assert_eq!((&forecast["requests"], &forecast["seconds"]), (&requests, &json!(2 + 3 + 8)));
    let expected = "13 requests in about 13s, at 400 per minute: 6 batches, 2 to settle them, 3 to add tags, 2 for \
                    segments";
    assert!(ran.stdout.contains(expected), "{}", ran.stdout);

    world.connection_with("acme", 400, "");
    let ran = world.call("run vip --dry-run").without_key().end().await;
    assert_eq!(ran.report()["dry_run"]["tag_way"], Value::Null);
    assert!(ran.stdout.contains("2 for segments, a few to find out how tags are added"), "{}", ran.stdout);
    assert_eq!(world.requests().await.len(), 0);
}

const NOT_SUBSCRIBED: &str = "new contacts will not be subscribed: the export has no [consent.email]";
const AUTOMATIONS: &str = "the tag can start automations in Omnisend (\"Entered segment\") that send mail";

#[tokio::test]
async fn says_before_a_first_run_who_is_not_subscribed_and_that_the_tag_can_start_automations() {
    let consent =
        "[consent.email]\ncolumn = \"Name\"\nunsubscribed = [\"no\"]\ndate = \"Name\"\nsource = \"CRM\"\n";
    for (more, is_mapped) in [("", false), (consent, true)] {
        let file = format!("EMail,Name\n{},no\n", address(0));
        let world = World::with(options(), Segment::clean(file, 1)).await;
        world.write("exports/acme/vip.toml", EXPORT.replace("first_name = \"FirstName\"\n", "") + more);
        let said = |text: &str| (text.contains(NOT_SUBSCRIBED), text.contains(AUTOMATIONS));
        let once = (!is_mapped, true);
        let preview = world.call("export preview vip").end().await;
        assert_eq!(said(&preview.stderr), once, "{}", preview.stderr);
        let dry = world.call("run vip --dry-run").end().await;
        assert_eq!((said(&dry.stdout), said(&dry.stderr)), (once, (false, false)), "{}", dry.stdout);
        let first = world.call("run vip").end().await;
        first.exits(0);
        assert_eq!((said(&first.stdout), said(&first.stderr)), ((false, false), once), "{}", first.stderr);
        // Later runs do not repeat it; a dry run does, because it may have new contacts.
        let later = world.call("run vip").end().await;
        assert_eq!((said(&later.stdout), said(&later.stderr)), ((false, false), (false, false)));
    }
}
