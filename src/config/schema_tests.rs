//! Compares the published JSON Schemas with the readers.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use toml::de::{DeTable, DeValue};

use super::{
    section::read_keys,
    tests::{CONNECTION, EXPORT, read_connection, read_export},
};

const EXPORT_SCHEMA: &str = include_str!("../../docs/schema/export.schema.json");
const CONNECTION_SCHEMA: &str = include_str!("../../docs/schema/connection.schema.json");
const EVERYTHING: &str = include_str!("schema_tests/everything.toml");

/// What to do if a test below fails.
const ADVICE: &str = "update docs/schema/*.schema.json; if a table is new, also add it to \
                      src/config/schema_tests/everything.toml";

fn schema(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Adds every key of a schema, as a dotted path.
fn keys(root: &Value, at: &Value, path: &str, found: &mut BTreeSet<String>) {
    if let Some(reference) = at["$ref"].as_str() {
        let name = reference.strip_prefix("#/definitions/").unwrap();
        keys(root, &root["definitions"][name], path, found);
    }
    for all in ["anyOf", "allOf", "oneOf"] {
        for one in at[all].as_array().into_iter().flatten() {
            keys(root, one, path, found);
        }
    }
    for (key, value) in at["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        keys(root, value, &path, found);
        found.insert(path);
    }
    if at["items"].is_object() {
        keys(root, &at["items"], &format!("{path}[1]"), found);
    }
    if at["additionalProperties"].is_object() {
        keys(root, &at["additionalProperties"], &format!("{path}.list"), found);
    }
}

fn keys_of(text: &str) -> BTreeSet<String> {
    let (root, mut found) = (schema(text), BTreeSet::new());
    keys(&root, &root, "", &mut found);
    found
}

#[test]
fn the_schemas_have_the_same_keys_as_the_readers() {
    let mut read =
        read_keys::during(|| drop(read_export(EVERYTHING.as_bytes()).unwrap_or_else(|e| panic!("{e}"))));
    // The readers look for these keys only to reject them.
    for key in ["custom_properties.list.region", "fields.email.constant"] {
        assert!(read.remove(key), "{key}");
    }
    assert_eq!(keys_of(EXPORT_SCHEMA), read, "{ADVICE}");
    let read = read_keys::during(|| drop(read_connection(CONNECTION.as_bytes()).unwrap()));
    assert_eq!(keys_of(CONNECTION_SCHEMA), read, "{ADVICE}");
}

#[test]
fn every_key_is_described() {
    fn look(at: &Value, path: &str) {
        for (key, value) in at["properties"].as_object().into_iter().flatten() {
            let described = value["description"].as_str().is_some_and(|text| text.len() > 10);
            assert!(described, "{path}.{key} has no description");
        }
        let parts = at.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value));
        let list = at.as_array().into_iter().flatten().map(|value| (String::new(), value));
        for (key, value) in parts.filter(|(key, _)| key != "if" && key != "then").chain(list) {
            look(value, &format!("{path}.{key}"));
        }
    }
    look(&schema(EXPORT_SCHEMA), "export");
    look(&schema(CONNECTION_SCHEMA), "connection");
}

fn to_json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => json!(text),
        DeValue::Integer(n) => json!(i64::from_str_radix(n.as_str(), n.radix()).unwrap()),
        DeValue::Float(n) => json!(n.as_str().parse::<f64>().unwrap()),
        DeValue::Boolean(value) => json!(value),
        DeValue::Datetime(moment) => json!(moment.to_string()),
        DeValue::Array(list) => list.iter().map(|value| to_json(value.get_ref())).collect(),
        DeValue::Table(table) => table_to_json(table),
    }
}

fn table_to_json(table: &DeTable<'_>) -> Value {
    let entries = table.iter().map(|(key, value)| (key.get_ref().to_string(), to_json(value.get_ref())));
    Value::Object(entries.collect::<Map<_, _>>())
}

/// Returns the schema's errors for a file.
fn schema_errors(schema_text: &str, file: &str) -> Vec<String> {
    let validator = jsonschema::validator_for(&schema(schema_text)).unwrap();
    let file = table_to_json(DeTable::parse(file).unwrap().get_ref());
    validator.iter_errors(&file).map(|error| error.to_string()).collect()
}

