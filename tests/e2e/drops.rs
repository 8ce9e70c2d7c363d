//! Drops of several files in their producers' layouts: each drop is read as a whole or not at all.

use serde_json::{Value, json};

use crate::harness::{Ran, Segment, World, address, holds, options};

const HEADER: &str = "EMail,FirstName\n";

/// Returns the rows of the people `from..to`.
fn rows(from: u64, to: u64, delimiter: char) -> String {
    let rows: Vec<_> = (from..to).map(|n| format!("{}{delimiter}Person {n}\n", address(n))).collect();
    rows.concat()
}

fn csv(from: u64, to: u64) -> String {
    HEADER.to_owned() + &rows(from, to, ',')
}

/// Returns a world whose export reads `segments/drop/`, with these extra keys in its segment.
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

/// Runs the export, which must not start a run.
async fn starts_no_run(world: &World, code: i32, messages: &[&str]) {
    let ran = world.call("run vip").end().await;
    ran.exits(code).says(messages);
    assert!(world.requests().await.is_empty(), "part of an incomplete drop was sent");
    assert_eq!(world.run_files(), Vec::<String>::new());
}

#[tokio::test]
async fn reads_a_spark_folder_once_its_marker_exists() {
    let world = world("complete_on = \"_SUCCESS\"").await;
    starts_no_run(&world, 2, &["segments/drop/ has no `_SUCCESS` yet, and no files"]).await;
    world.write("segments/drop/part-00001-6f.csv", csv(3, 6));
    world.write("segments/drop/dt=2026-11-23/part-00000-6f.csv", csv(6, 7));
    world.write("segments/drop/part-00000-6f.csv", csv(0, 3));
    world.write("segments/drop/part-00002-6f.csv", "");
    world.write("segments/drop/.part-00000-6f.csv.crc", "crc");
    world.write("segments/drop/_temporary/0/part-00009-6f.csv", csv(90, 91));
    starts_no_run(&world, 2, &["no `_SUCCESS` yet, but 4 files, the newest written at 20"]).await;

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
async fn reads_the_newest_complete_day_with_a_marker_of_any_name() {
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
async fn a_part_that_is_newer_than_the_marker_needs_a_new_marker() {
    let world = world("complete_on = \"_SUCCESS\"").await;
    world.write("segments/drop/a.csv", csv(0, 2));
    world.write("segments/drop/_SUCCESS", "");
    world.write("segments/drop/b.csv", csv(2, 4));
    starts_no_run(
        &world,
        1,
        &[
            "segments/drop/b.csv was written after segments/drop/_SUCCESS",
            "write segments/drop/_SUCCESS again yourself",
        ],
    )
    .await;
    world.write("segments/drop/_SUCCESS", "");
    world.call("run vip").end().await.exits(0).reports("succeeded", [4, 0, 0]);
}

#[tokio::test]
async fn a_guard_stops_a_drop_without_rows() {
    let world = world("complete_on = \"_SUCCESS\"").await;
    world.write("segments/drop/_SUCCESS", "");
    world.write("segments/drop/part-00000.csv", "");
    world.write("segments/drop/_SUCCESS", "");
    let ran = world.call("run vip").end().await;
    ran.exits(1).reports("stopped", [0, 0, 0]);
    assert!(ran.stdout.contains("the source has no rows"), "{}", ran.stdout);
}

#[tokio::test]
async fn rejects_files_with_different_columns_and_names_both() {
    let world = world("complete_on = \"_SUCCESS\"").await;
    world.write("segments/drop/a.csv", csv(0, 2));
    world.write("segments/drop/b.csv", "EMail,City\nx@example.com,Rome\n");
    world.write("segments/drop/_SUCCESS", "");
    let expected = [
        "the columns of segments/drop/b.csv differ from those of segments/drop/a.csv",
        "column 2 is `City`, but `FirstName` in the first file",
    ];
    starts_no_run(&world, 1, &expected).await;
}

#[tokio::test]
async fn rejects_have_the_file_and_the_line() {
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
async fn reads_the_files_and_columns_of_a_redshift_manifest() {
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
    starts_no_run(&world, 2, &["segments/drop/ has no manifest", "3 files"]).await;
    world.write("segments/drop/2026-11-23/vip_manifest", &list);
    let ran = world.call("run vip").end().await;
    ran.exits(0).reports("succeeded", [5, 0, 0]);
    holds(&world.contacts().await, (0..5).map(address));
    assert_eq!(sources(&ran).len(), 2, "a file that is not in the manifest must not be read");
    assert_eq!(world.contacts().await[&address(0)]["firstName"], "Person 0");

    // With HEADER, each file has a header.
    let with_header = format!("EMail|FirstName\n{}", rows(5, 7, '|'));
    world.write("segments/drop/2026-11-24/vip_0000_part_00", &with_header);
    let url = "s3://lake/out/2026-11-24/vip_0000_part_00";
    let list = redshift(&[(url, with_header.len() as u64)], &schema);
    world.write("segments/drop/2026-11-24/vip_manifest", list);
    world.call("run vip").end().await.exits(0).reports("succeeded", [2, 0, 0]);
}

#[tokio::test]
async fn rejects_a_manifest_with_a_missing_file_or_a_wrong_size() {
    let world = world("complete_on = \"manifest\"").await;
    let size = csv(0, 3).len() as u64;
    world.write("segments/drop/vip_0000_part_00", csv(0, 3));
    let [first, second] = ["s3://lake/out/vip_0000_part_00", "s3://lake/out/vip_0001_part_00"];
    world.write("segments/drop/vip_manifest", redshift(&[(first, size), (second, size)], &json!({})));
    let missing =
        "segments/drop/vip_manifest lists 2 files, of which 1 is missing: s3://lake/out/vip_0001_part_00";
    starts_no_run(&world, 1, &[missing]).await;
    world.write("segments/drop/vip_0001_part_00", csv(3, 4));
    world.write("segments/drop/vip_manifest", redshift(&[(first, size), (second, size)], &json!({})));
    starts_no_run(&world, 1, &["segments/drop/vip_0001_part_00 has", &format!("says {size}")]).await;
    world.write("segments/drop/vip_manifest", "EMail\n");
    starts_no_run(&world, 1, &["segments/drop/vip_manifest: an entry is not s3://bucket/key"]).await;
}

#[tokio::test]
async fn reads_only_the_files_in_an_athena_manifest() {
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

/// Returns rows as Customer Insights writes them: quoted, without a header.
fn ci(from: u64, to: u64) -> String {
    let row = |n| {
        format!("\"{}\",\"Person {n}\",\"2024-02-29T10:00:00.0000000Z\",\"{n}\",\"True\"\r\n", address(n))
    };
    (from..to).map(row).collect::<Vec<_>>().concat()
}

const PROPERTIES: &str = "[custom_properties]\nsince = { column = \"Since\", type = \"date\" }\n\
    orders = { column = \"Orders\", type = \"number\" }\nactive = { column = \"Active\", type = \"boolean\" }\n";

#[tokio::test]
async fn reads_a_customer_insights_folder() {
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
    starts_no_run(&world, 2, &["segments/drop/ has no `model.json` yet, but 5 files"]).await;
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
async fn does_not_fall_back_to_an_older_model_if_a_part_is_missing() {
    let world = world("complete_on = \"model.json\"\ntable = \"VIP\"").await;
    world.write("segments/drop/old/VIP/2026/11/22/1015/VIP_0.csv", ci(0, 2));
    let part = |day, n| partition(&format!("VIP/2026/11/{day}/1015/VIP_{n}.csv"), false);
    world.write("segments/drop/old/model.json", model("entities", &[entity("VIP", &[part(22, 0)])]));
    world.write("segments/drop/new/VIP/2026/11/23/1015/VIP_0.csv", ci(0, 3));
    let list = model("tables", &[entity("VIP", &[part(23, 0), part(23, 1)])]);
    world.write("segments/drop/new/model.json", &list);
    let missing = "segments/drop/new/model.json lists 2 files, of which 1 is missing: \
                   segments/drop/new/VIP/2026/11/23/1015/VIP_1.csv";
    starts_no_run(&world, 1, &[missing]).await;
    // A copy may write the files in any order.
    world.write("segments/drop/new/VIP/2026/11/23/1015/VIP_1.csv", ci(3, 4));
    world.call("run vip").end().await.exits(0).reports("succeeded", [4, 0, 0]);
}

#[tokio::test]
async fn lists_the_tables_if_no_model_has_the_configured_one() {
    let world = world("complete_on = \"model.json\"\ntable = \"Vip customer\"").await;
    let list = model("entities", &[entity("Newsletter", &[]), entity("VIPCustomers", &[])]);
    world.write("segments/drop/model.json", list);
    let expected = "no model.json at segments/drop/ has a table `Vip customer`; the tables are: `VIPCustomers`, \
                    `Newsletter`";
    starts_no_run(&world, 2, &[expected]).await;
    world.write("exports/acme/vip.toml", export("complete_on = \"model.json\"\ntable = \"Newsletter\""));
    world.call("run vip").end().await.exits(1).reports("stopped", [0, 0, 0]);
}

#[tokio::test]
async fn reads_the_headers_of_the_files_of_a_model() {
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

/// Returns a model with one table of two columns, whose file has these `fileFormatSettings`.
fn model_of(settings: &Value) -> String {
    let attributes =
        json!([{ "name": "EMail", "dataType": "string" }, { "name": "FirstName", "dataType": "string" }]);
    let partition =
        json!({ "name": "0", "location": format!("{AZURE}/VIP/VIP_0.csv"), "fileFormatSettings": settings });
    model("entities", &[json!({ "name": "VIP", "attributes": attributes, "partitions": [partition] })])
}

#[tokio::test]
async fn reads_files_with_the_settings_in_the_model() {
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
async fn rejects_a_model_with_unsupported_file_settings() {
    let keys = "complete_on = \"model.json\"\ntable = \"VIP\"";
    let world = world(keys).await;
    world.write("segments/drop/VIP/VIP_0.csv", rows(0, 2, ','));
    for (settings, message) in [
        (json!({ "quoteStyle": "QuoteStyle.None" }), "write them with `QuoteStyle.Csv`"),
        (
            json!({ "delimiter": "||" }),
            "the `delimiter` of table `VIP` is not supported: `||` is not a delimiter",
        ),
        (json!({ "encoding": "cp65001" }), "the `encoding` of table `VIP` is `cp65001`, which is not known"),
    ] {
        world.write("segments/drop/model.json", model_of(&settings));
        starts_no_run(&world, 1, &["segments/drop/model.json: ", message]).await;
    }
    // The export's settings take precedence over the model's.
    world.write("exports/acme/vip.toml", export(keys) + "[source]\nencoding = \"utf-8\"\n");
    world.call("run vip").end().await.exits(0).reports("succeeded", [2, 0, 0]);
}
