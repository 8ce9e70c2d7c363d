//! Manifests: lists of S3 objects, as Redshift and Athena write them when they unload.
//!
//! Redshift's is JSON (`UNLOAD`, parameter `MANIFEST`, in Amazon Redshift's guide), with the size of every file, and
//! with `VERBOSE` the columns. Athena's is a line for each file (`UNLOAD`, and "query output files", in Amazon Athena's
//! guide).

use std::collections::HashSet;

use serde::Deserialize;

use super::{
    column::{Column, ColumnKind},
    error::Unreadable,
};

/// A file that a manifest lists.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Its bucket.
    pub bucket: String,
    /// Its key, as it is.
    pub key: String,
    /// Its size in bytes, where the manifest says it.
    pub size: Option<u64>,
}

/// What a manifest says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The files, in its order, each once.
    pub entries: Vec<Entry>,
    /// The columns of the files, where it says them.
    pub columns: Vec<Column>,
}

impl Manifest {
    /// Whether a file of this name is one: `<prefix>manifest` of Redshift, `<query>-manifest.csv` of Athena.
    pub fn is_named(name: &str) -> bool {
        ["manifest", "manifest.csv", "manifest.json"].iter().any(|ending| name.ends_with(ending))
    }

    /// Reads either.
    pub fn parse(text: &[u8]) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(text).map_err(|_| Unreadable::because("it is not UTF-8 text"))?;
        let text = text.trim_start_matches('\u{feff}').trim();
        let mut manifest = if text.starts_with('{') { redshift(text) } else { athena(text) }?;
        let mut seen = HashSet::new();
        manifest.entries.retain(|entry| seen.insert((entry.bucket.clone(), entry.key.clone())));
        Ok(manifest)
    }
}

#[derive(Deserialize)]
struct Unload {
    entries: Vec<Listed>,
    #[serde(default)]
    schema: Schema,
}

#[derive(Deserialize)]
struct Listed {
    url: String,
    #[serde(default)]
    meta: Meta,
}

#[derive(Default, Deserialize)]
struct Meta {
    content_length: Option<u64>,
}

#[derive(Default, Deserialize)]
struct Schema {
    #[serde(default)]
    elements: Vec<Element>,
}

#[derive(Deserialize)]
struct Element {
    name: String,
    #[serde(default, rename = "type")]
    kind: Kind,
}

#[derive(Default, Deserialize)]
struct Kind {
    #[serde(default)]
    base: String,
}

fn redshift(text: &str) -> Result<Manifest, Unreadable> {
    let unload: Unload = serde_json::from_str(text).map_err(|error| {
        Unreadable::because(format!("it is not a manifest as Redshift writes it: {error}"))
    })?;
    let entries = unload.entries.into_iter().map(|listed| {
        let (bucket, key) = place(&listed.url)?;
        Ok(Entry { bucket, key, size: listed.meta.content_length })
    });
    let columns = unload.schema.elements.into_iter();
    Ok(Manifest {
        entries: entries.collect::<Result<_, _>>()?,
        columns: columns.map(|e| Column { kind: kind(&e.kind.base), name: e.name }).collect(),
    })
}

fn kind(base: &str) -> ColumnKind {
    match base.to_ascii_lowercase().as_str() {
        "smallint" | "integer" | "bigint" | "numeric" | "decimal" | "real" | "double precision" | "float" => {
            ColumnKind::Number
        }
        "boolean" => ColumnKind::Boolean,
        "date" => ColumnKind::Date,
        base if base.starts_with("timestamp") => ColumnKind::Instant,
        _ => ColumnKind::Text,
    }
}

fn athena(text: &str) -> Result<Manifest, Unreadable> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    // A path with a comma in it is quoted, as in any CSV file.
    let paths =
        lines.map(|line| line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line));
    let entries = paths.map(|path| {
        let (bucket, key) = place(path)?;
        Ok(Entry { bucket, key, size: None })
    });
    Ok(Manifest { entries: entries.collect::<Result<_, _>>()?, columns: Vec::new() })
}

