//! Tests `export init` and `export preview`.

use crate::harness::World;

const FILE: &str = "\
EMail,FirstName,Telephone,BirthDate,Tier,Subscribed\r\n\
canary.ada@example.com,Ada,+442079460958,1990-02-28,gold,yes\r\n\
canary.bo@example.com,Bo,,1985-12-31,silver,no\r\n";

/// A world with a connection and this file, but no export.
async fn world(file: &str, text: &str) -> World {
    let world = World::of_people(1).await;
    for folder in ["exports", "segments"] {
        std::fs::remove_dir_all(world.root().join(folder)).unwrap();
    }
    world.write(file, text);
    world
}

#[tokio::test]
async fn proposes_an_export_that_runs_unchanged() {
    let world = world("segments/gold/2026-11-23.csv", FILE).await;
    let ran = world.call("export init --file segments/gold/2026-11-23.csv").end().await;
    ran.exits(0);
    for text in [
        "exports/acme/gold.toml: written, from 2 rows and 6 columns of segments/gold/2026-11-23.csv",
        "mapped:  email = EMail, phone = Telephone, first_name = FirstName, birthdate = BirthDate",
        "off:     1 custom property;",
        "consent: Subscribed not mapped; no contact is subscribed",
        "note:    new contacts will not be subscribed: the export has no [consent.email]",
        "note:    the tag can start automations in Omnisend (\"Entered segment\") that send mail",
        "omnisend-export run gold --dry-run",
    ] {
        assert!(ran.stdout.contains(text), "{text:?} is not in\n{}", ran.stdout);
    }
    let export = world.read("exports/acme/gold.toml");
    assert!(export.contains("path = \"segments/gold/\""), "{export}");
    assert!(
        !export.contains("canary") && !export.contains("gold,"),
        "the export contains a value of the file: {export}"
    );

    world.call("validate").end().await.exits(0);
    let ran = world.call("run gold --dry-run").end().await;
    ran.exits(0);
    assert!(ran.stdout.contains("2 read"), "{}", ran.stdout);

    let again = world.call("export init --file segments/gold/2026-11-23.csv").end().await;
    again.exits(2).says(&["exports/acme/gold.toml already exists and is not replaced", "--name"]);
    assert_eq!(world.read("exports/acme/gold.toml"), export);
}

#[tokio::test]
async fn says_where_to_copy_a_file_from_outside_the_state() {
    let world = world("segments/other.csv", FILE).await;
    let elsewhere = tempfile::TempDir::new().unwrap();
    let file = elsewhere.path().join("VIP Kunden.csv");
    std::fs::write(&file, FILE.replace(',', ";")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), world.root().join("elsewhere")).unwrap();
    let copy = elsewhere.path().join("vip.csv");
    std::fs::copy(&file, &copy).unwrap();
    let call = format!("export init --file {} --name vip --connection bolt", copy.display());
    let ran = world.call(&call).end().await;
    ran.exits(0);
    for text in ["exports/bolt/vip.toml: written", "connections/bolt.toml", "mkdir -p ./segments/vip/ && cp"]
    {
        assert!(ran.stdout.contains(text), "{text:?} is not in\n{}", ran.stdout);
    }
    let ran = world.call(&format!("export init --print --file {}", copy.display())).end().await;
    ran.exits(0);
    assert!(ran.stdout.contains("\n[fields]"), "{}", ran.stdout);
}

