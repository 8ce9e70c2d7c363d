//! Manifests: the lists of S3 objects that Redshift and Athena write when they unload a query.
//!
//! Redshift writes JSON, with the size of each file, and with the columns if `VERBOSE` is set. Athena writes a line for each
//! file. Sources: `UNLOAD` (parameter `MANIFEST`) in the Amazon Redshift guide; `UNLOAD` and "query output files" in the
//! Amazon Athena guide.

use std::collections::HashSet;

use serde::Deserialize;

use super::{
    column::{Column, ColumnKind},
    error::ListError,
};

/// A file in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The bucket of the S3 object.
    pub bucket: String,
    /// The key of the S3 object. It is not URL-encoded.
    pub key: String,
    /// The size in bytes, if the manifest has it.
    pub size: Option<u64>,
}

/// A manifest of Redshift or Athena.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The files, each once, in the order of the manifest.
    pub entries: Vec<Entry>,
    /// The columns of the files; empty if the manifest does not list them.
    pub columns: Vec<Column>,
}

impl Manifest {
    /// Returns whether a file with this name is a manifest: `<prefix>manifest` of Redshift, `<query>-manifest.csv` of Athena.
    pub fn is_named(name: &str) -> bool {
        ["manifest", "manifest.csv", "manifest.json"].iter().any(|ending| name.ends_with(ending))
    }

    /// Parses a manifest of either producer.
    pub fn parse(text: &[u8]) -> Result<Self, ListError> {
        let text = std::str::from_utf8(text).map_err(|_| ListError::NotUtf8)?;
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

fn redshift(text: &str) -> Result<Manifest, ListError> {
    let unload: Unload = serde_json::from_str(text).map_err(ListError::NotRedshift)?;
    let entries = unload.entries.iter().map(|listed| entry(&listed.url, listed.meta.content_length));
    let columns = unload.schema.elements.into_iter();
    Ok(Manifest {
        entries: entries.collect::<Result<_, _>>()?,
        columns: columns.map(|e| Column { kind: ColumnKind::of_type(&e.kind.base), name: e.name }).collect(),
    })
}

fn athena(text: &str) -> Result<Manifest, ListError> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    // A path with a comma is quoted, as in any CSV file.
    let urls =
        lines.map(|line| line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line));
    let entries = urls.map(|url| entry(url, None)).collect::<Result<_, _>>()?;
    Ok(Manifest { entries, columns: Vec::new() })
}

fn entry(url: &str, size: Option<u64>) -> Result<Entry, ListError> {
    match url.strip_prefix("s3://").and_then(|rest| rest.split_once('/')) {
        Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() && !key.ends_with('/') => {
            Ok(Entry { bucket: bucket.to_owned(), key: key.to_owned(), size })
        }
        _ => Err(ListError::NotS3Url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str, size: Option<u64>) -> Entry {
        Entry { bucket: "lake".to_owned(), key: key.to_owned(), size }
    }

    #[test]
    fn a_redshift_manifest_has_files_with_sizes() {
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
    fn a_verbose_manifest_has_columns() {
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
    fn an_athena_manifest_has_a_line_for_each_file() {
        let text = b"s3://lake/out/20261123_101500_00042_abcde_1f\r\n\"s3://lake/out/a,b.gz\"\n\n";
        let entries = [entry("out/20261123_101500_00042_abcde_1f", None), entry("out/a,b.gz", None)];
        assert_eq!(Manifest::parse(text).unwrap().entries, entries);
        assert_eq!(Manifest::parse(b"").unwrap().entries, [], "an unload without rows writes no file");
    }

    #[test]
    fn rejects_other_files() {
        for (text, reason) in [
            (&b"{\"entries\": [{}]}"[..], "missing field `url`"),
            (b"{\"files\": []}", "missing field `entries`"),
            (b"{\"entries\": [{\"url\": \"https://lake/a\"}]}", "not s3://bucket/key"),
            (b"EMail,FirstName\n", "not s3://bucket/key"),
            (b"s3://lake\n", "not s3://bucket/key"),
            (b"s3://lake/out/\n", "not s3://bucket/key"),
            (b"\xff\xfe", "not UTF-8"),
        ] {
            let error = Manifest::parse(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn recognises_manifests_by_their_names() {
        for name in ["manifest", "vip_manifest", "9f2c-manifest.csv", "vip.manifest", "manifest.json"] {
            assert!(Manifest::is_named(name), "{name}");
        }
        for name in ["vip_0000_part_00", "9f2c.csv", "9f2c.metadata", "model.json", "_SUCCESS"] {
            assert!(!Manifest::is_named(name), "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = Manifest::parse(&text);
        }
    }
}
