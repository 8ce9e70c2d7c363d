//! Which keys a directory accepts; none of them leaves it.

use std::{fs, path::Path};

use bytes::Bytes;
use omnisend_export::{
    keys::{Bucket, Location, Prefix},
    ports::objects::{Directory, ObjectError, Objects, Put},
};
use proptest::prelude::*;

fn at(key: &str) -> Location {
    Location::state(key.to_owned())
}

/// Returns why a key is rejected, which must be the same for every call.
async fn rejection(objects: &Directory, at: &Location) -> &'static str {
    let errors = [
        objects.put(at, "x".into(), Put::IfAbsent).await.unwrap_err(),
        objects.put(at, "x".into(), Put::Replace).await.unwrap_err(),
        objects.get(at).await.unwrap_err(),
        objects.head(at).await.unwrap_err(),
        objects.delete(at).await.unwrap_err(),
    ];
    let reasons = errors.map(|error| match error {
        ObjectError::InvalidKey { at: named, reason } if named == *at => reason,
        other => panic!("{other}"),
    });
    assert!(reasons.iter().all(|reason| *reason == reasons[0]), "{reasons:?}");
    reasons[0]
}

#[tokio::test]
async fn rejects_a_key_that_is_not_a_path_below_the_root() {
    let root = tempfile::tempdir().unwrap();
    let objects = Directory::open(root.path()).unwrap();
    for (key, reason) in [
        ("", "it is empty"),
        ("/etc/passwd", "it begins with `/`"),
        ("a\0b", "it holds a NUL byte"),
        ("a/", "it has an empty part: `//`, or a `/` at its end"),
        ("a//b", "it has an empty part: `//`, or a `/` at its end"),
        ("../a", "it has a part `.` or `..`"),
        ("a/./b", "it has a part `.` or `..`"),
        (".tmp/a", "`.tmp` is for objects that are being written"),
        ("secrets/omnisend/acme", "`secrets` is for API keys, which are not objects"),
    ] {
        assert_eq!(rejection(&objects, &at(key)).await, reason, "{key:?}");
    }
    // The names are reserved only at the top.
    for key in ["a/.tmp", "a/secrets", ".tmpx", "secrets.csv"] {
        objects.put(&at(key), "x".into(), Put::IfAbsent).await.unwrap();
    }
}

#[tokio::test]
async fn rejects_another_bucket() {
    let root = tempfile::tempdir().unwrap();
    let objects = Directory::open(root.path()).unwrap();
    let lake = Location { bucket: Bucket::Named("lake".to_owned()), key: "vip.csv".to_owned() };
    let reason =
        "the state is a directory, which has no other buckets; name a path in it, or keep the state in S3";
    assert_eq!(rejection(&objects, &lake).await, reason);
    let error = objects.list(&Prefix::Source(lake)).await.unwrap_err();
    assert_eq!(error.to_string(), format!("s3://lake/vip.csv: not a key of this store: {reason}"));
}

#[tokio::test]
async fn rejects_a_prefix_that_leaves_the_root() {
    let root = tempfile::tempdir().unwrap();
    let objects = Directory::open(root.path()).unwrap();
    for prefix in ["/", "/etc/", "../", "a/../../", "./", "a//", "secrets/", "secrets/omnisend/a"] {
        let error = objects.list(&Prefix::Source(at(prefix))).await.unwrap_err();
        assert!(matches!(error, ObjectError::InvalidKey { .. }), "{prefix}: {error}");
    }
}

#[tokio::test]
async fn the_api_keys_of_a_state_are_not_listed() {
    let root = tempfile::tempdir().unwrap();
    let objects = Directory::open(root.path()).unwrap();
    fs::create_dir(root.path().join("secrets")).unwrap();
    fs::write(root.path().join("secrets/acme"), "canary-key").unwrap();
    for prefix in ["", "s", "secrets"] {
        assert_eq!(objects.list(&Prefix::Source(at(prefix))).await.unwrap(), []);
    }
}

#[tokio::test]
async fn rejects_a_name_that_is_both_a_file_and_a_folder() {
    let root = tempfile::tempdir().unwrap();
    let objects = Directory::open(root.path()).unwrap();
    objects.put(&at("a/b"), "x".into(), Put::IfAbsent).await.unwrap();
    for mode in [Put::IfAbsent, Put::Replace] {
        let error = objects.put(&at("a"), "y".into(), mode).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "a: not a key of this store: a folder has that name, and a file cannot have it too"
        );
        for below in ["a/b/c", "a/b/c/d"] {
            let error = objects.put(&at(below), "y".into(), mode).await.unwrap_err();
            let reason = "a file has the name of one of its folders";
            assert_eq!(error.to_string(), format!("{below}: not a key of this store: {reason}"));
        }
    }
    assert_eq!(objects.get(&at("a/b")).await.unwrap(), "x");
}

#[tokio::test]
async fn a_listing_fails_if_a_files_name_is_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let root = tempfile::tempdir().unwrap();
    let objects = Directory::open(root.path()).unwrap();
    objects.put(&at("segments/a.csv"), "x".into(), Put::IfAbsent).await.unwrap();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.csv");
    fs::write(root.path().join("segments").join(name), "x").unwrap();
    let error = objects.list(&Prefix::Source(at("segments/"))).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "segments/caf\u{fffd}.csv: not a key of this store: the file's name is not UTF-8; rename it"
    );
    assert_eq!(objects.list(&Prefix::Source(at("segments/a"))).await.unwrap().len(), 1);
}

/// Keys with parts that are dangerous in a path, and any other text.
fn any_key() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("..".to_owned()),
        Just(".".to_owned()),
        Just("/".to_owned()),
        Just("/".to_owned()),
        Just("\\".to_owned()),
        Just("\0".to_owned()),
        Just("%2e%2e%2f".to_owned()),
        Just("~".to_owned()),
        Just(".tmp".to_owned()),
        Just("secrets".to_owned()),
        Just("a+b c\u{e9}顧".to_owned()),
        Just("long".repeat(64)),
        any::<String>(),
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

/// Returns the path of every file below a folder, relative to it.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

async fn round_trips_or_is_rejected(outer: &Path, key: &str) {
    let objects = Directory::open(outer.join("deep/state")).unwrap();
    let body = Bytes::from(key.to_owned());
    match objects.put(&at(key), body.clone(), Put::IfAbsent).await {
        Ok(()) => {
            assert_eq!(objects.get(&at(key)).await.unwrap(), body);
            for prefix in ["", key] {
                let listed = objects.list(&Prefix::Source(at(prefix))).await.unwrap();
                assert_eq!(listed.iter().map(|object| &object.location.key).collect::<Vec<_>>(), [key]);
            }
            assert_eq!(files(outer), [format!("deep/state/{key}")]);
        }
        Err(ObjectError::InvalidKey { .. }) => {
            rejection(&objects, &at(key)).await;
            assert_eq!(files(outer), [""; 0]);
        }
        Err(other) => panic!("{other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_key_round_trips_or_is_rejected_and_none_leaves_the_root(key in any_key()) {
        let outer = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(round_trips_or_is_rejected(outer.path(), &key));
    }
}
