//! Drops of many files, as their producers leave them: each layout is read as it is, whole or not at all.

use serde_json::{Value, json};

use crate::harness::{Ran, Segment, World, address, holds, options};

const HEADER: &str = "EMail,FirstName\n";

/// People from a place on, one a line.
fn rows(from: u64, to: u64, delimiter: char) -> String {
    let rows: Vec<_> = (from..to).map(|n| format!("{}{delimiter}Person {n}\n", address(n))).collect();
    rows.concat()
}

fn csv(from: u64, to: u64) -> String {
    HEADER.to_owned() + &rows(from, to, ',')
}

/// A world whose export reads `segments/drop/`, with these keys in its segment.
async fn world(keys: &str) -> World {
    let world = World::with(options(), Segment::people(0)).await;
    world.write("exports/acme/vip.toml", export(keys));
    world
}

fn export(keys: &str) -> String {
    crate::harness::EXPORT.replace("\"segments/vip/\"", &format!("\"segments/drop/\"\n{keys}"))
}

fn sources(ran: &Ran) -> Vec<&str> {
    let sources = ran.report()["source"].as_array().unwrap();
    sources.iter().map(|source| source["object"].as_str().unwrap()).collect()
}

/// The run does not begin, and says these.
async fn waits(world: &World, code: i32, said: &[&str]) {
    let ran = world.call("run vip").end().await;
    ran.exits(code).says(said);
    assert!(world.requests().await.is_empty(), "something of a drop that is not complete was sent");
    assert_eq!(world.run_files(), Vec::<String>::new());
}

#[tokio::test]
async fn sparks_folder_is_read_when_its_marker_is_there() {
    let world = world("complete_on = \"_SUCCESS\"").await;
    waits(&world, 2, &["at segments/drop/ there is no `_SUCCESS` yet, and no file either"]).await;
    world.write("segments/drop/part-00001-6f.csv", csv(3, 6));
    world.write("segments/drop/dt=2026-11-23/part-00000-6f.csv", csv(6, 7));
    world.write("segments/drop/part-00000-6f.csv", csv(0, 3));
    world.write("segments/drop/part-00002-6f.csv", "");
    world.write("segments/drop/.part-00000-6f.csv.crc", "crc");
    world.write("segments/drop/_temporary/0/part-00009-6f.csv", csv(90, 91));
    waits(&world, 2, &["no `_SUCCESS` yet, and 4 files, of which the newest was written at 20"]).await;

    world.write("segments/drop/_SUCCESS", "");
    let ran = world.call("run vip").end().await;
    ran.exits(0).reports("succeeded", [7, 0, 0]);
    holds(&world.contacts().await, (0..7).map(address));
    assert_eq!(
        sources(&ran),
        [
            "segments/drop/dt=2026-11-23/part-00000-6f.csv",
            "segments/drop/part-00000-6f.csv",
            "segments/drop/part-00001-6f.csv"
        ]
    );
}

#[tokio::test]
async fn the_newest_day_wins_and_a_marker_has_any_name() {
    let world = world("complete_on = \"done.flag\"").await;
    world.write("segments/drop/2026-11-24/a.csv", csv(0, 2));
    world.write("segments/drop/2026-11-24/done.flag", "");
    world.write("segments/drop/2026-11-23/a.csv", csv(2, 3));
    world.write("segments/drop/2026-11-23/done.flag", "");
    world.write("segments/drop/2026-11-25/a.csv", csv(3, 9));
    let ran = world.call("run vip").end().await;
    ran.exits(0).reports("succeeded", [1, 0, 0]);
    assert_eq!(sources(&ran), ["segments/drop/2026-11-23/a.csv"]);
}

