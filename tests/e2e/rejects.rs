//! Rejects and corrections: every contact that did not arrive is in the rejects with its row. Corrected rows are sent
//! on their own.

use std::collections::BTreeMap;

use segment_files::unescape_formula;
use serde_json::{Value, json};

use crate::harness::{CANARY, EXPORT, Segment, World, address, holds, options};

/// A row of `rejects.csv`: its cells by column, as they are in the file.
type Reject = BTreeMap<String, String>;

fn csv(world: &World) -> Vec<Reject> {
    let (run, _) = last(world);
    let text = world.read(&format!("{run}/rejects.csv"));
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        header.iter().cloned().zip(row.iter().map(str::to_owned)).collect()
    });
    rows.collect()
}

/// Returns the outcome of a row, and its cells as a spreadsheet shows them.
fn cells(reject: &Reject) -> [&str; 3] {
    ["reject_outcome", "EMail", "FirstName"].map(|column| unescape_formula(&reject[column]))
}

fn ndjson(world: &World) -> Vec<Value> {
    let (run, _) = last(world);
    let text = world.read(&format!("{run}/rejects.ndjson"));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn every_invalid_or_rejected_row_is_in_the_rejects() {
    let names = ["=1+1", "'=1", "007", "two\nlines, \"quoted\"", " '+5"];
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let valid = (0..).zip(names).map(|(n, name)| format!("{},{},x\n", address(n), quoted(name)));
    let invalid = names.map(|name| format!("nobody,{},x\n", quoted(name)));
    let rows: String = valid.chain(invalid).collect();
    let text = format!("EMail,FirstName,Not mapped\n{rows}{},again,x\n", address(0));
    let world = World::with(options(), Segment::clean(text, 11).with(5, 1)).await;
    for n in 0..4 {
        world.fault(&format!("refuse_item={},code=blocked", address(n))).await;
    }
    let ran = world.call("run vip").end().await;
    ran.exits(3).reports("partial", [1, 4, 0]);

    let rejects = csv(&world);
    let nobody = names.map(|name| ["invalid", "nobody", name]);
    let rejected: Vec<String> = (0..4).map(address).collect();
    let rejected: Vec<[&str; 3]> = (0..4).map(|n| ["rejected", &*rejected[n], names[n]]).collect();
    assert_eq!(rejects.iter().map(cells).collect::<Vec<_>>(), [&nobody[..], &rejected].concat());
    assert!(!rejects[0].contains_key("Not mapped"), "columns that the mapping does not use are left out");
    let run = world.reports().into_keys().next().unwrap();
    let first = &rejects[5];
    assert_eq!(first["reject_run"], run.trim_start_matches("runs/"));
    assert_eq!((&*first["reject_line"], &*first["reject_code"]), ("2", "blocked"));
    assert_eq!(
        (&*first["reject_object"], &*first["reject_tags"]),
        ("segments/vip/segment.csv", "segment: VIP")
    );

    let exact = ndjson(&world);
    assert_eq!(exact.len(), 10, "with the duplicate");
    assert_eq!(exact[1]["cells"], json!({"EMail": "nobody", "FirstName": "'=1"}));
    assert_eq!(exact[6]["cells"], json!({"EMail": address(0), "FirstName": "=1+1"}));
}

#[tokio::test]
async fn rejects_have_only_the_address_if_the_file_is_gone() {
    let world = World::of_people(150).await;
    // 100 ms between two requests, so that the batch of 100 arrives before the batch of 50.
    world.connection("acme", 600);
    world.fault(&format!("refuse_item={}", address(7))).await;
    let stuck = world.fault("stuck_batch,skip=1,count=1").await;
    let call = world.call("run vip --give-up-after 2s").start();
    world.happened(stuck).await;
    world.write("segments/vip/segment.csv", format!("EMail,FirstName\nsomebody@{CANARY},else\n"));
    let ran = call.end().await;
    ran.exits(3).reports("partial", [99, 1, 50]);
    assert_eq!(ran.report()["rejects_without_cells"], true);
    assert!(ran.stdout.contains("the source no longer existed"), "{}", ran.stdout);
    let rejects = csv(&world);
    assert_eq!(cells(&rejects[0]), ["rejected", &address(7), ""]);
    assert_eq!(rejects.len(), 51);
    assert!(ndjson(&world)[0].get("cells").is_none());
}

/// Returns the run's id from its folder.
fn id(folder: &str) -> String {
    folder.rsplit('/').next().unwrap().to_owned()
}

/// Returns the folder of the run that started last, and its report.
fn last(world: &World) -> (String, Value) {
    let started = |(_, report): &(String, Value)| {
        report["started_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap()
    };
    world.reports().into_iter().max_by_key(started).unwrap()
}

/// Returns rejects as a spreadsheet saves them: every column, separated by semicolons.
fn saved(rejects: &[Reject]) -> Vec<u8> {
    let header: Vec<&str> = rejects[0].keys().map(String::as_str).collect();
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    writer.write_record(&header).unwrap();
    for reject in rejects {
        writer.write_record(reject.values()).unwrap();
    }
    writer.into_inner().unwrap()
}

/// Returns 100 valid rows.
fn valid() -> impl Iterator<Item = String> {
    (100..200).map(|n| format!("{},Person {n}\n", address(n)))
}

/// Returns a world after a run with one invalid row for each name, and one rejected contact.
async fn with_rejects(names: &[&str]) -> World {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let invalid = (0..).zip(names).map(|(n, name)| format!("person{n} at example,{}\n", quoted(name)));
    let rows: Vec<String> = invalid.chain(valid()).collect();
    let total = names.len() as u64 + 100;
    let segment = Segment::clean(format!("EMail,FirstName\n{}", rows.concat()), total);
    let world = World::with(options(), segment.with(names.len() as u64, 0)).await;
    world.write("exports/acme/vip.toml", EXPORT.replace("mode = \"full\"", "mode = \"mirror\""));
    world.fault(&format!("refuse_item={},code=blocked", address(150))).await;
    world.call("run vip").end().await.exits(3).reports("partial", [99, 1, 0]);
    world.no_faults().await;
    world
}

#[tokio::test]
async fn replaying_corrections_sends_only_their_rows() {
    let names = ["=1+1", "'=1", "007", "two\nlines, \"quoted\"", "''+5", "-3", "'t Hooft"];
    let world = with_rejects(&names).await;
    let (run, _) = last(&world);
    let mut rejects = csv(&world);
    assert_eq!(rejects.len(), names.len() + 1);
    for (n, reject) in (0..).zip(rejects.iter_mut().take(names.len())) {
        assert_eq!(reject["EMail"], format!("person{n} at example"));
        reject.insert("EMail".to_owned(), address(n));
    }
    // The last row is not corrected, and a person added a row of their own below it.
    let own = Reject::from_iter([
        ("EMail".to_owned(), address(900)),
        ("FirstName".to_owned(), "=typed".to_owned()),
    ]);
    let own: Reject = rejects[0]
        .keys()
        .map(|column| (column.clone(), own.get(column).cloned().unwrap_or_default()))
        .collect();
    rejects.push(own);
    world.write("corrected.csv", saved(&rejects));
    let before = world.contacts_sent().await;
    let ran = world.call(&format!("replay vip {} --file corrected.csv", id(&run))).end().await;
    ran.exits(0)
        .reports("succeeded", [9, 0, 0])
        .says(&["planned: 9 contacts to send", "sent: 9 of 9 contacts"]);
    assert_eq!(ran.report()["corrects"], id(&run));
    assert!(ran.stdout.contains("sends only the corrected rejects of run"), "{}", ran.stdout);
    assert_eq!(world.contacts_sent().await - before, 9, "no other contact is sent");

    let contacts = world.contacts().await;
    holds(&contacts, (0..7).chain(100..200).chain([900]).map(address));
    // Spreadsheets mark a formula as text with `'`, which is not part of the value.
    let sent = ["=1+1", "=1", "007", "two\nlines, \"quoted\"", "''+5", "-3", "'t Hooft"];
    for (n, name) in (0..).zip(sent) {
        assert_eq!(contacts[&address(n)]["firstName"], name);
        assert_eq!(contacts[&address(n)]["tags"], json!(["segment: VIP"]), "{name}");
    }
    assert_eq!(contacts[&address(900)]["firstName"], "=typed");
    assert!(
        contacts.values().all(|contact| contact["tags"] == json!(["segment: VIP"])),
        "mode `mirror` removes no tag"
    );
}

#[tokio::test]
async fn corrections_in_a_segments_folder_are_not_read_as_its_newest_drop() {
    let world = with_rejects(&["Ada"]).await;
    let (run, _) = last(&world);
    let mut rejects = csv(&world);
    rejects[0].insert("EMail".to_owned(), address(0));
    world.write("segments/vip/zz-corrected.csv", saved(&rejects));
    let ran = world.call("run vip").end().await;
    // The rejected contact is sent again; the others are unchanged.
    ran.exits(3)
        .reports("partial", [1, 0, 0])
        .says(&["segments/vip/zz-corrected.csv holds rejects and is not a segment file"]);
    assert_eq!(ran.report()["counts"]["unchanged"], 99);
    assert_eq!(ran.report()["source"][0]["object"], "segments/vip/segment.csv");

    let ran =
        world.call(&format!("replay vip {} --file segments/vip/zz-corrected.csv", id(&run))).end().await;
    ran.exits(0).reports("succeeded", [1, 0, 0]);
    assert_eq!(ran.report()["counts"]["unchanged"], 1, "a later run sent it already");

    // The file of two corrections did not change the segment: no member left because of it.
    let people: Vec<String> = valid().collect();
    world.write("segments/vip/next.csv", format!("EMail,FirstName\n{}", people.concat()));
    let ran = world.call("run vip").end().await;
    ran.exits(0);
    assert_eq!(ran.report()["counts"]["unchanged"], 100);
    assert_eq!(
        world.contacts().await[&address(0)]["tags"],
        json!([]),
        "a contact that is in no file of the segment leaves it"
    );
}

#[tokio::test]
async fn a_replay_sends_contacts_that_did_not_arrive_unchanged() {
    let world = with_rejects(&["Ada"]).await;
    let (run, _) = last(&world);
    let before = world.contacts_sent().await;
    let ran = world.call(&format!("replay vip {}", id(&run))).end().await;
    ran.exits(0).reports("succeeded", [1, 0, 0]).says(&["planned: 1 contacts to send"]);
    let counts = &ran.report()["counts"];
    assert_eq!(
        (&counts["read"], &counts["sent"], &ran.report()["replays"]),
        (&json!(1), &json!(1), &json!(id(&run)))
    );
    assert_eq!(world.contacts_sent().await - before, 1);
    holds(&world.contacts().await, (100..200).map(address));

    let again = world.call(&format!("replay vip {}", id(&run))).end().await;
    again.exits(2).says(&["cannot be replayed", "is newer", "run the export instead"]);
    let (replay, _) = last(&world);
    let all = world.call(&format!("replay vip {}", id(&replay))).end().await;
    all.exits(2).says(&["all its contacts arrived"]);
}

#[tokio::test]
async fn rejects_a_replay_after_the_mapping_changed() {
    let world = with_rejects(&["Ada"]).await;
    let (run, _) = last(&world);
    world.write("exports/acme/vip.toml", EXPORT.replace("first_name", "last_name"));
    let before = world.requests().await.len();
    let ran = world.call(&format!("replay vip {}", id(&run))).end().await;
    ran.exits(2).says(&["mapping or tags have changed since; run the export instead"]);
    for (file, expected) in [
        ("EMail,FirstName\nx,y\n", "has no column `reject_run` that names this run"),
        ("reject_run,EMail\nsomewhere,x\n", "as it is in rejects.csv, and save the file as CSV in UTF-8"),
        (
            "reject_run,EMail,FirstName\nvip/20200101t000000z-1,x,y\n",
            "holds the rejects of run vip/20200101t000000z-1",
        ),
    ] {
        world.write("corrected.csv", file);
        world
            .call(&format!("replay vip {} --file corrected.csv", id(&run)))
            .end()
            .await
            .exits(2)
            .says(&[expected]);
    }
    world.call(&format!("replay vip {} --file none.csv", id(&run))).end().await.exits(2).says(&["none.csv"]);
    world.call("replay vip 20200101t000000z-1").end().await.exits(2).says(&["has no run"]);
    assert_eq!(world.requests().await.len(), before, "nothing was sent");
}

const CONSENT: &str = "[consent.email]\ncolumn = \"News\"\nsubscribed = [\"yes\"]\nunsubscribed = [\"no\"]\ndate = \"Since\"\nsource = \"CRM\"\n\
                       may_subscribe = true\n";

#[tokio::test]
async fn an_opt_out_in_another_row_wins_over_a_corrected_row() {
    let rows = [
        format!("{},Ada,yes,2026-01-01", address(0)),
        format!("{},Ada,no,2026-01-02", address(0)),
        format!("{},Bo,yes,2026-01-01", address(1)),
    ];
    let file = format!("EMail,FirstName,News,Since\n{}\n", rows.join("\n"));
    let world = World::with(options(), Segment::clean(file, 3).with(0, 1)).await;
    world.write("exports/acme/vip.toml", format!("{EXPORT}{CONSENT}"));
    for n in [0, 1] {
        world.fault(&format!("refuse_item={},code=blocked", address(n))).await;
    }
    world.call("run vip").end().await.exits(3).reports("partial", [0, 2, 0]);
    world.no_faults().await;
    let (run, _) = last(&world);
    let rejects = csv(&world);
    assert_eq!(rejects.len(), 2);
    assert_eq!(rejects[0]["News"], "yes", "the row is as it is in the file");
    world.write("corrected.csv", saved(&rejects));
    let ran = world.call(&format!("replay vip {} --file corrected.csv", id(&run))).end().await;
    ran.exits(0).reports("succeeded", [2, 0, 0]);
    let contacts = world.contacts().await;
    let status = |n: u64| contacts[&address(n)]["status"].clone();
    assert_eq!([status(0), status(1)], [json!("unsubscribed"), json!("subscribed")]);
}

#[tokio::test]
async fn a_corrected_row_gets_its_original_tags() {
    let file = |people: std::ops::Range<u64>| {
        let rows: Vec<String> = people.map(|n| format!("{},Person {n}\n", address(n))).collect();
        format!("EMail,FirstName\n{}", rows.concat())
    };
    let world = World::of_people(0).await;
    // A marker completes the first segment's drop, so that corrections cannot be dropped there.
    let segment = |name: &str, more: &str| {
        format!("[[segments]]\nname = \"{name}\"\npath = \"segments/{name}/\"\n{more}")
    };
    let fields = &EXPORT[EXPORT.find("[fields]").unwrap()..];
    let segments = segment("A", "complete_on = \"_SUCCESS\"\n") + &segment("B", "");
    world.write("exports/acme/vip.toml", format!("display_name = \"Two\"\n{segments}{fields}"));
    world.write("segments/A/1.csv", file(0..5) + "nobody,of A\n");
    world.write("segments/A/_SUCCESS", "");
    world.write("segments/B/1.csv", file(3..8) + "no one,of B\n");
    world.fault(&format!("refuse_item={},code=blocked", address(4))).await;
    world.call("run vip").end().await.exits(3).reports("partial", [7, 1, 0]);
    world.no_faults().await;

    let (run, _) = last(&world);
    let mut rejects = csv(&world);
    let tags: BTreeMap<&str, &str> =
        rejects.iter().map(|reject| (&*reject["FirstName"], &*reject["reject_tags"])).collect();
    let both = "segment: A; segment: B";
    assert_eq!(tags, BTreeMap::from([("of A", "segment: A"), ("of B", "segment: B"), ("Person 4", both)]));
    for reject in &mut rejects {
        let n = match &*reject["FirstName"] {
            "of A" => 20,
            "of B" => 21,
            _ => 4,
        };
        reject.insert("EMail".to_owned(), address(n));
    }
    let mut nowhere = rejects[0].clone();
    nowhere.insert("EMail".to_owned(), address(22));
    nowhere.insert("reject_tags".to_owned(), "segment: Z".to_owned());
    rejects.push(nowhere);
    world.write("corrected.csv", saved(&rejects));
    let ran = world.call(&format!("replay vip {} --file corrected.csv", id(&run))).end().await;
    ran.exits(3).reports("partial", [3, 0, 0]);
    assert_eq!(ran.report()["reasons"][0]["code"], "no_segment");
    let contacts = world.contacts().await;
    let tags = |n: u64| contacts[&address(n)]["tags"].clone();
    let (a, b) = (json!(["segment: A"]), json!(["segment: B"]));
    assert_eq!([tags(20), tags(21), tags(4)], [a.clone(), b.clone(), json!(["segment: A", "segment: B"])]);
    assert_eq!([tags(0), tags(7)], [a, b]);
}

#[cfg(all(feature = "kill-points", feature = "test-scale"))]
#[tokio::test]
async fn resumes_a_killed_replay() {
    for step in ["plan.half-enqueued", "upload.posted", "settle.outcome"] {
        let world = World::of_people(200).await;
        for n in [7, 8, 9] {
            world.fault(&format!("refuse_item={},code=blocked", address(n))).await;
        }
        world.call("run vip").end().await.exits(3).reports("partial", [197, 3, 0]);
        world.no_faults().await;
        let (run, _) = last(&world);
        world.write("corrected.csv", saved(&csv(&world)));
        for file in ["", " --file corrected.csv"] {
            let call = format!("replay vip {}{file}", id(&run));
            let killed = world.call(&call).env("OMNISEND_EXPORT_KILL", &format!("{step}:1")).end().await;
            killed.was_killed();
            let ran = world.call(&call).end().await;
            ran.exits(0).says(&["which was interrupted"]);
            assert_eq!(ran.report()["counts"]["read"], 3, "{step}{file}");
        }
        assert_eq!(world.reports().len(), 3, "{step}: every run that started has ended");
        holds(&world.contacts().await, (0..200).map(address));
    }
}

#[tokio::test]
async fn json_rows_become_csv_rejects_with_lists_and_nested_values() {
    let row = |email: &str, name: &str| {
        json!({"EMail": email, "who": {"FirstName": name}, "likes": ["red, warm", "green"], "LTV": -12.50})
            .to_string()
    };
    let rows = [row("nobody", "=1"), row(&address(1), "Bo"), row(&address(2), "Cy")];
    let world = World::with(options(), Segment::clean(rows.join("\n"), 3).with(1, 0)).await;
    let export = EXPORT.replace("\"FirstName\"", "\"who.FirstName\"");
    let properties = "[custom_properties]\nlikes = { column = \"likes\", type = \"list\", separator = \"|\" }\n\
                      ltv = { column = \"LTV\", type = \"number\" }\n";
    world.write("exports/acme/vip.toml", format!("{export}{properties}"));
    world.fault(&format!("refuse_item={},code=blocked", address(2))).await;
    world.call("run vip").end().await.exits(3).reports("partial", [1, 1, 0]);
    world.no_faults().await;
    let (run, _) = last(&world);
    let mut rejects = csv(&world);
    assert_eq!((&*rejects[0]["likes"], &*rejects[0]["LTV"]), ("red, warm|green", "'-12.5"));
    rejects[0].insert("EMail".to_owned(), address(0));
    world.write("corrected.csv", saved(&rejects));
    let ran = world.call(&format!("replay vip {} --file corrected.csv", id(&run))).end().await;
    ran.exits(0).reports("succeeded", [2, 0, 0]);
    let contacts = world.contacts().await;
    for (n, name) in [(0, "=1"), (1, "Bo"), (2, "Cy")] {
        let contact = &contacts[&address(n)];
        assert_eq!(contact["firstName"], name);
        assert_eq!(contact["customProperties"], contacts[&address(1)]["customProperties"], "{contact}");
    }
    assert_eq!(contacts[&address(1)]["customProperties"]["likes"], json!(["red, warm", "green"]));
}
