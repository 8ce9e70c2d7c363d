//! A messy file arrives completely: the sandbox has exactly the file's valid, unique people with exactly their fields.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{CANARY, Segment, World, address, holds, options, quoted};

const EXPORT: &str = r#"
display_name = "VIP customers"
mode = "full"
[[segments]]
name = "VIP"
path = "segments/vip/"
[fields]
email = "EMail"
phone = "Phone"
first_name = "First"
last_name = "Last"
address = "Street"
city = "City"
state = "State"
postal_code = "Zip"
country = "Country"
country_code = "Code"
birthdate = "Born"
gender = "Gender"
[custom_properties]
tier = "Tier"
lifetime_value = { column = "LTV", type = "number" }
newsletter = { column = "News", type = "boolean" }
last_seen = { column = "Seen", type = "date" }
likes = { column = "Likes", type = "list", separator = "|" }
"#;

const HEADER: [&str; 18] = [
    "Id", "EMail", "Phone", "First", "Last", "Street", "City", "State", "Zip", "Country", "Code", "Born",
    "Gender", "Tier", "LTV", "News", "Seen", "Likes",
];

/// A row, and the contact that must arrive: `None` if the row is invalid or a duplicate.
struct Row {
    cells: BTreeMap<&'static str, String>,
    arrives: Option<Value>,
}

