//! Small files that other software wrote, each with the contacts that it must become, or what must be said of it.
//! `tests/fixtures/README.md` tells how they are made.

mod expected;
mod fixture;
mod init;
mod plan;

use serde_json::Value;

use self::{
    expected::{Expected, arrived, plain},
    fixture::{Fixture, all, without_expectation},
};
use crate::harness::{Segment, World, options};

#[test]
fn every_file_has_an_expectation_and_every_expectation_a_file() {
    assert_eq!(without_expectation(), Vec::<String>::new());
}

/// Plans every fixture of a group, and tells of all that differ at once.
async fn becomes_what_is_expected(group: &str) {
    let mut differing = Vec::new();
    for fixture in all().into_iter().filter(|fixture| fixture.group == group) {
        let planned = plan::plan(&fixture).await;
        if let Some(how) = fixture.expected().differs(&planned) {
            differing.push(format!("{}: {how}", fixture.name()));
        }
    }
    assert!(differing.is_empty(), "{} fixtures:\n{}", differing.len(), differing.join("\n"));
}

#[tokio::test]
async fn csv_becomes_the_people_it_was_made_of() {
    becomes_what_is_expected("csv").await;
}

#[tokio::test]
async fn json_becomes_the_people_it_was_made_of() {
    becomes_what_is_expected("json").await;
}

#[tokio::test]
async fn parquet_becomes_the_people_it_was_made_of() {
    becomes_what_is_expected("parquet").await;
}

#[tokio::test]
async fn drops_of_many_files_become_the_people_they_were_made_of() {
    becomes_what_is_expected("drops").await;
}

#[tokio::test]
async fn what_is_broken_is_refused_with_its_place() {
    becomes_what_is_expected("broken").await;
}

/// Runs a fixture through the real binary, and compares what the sandbox holds in the end.
async fn arrives(fixture: &Fixture) {
    let world = World::with(options(), Segment::clean("", 0)).await;
    fixture.put(world.root());
    world.write("exports/acme/corpus.toml", fixture.export());
    let ran = world.call("run corpus").end().await;
    match fixture.expected() {
        Expected::Refused(said) => {
            // What is wrong with the mapping is wrong with the configuration.
            let is_mapping = said.contains("the columns do not fit the mapping");
            ran.exits(if is_mapping { 2 } else { 1 }).says(&[&said]);
            assert_eq!(world.requests().await, Vec::<Value>::new(), "{}: something was sent", fixture.name());
        }
        Expected::Stopped(_) => {
            ran.exits(1).reports("stopped", [0, 0, 0]);
            assert_eq!(world.requests().await, Vec::<Value>::new(), "{}: something was sent", fixture.name());
        }
        Expected::People { contacts, bad } => {
            let invalid = bad.iter().any(|bad| bad["code"] != "duplicate");
            ran.exits(if invalid { 3 } else { 0 });
            let without_country = |mut contact: Value| {
                // Omnisend makes it of the code; no export of the corpus sends it.
                contact.as_object_mut().unwrap().remove("country");
                plain(contact)
            };
            let came = world.contacts().await.into_values().map(without_country).collect();
            let people = |contacts| Expected::People { contacts, bad: Vec::new() };
            let differs = people(arrived(&contacts)).differs(&people(came));
            assert_eq!(differs, None, "{}", fixture.name());
        }
    }
}

/// One of each format, compression and encoding.
const KINDS: [&str; 22] = [
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
async fn one_of_each_kind_arrives() {
    for fixture in of_names(&KINDS) {
        arrives(&fixture).await;
    }
}

#[tokio::test]
async fn of_a_broken_file_nothing_is_sent_but_its_good_rows() {
    for fixture in all().into_iter().filter(|fixture| fixture.group == "broken") {
        arrives(&fixture).await;
    }
}

fn of_names(names: &[&str]) -> Vec<Fixture> {
    let fixtures: Vec<_> =
        all().into_iter().filter(|fixture| names.contains(&fixture.name().as_str())).collect();
    assert_eq!(fixtures.len(), names.len(), "a name is not of the corpus");
    fixtures
}
