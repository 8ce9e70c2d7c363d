//! `export init` on the corpus: it maps the columns that a person would map.

use std::collections::BTreeMap;

use super::{Fixture, all};
use crate::harness::{Segment, World, options};

/// Returns the `[fields]` of an export with their columns, the first text of each line.
fn fields(export: &str) -> BTreeMap<String, String> {
    let lines = export.lines().skip_while(|line| !line.starts_with("[fields]")).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    let fields = lines.filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (field, value) = line.split_once(" = ")?;
        Some((field.to_owned(), value.split('"').nth(1)?.to_owned()))
    });
    fields.collect()
}

/// Whether a file has all the people. With fewer people, the mapping is not certain.
fn is_of_all(fixture: &Fixture) -> bool {
    ["csv", "json", "parquet"].contains(&fixture.group) && fixture.is_of_all()
}

#[tokio::test]
async fn export_init_maps_the_columns_that_a_person_would_map() {
    let world = World::with(options(), Segment::clean("", 0)).await;
    let mut differing = Vec::new();
    let mut count = 0;
    for fixture in all().into_iter().filter(is_of_all) {
        let file = fixture.path();
        let ran = world.call(&format!("export init --connection acme --print --file {}", file.display()));
        let ran = ran.end().await;
        let mut proposed = fields(&ran.exits(0).stdout);
        // `export init` proposes `country` for a column of codes or names.
        if let Some(country) = proposed.remove("country") {
            proposed.insert("country_code".to_owned(), country);
        }
        let expected = fields(&fixture.export());
        if proposed != expected {
            differing.push(format!("{}: {proposed:?}", fixture.name()));
        }
        count += 1;
    }
    assert!(count > 50, "{count}");
    assert!(differing.is_empty(), "{} of {count}:\n{}", differing.len(), differing.join("\n"));
}