#[tokio::test]
async fn a_part_that_is_newer_than_its_marker_waits_for_the_next_one() {
    let world = world("complete_on = \"_SUCCESS\"").await;
    world.write("segments/drop/a.csv", csv(0, 2));
    world.write("segments/drop/_SUCCESS", "");
    world.write("segments/drop/b.csv", csv(2, 4));
    waits(
        &world,
        1,
        &["segments/drop/b.csv was written after segments/drop/_SUCCESS", "write it again yourself"],
    )
    .await;
    world.write("segments/drop/_SUCCESS", "");
    world.call("run vip").end().await.exits(0).reports("succeeded", [4, 0, 0]);
}

#[tokio::test]
async fn a_drop_without_any_row_stops_at_a_guard() {
    let world = world("complete_on = \"_SUCCESS\"").await;
    world.write("segments/drop/_SUCCESS", "");
    world.write("segments/drop/part-00000.csv", "");
    world.write("segments/drop/_SUCCESS", "");
    let ran = world.call("run vip").end().await;
    ran.exits(1).reports("stopped", [0, 0, 0]);
    assert!(ran.stdout.contains("the source has no rows"), "{}", ran.stdout);
}

#[tokio::test]
async fn files_with_other_columns_are_refused_and_both_are_named() {
    let world = world("complete_on = \"_SUCCESS\"").await;
    world.write("segments/drop/a.csv", csv(0, 2));
    world.write("segments/drop/b.csv", "EMail,City\nx@example.com,Rome\n");
    world.write("segments/drop/_SUCCESS", "");
    let said = [
        "the columns of segments/drop/b.csv are not those of segments/drop/a.csv",
        "column 2 is `City`, and `FirstName` in the first",
    ];
    waits(&world, 1, &said).await;
}

#[tokio::test]
async fn rejects_name_the_part_and_the_line() {
    let world = world("complete_on = \"_SUCCESS\"").await;
    world.write("segments/drop/a.csv", csv(0, 2));
    world.write("segments/drop/b.csv", csv(1, 3) + "nobody,x\n");
    world.write("segments/drop/_SUCCESS", "");
    world.call("run vip").end().await.exits(3).reports("partial", [3, 0, 0]);
    let run = world.reports().into_keys().next().unwrap();
    let rejects: Vec<Value> = world
        .read(&format!("{run}/rejects.ndjson"))
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|reject| json!([reject["object"], reject["line"], reject["code"]]))
        .collect();
    let part = "segments/drop/b.csv";
    assert_eq!(rejects, [json!([part, 2, "duplicate"]), json!([part, 4, "invalid_email"])]);
    assert!(world.read(&format!("{run}/rejects.csv")).contains(",4,segments/drop/b.csv,invalid,"));
}

fn redshift(entries: &[(&str, u64)], schema: &Value) -> String {
    let entries: Vec<_> = entries
        .iter()
        .map(|(url, size)| json!({ "url": url, "meta": { "content_length": size, "record_count": 1 } }))
        .collect();
    json!({ "entries": entries, "schema": schema, "author": { "name": "Amazon Redshift" } }).to_string()
}

#[tokio::test]
async fn redshifts_manifest_names_the_files_and_the_columns() {
    let world = world("complete_on = \"manifest\"").await;
    let parts = [rows(0, 3, '|'), rows(3, 5, '|')];
    world.write("segments/drop/2026-11-23/vip_0000_part_00", &parts[0]);
    world.write("segments/drop/2026-11-23/vip_0001_part_00", &parts[1]);
    world.write("segments/drop/2026-11-23/vip_0002_part_00", rows(5, 9, '|'));
    let schema = json!({ "elements": [
        { "name": "EMail", "type": { "base": "character varying", "length": 320 } },
        { "name": "FirstName", "type": { "base": "character varying", "length": 80 } }] });
    let entry = |n: usize| {
        let url =
            ["s3://lake/out/2026-11-23/vip_0000_part_00", "s3://lake/out/2026-11-23/vip_0001_part_00"][n];
        (url, parts[n].len() as u64)
    };
    let list = redshift(&[entry(0), entry(1)], &schema);
    waits(&world, 2, &["there is no manifest", "3 files"]).await;
    world.write("segments/drop/2026-11-23/vip_manifest", &list);
    let ran = world.call("run vip").end().await;
    ran.exits(0).reports("succeeded", [5, 0, 0]);
    holds(&world.contacts().await, (0..5).map(address));
    assert_eq!(sources(&ran).len(), 2, "what the manifest does not name is not read");
    assert_eq!(world.contacts().await[&address(0)]["firstName"], "Person 0");

    // With HEADER, each file begins with the same names.
    let with_header = format!("EMail|FirstName\n{}", rows(5, 7, '|'));
    world.write("segments/drop/2026-11-24/vip_0000_part_00", &with_header);
    let url = "s3://lake/out/2026-11-24/vip_0000_part_00";
    let list = redshift(&[(url, with_header.len() as u64)], &schema);
    world.write("segments/drop/2026-11-24/vip_manifest", list);
    world.call("run vip").end().await.exits(0).reports("succeeded", [2, 0, 0]);
}

