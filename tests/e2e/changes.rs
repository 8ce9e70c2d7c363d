//! Only what changed is sent: who is new, or different from what Omnisend has from us.

use serde_json::{Value, json};

use crate::harness::{CANARY, EXPORT, Segment, World, address, options};

/// The export of a world, in the mode that is the default.
fn changes() -> String {
    EXPORT.replace("mode = \"full\"\n", "")
}

fn counts(report: &Value) -> [u64; 4] {
    ["read", "unchanged", "sent", "accepted"].map(|name| report["counts"][name].as_u64().unwrap())
}

fn people(rows: impl IntoIterator<Item = (u64, &'static str)>) -> Segment {
    let rows: Vec<String> = rows.into_iter().map(|(n, name)| format!("{},{name}", address(n))).collect();
    Segment::clean(format!("EMail,FirstName\n{}\n", rows.join("\n")), rows.len() as u64)
}

#[tokio::test]
async fn an_unchanged_segment_takes_no_request() {
    let world = World::of_people(250).await;
    world.write("exports/acme/vip.toml", changes());
    let first = world.call("run vip").end().await;
    assert_eq!(counts(first.exits(0).report()), [250, 0, 250, 250]);
    let before = world.requests().await.len();
    let second = world.call("run vip").end().await;
    assert_eq!(counts(second.exits(0).report()), [250, 250, 0, 0]);
    assert_eq!(second.report()["state"], "skipped");
    assert_eq!(world.requests().await.len(), before, "not one request");
    let full = world.call("run vip --mode full").end().await;
    assert_eq!(counts(full.exits(0).report()), [250, 0, 250, 250]);
}

#[tokio::test]
async fn who_is_new_or_different_is_sent() {
    let world = World::with(options(), people((0..100).map(|n| (n, "Ada")))).await;
    world.write("exports/acme/vip.toml", changes());
    world.call("run vip").end().await.exits(0);
    // One has another name, one is new, one left: nobody takes a tag from the last one in this mode.
    world.segment(people((1..101).map(|n| (n, if n == 7 { "Bo" } else { "Ada" }))));
    let ran = world.call("run vip").end().await;
    assert_eq!(counts(ran.exits(0).report()), [100, 98, 2, 2]);
    let contacts = world.contacts().await;
    assert_eq!(contacts.len(), 101);
    assert_eq!(contacts[&address(7)]["firstName"], "Bo");
    assert_eq!(contacts[&address(0)]["tags"], json!(["segment: VIP"]));
    // Who comes back as they were is there already.
    world.segment(people((0..101).map(|n| (n, if n == 7 { "Bo" } else { "Ada" }))));
    let ran = world.call("run vip").end().await;
    assert_eq!(counts(ran.exits(0).report()), [101, 101, 0, 0]);
}

#[tokio::test]
async fn another_mapping_sends_everybody_and_says_so() {
    let world = World::of_people(30).await;
    world.write("exports/acme/vip.toml", changes());
    let first = world.call("run vip").end().await;
    assert_eq!(first.exits(0).report()["sends_all"], "first_run");
    world.write("exports/acme/vip.toml", changes().replace("first_name", "last_name"));
    let ran = world.call("run vip").end().await;
    assert_eq!(counts(ran.exits(0).report()), [30, 0, 30, 30]);
    assert_eq!(ran.report()["sends_all"], "mapping_changed");
    assert!(ran.stdout.contains("the export's mapping changed"), "{}", ran.stdout);
    let again = world.call("run vip").end().await;
    assert_eq!(counts(again.exits(0).report()), [30, 30, 0, 0]);
}

#[tokio::test]
async fn who_was_refused_is_sent_again() {
    let mut options = options();
    options.plan_limit = Some(20);
    let world = World::with(options, Segment::people(30)).await;
    world.write("exports/acme/vip.toml", changes());
    let first = world.call("run vip").end().await;
    first.exits(3).reports("partial", [20, 10, 0]);
    let again = world.call("run vip").end().await;
    again.exits(3).reports("partial", [0, 10, 0]);
    assert_eq!(counts(again.report()), [30, 20, 10, 0]);
}

#[tokio::test]
async fn a_contact_of_several_segments_is_sent_once_with_all_tags() {
    let world = World::of_people(0).await;
    let export = format!("{}\n[[segments]]\nname = \"New\"\npath = \"segments/new/\"\n", "@");
    let segments = changes();
    let (head, fields) = segments.split_once("[fields]").unwrap();
    world.write("exports/acme/vip.toml", format!("{head}{}[fields]{fields}", export.trim_start_matches('@')));
    world.write(
        "segments/vip/segment.csv",
        format!("EMail,FirstName\na@{CANARY},Ada\nb@{CANARY},Bo\nb@{CANARY},Bob\n"),
    );
    world.write(
        "segments/new/1.csv",
        format!("EMail,FirstName\nb@{CANARY},Bobby\nc@{CANARY},Cy\na@{CANARY},Ada\n"),
    );
    let ran = world.call("run vip").end().await;
    let report = ran.exits(0).report();
    assert_eq!(counts(report), [6, 0, 3, 3]);
    assert_eq!(report["counts"]["duplicate"], 3, "a row too many, and two that stand in both segments");
    assert_eq!((&report["overlapping"], &report["conflicting"]), (&json!(2), &json!(1)));
    let contacts = world.contacts().await;
    let both = json!(["segment: VIP", "segment: New"]);
    let of = |name: &str| {
        let contact = &contacts[&format!("{name}@{CANARY}")];
        (contact["firstName"].clone(), contact["tags"].clone())
    };
    assert_eq!(of("a"), (json!("Ada"), both.clone()));
    assert_eq!(of("b"), (json!("Bo"), both), "what the first segment says");
    assert_eq!(of("c"), (json!("Cy"), json!(["segment: New"])));
    assert_eq!(counts(world.call("run vip").end().await.exits(0).report()), [6, 3, 0, 0]);
}

#[tokio::test]
async fn who_left_loses_the_tag_and_nothing_else() {
    let world = World::with(options(), people((0..100).map(|n| (n, "Ada")))).await;
    world.write("exports/acme/vip.toml", EXPORT.replace("\"full\"", "\"mirror\""));
    world.call("run vip").end().await.exits(0);
    // Somebody else has the tag too, and one of ours has another.
    world
        .seed(&json!([
            { "email": format!("other@{CANARY}"), "tags": ["segment: VIP"] },
            { "email": address(3), "tags": ["segment: VIP", "mine"] },
        ]))
        .await;
    world.segment(people((5..100).map(|n| (n, "Ada"))));
    let ran = world.call("run vip").end().await;
    assert_eq!(counts(ran.exits(0).report()), [95, 95, 0, 0]);
    assert_eq!(ran.report()["state"], "succeeded");
    let contacts = world.contacts().await;
    assert_eq!(contacts.len(), 101, "nobody is deleted");
    let tags = |email: &str| contacts[email]["tags"].clone();
    assert_eq!(tags(&format!("other@{CANARY}")), json!(["segment: VIP"]), "not one of ours");
    assert_eq!(tags(&address(3)), json!(["mine"]));
    for left in [0, 1, 2, 4] {
        assert!(tags(&address(left)) == json!([]) || tags(&address(left)) == Value::Null, "{left}");
    }
    for here in 5..100 {
        assert_eq!(tags(&address(here)), json!(["segment: VIP"]));
    }
    // Who comes back gets it again.
    world.segment(people((4..100).map(|n| (n, "Ada"))));
    let ran = world.call("run vip").end().await;
    assert_eq!(counts(ran.exits(0).report()), [96, 95, 1, 1]);
    assert_eq!(world.contacts().await[&address(4)]["tags"], json!(["segment: VIP"]));
}

#[tokio::test]
async fn undo_takes_exactly_the_tags_that_a_run_added() {
    let world = World::with(options(), people((0..50).map(|n| (n, "Ada")))).await;
    world.write("exports/acme/vip.toml", changes());
    world.call("run vip").end().await.exits(0);
    world.segment(people((0..60).map(|n| (n, if n == 3 { "Bo" } else { "Ada" }))));
    let second = world.call("run vip").end().await;
    assert_eq!(counts(second.exits(0).report()), [60, 49, 11, 11]);
    let run = second.report()["run"].as_str().unwrap().to_owned();

    let undone = world.call(&format!("undo vip {run}")).end().await;
    let report = undone.exits(0).report();
    assert_eq!((&report["state"], &report["undoes"]), (&json!("succeeded"), &json!(run)));
    assert_eq!(report["tags"]["removed_from"], 10, "the one that changed had its tag before");
    let contacts = world.contacts().await;
    assert_eq!(contacts.len(), 60, "nobody is deleted");
    for n in 0..60 {
        let tagged = contacts[&address(n)]["tags"] == json!(["segment: VIP"]);
        assert_eq!(tagged, n < 50, "{n}");
    }
    assert_eq!(contacts[&address(3)]["firstName"], "Bo", "what a contact had before is not known");

    let again = world.call(&format!("undo vip {run}")).end().await;
    assert_eq!(again.exits(0).report()["state"], "skipped");
    // Who is in the segment gets the tag again.
    let next = world.call("run vip").end().await;
    assert_eq!(counts(next.exits(0).report()), [60, 50, 10, 10]);
    world.call(&format!("undo vip {}", again.report()["run"].as_str().unwrap())).end().await.exits(2);
    world.call("undo vip 20200101t000000z-0").end().await.exits(2).says(&["has no run"]);
}

/// A world whose second run gave 300 people their tag, and whose undoing of it was killed; and the second run.
async fn killed_while_it_undoes() -> (World, String) {
    let world = World::with(options(), people((0..200).map(|n| (n, "Ada")))).await;
    world.write("exports/acme/vip.toml", changes());
    world.call("run vip").end().await.exits(0);
    world.segment(people((0..500).map(|n| (n, "Ada"))));
    let second = world.call("run vip").end().await;
    let run = second.exits(0).report()["run"].as_str().unwrap().to_owned();
    let undoing = world.call(&format!("undo vip {run}")).env("OMNISEND_EXPORT_KILL", "tag.removed:1");
    undoing.end().await.was_killed();
    (world, run)
}

#[tokio::test]
async fn an_undo_that_was_interrupted_goes_on() {
    let (world, run) = killed_while_it_undoes().await;
    let runs = || world.files().into_iter().filter(|file| file.ends_with("manifest.json")).count();
    let begun = runs();
    let undone = world.call(&format!("undo vip {run}")).end().await;
    let report = undone.exits(0).says(&["resuming run vip/", "which was interrupted"]).report();
    assert_eq!((&report["undoes"], &report["tags"]["removed_from"]), (&json!(run), &json!(300)));
    assert_eq!(runs(), begun, "it is the same run");
    // Nothing of it hangs over the runs that come after it.
    let next = world.call("run vip").end().await;
    assert_eq!(counts(next.exits(0).report()), [500, 200, 300, 300]);
    let last = world.call("run vip").end().await;
    assert_eq!(counts(last.exits(0).report()), [500, 500, 0, 0]);
}

#[tokio::test]
async fn an_undo_that_was_interrupted_and_left_is_canceled_by_the_next_run() {
    let (world, run) = killed_while_it_undoes().await;
    let next = world.call("run vip").end().await;
    next.exits(0)
        .says(&["which undoes run", "was interrupted: it is settled as canceled, and a new run starts"]);
    let contacts = world.contacts().await;
    assert!(contacts.values().all(|contact| contact["tags"] == json!(["segment: VIP"])));
    let last = world.call("run vip").end().await;
    assert_eq!(counts(last.exits(0).report()), [500, 500, 0, 0]);
    // It can be undone still.
    let undone = world.call(&format!("undo vip {run}")).end().await;
    assert_eq!(undone.exits(0).report()["tags"]["removed_from"], 300);
}

#[tokio::test]
async fn a_dry_run_and_a_stopped_run_ask_nothing_of_anybody() {
    let world = World::with(options(), people((0..40).map(|n| (n, "Ada")))).await;
    let export = changes().replace("[[segments]]", "create_segment = true\n[[segments]]");
    world.write("exports/acme/vip.toml", &export);
    world.call("run vip --dry-run").without_key().end().await.exits(0);
    world.write("exports/acme/vip.toml", format!("{export}\n[guards]\nrejects_percent = 1\n"));
    let bad: Vec<String> = (0..40).map(|n| format!("no address {n},Ada")).collect();
    world.segment(Segment::clean(format!("EMail,FirstName\n{}\n", bad.join("\n")), 40).with(40, 0));
    world.call("run vip").end().await.exits(1);
    assert_eq!(world.requests().await, [Value::Null; 0]);
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_read_is_refused_with_what_to_do() {
    let world = World::of_people(300).await;
    world.write("exports/acme/vip.toml", changes());
    world.call("run vip").end().await.exits(0);
    let list = world.files().into_iter().find(|file| file.starts_with("snapshots/vip/2")).unwrap();
    let whole = std::fs::read(world.root().join(&list)).unwrap();
    let damaged = [&whole[..whole.len() - 20], b"not what was written"].concat();
    let requests = world.requests().await.len();
    for bytes in [Some(&damaged[..]), Some(&whole[..whole.len() / 2]), Some(b""), None] {
        match bytes {
            Some(bytes) => world.write(&list, bytes),
            None => std::fs::remove_file(world.root().join(&list)).unwrap(),
        }
        let ran = world.call("run vip").end().await;
        ran.exits(1)
            .says(&[list.as_str(), "remove snapshots/vip/current.json, and the next run sends everybody"]);
    }
    assert_eq!(world.requests().await.len(), requests);
    std::fs::remove_file(world.root().join("snapshots/vip/current.json")).unwrap();
    let ran = world.call("run vip").end().await;
    assert_eq!(counts(ran.exits(0).report()), [300, 0, 300, 300]);
}

#[tokio::test]
async fn whose_row_is_invalid_has_not_left() {
    let world = World::of_people(0).await;
    let birthdate = "birthdate = { column = \"Born\", on_invalid = \"reject-row\" }\n";
    world.write("exports/acme/vip.toml", EXPORT.replace("\"full\"", "\"mirror\"") + birthdate);
    let file = |born: &str| {
        format!("EMail,FirstName,Born\na@{CANARY},Ada,{born}\nb@{CANARY},Bo,1990-01-01\nc@{CANARY},Cy,\n")
    };
    world.segment(Segment::clean(file("1990-01-01"), 3));
    world.call("run vip").end().await.exits(0).reports("succeeded", [3, 0, 0]);
    // One cannot be read any more, and one left.
    let soon = file("soon");
    let (ada_and_bo, _) = soon.split_once("c@").unwrap();
    world.segment(Segment::clean(ada_and_bo, 2).with(1, 0));
    let ran = world.call("run vip").end().await;
    ran.exits(3).reports("partial", [0, 0, 0]);
    let contacts = world.contacts().await;
    let tags = |name: &str| contacts[&format!("{name}@{CANARY}")]["tags"].clone();
    assert_eq!(tags("a"), json!(["segment: VIP"]), "she is in the file");
    assert_eq!((tags("b"), tags("c")), (json!(["segment: VIP"]), json!([])));
}