fn place(url: &str) -> Result<(String, String), Unreadable> {
    let place = url.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
    match place {
        Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() && !key.ends_with('/') => {
            Ok((bucket.to_owned(), key.to_owned()))
        }
        _ => Err(Unreadable::because("it lists something that is no s3://bucket/key; is it a manifest?")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str, size: Option<u64>) -> Entry {
        Entry { bucket: "lake".to_owned(), key: key.to_owned(), size }
    }

    #[test]
    fn redshifts_manifest_lists_files_with_their_sizes() {
        let text = br#"{"entries": [
            {"url": "s3://lake/out/vip_0000_part_00", "meta": {"content_length": 12}},
            {"url": "s3://lake/out/vip_0001_part_00", "mandatory": true},
            {"url": "s3://lake/out/vip_0000_part_00", "meta": {"content_length": 12}}
        ]}"#;
        let manifest = Manifest::parse(text).unwrap();
        let entries = [entry("out/vip_0000_part_00", Some(12)), entry("out/vip_0001_part_00", None)];
        assert_eq!(manifest, Manifest { entries: entries.to_vec(), columns: Vec::new() });
    }

    #[test]
    fn a_verbose_manifest_names_the_columns() {
        let text = br#"{"entries": [{"url": "s3://lake/out/vip_0000_part_00",
                "meta": {"content_length": 32, "record_count": 2}}],
            "schema": {"elements": [
                {"name": "email", "type": {"base": "character varying", "length": 320}},
                {"name": "ltv", "type": {"base": "numeric", "precision": 18, "scale": 2}},
                {"name": "vip", "type": {"base": "boolean"}},
                {"name": "born", "type": {"base": "date"}},
                {"name": "seen", "type": {"base": "timestamp without time zone"}}]},
            "meta": {"content_length": 32, "record_count": 2},
            "author": {"name": "Amazon Redshift", "version": "1.0.0"}}"#;
        let columns = Manifest::parse(text).unwrap().columns;
        let columns: Vec<_> = columns.iter().map(|column| (column.name.as_str(), column.kind)).collect();
        assert_eq!(
            columns,
            [
                ("email", ColumnKind::Text),
                ("ltv", ColumnKind::Number),
                ("vip", ColumnKind::Boolean),
                ("born", ColumnKind::Date),
                ("seen", ColumnKind::Instant),
            ]
        );
    }

    #[test]
    fn athenas_manifest_is_a_line_for_each_file() {
        let text = b"s3://lake/out/20261123_101500_00042_abcde_1f\r\n\"s3://lake/out/a,b.gz\"\n\n";
        let entries = [entry("out/20261123_101500_00042_abcde_1f", None), entry("out/a,b.gz", None)];
        assert_eq!(Manifest::parse(text).unwrap().entries, entries);
        assert_eq!(Manifest::parse(b"").unwrap().entries, [], "an unload of no rows writes no file");
    }

    #[test]
    fn what_is_no_manifest_says_so() {
        for (text, said) in [
            (&b"{\"entries\": [{}]}"[..], "missing field `url`"),
            (b"{\"files\": []}", "missing field `entries`"),
            (b"{\"entries\": [{\"url\": \"https://lake/a\"}]}", "no s3://bucket/key"),
            (b"EMail,FirstName\n", "no s3://bucket/key"),
            (b"s3://lake\n", "no s3://bucket/key"),
            (b"s3://lake/out/\n", "no s3://bucket/key"),
            (b"\xff\xfe", "not UTF-8"),
        ] {
            let error = Manifest::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_manifest_is_known_by_its_name() {
        for name in ["manifest", "vip_manifest", "9f2c-manifest.csv", "vip.manifest", "manifest.json"] {
            assert!(Manifest::is_named(name), "{name}");
        }
        for name in ["vip_0000_part_00", "9f2c.csv", "9f2c.metadata", "model.json", "_SUCCESS"] {
            assert!(!Manifest::is_named(name), "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(text in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = Manifest::parse(&text);
        }
    }
}