#[tokio::test]
async fn a_manifest_that_names_a_missing_file_or_one_of_another_size_is_refused_whole() {
    let world = world("complete_on = \"manifest\"").await;
    let size = csv(0, 3).len() as u64;
    world.write("segments/drop/vip_0000_part_00", csv(0, 3));
    let [first, second] = ["s3://lake/out/vip_0000_part_00", "s3://lake/out/vip_0001_part_00"];
    world.write("segments/drop/vip_manifest", redshift(&[(first, size), (second, size)], &json!({})));
    let missing =
        "segments/drop/vip_manifest lists 2 files, of which 1 is not there: s3://lake/out/vip_0001_part_00";
    waits(&world, 1, &[missing]).await;
    world.write("segments/drop/vip_0001_part_00", csv(3, 4));
    world.write("segments/drop/vip_manifest", redshift(&[(first, size), (second, size)], &json!({})));
    waits(&world, 1, &["segments/drop/vip_0001_part_00 has", &format!("says {size}")]).await;
    world.write("segments/drop/vip_manifest", "EMail\n");
    waits(&world, 1, &["segments/drop/vip_manifest: it lists something that is no s3://bucket/key"]).await;
}

#[tokio::test]
async fn athenas_manifest_leaves_orphans_alone() {
    let world = world("complete_on = \"manifest\"").await;
    world.write("segments/drop/vip/20261122_1_orphan", csv(7, 9));
    world.write("segments/drop/vip/20261123_1_a b%20é", csv(0, 2));
    world.write("segments/drop/vip/20261123_1_b", csv(2, 3));
    world.write("segments/drop/9f2c.csv.metadata", "x");
    let list = "s3://lake/drop/vip/20261123_1_a b%20é\ns3://lake/drop/vip/20261123_1_b\n";
    world.write("segments/drop/9f2c-manifest.csv", list);
    let ran = world.call("run vip").end().await;
    ran.exits(0).reports("succeeded", [3, 0, 0]);
    assert_eq!(sources(&ran), ["segments/drop/vip/20261123_1_a b%20é", "segments/drop/vip/20261123_1_b"]);
}

const AZURE: &str = "https://acme.dfs.core.windows.net/ci/dynamics/out";

fn partition(path: &str, headers: bool) -> Value {
    json!({ "name": path, "refreshTime": "2026-11-23T10:15:00.0000000+00:00", "location": format!("{AZURE}/{path}"),
        "fileFormatSettings": { "$type": "CsvFormatSettings", "columnHeaders": headers, "delimiter": ",",
            "quoteStyle": "QuoteStyle.Csv", "csvStyle": "CsvStyle.QuoteAlways", "encoding": "UTF-8" } })
}

fn entity(name: &str, partitions: &[Value]) -> Value {
    json!({ "$type": "LocalEntity", "name": name, "partitions": partitions, "attributes": [
        { "name": "EMail", "dataType": "string" }, { "name": "FirstName", "dataType": "string" },
        { "name": "Since", "dataType": "dateTime" }, { "name": "Orders", "dataType": "int64" },
        { "name": "Active", "dataType": "boolean" }] })
}

