use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::{Format, ReadOptions, open, row::MAX_ROW_BYTES};

/// Returns every row as `line: cell|cell` or `line: error`, then the error of the file and the absent columns.
fn read(file: &[u8], wanted: &[&str]) -> Vec<String> {
    let options = ReadOptions { format: Some(Format::Ndjson), ..ReadOptions::default() };
    let file = Bytes::copy_from_slice(file);
    let mut rows = match open(&file, &options, wanted) {
        Ok(rows) => rows,
        Err(error) => return vec![error.to_string()],
    };
    let (mut seen, mut row) = (Vec::new(), Row::default());
    loop {
        match rows.next(&mut row) {
            Ok(Some(Ok(()))) => {
                let cell = |(at, cell): (usize, &str)| match row.list(at) {
                    Some(list) => format!("{list:?}"),
                    None => cell.to_owned(),
                };
                let cells: Vec<_> = row.cells().enumerate().map(cell).collect();
                seen.push(format!("{}: {}", row.line(), cells.join("|")));
            }
            Ok(Some(Err(bad))) => seen.push(format!("{}: {bad}", row.line())),
            Ok(None) => break,
            Err(error) => {
                seen.push(error.to_string());
                break;
            }
        }
    }
    seen.extend(rows.absent().unwrap_or_default().iter().map(ToString::to_string));
    seen
}

#[test]
fn keeps_values_as_they_are_written() {
    let file = "{\"a\": \"x\", \"b\": 12345678901234567890.50, \"c\": true, \"d\": null}\r\n\n\
        {\"d\": 1e5, \"c\": false, \"a\": \"tab\\t\\u7530\\ud83d\\ude00\"}";
    assert_eq!(
        read(file.as_bytes(), &["a", "b", "c", "d"]),
        ["1: x|12345678901234567890.50|true|", "3: tab\t田😀||false|1e5"]
    );
}

