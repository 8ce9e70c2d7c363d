//! Measures the parts of a mapping, in rows per second.
//!
//! `cargo bench --bench mapping` maps 200,000 rows from memory for each part, on one thread. The time for the same
//! rows without the part is subtracted.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints its measurements")]

use std::{fmt::Write as _, time::Instant};

use bytes::Bytes;
use omnisend_export::{
    config,
    contact::{Mapper, Programs, Warnings},
};
use segment_files::{ReadOptions, Row};

const ROWS: u32 = 200_000;

/// The measured parts: a name, the lines before the first table, and the line in `[fields]`.
const PARTS: [(&str, &str, &str); 8] = [
    ("a plain column", "", "first_name = 'Name'"),
    ("a template of two columns", "", "first_name = { template = '{{ Name }} {{ City }}' }"),
    ("the first of two columns", "", "first_name = { first_of = ['Empty', 'Name'] }"),
    ("a filter with a number", "where = 'Points|int > 10'", ""),
    ("a phone in E.164", "", "phone = 'Phone'"),
    ("a national phone number", "", "phone = { column = 'Home', region = 'JP' }"),
    ("a country name", "", "country_code = 'Country'"),
    ("a date with the day first", "", "birthdate = 'Born'"),
];

fn main() {
    let mut text = "EMail,Name,City,Empty,Points,Phone,Home,Country,Born\n".to_owned();
    for n in 0..ROWS {
        writeln!(
            text,
            "p{n}@example.com,Ada,Köln,,{},+4420794609{:02},090-1234-{:04},日本,28.02.1990",
            11 + n % 9,
            n % 100,
            n % 10_000
        )
        .unwrap();
    }
    let file = Bytes::from(text);
    let baseline = seconds(&file, "", "");
    for (name, above, field) in PARTS {
        let part = (seconds(&file, above, field) - baseline).max(1e-9);
        println!("{name}: {:.0} per second", f64::from(ROWS) / part);
    }
}

/// Returns the time of the fastest of five passes over the file, in seconds.
fn seconds(file: &Bytes, above: &str, field: &str) -> f64 {
    let toml = format!(
        "display_name = 'x'\n{above}\n[[segments]]\nname = 'x'\npath = 'segments/x/'\n[fields]\nemail = 'EMail'\n{field}\n"
    );
    let (name, connection) = ("x".parse().unwrap(), "x".parse().unwrap());
    let export = config::export(name, connection, "x.toml", toml.as_bytes()).unwrap();
    let mapping = export.mapping();
    let (programs, columns) = (Programs::compile(mapping).unwrap(), mapping.columns());
    let wanted: Vec<&str> = columns.iter().map(String::as_str).collect();
    let now = "2026-11-25T00:00:00Z".parse().unwrap();
    let pass = || {
        let start = Instant::now();
        let mut rows = segment_files::open(file, &ReadOptions::default(), &wanted).unwrap();
        let mapper = Mapper::bind(mapping, &programs, rows.header(), now).unwrap();
        let (mut row, mut warnings, mut contacts) = (Row::default(), Warnings::default(), 0);
        while let Some(read) = rows.next(&mut row).unwrap() {
            read.unwrap();
            contacts += u32::from(mapper.contact(&row, &mut warnings).unwrap().is_some());
        }
        assert_eq!(
            (contacts, mapper.named(&warnings).len()),
            (ROWS, 0),
            "not every row became a contact with all fields"
        );
        start.elapsed().as_secs_f64()
    };
    (0..5).map(|_| pass()).fold(f64::INFINITY, f64::min)
}