#[test]
fn the_schemas_accept_valid_files() {
    for file in [EXPORT, EVERYTHING, include_str!("../cli/demo/vip.toml")] {
        assert_eq!(schema_errors(EXPORT_SCHEMA, file), Vec::<String>::new(), "{file}");
        read_export(file.as_bytes()).unwrap();
    }
    for file in [CONNECTION, include_str!("../cli/demo/acme.toml")] {
        assert_eq!(schema_errors(CONNECTION_SCHEMA, file), Vec::<String>::new(), "{file}");
        read_connection(file.as_bytes()).unwrap();
    }
}

#[test]
fn the_schemas_reject_what_the_readers_reject() {
    let with = |from: &str, to: &str| {
        assert!(EVERYTHING.contains(from), "{from}");
        EVERYTHING.replacen(from, to, 1)
    };
    for file in [
        String::new(),
        with("display_name", "displayname"),
        with("display_name = \"VIP customers\"", "display_name = \" \""),
        with("display_name = \"VIP customers\"", "display_name = 7"),
        with("display_name", "mode = \"mirrored\"\ndisplay_name"),
        with("display_name", "schedule = \"yes\"\ndisplay_name"),
        with("display_name", "max_profiles = 0\ndisplay_name"),
        with("shrink_percent = 60", "shrink_percent = 100"),
        with("rejects_percent = 20", "rejects_percent = \"none\""),
        with("growth_factor = 10", "growth_factor = 1"),
        with("growth_factor", "growth_percent"),
        with("default_region = \"JP\"", "default_region = \"Japan\""),
        with("\"drop-field\"", "\"drop\""),
        with("\"skip\"", "\"keep\""),
        with("[[segments]]", "[segments]"),
        with("name = \"VIP\"\ntag", "tag"),
        with("tag = \"vip\"", "tag = \"\""),
        with("path = \"segments/vip/\"", "path = \"segments/*.csv\""),
        with("format = \"csv\"", "format = \"xlsx\""),
        with("compression = \"none\"", "compression = \"zip\""),
        with("columns = [\"EMail\", \"Tel\"]", "columns = []"),
        with("null = [\"NULL\"]", "null = \"NULL\""),
        with("email = { first_of = [\"EMail\", \"Mail\"] }", ""),
        with("email = { first_of = [\"EMail\", \"Mail\"] }", "email = { first_of = [\"EMail\"] }"),
        with("email = { first_of = [\"EMail\", \"Mail\"] }", "email = { constant = \"a@b.co\" }"),
        with("email = { first_of", "email = { column = \"x\", first_of"),
        with("city = { column = \"City\" }", "city = { }"),
        with("city = { column = \"City\" }", "city = { column = \"City\", region = \"JP\" }"),
        with("city = { column = \"City\" }", "town = \"City\""),
        with("region = \"JP\", on", "on_empty = \"clear\", on"),
        with("text = \"Tier\"", "\"loyalty tier\" = \"Tier\""),
        with("text = \"Tier\"", "text = 1"),
        with("text = \"Tier\"", "text = { column = \"Tier\", separator = \"|\" }"),
        with("text = \"Tier\"", "text = { column = \"Tier\", type = \"text\" }"),
        with("text = \"Tier\"", "text = { column = \"Tier\", type = \"number\", decimal = \";\" }"),
        with("column = \"SMS\"\n", ""),
        with("source = \"Newsletter form\"", "source = 7"),
        with("source = \"Shop\"", ""),
        with("source = \"Shop\"", "sauce = \"Shop\""),
        with("[consent.sms]\ncolumn = \"SMS\"\nunsubscribed = [\"no\"]", "[consent.sms]\ncolumn = \"SMS\""),
    ] {
        assert!(read_export(file.as_bytes()).is_err(), "the reader accepts\n{file}");
        assert_ne!(schema_errors(EXPORT_SCHEMA, &file), Vec::<String>::new(), "the schema accepts\n{file}");
    }
    for (from, to) in [
        ("secret", "sercet"),
        ("\"omnisend/acme\"", "\"two words\""),
        ("\"ada@example.com\"", "\"\""),
        ("10:00:00Z", "10:00:00"),
        ("display_name", "reserve_percent = 95\ndisplay_name"),
        ("display_name", "requests_per_minute = 0\ndisplay_name"),
        ("display_name", "contributors = [\"ada\"]\ndisplay_name"),
        ("[data_privacy]", "[data_privacy]\nby = \"x\""),
    ] {
        let file = CONNECTION.replacen(from, to, 1);
        assert!(read_connection(file.as_bytes()).is_err(), "the reader accepts\n{file}");
        assert_ne!(
            schema_errors(CONNECTION_SCHEMA, &file),
            Vec::<String>::new(),
            "the schema accepts\n{file}"
        );
    }
}
