use std::{fmt::Write as _, ops::Range};

use async_trait::async_trait;
use futures_util::stream::BoxStream;

use crate::{
    keys::Pinned,
    ports::objects::{ByteStream, Listed, Put},
};

use super::{
    super::tests::{CONNECTION, EXPORT},
    *,
};

/// Read-only files in memory.
#[derive(Debug, Default)]
struct Files(BTreeMap<String, String>);

impl Files {
    fn new(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect())
    }
}

#[async_trait]
impl Objects for Files {
    async fn head(&self, _at: &Location) -> Result<Pinned, ObjectError> {
        unreachable!("the loader reads whole files")
    }

    async fn get(&self, at: &Location) -> Result<Bytes, ObjectError> {
        let text = self.0.get(&at.key).ok_or_else(|| ObjectError::NotFound { at: at.clone() })?;
        Ok(Bytes::from(text.clone()))
    }

    async fn open(&self, _object: &Pinned) -> Result<ByteStream, ObjectError> {
        unreachable!("the loader reads whole files")
    }

    async fn range(&self, _object: &Pinned, _range: Range<u64>) -> Result<Bytes, ObjectError> {
        unreachable!("the loader reads whole files")
    }

    async fn put(&self, _at: &Location, _body: Bytes, _mode: Put) -> Result<(), ObjectError> {
        unreachable!("the loader writes nothing")
    }

    async fn put_stream(
        &self,
        _at: &Location,
        _body: BoxStream<'static, Result<Bytes, ObjectError>>,
    ) -> Result<(), ObjectError> {
        unreachable!("the loader writes nothing")
    }

    async fn list(&self, prefix: &Prefix) -> Result<Vec<Listed>, ObjectError> {
        let below = prefix.location().key;
        let keys = self.0.iter().filter(|(key, _)| key.starts_with(&below));
        let listed = keys.map(|(key, text)| Listed {
            location: Location::state(key.clone()),
            size: text.len() as u64,
            modified: Timestamp::UNIX_EPOCH,
        });
        Ok(listed.collect())
    }

    async fn delete(&self, _at: &Location) -> Result<(), ObjectError> {
        unreachable!("the loader deletes nothing")
    }
}

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

async fn load(files: &[(&str, &str)], name: &str) -> Result<(Connection, Export), LoadError> {
    load_export(&Files::new(files), &name.parse().unwrap(), now()).await
}

#[tokio::test]
async fn finds_an_export_under_any_connection() {
    let files = [
        ("connections/acme.toml", CONNECTION),
        ("connections/bolt.toml", CONNECTION),
        ("exports/acme/news.toml", EXPORT),
        ("exports/bolt/vip.toml", EXPORT),
        // Broken files of other exports are ignored.
        ("exports/acme/VIP.toml", "broken"),
        ("exports/acme/broken.toml", "broken"),
    ];
    let (connection, export) = load(&files, "vip").await.unwrap();
    assert_eq!(connection.name().as_str(), "bolt");
    assert_eq!(export.connection().as_str(), "bolt");
    assert_eq!(export.name().as_str(), "vip");
}

#[tokio::test]
async fn the_futures_are_send() {
    fn assert_send<T: Send>(_: &T) {}
    let files = Files::default();
    assert_send(&load_export(&files, &"vip".parse().unwrap(), now()));
    assert_send(&load_all(&files, now()));
}

#[tokio::test]
async fn says_why_an_export_cannot_be_loaded() {
    let connection = ("connections/acme.toml", CONNECTION);
    let export = ("exports/acme/vip.toml", EXPORT);
    let broken = ("exports/acme/vip.toml", "mode = \"ful\"");
    let cases = [
        ("no exports", vec![connection], "vip"),
        ("an unknown export that resembles a known one", vec![connection, export], "vpi"),
        ("an unknown export", vec![connection, export, ("exports/acme/news.toml", EXPORT)], "churned"),
        ("an export of two connections", vec![export, ("exports/bolt/vip.toml", EXPORT)], "vip"),
        ("an unknown connection", vec![export], "vip"),
        (
            "an unknown connection that resembles a known one",
            vec![("connections/acne.toml", CONNECTION), export],
            "vip",
        ),
        ("two broken files", vec![("connections/acme.toml", "secret = 5"), broken], "vip"),
    ];
    let mut report = String::new();
    for (what, files, name) in cases {
        writeln!(report, "# {what}\n{}\n", load(&files, name).await.unwrap_err()).unwrap();
    }
    insta::assert_snapshot!(report);
}

#[tokio::test]
async fn loads_every_file_of_a_state() {
    let configuration = load_all(
        &Files::new(&[
            ("connections/", ""),
            ("connections/acme.toml", CONNECTION),
            ("connections/bolt.toml", CONNECTION),
            ("exports/.gitkeep", ""),
            ("exports/acme/vip.toml", EXPORT),
            ("exports/acme/news.toml", EXPORT),
        ]),
        now(),
    )
    .await
    .unwrap();
    assert_eq!(
        configuration.connections.keys().map(ConnectionName::as_str).collect::<Vec<_>>(),
        ["acme", "bolt"]
    );
    assert_eq!(configuration.exports.keys().map(ExportName::as_str).collect::<Vec<_>>(), ["news", "vip"]);
    let empty = load_all(&Files::default(), now()).await.unwrap();
    assert!(empty.connections.is_empty() && empty.exports.is_empty());
}

#[tokio::test]
async fn reports_every_problem_of_a_state() {
    let files = Files::new(&[
        ("connections/acme.toml", CONNECTION),
        // A broken connection still exists, so its exports do not report it as missing.
        ("connections/bolt.toml", "display_name = \"Bolt\""),
        ("connections/Acme Store.toml", CONNECTION),
        ("connections/acme.toml~", CONNECTION),
        ("exports/vip.toml", EXPORT),
        ("exports/acme/old/vip.toml", EXPORT),
        ("exports/acme/vip.toml", EXPORT),
        ("exports/acmee/new.toml", EXPORT),
        ("exports/bolt/vip.toml", "mode = 1\n[fields]\nemial = \"EMail\"\n"),
    ]);
    insta::assert_snapshot!(load_all(&files, now()).await.unwrap_err().to_string());
}
