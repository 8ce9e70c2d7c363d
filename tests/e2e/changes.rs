//! Mode `changes` sends only new and changed contacts. Mode `mirror` also removes tags from leavers.

use serde_json::{Value, json};

use crate::harness::{CANARY, EXPORT, Segment, World, address, options};

/// Returns the export of a world in the default mode.
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
async fn sends_no_request_for_an_unchanged_segment() {
    let world = World::of_people(250).await;
    world.write("exports/acme/vip.toml", changes());
    let first = world.call("run vip").end().await;
    assert_eq!(counts(first.exits(0).report()), [250, 0, 250, 250]);
    let before = world.requests().await.len();
    let second = world.call("run vip").end().await;
    assert_eq!(counts(second.exits(0).report()), [250, 250, 0, 0]);
    assert_eq!(second.report()["state"], "skipped");
    assert_eq!(world.requests().await.len(), before, "no request");
    let full = world.call("run vip --mode full").end().await;
    assert_eq!(counts(full.exits(0).report()), [250, 0, 250, 250]);
}

#[tokio::test]
async fn sends_new_and_changed_contacts() {
    let world = World::with(options(), people((0..100).map(|n| (n, "Ada")))).await;
    world.write("exports/acme/vip.toml", changes());
    world.call("run vip").end().await.exits(0);
    // One contact changed, one is new and one left. This mode removes no tags from the leaver.
    world.segment(people((1..101).map(|n| (n, if n == 7 { "Bo" } else { "Ada" }))));
    let ran = world.call("run vip").end().await;
    assert_eq!(counts(ran.exits(0).report()), [100, 98, 2, 2]);
    let contacts = world.contacts().await;
    assert_eq!(contacts.len(), 101);
    assert_eq!(contacts[&address(7)]["firstName"], "Bo");
    assert_eq!(contacts[&address(0)]["tags"], json!(["segment: VIP"]));
    // A contact that comes back unchanged is in Omnisend already.
    world.segment(people((0..101).map(|n| (n, if n == 7 { "Bo" } else { "Ada" }))));
    let ran = world.call("run vip").end().await;
    assert_eq!(counts(ran.exits(0).report()), [101, 101, 0, 0]);
}