#[test]
fn finds_nested_values_by_their_path() {
    let file = br#"{"address": {"city": "K\u00f6ln", "geo": {"lat": 50.9}}, "emails": ["a@b.co", "b@b.co"], "x.y": 1, "orders": [{"id": 7}]}"#;
    assert_eq!(
        read(
            file,
            &[
                "address.city",
                "address.geo.lat",
                "emails[0]",
                "emails.1",
                "x.y",
                "orders[0].id",
                "address.geo"
            ]
        ),
        [r#"1: Köln|50.9|a@b.co|b@b.co|1|7|{"lat": 50.9}"#]
    );
    assert_eq!(
        read(br#"{"a": {"b": 1, "b.c": 2}, "a.b": 3}"#, &["a.b", "a.b.c"]),
        ["1: 3|2"],
        "a whole name takes precedence over a path"
    );
}

#[test]
fn lists_of_plain_values_are_lists_and_other_lists_are_json() {
    assert_eq!(
        read(
            br#"{"a": ["x", 1, true, null], "b": [], "c": [1, {"d": 2}], "d": {"e": 1}}"#,
            &["a", "b", "c", "d"]
        ),
        [r#"1: ["x", "1", "true"]||[1, {"d": 2}]|{"e": 1}"#]
    );
}

#[test]
fn a_line_that_is_not_an_object_is_invalid_and_reading_continues() {
    let file = b"{\"a\": 1}\n{\"a\": }\n[1]\nnull\n{\"a\": 1} x\n{\"a\": \"\\u0000\"}\n{\"a\": \"\\ud800\"}\n{\"a\": 2}\n{\"a\": 3";
    assert_eq!(
        read(file, &["a"]),
        [
            "1: 1",
            "2: the line is not valid JSON",
            "3: the line is not a JSON object",
            "4: the line is not a JSON object",
            "5: the line is not valid JSON",
            "6: the row has a NUL byte",
            "7: the line is not valid JSON",
            "8: 2",
            "9: the line is not valid JSON",
        ]
    );
    let deep = format!("{{\"a\": {}", "[".repeat(100_000));
    assert_eq!(read(deep.as_bytes(), &["a"]), ["1: the line is not valid JSON"]);
    let deep = format!("{{\"a\": {}1{}}}", "[".repeat(300), "]".repeat(300));
    assert_eq!(read(deep.as_bytes(), &["a.0.0.0"]).len(), 1);
}

#[test]
fn suggests_similar_names_for_a_column_that_no_row_has() {
    assert_eq!(
        read(b"{\"email\": \"a@b.co\", \"address\": {\"city\": \"x\"}}\n", &["EMail", "email", "city"]),
        [
            "1: |a@b.co|",
            "column `EMail` is in no row of the file; nearest: `email`",
            "column `city` is in no row of the file, and no column has a similar name",
        ]
    );
    assert_eq!(read(b"", &["EMail"]), [] as [&str; 0], "without rows, no column is reported");
    assert_eq!(read(b"{\"a\": 1}\n{\"a\": 2, \"b\": null}\n", &["a", "b"]), ["1: 1|", "2: 2|"]);
}

#[test]
fn reads_all_columns_if_none_are_wanted() {
    let file = Bytes::from_static(b"{\"b\": 1, \"a\": {\"x\": [1], \"y\": 2}}\n{\"c\": 3}\n");
    let rows = open(&file, &ReadOptions::default(), &[]).unwrap();
    assert_eq!(rows.header().names(), ["b", "a.x", "a.y", "c"]);
}

#[test]
fn rejects_other_json_and_tells_what_to_do() {
    let error = |file: &'static str| {
        let file = Bytes::from_static(file.as_bytes());
        open(&file, &ReadOptions::default(), &["a"]).err().map(|error| error.to_string())
    };
    assert!(
        error("[{\"a\": 1}]")
            .unwrap()
            .starts_with("this is a JSON array, which is not supported; write each")
    );
    assert!(error("{\n  \"a\": 1\n}\n").unwrap().starts_with("this is JSON that spans several lines"));
    assert_eq!(error("{\"a\": 1}\n"), None);
    for file in [
        "{\"count\": 1, \"data\": [{\"x\": \"1\"}, {\"x\": \"2\"}]}\n",
        "{\n  \"data\": [\n    {\"a\": 1},\n    {\"a\": 2}\n  ]\n}\n",
        "{\"data\": [\n{\"a\": 1}]}",
        "{\"data\": [{\"a\": 1}\n, {\"a\": 2}]}",
    ] {
        assert_eq!(
            error(file).unwrap(),
            "this is one JSON object, and the rows are in its list `data`; write each on a line of its own (JSON Lines); \
             `jq -c '.data[]'` converts it",
            "{file}"
        );
    }
    let nested = error("{\"a b\": {\"c\": [{\"x\": 1}], \"d e\": []}}").unwrap();
    assert!(nested.ends_with("`jq -c '.[\"a b\"].c[]'` converts it"), "{nested}");
    let nested = error("{\"c\": {\"a b\": [{\"x\": 1}]}}").unwrap();
    assert!(nested.ends_with("`jq -c '.c[\"a b\"][]'` converts it"), "{nested}");
    assert_eq!(error("{\"a\": 1, \"orders\": [{\"x\": 1}]}\n"), None, "the object is a row");
}

#[test]
fn refuses_several_objects_on_a_line() {
    let several = "several objects are on this line; write each on a line of its own (JSON Lines); `jq -c .` converts the file";
    assert_eq!(read(b"\n{\"a\": 1}{\"a\": 2}", &["a"]), [format!("line 2: {several}")]);
    assert_eq!(
        read(b"{\"a\": 1}\n{\"a\": 2} {\"a\": 3}\n{\"a\": 4}\n", &["a"]),
        ["1: 1".to_owned(), format!("line 2: {several}")]
    );
    for member in ["a", "b"] {
        let long = format!("{{\"{member}\": \"x\"}}").repeat(300_000);
        assert_eq!(read(long.as_bytes(), &["a"]), [format!("line 1: {several}")]);
    }
}

#[test]
fn rejects_an_endless_line() {
    let file = Bytes::from(["{\"a\": 1}\n{\"a\": \"".to_owned(), "y".repeat(3 * MAX_ROW_BYTES)].concat());
    let read = read(&file, &["a"]);
    assert_eq!(read.first().unwrap(), "1: 1");
    assert!(read[1].starts_with("line 2: this row is larger than 2 MiB"), "{read:?}");
}

proptest! {
    #[test]
    fn reads_what_a_writer_wrote(
        rows in prop::collection::vec((".{0,12}", any::<i64>(), any::<bool>(), prop::collection::vec("[^\0]{1,4}", 1..3)), 0..20),
    ) {
        let file: String = rows.iter().map(|(text, number, truth, list)| {
            let text = text.replace('\0', "");
            json!({"t": text, "n": {"x": number}, "b": truth, "l": list}).to_string() + "\n"
        }).collect();
        let options = ReadOptions { format: Some(Format::Ndjson), ..ReadOptions::default() };
        let file = Bytes::from(file);
        let mut read = open(&file, &options, &["t", "n.x", "b", "l"]).unwrap();
        let mut row = Row::default();
        for (text, number, truth, list) in &rows {
            prop_assert_eq!(read.next(&mut row).unwrap(), Some(Ok(())));
            let (text, number, truth) = (text.replace('\0', ""), number.to_string(), truth.to_string());
            let cells: Vec<&str> = row.cells().collect();
            prop_assert_eq!(cells, [text.as_str(), &number, &truth, ""]);
            prop_assert_eq!(row.list(3), Some(list.as_slice()));
        }
        prop_assert_eq!(read.next(&mut row).unwrap(), None);
    }

    #[test]
    fn never_panics(file in prop::collection::vec(prop::sample::select(&b"{}[]\":,.\\u0d8a1n\n \xff"[..]), 0..60)) {
        read(&file, &["a", "a.b", "a[0].b", ""]);
    }
}

#[test]
fn keys_can_be_any_text() {
    let mut object = Map::new();
    for key in ["", ".", "[0]", "a.", ".a", "a[", "\"", "\\"] {
        object.insert(key.to_owned(), Value::from(key.len()));
    }
    let file = Value::Object(object).to_string();
    assert_eq!(read(file.as_bytes(), &[".", "[0]", "a.", ".a", "a[", "\"", "\\"]), ["1: 1|3|2|2|2|1|1"]);
}