fn row<const N: usize>(cells: [(&'static str, &str); N], arrives: Option<Value>) -> Row {
    Row { cells: cells.map(|(column, cell)| (column, cell.to_owned())).into(), arrives }
}

fn contact(email: &str, fields: &Value, properties: &Value) -> Value {
    let mut contact = json!({
        "email": email, "status": "nonSubscribed", "tags": ["segment: VIP"], "welcomed": false,
        "customProperties": properties,
    });
    contact.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    contact
}

fn at(local: &str) -> String {
    format!("{local}@{CANARY}")
}

/// Returns rows with special cases.
fn special() -> Vec<Row> {
    let all = contact(
        &at("ada"),
        &json!({
            "phone": "+442079460958", "smsStatus": "nonSubscribed", "firstName": "Ada", "lastName": "Lovelace, \"Countess\"",
            "address": "12 St James's Square\nLondon; by the \"Park\"", "city": "Köln", "state": "NRW", "postalCode": "01234",
            "country": "Germany", "countryCode": "DE", "birthdate": "1915-12-10", "gender": "f",
        }),
        &json!({
            "tier": "gold\tplus", "lifetime_value": 12.5, "newsletter": true, "last_seen": "2024-02-29",
            "likes": ["red", "Grün", "青"],
        }),
    );
    let ada = [
        ("Id", "1"),
        ("EMail", "  Ada@Canary.Example "),
        ("Phone", "+44 20 7946-0958"),
        ("First", "Ada"),
        ("Last", "Lovelace, \"Countess\""),
        ("Street", "12 St James's Square\nLondon; by the \"Park\""),
        ("City", "Köln"),
        ("State", "NRW"),
        ("Zip", "01234"),
        ("Country", "Germany"),
        ("Code", "deu"),
        ("Born", "1915/12/10"),
        ("Gender", "Female"),
        ("Tier", "gold\tplus"),
        ("LTV", "12.50"),
        ("News", "Yes"),
        ("Seen", "2024-02-29"),
        ("Likes", "red| Grün||青"),
    ];
    vec![
        row(ada, Some(all)),
        // A duplicate with another spelling: the first row wins.
        row([("EMail", "ADA@canary.example"), ("First", "Impostor")], None),
        row(
            [
                ("EMail", &at("taro")),
                ("First", "太郎"),
                ("Last", "田中"),
                ("City", "東京"),
                ("LTV", "9007199254740993"),
            ],
            Some(contact(
                &at("taro"),
                &json!({ "firstName": "太郎", "lastName": "田中", "city": "東京" }),
                &json!({ "lifetime_value": 9_007_199_254_740_993_u64 }),
            )),
        ),
        // Values that do not fit their field are left out; the contact is sent without them.
        row(
            [
                ("EMail", &at("odd")),
                ("Phone", "12"),
                ("Code", "XX"),
                ("Born", "10/12/1915"),
                ("Gender", "?"),
                ("LTV", "lots"),
                ("News", "perhaps"),
                ("Seen", "now"),
            ],
            Some(contact(&at("odd"), &json!({}), &json!({}))),
        ),
        // Omnisend silently ignores a phone number that another contact has.
        row(
            [("EMail", &at("twin")), ("Phone", "+442079460958")],
            Some(contact(&at("twin"), &json!({}), &json!({}))),
        ),
        row([("First", "nobody")], None),
        row([("EMail", "not an address")], None),
        row([("EMail", &format!("two@at@{CANARY}"))], None),
        row([("EMail", "no-tld@localhost")], None),
    ]
}

const INVALID: u64 = 4;
const DUPLICATE: u64 = 1;

/// Returns enough other rows for several batches.
fn others() -> Vec<Row> {
    let names = ["José", "Zoë", "Łukasz", "花子", "O'Neil", "Anne, Marie", "Jo \"the\" Bo", "line\r\nbreak"];
    let person = |n: u32| {
        let (email, name, value) = (address(n.into()), names[(n * 7 % 8) as usize], format!("{}.25", n * 3));
        let arrives = contact(
            &email,
            &json!({ "firstName": name }),
            &json!({ "lifetime_value": f64::from(n) * 3.0 + 0.25, "newsletter": n.is_multiple_of(2) }),
        );
        let news = if n.is_multiple_of(2) { "true" } else { "0" };
        row([("EMail", &email), ("First", name), ("LTV", &value), ("News", news)], Some(arrives))
    };
    (0..1_234).map(person).collect()
}

fn file(rows: &[Row], delimiter: char, line_end: &str, mark: &str) -> Vec<u8> {
    let line = |cells: Vec<String>| cells.join(&delimiter.to_string()) + line_end;
    let mut text = mark.to_owned() + &line(HEADER.map(str::to_owned).into());
    for row in rows {
        let cell = |column: &&str| quoted(row.cells.get(column).map_or("", String::as_str), delimiter);
        text += &line(HEADER.iter().map(cell).collect());
    }
    text.into_bytes()
}

async fn arrives(delimiter: char, line_end: &str, mark: &str) {
    let rows: Vec<Row> = special().into_iter().chain(others()).collect();
    let segment =
        Segment::clean(file(&rows, delimiter, line_end, mark), rows.len() as u64).with(INVALID, DUPLICATE);
    let world = World::with(options(), segment).await;
    world.write("exports/acme/vip.toml", EXPORT);

    let ran = world.call("run vip").end().await;
    let expected: BTreeMap<String, Value> = rows
        .into_iter()
        .filter_map(|row| row.arrives)
        .map(|contact| (contact["email"].as_str().unwrap().to_owned(), contact))
        .collect();
    let sent = expected.len() as u64;
    ran.exits(3).reports("partial", [sent, 0, 0]);
    let arrived = world.contacts().await;
    holds(&arrived, expected.keys().cloned());
    for (email, contact) in &expected {
        assert_eq!(&arrived[email], contact, "delimiter {delimiter:?}");
    }
    assert_eq!(world.contacts_sent().await, sent, "contacts were sent more than once");
    let left_out = json!({
        "phone": 1, "country_code": 1, "birthdate": 1, "gender": 1, "custom_properties.lifetime_value": 1,
        "custom_properties.newsletter": 1, "custom_properties.last_seen": 1,
    });
    let warnings = ran.report()["warnings"].as_object().unwrap().clone();
    let counts: serde_json::Map<String, Value> = warnings
        .into_iter()
        .map(|(field, reasons)| {
            let counts = reasons.as_object().unwrap().values().map(|count| count.as_u64().unwrap());
            (field, counts.sum::<u64>().into())
        })
        .collect();
    assert_eq!(Value::Object(counts), left_out);
}

#[tokio::test]
async fn a_messy_file_arrives_completely() {
    tokio::join!(
        arrives(',', "\r\n", "\u{feff}"),
        arrives(';', "\n", ""),
        arrives('\t', "\r\n", ""),
        arrives('|', "\n", "\u{feff}"),
    );
}

#[tokio::test]
async fn exits_with_0_after_a_clean_file() {
    let world = World::of_people(250).await;
    let ran = world.call("run vip").end().await;
    ran.exits(0).reports("succeeded", [250, 0, 0]);
    let report = ran.report();
    assert_eq!(report["batches"], 3);
    assert_eq!(report["requests"]["upload"], 3);
    assert_eq!(report["requests"]["throttled"], 0);
    assert_eq!(report["not_sent"], 0);
    assert_eq!(report["reasons"], json!([]));
    assert!(ran.stdout.contains("250 sent = 250 accepted + 0 rejected + 0 unknown"), "{}", ran.stdout);
    holds(&world.contacts().await, (0..250).map(address));
}

#[tokio::test]
async fn sending_the_same_file_again_changes_nothing() {
    let world = World::of_people(150).await;
    world.call("run vip").end().await.exits(0);
    let before = world.contacts().await;
    world.call("run vip").end().await.exits(0).reports("succeeded", [150, 0, 0]);
    assert_eq!(world.contacts().await, before);
    assert_eq!(world.reports().len(), 2, "a finished run was resumed");
}

#[tokio::test]
async fn logs_every_request_without_personal_data() {
    let world = World::of_people(250).await;
    // Every test searches the output for addresses and keys; this one makes sure that there is output to search.
    let ran = world.call("run vip").end().await;
    ran.exits(0);
    let logged = ran.stderr.lines().filter(|line| line.contains("request answered")).count();
    assert_eq!(logged, world.requests().await.len(), "{}", ran.stderr);
}

#[tokio::test]
async fn json_prints_the_report() {
    let world = World::of_people(20).await;
    let ran = world.call("run vip --json").end().await;
    let printed: Value = serde_json::from_str(&ran.exits(0).stdout).unwrap();
    let written: Vec<Value> = world.reports().into_values().collect();
    assert_eq!(vec![printed], written);
    let fields: Vec<&String> = written[0].as_object().unwrap().keys().collect();
    for documented in ["run", "export", "connection", "mode", "started_at", "ended_at", "state", "counts"] {
        assert!(fields.iter().any(|field| *field == documented), "{documented} is not in {fields:?}");
    }
}