#[tokio::test]
async fn says_why_a_file_cannot_become_an_export() {
    let world = world("segments/x.csv", "Name,Email status\nAda,sent\n").await;
    let no_email = world.call("export init --file segments/x.csv").end().await;
    no_email.exits(2).says(&["no column has email addresses", "columns: `Name`, `Email status`"]);

    world.write("segments/x.csv", "Email,Name\nnobody,Ada\n");
    let no_addresses = world.call("export init --file segments/x.csv").end().await;
    no_addresses.exits(2).says(&["`Email`: contains no email addresses"]);

    world.write("segments/x.csv", "canary@example.com,Ada\nbo@example.com,Bo\n");
    let headless = world.call("export init --file segments/x.csv").end().await;
    headless.exits(2).says(&["its first row seems to be data, not column names"]);
    assert!(!headless.stderr.contains("canary"), "{}", headless.stderr);

    world.write("segments/x.csv", "Email,Name\n");
    world
        .call("export init --file segments/x.csv")
        .end()
        .await
        .exits(2)
        .says(&["it has no rows; choose a file with rows"]);
    world.write("segments/x.csv", "Email,Name\na@b.co\nc@d.co\n");
    let ragged = world.call("export init --file segments/x.csv").end().await;
    ragged.exits(2).says(&[
        "all of its rows are invalid; the first is line 2: the row has 1 cell, but the header has 2",
    ]);
    world.call("export init --file nowhere.csv").end().await.exits(2).says(&["nowhere.csv: No such file"]);
    world.call("export init --file segments --table x").end().await.exits(2).says(&["it has no model.json"]);
    world.connection("bolt", 60);
    world.write("segments/x.csv", FILE);
    let which = world.call("export init --file segments/x.csv").end().await;
    which.exits(2).says(&["there are several connections; add --connection, one of: acme, bolt"]);
    assert!(!world.files().iter().any(|file| file.starts_with("exports/")), "something was written");
}

/// Proposes an export for a file, which fails without printing a cell.
async fn is_unfit(file: &str, text: &str, messages: &[&str]) {
    let world = world(file, text).await;
    let ran = world.call(&format!("export init --file {file}")).end().await;
    ran.exits(2).says(messages);
    for cell in ["canary", "Ann", "Bell"] {
        assert!(!ran.stderr.contains(cell), "{cell} is in\n{}", ran.stderr);
    }
}

#[tokio::test]
async fn names_columns_with_the_same_name() {
    is_unfit(
        "segments/x.csv",
        "Email,Name,Name,Email\ncanary@example.com,Ann,Bell,canary@example.org\n",
        &["segments/x.csv: column `Email` is in the header 2 times (columns 1, 4); rename all but one"],
    )
    .await;
    let world = world("segments/x.csv", "Email,Name,Name\ncanary@example.com,Ann,Bell\n").await;
    let ran = world.call("export init --file segments/x.csv").end().await;
    ran.exits(0);
    let twice = "twice:   Name is the name of columns 2, 3; rename all but one to map it";
    assert!(ran.stdout.contains(twice), "{}", ran.stdout);
}

#[tokio::test]
async fn names_the_line_of_a_header_below_other_lines() {
    for (above, line) in [
        ("Report: VIP customers\n\n", 3),
        ("# written by Bell; Ann\n# on a Monday\n", 3),
        ("Report of Ann,,,\n", 2),
    ] {
        is_unfit(
            "segments/x.csv",
            &format!("{above}Email,First Name,Last Name,Tier\ncanary@example.com,Ann,Bell,gold\n"),
            &[&format!("segments/x.csv: line {line} looks like the header; remove the lines above it")],
        )
        .await;
    }
    let world = world("segments/x.csv", "\"sep=;\"\nEmail;First Name\ncanary@example.com;Ann\n").await;
    world.call("export init --file segments/x.csv").end().await.exits(0);
}

#[tokio::test]
async fn says_how_to_convert_json_without_lines() {
    let one = r#"{"Email": "canary@example.com", "First Name": "Ann"}"#;
    let several = "line 1: several objects are on this line; write each on a line of its own (JSON Lines); `jq -c .` \
                   converts the file";
    is_unfit("segments/x.json", &one.repeat(3), &[several]).await;
    let array = "this is a JSON array, which is not supported; write each object on a line of its own, without \
                 brackets and commas (JSON Lines); `jq -c '.[]'` converts it";
    is_unfit("segments/x.json", &format!("[{one},{one}]"), &[array]).await;
    let inside = "this is one JSON object, and the rows are in its list `data`; write each on a line of its own (JSON \
                  Lines); `jq -c '.data[]'` converts it";
    is_unfit("segments/x.json", &format!("{{\"data\": [{one}, {one}]}}"), &[inside]).await;
    is_unfit("segments/x.json", &format!("{{\n  \"data\": [\n    {one}\n  ]\n}}\n"), &[inside]).await;
}