#[tokio::test]
async fn sends_every_contact_after_the_mapping_changed() {
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
async fn sends_rejected_contacts_again() {
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
async fn sends_a_contact_of_several_segments_once_with_all_tags() {
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
    assert_eq!(report["counts"]["duplicate"], 3, "one within a segment, and two that are in both segments");
    assert_eq!((&report["overlapping"], &report["conflicting"]), (&json!(2), &json!(1)));
    let contacts = world.contacts().await;
    let both = json!(["segment: VIP", "segment: New"]);
    let of = |name: &str| {
        let contact = &contacts[&format!("{name}@{CANARY}")];
        (contact["firstName"].clone(), contact["tags"].clone())
    };
    assert_eq!(of("a"), (json!("Ada"), both.clone()));
    assert_eq!(of("b"), (json!("Bo"), both), "the data of the first segment");
    assert_eq!(of("c"), (json!("Cy"), json!(["segment: New"])));
    assert_eq!(counts(world.call("run vip").end().await.exits(0).report()), [6, 3, 0, 0]);
}

#[tokio::test]
async fn removes_only_its_own_tag_from_leavers() {
    let world = World::with(options(), people((0..100).map(|n| (n, "Ada")))).await;
    world.write("exports/acme/vip.toml", EXPORT.replace("\"full\"", "\"mirror\""));
    world.call("run vip").end().await.exits(0);
    // A contact from another source has the tag too, and one of our contacts has another tag.
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
    assert_eq!(contacts.len(), 101, "no contact is deleted");
    let tags = |email: &str| contacts[email]["tags"].clone();
    assert_eq!(tags(&format!("other@{CANARY}")), json!(["segment: VIP"]), "a contact from another source");
    assert_eq!(tags(&address(3)), json!(["mine"]));
    for left in [0, 1, 2, 4] {
        assert!(tags(&address(left)) == json!([]) || tags(&address(left)) == Value::Null, "{left}");
    }
    for here in 5..100 {
        assert_eq!(tags(&address(here)), json!(["segment: VIP"]));
    }
    // A contact that comes back gets the tag again.
    world.segment(people((4..100).map(|n| (n, "Ada"))));
    let ran = world.call("run vip").end().await;
    assert_eq!(counts(ran.exits(0).report()), [96, 95, 1, 1]);
    assert_eq!(world.contacts().await[&address(4)]["tags"], json!(["segment: VIP"]));
}

#[tokio::test]
async fn undo_removes_exactly_the_tags_that_a_run_added() {
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
    assert_eq!(report["tags"]["removed_from"], 10, "the changed contact had its tag before");
    let contacts = world.contacts().await;
    assert_eq!(contacts.len(), 60, "no contact is deleted");
    for n in 0..60 {
        let tagged = contacts[&address(n)]["tags"] == json!(["segment: VIP"]);
        assert_eq!(tagged, n < 50, "{n}");
    }
    assert_eq!(contacts[&address(3)]["firstName"], "Bo", "undo does not restore fields");

    let again = world.call(&format!("undo vip {run}")).end().await;
    assert_eq!(again.exits(0).report()["state"], "skipped");
    // The contacts of the segment get the tag again.
    let next = world.call("run vip").end().await;
    assert_eq!(counts(next.exits(0).report()), [60, 50, 10, 10]);
    world.call(&format!("undo vip {}", again.report()["run"].as_str().unwrap())).end().await.exits(2);
    world.call("undo vip 20200101t000000z-0").end().await.exits(2).says(&["has no run"]);
}

/// Returns a world and its second run, which tagged 300 contacts. The process that undid that run was killed.
async fn killed_during_undo() -> (World, String) {
    let world = World::with(options(), people((0..200).map(|n| (n, "Ada")))).await;
    world.write("exports/acme/vip.toml", changes());
    world.call("run vip").end().await.exits(0);
    world.segment(people((0..500).map(|n| (n, "Ada"))));
    let second = world.call("run vip").end().await;
    let run = second.exits(0).report()["run"].as_str().unwrap().to_owned();
    let undo = world.call(&format!("undo vip {run}")).env("OMNISEND_EXPORT_KILL", "tag.removed:1");
    undo.end().await.was_killed();
    (world, run)
}

#[tokio::test]
async fn resumes_an_interrupted_undo() {
    let (world, run) = killed_during_undo().await;
    let runs = || world.files().into_iter().filter(|file| file.ends_with("manifest.json")).count();
    let started = runs();
    let undone = world.call(&format!("undo vip {run}")).end().await;
    let report = undone.exits(0).says(&["resuming run vip/", "which was interrupted"]).report();
    assert_eq!((&report["undoes"], &report["tags"]["removed_from"]), (&json!(run), &json!(300)));
    assert_eq!(runs(), started, "it is the same run");
    // The interrupted undo does not affect the runs after it.
    let next = world.call("run vip").end().await;
    assert_eq!(counts(next.exits(0).report()), [500, 200, 300, 300]);
    let last = world.call("run vip").end().await;
    assert_eq!(counts(last.exits(0).report()), [500, 500, 0, 0]);
}

#[tokio::test]
async fn the_next_run_cancels_an_interrupted_undo() {
    let (world, run) = killed_during_undo().await;
    let next = world.call("run vip").end().await;
    next.exits(0)
        .says(&["which undoes run", "was interrupted: it is settled as canceled, and a new run starts"]);
    let contacts = world.contacts().await;
    assert!(contacts.values().all(|contact| contact["tags"] == json!(["segment: VIP"])));
    let last = world.call("run vip").end().await;
    assert_eq!(counts(last.exits(0).report()), [500, 500, 0, 0]);
    // The run can still be undone.
    let undone = world.call(&format!("undo vip {run}")).end().await;
    assert_eq!(undone.exits(0).report()["tags"]["removed_from"], 300);
}

#[tokio::test]
async fn a_dry_run_and_a_stopped_run_send_no_request() {
    let world = World::with(options(), people((0..40).map(|n| (n, "Ada")))).await;
    let export = changes().replace("[[segments]]", "create_segment = true\n[[segments]]");
    world.write("exports/acme/vip.toml", &export);
    world.call("run vip --dry-run").without_key().end().await.exits(0);
    world.write("exports/acme/vip.toml", format!("{export}\n[guards]\nrejects_percent = 1\n"));
    let bad: Vec<String> = (0..40).map(|n| format!("not an address {n},Ada")).collect();
    world.segment(Segment::clean(format!("EMail,FirstName\n{}\n", bad.join("\n")), 40).with(40, 0));
    world.call("run vip").end().await.exits(1);
    assert_eq!(world.requests().await, [Value::Null; 0]);
}

#[tokio::test]
async fn an_unreadable_snapshot_fails_the_run_and_says_what_to_do() {
    let world = World::of_people(300).await;
    world.write("exports/acme/vip.toml", changes());
    world.call("run vip").end().await.exits(0);
    let list = world.files().into_iter().find(|file| file.starts_with("snapshots/vip/2")).unwrap();
    let whole = std::fs::read(world.root().join(&list)).unwrap();
    let damaged = [&whole[..whole.len() - 20], b"damaged"].concat();
    let requests = world.requests().await.len();
    for bytes in [Some(&damaged[..]), Some(&whole[..whole.len() / 2]), Some(b""), None] {
        match bytes {
            Some(bytes) => world.write(&list, bytes),
            None => std::fs::remove_file(world.root().join(&list)).unwrap(),
        }
        let ran = world.call("run vip").end().await;
        ran.exits(1).says(&[
            list.as_str(),
            "remove snapshots/vip/current.json, and the next run sends every contact",
        ]);
    }
    assert_eq!(world.requests().await.len(), requests);
    std::fs::remove_file(world.root().join("snapshots/vip/current.json")).unwrap();
    let ran = world.call("run vip").end().await;
    assert_eq!(counts(ran.exits(0).report()), [300, 0, 300, 300]);
}

#[tokio::test]
async fn a_member_with_an_invalid_row_has_not_left() {
    let world = World::of_people(0).await;
    let birthdate = "birthdate = { column = \"Born\", on_invalid = \"reject-row\" }\n";
    world.write("exports/acme/vip.toml", EXPORT.replace("\"full\"", "\"mirror\"") + birthdate);
    let file = |born: &str| {
        format!("EMail,FirstName,Born\na@{CANARY},Ada,{born}\nb@{CANARY},Bo,1990-01-01\nc@{CANARY},Cy,\n")
    };
    world.segment(Segment::clean(file("1990-01-01"), 3));
    world.call("run vip").end().await.exits(0).reports("succeeded", [3, 0, 0]);
    // One member's row is invalid now, and one member left.
    let soon = file("soon");
    let (ada_and_bo, _) = soon.split_once("c@").unwrap();
    world.segment(Segment::clean(ada_and_bo, 2).with(1, 0));
    let ran = world.call("run vip").end().await;
    ran.exits(3).reports("partial", [0, 0, 0]);
    let contacts = world.contacts().await;
    let tags = |name: &str| contacts[&format!("{name}@{CANARY}")]["tags"].clone();
    assert_eq!(tags("a"), json!(["segment: VIP"]), "its address is in the file");
    assert_eq!((tags("b"), tags("c")), (json!(["segment: VIP"]), json!([])));
}
