//! The contract of every store of objects.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, future::join_all, stream};
use omnisend_export::{
    keys::{Location, Pinned, Prefix},
    ports::objects::{ObjectError, Objects, Put},
};

/// A store under test, and what differs between stores.
pub(crate) trait Harness: Sync {
    fn objects(&self) -> &dyn Objects;

    /// Returns the location of a key below a prefix that belongs to one test.
    fn at(&self, key: &str) -> Location;

    /// Returns whether a version can be read after it was replaced or deleted.
    fn keeps_versions(&self) -> bool;
}

/// Keys that S3 allows and that careless code would change.
pub(crate) const ODD_KEYS: [&str; 9] = [
    "odd/a b.csv",
    "odd/a%20b.csv",
    "odd/a+b.csv",
    "odd/caf\u{e9}.csv",
    "odd/cafe\u{301}.csv",
    "odd/100%.csv",
    "odd/顧客/一覧.csv",
    "odd/it's \"quoted\" & <tagged>?#.csv",
    "odd/...",
];

/// One test for each case of the contract, against the store that `$harness` creates.
macro_rules! contract {
    ($harness:expr) => {
        crate::objects::contract! { @ $harness;
            one_of_16_writers_succeeds
            a_put_replaces_the_whole_object
            a_streamed_put_is_one_object
            a_failed_stream_writes_nothing
            head_get_and_open_agree
            a_range_has_exactly_the_requested_bytes
            an_empty_object_exists
            a_replaced_version_has_changed_or_is_kept
            a_deleted_version_has_changed_or_is_kept
            a_listing_is_sorted_by_key
            a_prefix_may_end_within_a_name
            odd_keys_are_not_changed
            a_delete_removes_one_object_and_can_be_repeated
            a_deleted_key_can_be_written_again
            the_error_for_a_missing_object_names_it
        }
    };
    (@ $harness:expr; $($case:ident)*) => {
        $(#[tokio::test]
        async fn $case() {
            crate::objects::$case(&$harness).await;
        })*
    };
}
pub(crate) use contract;

async fn put(h: &dyn Harness, key: &str, body: &'static str) {
    h.objects().put(&h.at(key), body.into(), Put::Replace).await.unwrap();
}

/// Returns the bytes of one version.
pub(crate) async fn read(objects: &dyn Objects, object: &Pinned) -> Result<Bytes, ObjectError> {
    let pieces: Vec<Bytes> = objects.open(object).await?.try_collect().await?;
    Ok(pieces.concat().into())
}

/// Lists the keys below a prefix, without the test's own prefix.
async fn listed(h: &dyn Harness, prefix: &str) -> Vec<String> {
    let own = h.at("").key;
    let listed = h.objects().list(&Prefix::Source(h.at(prefix))).await.unwrap();
    listed.iter().map(|object| object.location.key.strip_prefix(&own).unwrap().to_owned()).collect()
}