#[tokio::test]
async fn masks_column_names_that_are_data() {
    is_unfit(
        "segments/x.csv",
        "Kunde,+442079460958,Tier\nx,+442079460959,gold\n",
        &["columns: `Kunde`, `•••-0958`, `Tier`"],
    )
    .await;
}

#[tokio::test]
async fn asks_for_a_delimiter_that_is_not_detected() {
    for (sign, file) in [
        ('~', "Email~First Name\np0@example.com~Ann\np1@example.com~Bo\n"),
        ('^', "First Name^Email\nAnn^p0@example.com\nBo^p1@example.com\n"),
        ('!', "Email!First Name\np0@example.com!Ann\np1@example.com!Bo\n"),
    ] {
        let world = world("segments/x.csv", file).await;
        let call = "export init --file segments/x.csv";
        let asked = world.call(call).end().await;
        asked.exits(2).says(&[&format!("no column holds email addresses; is `{sign}` the delimiter?")]);
        assert!(!world.files().iter().any(|file| file.starts_with("exports/")), "something was written");
        world.call(&format!("{call} --delimiter {sign}")).end().await.exits(0);
        let export = world.read("exports/acme/x.toml");
        for text in
            [&format!("[csv]\ndelimiter = \"{sign}\""), "email = \"Email\"", "first_name = \"First Name\""]
        {
            assert!(export.contains(text), "{text:?} is not in\n{export}");
        }
    }
}

#[tokio::test]
async fn a_preview_shows_rows_next_to_their_contacts_and_masks_them() {
    let rows = "\
        canary.ada@example.com,Ada,+442079460958,1990-02-28,gold,yes\r\n\
        CANARY.ADA@example.com,Ada,,,,\r\n\
        nobody,Bo,,,,\r\n\
        ragged\r\n\
        canary.bo@example.com,Bo,12,1985-12-31,silver,no\r\n\
        canary.cy@example.com,Cy,,,,\r\n";
    let header = FILE.lines().next().unwrap();
    let world = world("segments/gold/a.csv", &format!("{header}\r\n{rows}")).await;
    world.call("export init --file segments/gold/a.csv").end().await.exits(0);

    let ran = world.call("export preview gold").without_key().end().await;
    ran.exits(0);
    for text in [
        "segments/gold/a.csv, line 2: sent",
        "\"id\": \"c•••@e•••.com\"",
        "segments/gold/a.csv, line 3: duplicate, not sent: an earlier row has this email",
        "segments/gold/a.csv, line 4: invalid, not sent: the email address is not valid",
        "segments/gold/a.csv, line 5: invalid, not sent: the row has 1 cell, but the header has 6",
        "segments/gold/a.csv, line 6: sent\n  left out: phone: ",
        "(2 columns are not mapped)",
        "values are masked; --show-values shows them",
    ] {
        assert!(ran.stdout.contains(text), "{text:?} is not in\n{}", ran.stdout);
    }
    assert!(!ran.stdout.contains("canary") && !ran.stdout.contains("line 7"), "{}", ran.stdout);

    let ran = world.call("export preview gold --rows 1 --json --show-values").end().await;
    ran.exits(0);
    let shown: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(shown[0]["contact"]["firstName"], "Ada");
    assert_eq!(shown[0]["cells"][0], serde_json::json!(["EMail", "canary.ada@example.com"]));
    assert_eq!(shown.as_array().unwrap().len(), 1);

    world.call("export preview gold --rows 0").end().await.exits(2).says(&["--rows"]);
    world.call("export preview gol").end().await.exits(2).says(&["did you mean `gold`?"]);
    assert_eq!(world.requests().await.len(), 0);
    assert_eq!(world.run_files(), Vec::<String>::new(), "the preview started a run");
}