fn model(key: &str, entities: &[Value]) -> String {
    json!({ "name": "CustomerInsights", "version": "1.0", key: entities }).to_string()
}

/// Rows as Customer Insights writes them: every cell in quotes, no header.
fn ci(from: u64, to: u64) -> String {
    let row = |n| {
        format!("\"{}\",\"Person {n}\",\"2024-02-29T10:00:00.0000000Z\",\"{n}\",\"True\"\r\n", address(n))
    };
    (from..to).map(row).collect::<Vec<_>>().concat()
}

const PROPERTIES: &str = "[custom_properties]\nsince = { column = \"Since\", type = \"date\" }\n\
    orders = { column = \"Orders\", type = \"number\" }\nactive = { column = \"Active\", type = \"boolean\" }\n";

#[tokio::test]
async fn customer_insights_folder_is_read_as_it_is() {
    let world = world("").await;
    world.write(
        "exports/acme/vip.toml",
        export("complete_on = \"model.json\"\ntable = \"VIP Kundé\"") + PROPERTIES,
    );
    let folder = "segments/drop/out";
    world.write(&format!("{folder}/VIP Kundé/2026/11/22/1015/VIP Kundé_0.csv"), ci(90, 95));
    world.write(&format!("{folder}/VIP Kundé/2026/11/23/1015/VIP Kundé_0.csv"), ci(0, 3));
    world.write(&format!("{folder}/VIP Kundé/2026/11/23/1015/VIP Kundé_1.csv"), ci(3, 5));
    world.write(&format!("{folder}/VIP Kundé/2026/11/23/1015/VIP Kundé_2.csv"), "");
    world.write(&format!("{folder}/Newsletter/2026/11/23/1015/Newsletter_0.csv"), ci(80, 85));
    waits(&world, 2, &["at segments/drop/ there is no `model.json` yet, and 5 files"]).await;
    let part =
        |n: u8| partition(&format!("VIP%20Kund%C3%A9/2026/11/23/1015/VIP%20Kund%C3%A9_{n}.csv"), false);
    let newsletter = entity("Newsletter", &[partition("Newsletter/2026/11/23/1015/Newsletter_0.csv", false)]);
    let list = model("entities", &[newsletter, entity("VIP Kundé", &[part(0), part(1), part(2)])]);
    world.write(&format!("{folder}/model.json"), list);
    let ran = world.call("run vip").end().await;
    ran.exits(0).reports("succeeded", [5, 0, 0]);
    holds(&world.contacts().await, (0..5).map(address));
    assert_eq!(sources(&ran).len(), 2);
    let contact = &world.contacts().await[&address(4)];
    assert_eq!(contact["firstName"], "Person 4");
    assert_eq!(contact["customProperties"]["orders"], 4);
    assert_eq!(contact["customProperties"]["active"], true);
    assert_eq!(contact["customProperties"]["since"], "2024-02-29T10:00:00Z");
}

#[tokio::test]
async fn a_model_that_lists_a_missing_part_falls_back_to_nothing() {
    let world = world("complete_on = \"model.json\"\ntable = \"VIP\"").await;
    world.write("segments/drop/old/VIP/2026/11/22/1015/VIP_0.csv", ci(0, 2));
    let part = |day, n| partition(&format!("VIP/2026/11/{day}/1015/VIP_{n}.csv"), false);
    world.write("segments/drop/old/model.json", model("entities", &[entity("VIP", &[part(22, 0)])]));
    world.write("segments/drop/new/VIP/2026/11/23/1015/VIP_0.csv", ci(0, 3));
    let list = model("tables", &[entity("VIP", &[part(23, 0), part(23, 1)])]);
    world.write("segments/drop/new/model.json", &list);
    let missing = "segments/drop/new/model.json lists 2 files, of which 1 is not there: \
                   segments/drop/new/VIP/2026/11/23/1015/VIP_1.csv";
    waits(&world, 1, &[missing]).await;
    // A copy brings them in any order.
    world.write("segments/drop/new/VIP/2026/11/23/1015/VIP_1.csv", ci(3, 4));
    world.call("run vip").end().await.exits(0).reports("succeeded", [4, 0, 0]);
}