/// Bytes that repeat a pattern whose length is odd.
pub(crate) fn noise(len: usize) -> Bytes {
    let pattern: Vec<u8> = (0..65_537_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect();
    let mut noise = pattern.repeat(len / pattern.len() + 1);
    noise.truncate(len);
    noise.into()
}

pub(crate) async fn one_of_16_writers_succeeds(h: &dyn Harness) {
    let at = h.at("runs/a/manifest.json");
    let writers = (0..16).map(|n| h.objects().put(&at, format!("writer {n}").into(), Put::IfAbsent));
    let results = join_all(writers).await;
    let winners: Vec<usize> = (0..16).filter(|n| results[*n].is_ok()).collect();
    assert_eq!(winners.len(), 1);
    for lost in results.into_iter().filter_map(Result::err) {
        assert!(matches!(&lost, ObjectError::AlreadyExists { at: taken } if *taken == at), "{lost}");
    }
    assert_eq!(h.objects().get(&at).await.unwrap(), format!("writer {}", winners[0]));
}

pub(crate) async fn a_put_replaces_the_whole_object(h: &dyn Harness) {
    put(h, "progress", "a long first version").await;
    put(h, "progress", "short").await;
    assert_eq!(h.objects().get(&h.at("progress")).await.unwrap(), "short");
    let refused = h.objects().put(&h.at("progress"), "late".into(), Put::IfAbsent).await.unwrap_err();
    assert!(matches!(refused, ObjectError::AlreadyExists { .. }), "{refused}");
    assert_eq!(h.objects().get(&h.at("progress")).await.unwrap(), "short");
    assert_eq!(listed(h, "").await, ["progress"]);
}

pub(crate) async fn a_streamed_put_is_one_object(h: &dyn Harness) {
    let body = noise(20_000_000);
    put(h, "rejects.csv", "an older one").await;
    // Pieces of many sizes, including an empty one.
    let mut left = body.clone();
    let mut pieces = vec![Ok(Bytes::new())];
    for size in [1, 70_000, 3, 5 << 20, 8 << 20] {
        pieces.push(Ok(left.split_to(size)));
    }
    pieces.push(Ok(left));
    h.objects().put_stream(&h.at("rejects.csv"), stream::iter(pieces).boxed()).await.unwrap();
    let pinned = h.objects().head(&h.at("rejects.csv")).await.unwrap();
    assert_eq!(pinned.size, 20_000_000);
    assert!(read(h.objects(), &pinned).await.unwrap() == body, "the bytes differ");
}

pub(crate) async fn a_failed_stream_writes_nothing(h: &dyn Harness) {
    put(h, "kept", "as it was").await;
    for key in ["kept", "new"] {
        let broken = ObjectError::Changed { at: h.at("source") };
        let pieces = stream::iter([Ok(noise(6 << 20)), Ok(Bytes::from("half")), Err(broken)]).boxed();
        let error = h.objects().put_stream(&h.at(key), pieces).await.unwrap_err();
        assert!(matches!(&error, ObjectError::Changed { at } if *at == h.at("source")), "{error}");
    }
    assert_eq!(h.objects().get(&h.at("kept")).await.unwrap(), "as it was");
    assert_eq!(listed(h, "").await, ["kept"]);
}

pub(crate) async fn head_get_and_open_agree(h: &dyn Harness) {
    let (at, body) = (h.at("segments/vip/part-0.csv"), noise(3_000_001));
    h.objects().put(&at, body.clone(), Put::IfAbsent).await.unwrap();
    let pinned = h.objects().head(&at).await.unwrap();
    assert_eq!((&pinned.location, pinned.size), (&at, 3_000_001));
    assert_eq!(h.objects().head(&at).await.unwrap(), pinned);
    assert!(h.objects().get(&at).await.unwrap() == body, "get differs");
    // A version can be read repeatedly.
    assert!(read(h.objects(), &pinned).await.unwrap() == body, "open differs");
    assert!(read(h.objects(), &pinned).await.unwrap() == body, "the second open differs");
    let listed = h.objects().list(&Prefix::Source(at.clone())).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0].location, listed[0].size), (&at, 3_000_001));
    // A store may round the time to the second in one of its answers.
    assert_eq!(listed[0].modified.as_second(), pinned.modified.as_second());
}

pub(crate) async fn a_range_has_exactly_the_requested_bytes(h: &dyn Harness) {
    let (at, body) = (h.at("segments/vip/part-0.parquet"), noise(1_000_003));
    h.objects().put(&at, body.clone(), Put::Replace).await.unwrap();
    let pinned = h.objects().head(&at).await.unwrap();
    for (from, to) in [(0, 4), (999_999, 1_000_003), (12_345, 700_001), (0, 1_000_003)] {
        let found = h.objects().range(&pinned, from as u64..to as u64).await.unwrap();
        assert!(found == body.slice(from..to), "{from}..{to}");
    }
    h.objects().put(&at, noise(1_000_003).iter().rev().copied().collect(), Put::Replace).await.unwrap();
    match h.objects().range(&pinned, 0..9).await {
        Ok(found) => assert!(h.keeps_versions() && found == body.slice(0..9), "not the pinned version"),
        Err(ObjectError::Changed { at }) => assert!(!h.keeps_versions() && at == pinned.location),
        Err(other) => panic!("{other}"),
    }
}

pub(crate) async fn an_empty_object_exists(h: &dyn Harness) {
    put(h, "segments/vip/_SUCCESS", "").await;
    let pinned = h.objects().head(&h.at("segments/vip/_SUCCESS")).await.unwrap();
    assert_eq!(pinned.size, 0);
    assert_eq!(h.objects().get(&pinned.location).await.unwrap(), "");
    assert_eq!(read(h.objects(), &pinned).await.unwrap(), "");
    assert_eq!(listed(h, "segments/").await, ["segments/vip/_SUCCESS"]);
}

/// Reads a version that was replaced or deleted.
async fn read_outdated(h: &dyn Harness, pinned: &Pinned, body: &Bytes) {
    match read(h.objects(), pinned).await {
        Ok(found) => assert!(h.keeps_versions() && found == *body, "not the version that was pinned"),
        Err(ObjectError::Changed { at }) => {
            assert!(!h.keeps_versions(), "the version is kept");
            assert_eq!(at, pinned.location);
        }
        Err(other) => panic!("{other}"),
    }
}