#[tokio::test]
async fn proposes_an_export_for_a_table_of_customer_insights() {
    let part = "1,canary.ada@example.com,Ada\r\n2,canary.bo@example.com,Bo\r\n";
    let world = world("segments/ci/VIP/2026/11/23/1000/VIP_1.csv", part).await;
    let model = serde_json::json!({
        "name": "ci", "version": "1.0",
        "entities": [{
            "$type": "LocalEntity", "name": "VIP",
            "attributes": [
                {"name": "CustomerId", "dataType": "string"},
                {"name": "EMail", "dataType": "string"},
                {"name": "FirstName", "dataType": "string"},
            ],
            "partitions": [{
                "name": "VIP_1",
                "location": "https://acme.dfs.core.windows.net/out/ci/VIP/2026/11/23/1000/VIP_1.csv",
                "fileFormatSettings": {
                    "$type": "CsvFormatSettings", "columnHeaders": false, "delimiter": ",", "encoding": "UTF-8",
                },
            }],
        }],
    });
    world.write("segments/ci/model.json", model.to_string());
    let ran = world.call("export init --file segments/ci --name vip").end().await;
    ran.exits(0);
    let export = world.read("exports/acme/vip.toml");
    for text in
        ["path = \"segments/ci/\"", "complete_on = \"model.json\"", "table = \"VIP\"", "email = \"EMail\""]
    {
        assert!(export.contains(text), "{text:?} is not in\n{export}");
    }
    let ran = world.call("export preview vip").end().await;
    ran.exits(0);
    assert!(ran.stdout.contains("VIP_1.csv, line 2: sent"), "{}", ran.stdout);
    let no_table = world.call("export init --file segments/ci --name x --table VPI").end().await;
    no_table.exits(2).says(&["it has no table `VPI`; its tables: VIP"]);

    world.write("segments/ci/model.json", model.to_string().replace("UTF-8", "cp65001"));
    let call = "export init --file segments/ci --name x";
    let unknown = world.call(call).end().await;
    unknown.exits(2).says(&["the `encoding` of table `VIP` is `cp65001`", "here: --encoding ENCODING"]);
    world.call(&format!("{call} --encoding utf-8")).end().await.exits(0);
    assert!(world.read("exports/acme/x.toml").contains("encoding = \"UTF-8\""));
}

#[tokio::test]
async fn options_add_what_the_file_does_not_show() {
    let world = world("segments/x.csv", "1|canary@example.com|Ada\n2|bo@example.com|Bo\n").await;
    let call = "export init --file segments/x.csv --columns id,email,first_name --encoding utf-8";
    world.call(call).end().await.exits(0);
    let export = world.read("exports/acme/x.toml");
    for text in [
        "columns = [\"id\", \"email\", \"first_name\"]",
        "[source]\nencoding = \"UTF-8\"",
        "path = \"segments/x.csv\"",
    ] {
        assert!(export.contains(text), "{text:?} is not in\n{export}");
    }
    world.call("validate").end().await.exits(0);
    let ran = world.call("export preview x --rows 1 --json --show-values").end().await;
    let shown: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&shown[0]["line"], &shown[0]["contact"]["firstName"]), (&1.into(), &"Ada".into()));
    assert!(world.files().contains(&"schema/export.schema.json".to_owned()));
}

#[tokio::test]
async fn proposes_backslash_escapes_only_if_they_make_more_rows_readable() {
    let escaped = "EMail|Note\na@b.co|one\\\ntwo\nb@b.co|x\n";
    let folders = "EMail,Note\n\"a@b.co\",\"C:\\\"\n\"b@b.co\",\"D:\\\",\"x\"\n\"c@b.co\",\"E:\\\"\n";
    for (file, is_escaped) in [(escaped, true), (folders, false)] {
        let world = world("segments/x.csv", file).await;
        world.call("export init --file segments/x.csv").end().await.exits(0);
        let export = world.read("exports/acme/x.toml");
        assert_eq!(export.contains("escape = "), is_escaped, "{export}");
    }
}