#[tokio::test]
async fn a_table_that_no_model_has_is_said_with_those_there_are() {
    let world = world("complete_on = \"model.json\"\ntable = \"Vip customer\"").await;
    let list = model("entities", &[entity("Newsletter", &[]), entity("VIPCustomers", &[])]);
    world.write("segments/drop/model.json", list);
    let said = "no model.json has a table `Vip customer`; there are: `VIPCustomers`, `Newsletter`";
    waits(&world, 2, &[said]).await;
    world.write("exports/acme/vip.toml", export("complete_on = \"model.json\"\ntable = \"Newsletter\""));
    world.call("run vip").end().await.exits(1).reports("stopped", [0, 0, 0]);
}

#[tokio::test]
async fn a_model_whose_files_have_headers_is_read_by_them() {
    let world = world("complete_on = \"model.json\"\ntable = \"VIP\"").await;
    world.write(
        "segments/drop/VIP/VIP_0.csv",
        "FirstName,EMail\n".to_owned() + &format!("Ada,{}\n", address(0)),
    );
    let list = model("entities", &[entity("VIP", &[partition("VIP/VIP_0.csv?snapshot=1", true)])]);
    world.write("segments/drop/model.json", list);
    world.call("run vip").end().await.exits(0).reports("succeeded", [1, 0, 0]);
    assert_eq!(world.contacts().await[&address(0)]["firstName"], "Ada");
}

/// The model of one table of two columns, whose file says this of itself.
fn model_of(settings: &Value) -> String {
    let attributes =
        json!([{ "name": "EMail", "dataType": "string" }, { "name": "FirstName", "dataType": "string" }]);
    let partition =
        json!({ "name": "0", "location": format!("{AZURE}/VIP/VIP_0.csv"), "fileFormatSettings": settings });
    model("entities", &[json!({ "name": "VIP", "attributes": attributes, "partitions": [partition] })])
}

#[tokio::test]
async fn a_model_says_how_its_files_are_written() {
    let world = world("complete_on = \"model.json\"\ntable = \"VIP\"").await;
    let file = format!("{};\"B\u{f6}ll; H.\"\r\n", address(0));
    world.write("segments/drop/VIP/VIP_0.csv", encoding_rs::WINDOWS_1252.encode(&file).0);
    let settings = json!({ "delimiter": ";", "quoteStyle": "QuoteStyle.Csv", "csvStyle": "CsvStyle.QuoteAfterDelimiter",
        "encoding": "windows-1252" });
    world.write("segments/drop/model.json", model_of(&settings));
    world.call("run vip").end().await.exits(0).reports("succeeded", [1, 0, 0]);
    assert_eq!(world.contacts().await[&address(0)]["firstName"], "B\u{f6}ll; H.");
}

#[tokio::test]
async fn files_that_a_model_says_are_written_in_no_known_way_are_refused() {
    let keys = "complete_on = \"model.json\"\ntable = \"VIP\"";
    let world = world(keys).await;
    world.write("segments/drop/VIP/VIP_0.csv", rows(0, 2, ','));
    for (settings, said) in [
        (json!({ "quoteStyle": "QuoteStyle.None" }), "have them written with `QuoteStyle.Csv`"),
        (json!({ "delimiter": "||" }), "the `delimiter` of table `VIP` is not read: `||` is not a delimiter"),
        (json!({ "encoding": "cp65001" }), "the `encoding` of table `VIP` is `cp65001`, which is not known"),
    ] {
        world.write("segments/drop/model.json", model_of(&settings));
        waits(&world, 1, &["segments/drop/model.json: ", said]).await;
    }
    // What the export says itself is not asked of the model.
    world.write("exports/acme/vip.toml", export(keys) + "[source]\nencoding = \"utf-8\"\n");
    world.call("run vip").end().await.exits(0).reports("succeeded", [2, 0, 0]);
}
