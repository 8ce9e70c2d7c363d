use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::{self as source, Reading, row::MAX_ROW_BYTES};

/// Every row as `line: cell|cell` or `line: what is wrong`, then what refused the file, if anything did.
fn read(file: &[u8], wanted: &[&str]) -> Vec<String> {
    let reading = Reading { format: Some(source::Format::Ndjson), ..Reading::default() };
    let file = Bytes::copy_from_slice(file);
    let mut rows = match source::open(&file, &reading, wanted) {
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
fn values_are_as_they_are_written() {
    let file = "{\"a\": \"x\", \"b\": 12345678901234567890.50, \"c\": true, \"d\": null}\r\n\n\
        {\"d\": 1e5, \"c\": false, \"a\": \"tab\\t\\u7530\\ud83d\\ude00\"}";
    assert_eq!(
        read(file.as_bytes(), &["a", "b", "c", "d"]),
        ["1: x|12345678901234567890.50|true|", "3: tab\t田😀||false|1e5"]
    );
}

#[test]
fn what_is_nested_is_reached_by_its_path() {
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
        "a whole name wins over a path"
    );
}

#[test]
fn lists_of_plain_values_are_lists_and_others_are_json() {
    assert_eq!(
        read(
            br#"{"a": ["x", 1, true, null], "b": [], "c": [1, {"d": 2}], "d": {"e": 1}}"#,
            &["a", "b", "c", "d"]
        ),
        [r#"1: ["x", "1", "true"]||[1, {"d": 2}]|{"e": 1}"#]
    );
}

#[test]
fn a_line_that_is_no_object_is_invalid_and_the_others_go_on() {
    let file = b"{\"a\": 1}\n{\"a\": }\n[1]\nnull\n{\"a\": 1} x\n{\"a\": \"\\u0000\"}\n{\"a\": \"\\ud800\"}\n{\"a\": 2}\n{\"a\": 3";
    assert_eq!(
        read(file, &["a"]),
        [
            "1: 1",
            "2: the line is not valid JSON",
            "3: the line is not a JSON object",
            "4: the line is not a JSON object",
            "5: the line is not valid JSON",
            "6: the row holds a NUL byte",
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
fn a_column_that_no_row_has_is_named_with_the_nearest() {
    assert_eq!(
        read(b"{\"email\": \"a@b.co\", \"address\": {\"city\": \"x\"}}\n", &["EMail", "email", "city"]),
        [
            "1: |a@b.co|",
            "column `EMail` is in no row of the file; nearest: `email`",
            "column `city` is in no row of the file, and nothing there is like it",
        ]
    );
    assert_eq!(read(b"", &["EMail"]), [] as [&str; 0], "no row at all is no problem of its columns");
    assert_eq!(read(b"{\"a\": 1}\n{\"a\": 2, \"b\": null}\n", &["a", "b"]), ["1: 1|", "2: 2|"]);
}

#[test]
fn without_a_mapping_all_columns_are_read() {
    let file = Bytes::from_static(b"{\"b\": 1, \"a\": {\"x\": [1], \"y\": 2}}\n{\"c\": 3}\n");
    let rows = source::open(&file, &Reading::default(), &[]).unwrap();
    assert_eq!(rows.header().names(), ["b", "a.x", "a.y", "c"]);
}

#[test]
fn json_of_another_shape_is_refused_with_what_to_do() {
    let refused = |file: &'static str| {
        let file = Bytes::from_static(file.as_bytes());
        source::open(&file, &Reading::default(), &["a"]).err().map(|error| error.to_string())
    };
    assert!(
        refused("[{\"a\": 1}]").unwrap().starts_with("this is a JSON array, which is not read; write each")
    );
    assert!(refused("{\n  \"a\": 1\n}\n").unwrap().starts_with("this is JSON over several lines"));
    assert_eq!(refused("{\"a\": 1}\n"), None);
}

#[test]
fn a_line_without_end_is_refused_in_flat_memory() {
    let file = Bytes::from(["{\"a\": 1}\n{\"a\": \"".to_owned(), "y".repeat(3 * MAX_ROW_BYTES)].concat());
    let read = read(&file, &["a"]);
    assert_eq!(read.first().unwrap(), "1: 1");
    assert!(read[1].starts_with("line 2: this row is larger than 2 MiB"), "{read:?}");
}

proptest! {
    #[test]
    fn what_a_writer_wrote_is_read_back(
        rows in prop::collection::vec((".{0,12}", any::<i64>(), any::<bool>(), prop::collection::vec("[^\0]{1,4}", 1..3)), 0..20),
    ) {
        let file: String = rows.iter().map(|(text, number, truth, list)| {
            let text = text.replace('\0', "");
            json!({"t": text, "n": {"x": number}, "b": truth, "l": list}).to_string() + "\n"
        }).collect();
        let reading = Reading { format: Some(source::Format::Ndjson), ..Reading::default() };
        let file = Bytes::from(file);
        let mut read = source::open(&file, &reading, &["t", "n.x", "b", "l"]).unwrap();
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
    fn no_bytes_make_it_panic(file in prop::collection::vec(prop::sample::select(&b"{}[]\":,.\\u0d8a1n\n \xff"[..]), 0..60)) {
        read(&file, &["a", "a.b", "a[0].b", ""]);
    }
}

#[test]
fn the_keys_of_a_map_can_be_anything() {
    let mut object = Map::new();
    for key in ["", ".", "[0]", "a.", ".a", "a[", "\"", "\\"] {
        object.insert(key.to_owned(), Value::from(key.len()));
    }
    let file = Value::Object(object).to_string();
    assert_eq!(read(file.as_bytes(), &[".", "[0]", "a.", ".a", "a[", "\"", "\\"]), ["1: 1|3|2|2|2|1|1"]);
}