pub(crate) async fn a_replaced_version_has_changed_or_is_kept(h: &dyn Harness) {
    let (at, old) = (h.at("segments/vip.csv"), noise(2_000_000));
    h.objects().put(&at, old.clone(), Put::Replace).await.unwrap();
    let pinned = h.objects().head(&at).await.unwrap();
    // The new version has the same size, which must not be mistaken for the same version.
    let new: Bytes = old.iter().rev().copied().collect();
    h.objects().put(&at, new.clone(), Put::Replace).await.unwrap();
    read_outdated(h, &pinned, &old).await;
    let newest = h.objects().head(&at).await.unwrap();
    assert_ne!(newest.version, pinned.version);
    assert!(read(h.objects(), &newest).await.unwrap() == new, "not the newest version");
}

pub(crate) async fn a_deleted_version_has_changed_or_is_kept(h: &dyn Harness) {
    let (at, body) = (h.at("segments/vip.csv"), noise(1_000));
    h.objects().put(&at, body.clone(), Put::Replace).await.unwrap();
    let pinned = h.objects().head(&at).await.unwrap();
    h.objects().delete(&at).await.unwrap();
    read_outdated(h, &pinned, &body).await;
}

pub(crate) async fn a_listing_is_sorted_by_key(h: &dyn Harness) {
    // Sorted by bytes: `-` `.` `/` `0` `A` `_` `a`, and then what is not ASCII. The keys of a folder are not kept
    // together.
    let ordered = ["a-b", "a.csv", "a/b-c/d", "a/b/c", "a0", "aA", "a_", "aa", "a\u{e9}", "a顧"];
    for n in 0..ordered.len() {
        put(h, ordered[(n * 7) % ordered.len()], "x").await;
    }
    assert_eq!(listed(h, "").await, ordered);
}

pub(crate) async fn a_prefix_may_end_within_a_name(h: &dyn Harness) {
    for key in ["vip", "vip-2.csv", "vip2/part-0.csv", "vip2/part-1.csv", "vip2/_SUCCESS", "vi", "wip"] {
        put(h, key, "x").await;
    }
    assert_eq!(
        listed(h, "vip").await,
        ["vip", "vip-2.csv", "vip2/_SUCCESS", "vip2/part-0.csv", "vip2/part-1.csv"]
    );
    assert_eq!(listed(h, "vip-2.csv").await, ["vip-2.csv"]);
    assert_eq!(listed(h, "vip2/").await, ["vip2/_SUCCESS", "vip2/part-0.csv", "vip2/part-1.csv"]);
    assert_eq!(listed(h, "vip2/part").await, ["vip2/part-0.csv", "vip2/part-1.csv"]);
    for nothing in ["vip/", "vip2/part-2", "vip-2.csv/", "x", "x/y/z/"] {
        assert_eq!(listed(h, nothing).await, [""; 0], "{nothing}");
    }
}

pub(crate) async fn odd_keys_are_not_changed(h: &dyn Harness) {
    for key in ODD_KEYS {
        put(h, key, key).await;
    }
    for key in ODD_KEYS {
        assert_eq!(h.objects().get(&h.at(key)).await.unwrap(), key);
        let pinned = h.objects().head(&h.at(key)).await.unwrap();
        assert_eq!(read(h.objects(), &pinned).await.unwrap(), key);
        assert_eq!(listed(h, key).await, [key]);
    }
    assert_eq!(listed(h, "odd/").await, Vec::from_iter(BTreeSet::from(ODD_KEYS)));
}

pub(crate) async fn a_delete_removes_one_object_and_can_be_repeated(h: &dyn Harness) {
    for key in ["a/b", "a/b2", "a/c/d"] {
        put(h, key, "x").await;
    }
    // Only the first key exists. The others are a deleted key, an unknown key, a folder and a key below an object.
    for key in ["a/b", "a/b", "z", "a/c", "a/b2/x"] {
        h.objects().delete(&h.at(key)).await.unwrap();
    }
    assert_eq!(listed(h, "").await, ["a/b2", "a/c/d"]);
}

pub(crate) async fn a_deleted_key_can_be_written_again(h: &dyn Harness) {
    let at = h.at("canceled");
    for body in ["first", "second"] {
        h.objects().put(&at, body.into(), Put::IfAbsent).await.unwrap();
        assert_eq!(h.objects().get(&at).await.unwrap(), body);
        h.objects().delete(&at).await.unwrap();
    }
}

pub(crate) async fn the_error_for_a_missing_object_names_it(h: &dyn Harness) {
    put(h, "a/b", "x").await;
    // An unknown key, the beginning of another key, a key below an object.
    for key in ["none", "a", "a/b/c"] {
        let at = h.at(key);
        for error in [h.objects().get(&at).await.unwrap_err(), h.objects().head(&at).await.unwrap_err()] {
            assert!(matches!(error, ObjectError::NotFound { .. }), "{error}");
            assert_eq!(error.to_string(), format!("{at}: not found"));
        }
    }
}
