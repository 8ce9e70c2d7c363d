//! Small files that other software wrote, each with its expected contacts or its expected error.
//! `tests/fixtures/README.md` describes how they are made.

mod expected;
mod fixture;
mod init;
mod plan;

use serde_json::Value;

use self::{
    expected::{Expected, arrived, plain},
    fixture::{Fixture, all, unmatched},
};
use crate::harness::{Segment, World, options};

#[test]
fn every_file_has_an_expectation_and_every_expectation_a_file() {
    assert_eq!(unmatched(), Vec::<String>::new());
}

/// Plans every fixture of a group and reports all differences at once.
async fn matches_its_expectations(group: &str) {
    let mut differing = Vec::new();
    for fixture in all().into_iter().filter(|fixture| fixture.group == group) {
        let planned = plan::plan(&fixture).await;
        if let Some(difference) = fixture.expected().difference(&planned) {
            differing.push(format!("{}: {difference}", fixture.name()));
        }
    }
    assert!(differing.is_empty(), "{} fixtures:\n{}", differing.len(), differing.join("\n"));
}

#[tokio::test]
async fn csv_becomes_the_expected_contacts() {
    matches_its_expectations("csv").await;
}

#[tokio::test]
async fn json_becomes_the_expected_contacts() {
    matches_its_expectations("json").await;
}

#[tokio::test]
async fn parquet_becomes_the_expected_contacts() {
    matches_its_expectations("parquet").await;
}

#[tokio::test]
async fn drops_of_several_files_become_the_expected_contacts() {
    matches_its_expectations("drops").await;
}

#[tokio::test]
async fn broken_files_cause_the_expected_errors() {
    matches_its_expectations("broken").await;
}

/// Runs a fixture through the real binary, and compares the sandbox's contacts with the expected ones.
async fn arrives(fixture: &Fixture) {
    let world = World::with(options(), Segment::clean("", 0)).await;
    fixture.put(world.root());
    world.write("exports/acme/corpus.toml", fixture.export());
    let ran = world.call("run corpus").end().await;
    match fixture.expected() {
        Expected::Refused(message) => {
            // A mapping that does not fit the file is an error of the configuration.
            let is_mapping = message.contains("the columns do not fit the mapping");
            ran.exits(if is_mapping { 2 } else { 1 }).says(&[&message]);
            assert_eq!(world.requests().await, Vec::<Value>::new(), "{}: contacts were sent", fixture.name());
        }
        Expected::Stopped(_) => {
            ran.exits(1).reports("stopped", [0, 0, 0]);
            assert_eq!(world.requests().await, Vec::<Value>::new(), "{}: contacts were sent", fixture.name());
        }
        Expected::Contacts { contacts, bad } => {
            let invalid = bad.iter().any(|bad| bad["code"] != "duplicate");
            ran.exits(if invalid { 3 } else { 0 });
            let without_country = |mut contact: Value| {
                // Omnisend derives it from the code; no export of the corpus sends it.
                contact.as_object_mut().unwrap().remove("country");
                plain(contact)
            };
            let actual = world.contacts().await.into_values().map(without_country).collect();
            let expect = |contacts| Expected::Contacts { contacts, bad: Vec::new() };
            let difference = expect(arrived(&contacts)).difference(&expect(actual));
            assert_eq!(difference, None, "{}", fixture.name());
        }
    }
}

/// One fixture of each format, compression and encoding.
const SAMPLES: [&str; 22] = [
    "csv/pandas-nullable.csv",
    "csv/pandas-gzip.csv.gz",
    "csv/pandas-zstd.csv.zst",
    "csv/pandas-bz2.csv.bz2",
    "csv/pandas-utf-8-sig.csv",
    "csv/pandas-utf-16.csv",
    "csv/pandas-cp1252.csv",
    "csv/pandas-iso-8859-15.csv",
    "csv/pandas-cp932.csv",
    "csv/gzip-members.csv.gz",
    "csv/libreoffice-utf-16-tab.csv",
    "json/duckdb.ndjson",
    "json/python-nested.ndjson",
    "json/pandas-zstd.ndjson.zst",
    "parquet/pyarrow-snappy.parquet",
    "parquet/pyarrow-zstd-v2.parquet",
    "parquet/pyarrow-structs.parquet",
    "parquet/pyarrow-int96.parquet",
    "drops/spark-parquet-snappy",
    "drops/spark-csv-gzip",
    "drops/redshift-pipe-addquotes-verbose",
    "drops/customer-insights",
];

#[tokio::test]
async fn one_fixture_of_each_format_arrives() {
    for fixture in named(&SAMPLES) {
        arrives(&fixture).await;
    }
}

#[tokio::test]
async fn only_the_good_rows_of_broken_files_arrive() {
    for fixture in all().into_iter().filter(|fixture| fixture.group == "broken") {
        arrives(&fixture).await;
    }
}

fn named(names: &[&str]) -> Vec<Fixture> {
    let fixtures: Vec<_> =
        all().into_iter().filter(|fixture| names.contains(&fixture.name().as_str())).collect();
    assert_eq!(fixtures.len(), names.len(), "a name is not in the corpus");
    fixtures
}
