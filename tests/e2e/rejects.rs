//! Rejects that come back: what did not arrive is written down with its row, corrected, and sent alone.

use std::collections::BTreeMap;

use omnisend_export::source::restored;
use serde_json::{Value, json};

use crate::harness::{CANARY, Segment, World, address, options};

/// A row of `rejects.csv`, by column, with the cells as they are in the file.
type Reject = BTreeMap<String, String>;

fn csv(world: &World) -> Vec<Reject> {
    let run = world.reports().into_keys().next_back().unwrap();
    let text = world.read(&format!("{run}/rejects.csv"));
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        header.iter().cloned().zip(row.iter().map(str::to_owned)).collect()
    });
    rows.collect()
}

/// What a person sees of a row: its outcome, and its cells.
fn cells(reject: &Reject) -> [&str; 3] {
    ["reject_outcome", "EMail", "FirstName"].map(|column| restored(&reject[column]))
}

fn ndjson(world: &World) -> Vec<Value> {
    let run = world.reports().into_keys().next_back().unwrap();
    let text = world.read(&format!("{run}/rejects.ndjson"));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn every_reject_has_its_row_whether_the_plan_refused_it_or_omnisend() {
    let names = ["=1+1", "'=1", "007", "two\nlines, \"quoted\"", " '+5"];
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let taken = (0..).zip(names).map(|(n, name)| format!("{},{},x\n", address(n), quoted(name)));
    let invalid = names.map(|name| format!("nobody,{},x\n", quoted(name)));
    let rows: String = taken.chain(invalid).collect();
    let text = format!("EMail,FirstName,Not mapped\n{rows}{},again,x\n", address(0));
    let world = World::with(options(), Segment::clean(text, 11).with(5, 1)).await;
    for n in 0..4 {
        world.fault(&format!("refuse_item={},code=blocked", address(n))).await;
    }
    let ran = world.call("run vip").end().await;
    ran.exits(3).reports("partial", [1, 4, 0]);

    let rejects = csv(&world);
    let nobody = names.map(|name| ["invalid", "nobody", name]);
    let refused: Vec<String> = (0..4).map(address).collect();
    let refused: Vec<[&str; 3]> = (0..4).map(|n| ["rejected", &*refused[n], names[n]]).collect();
    assert_eq!(rejects.iter().map(cells).collect::<Vec<_>>(), [&nobody[..], &refused].concat());
    assert!(
        !rejects[0].contains_key("Not mapped"),
        "what the mapping does not use is not needed to send a row again"
    );
    let run = world.reports().into_keys().next().unwrap();
    let first = &rejects[5];
    assert_eq!(first["reject_run"], run.trim_start_matches("runs/"));
    assert_eq!((&*first["reject_line"], &*first["reject_code"]), ("2", "blocked"));
    assert_eq!(
        (&*first["reject_object"], &*first["reject_tags"]),
        ("segments/vip/segment.csv", "segment: VIP")
    );

    let exact = ndjson(&world);
    assert_eq!(exact.len(), 10, "the duplicate too");
    assert_eq!(exact[1]["cells"], json!({"EMail": "nobody", "FirstName": "'=1"}));
    assert_eq!(exact[6]["cells"], json!({"EMail": address(0), "FirstName": "=1+1"}));
}

#[tokio::test]
async fn where_the_file_is_gone_the_rejects_have_the_address_alone() {
    let world = World::of_people(150).await;
    world.fault(&format!("refuse_item={}", address(7))).await;
    let stuck = world.fault("stuck_batch,skip=1,count=1").await;
    let call = world.call("run vip --give-up-after 2s").start();
    world.fallen(stuck).await;
    world.write("segments/vip/segment.csv", format!("EMail,FirstName\nsomebody@{CANARY},else\n"));
    let ran = call.end().await;
    ran.exits(3).reports("partial", [99, 1, 50]);
    assert_eq!(ran.report()["rejects_without_cells"], true);
    assert!(ran.stdout.contains("the segment's file was not there any more"), "{}", ran.stdout);
    let rejects = csv(&world);
    assert_eq!(cells(&rejects[0]), ["rejected", &address(7), ""]);
    assert_eq!(rejects.len(), 51);
    assert!(ndjson(&world)[0].get("cells").is_none());
}
