//! Faults of S3: conflicts, lost answers, bodies that break off, denied access.

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use omnisend_export::{
    keys::{Bucket, Location, Prefix},
    ports::{
        Aws,
        objects::{ObjectError, Objects, Put},
    },
};

use super::{
    answers::Answers,
    s3::{S3, at},
};
use crate::{
    common::proxy::{Effect, Exchange},
    objects::{noise, read},
};

fn is_put(request: &Exchange) -> bool {
    request.is("PUT", "/")
}

fn is_get(request: &Exchange) -> bool {
    request.is("GET", "/")
}

fn conflict() -> Exchange {
    Exchange::s3_error(409, "ConditionalRequestConflict")
}

#[tokio::test]
async fn retries_after_a_conflict() {
    let (s3, key) = (S3::new(true).await, at("runs/a/manifest.json"));
    s3.proxy.spoil(2, is_put, Effect::Answer(conflict()));
    s3.objects.put(&key, "mine".into(), Put::IfAbsent).await.unwrap();
    assert_eq!(s3.proxy.seen(is_put).len(), 3);
    assert_eq!(s3.other.get(&key).await.unwrap(), "mine");
}

#[tokio::test]
async fn a_conflict_followed_by_another_writers_object_is_already_exists() {
    let (s3, key) = (S3::new(true).await, at("runs/a/manifest.json"));
    s3.other.put(&key, "theirs".into(), Put::IfAbsent).await.unwrap();
    s3.proxy.spoil(1, is_put, Effect::Answer(conflict()));
    let error = s3.objects.put(&key, "mine".into(), Put::IfAbsent).await.unwrap_err();
    assert!(matches!(error, ObjectError::AlreadyExists { .. }), "{error}");
    // A conflict wrote nothing, so the object's id need not be read.
    assert_eq!(s3.proxy.seen(|request| request.is("HEAD", "/")), []);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_that_does_not_end_is_not_already_exists() {
    let answers = Answers::always(Some(conflict()));
    let objects = Aws::new(answers.config()).objects("state");
    let error = objects.put(&at("a"), "mine".into(), Put::IfAbsent).await.unwrap_err();
    assert_eq!(error.to_string(), "a: could not write it: ConditionalRequestConflict: spoiled (status 409)");
    assert_eq!(answers.request_count(), 8);
}

#[tokio::test]
async fn recognises_its_own_write_after_a_lost_answer() {
    for versions in [false, true] {
        let (s3, key) = (S3::new(versions).await, at("runs/a/receipts/00000.json"));
        s3.proxy.spoil(1, is_put, Effect::LoseReply);
        s3.objects.put(&key, "mine".into(), Put::IfAbsent).await.unwrap();
        assert_eq!(s3.proxy.seen(is_put).len(), 2);
        assert_eq!(s3.other.get(&key).await.unwrap(), "mine");
    }
}

#[tokio::test]
async fn another_writers_object_with_the_same_bytes_is_not_its_own_write() {
    let (s3, key) = (S3::new(true).await, at("runs/a/receipts/00000.json"));
    s3.other.put(&key, "same".into(), Put::IfAbsent).await.unwrap();
    for fault in [Effect::LoseReply, Effect::Drop] {
        s3.proxy.spoil(1, is_put, fault);
        let error = s3.objects.put(&key, "same".into(), Put::IfAbsent).await.unwrap_err();
        assert!(matches!(error, ObjectError::AlreadyExists { .. }), "{error}");
    }
}

#[tokio::test]
async fn retries_a_put_that_never_arrived() {
    let s3 = S3::new(true).await;
    for (key, mode) in [("a", Put::IfAbsent), ("b", Put::Replace)] {
        s3.proxy.spoil(1, is_put, Effect::Drop);
        s3.proxy.spoil(1, is_put, Effect::Answer(Exchange::s3_error(503, "SlowDown")));
        s3.objects.put(&at(key), "mine".into(), mode).await.unwrap();
        assert_eq!(s3.other.get(&at(key)).await.unwrap(), "mine");
    }
    assert_eq!(s3.proxy.seen(is_put).len(), 6);
}

#[tokio::test]
async fn resumes_a_body_that_breaks_off_at_the_next_byte() {
    for versions in [false, true] {
        let (s3, source, body) = (S3::new(versions).await, at("segments/vip.csv"), noise(1_000_000));
        s3.other.put(&source, body.clone(), Put::Replace).await.unwrap();
        let pinned = s3.objects.head(&source).await.unwrap();
        assert_eq!(pinned.version.starts_with("etag:"), !versions);
        for cut in [300_000, 1, 0, 400_000] {
            s3.proxy.spoil(1, is_get, Effect::CutBody(cut));
        }
        assert!(read(&s3.objects, &pinned).await.unwrap() == body, "the bytes differ");
        let gets = s3.proxy.seen(is_get);
        let ranges: Vec<_> = gets.iter().filter_map(|get| get.header("range")).collect();
        assert_eq!(ranges, ["bytes=300000-", "bytes=300001-", "bytes=300001-", "bytes=700001-"]);
        for get in &gets {
            assert!(get.is("GET", "versionId=") == versions && get.header("if-match").is_some() != versions);
        }
    }
}

#[tokio::test]
async fn reads_a_small_object_again_if_its_body_breaks_off() {
    let s3 = S3::new(false).await;
    s3.other.put(&at("manifest.json"), noise(10_000), Put::Replace).await.unwrap();
    s3.proxy.spoil(1, is_get, Effect::CutBody(5_000));
    s3.proxy.spoil(1, is_get, Effect::Drop);
    assert_eq!(s3.objects.get(&at("manifest.json")).await.unwrap(), noise(10_000));
}

/// Reads a version whose first body breaks off, and calls `disturb` meanwhile.
async fn disturbed(s3: &S3, disturb: impl AsyncFnOnce(&Location)) -> Result<Bytes, ObjectError> {
    let source = at("segments/vip.csv");
    s3.other.put(&source, noise(1_000_000), Put::Replace).await.unwrap();
    let pinned = s3.objects.head(&source).await.unwrap();
    s3.proxy.spoil(1, is_get, Effect::CutBody(500_000));
    let mut stream = s3.objects.open(&pinned).await.unwrap();
    let first = stream.next().await.unwrap().unwrap();
    disturb(&source).await;
    let rest: Result<Vec<Bytes>, _> = stream.try_collect().await;
    Ok([first, rest?.concat().into()].concat().into())
}

#[tokio::test]
async fn a_version_that_is_replaced_or_deleted_while_it_is_read_has_changed() {
    for versions in [false, true] {
        let s3 = S3::new(versions).await;
        let replaced = async |source: &Location| {
            let new: Bytes = noise(1_000_000).iter().rev().copied().collect();
            s3.other.put(source, new, Put::Replace).await.unwrap();
        };
        let deleted = async |source: &Location| s3.other.delete(source).await.unwrap();
        for read in [disturbed(&s3, replaced).await, disturbed(&s3, deleted).await] {
            match read {
                Ok(bytes) => assert!(versions && bytes == noise(1_000_000), "not the version"),
                Err(error) => assert!(!versions && matches!(error, ObjectError::Changed { .. }), "{error}"),
            }
        }
    }
}

#[tokio::test]
async fn a_version_that_is_permanently_deleted_has_changed() {
    let s3 = S3::new(true).await;
    let removed = async |source: &Location| {
        let versions = s3.client.list_object_versions().bucket(&s3.bucket).send().await.unwrap();
        for version in versions.versions() {
            let remove = s3.client.delete_object().bucket(&s3.bucket).key(&source.key);
            remove.version_id(version.version_id().unwrap()).send().await.unwrap();
        }
    };
    let error = disturbed(&s3, removed).await.unwrap_err();
    assert!(matches!(error, ObjectError::Changed { .. }), "{error}");
}

#[tokio::test]
async fn rejects_a_store_that_ignores_ranges() {
    let s3 = S3::new(false).await;
    let ignore = |request: &mut Exchange| request.headers.retain(|(name, _)| name != "range");
    let ignored = Effect::Edit { request: Box::new(ignore), answer: Box::new(|_| {}) };
    s3.proxy.spoil(1, |request| is_get(request) && request.header("range").is_some(), ignored);
    let error = disturbed(&s3, async |_| ()).await.unwrap_err();
    assert!(error.to_string().contains("it ignores the range of a request"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn gives_up_on_a_body_that_keeps_breaking_off() {
    let headers =
        [("etag", "\"e\""), ("last-modified", "Mon, 23 Nov 2026 10:00:00 GMT"), ("content-length", "100")];
    let answers = Answers::new(move |request| {
        let mut answer = Exchange::answer(200, &headers, "");
        answer.headers.truncate(headers.len());
        if request.header("range").is_some() {
            answer.headers.push(("content-range".to_owned(), "bytes 4-99/100".to_owned()));
        } else if request.is("GET", "/") {
            answer.body = "four".into();
        }
        std::future::ready(Some(answer))
    });
    let objects = Aws::new(answers.config()).objects("state");
    let pinned = objects.head(&at("segments/vip.csv")).await.unwrap();
    assert_eq!((pinned.version.as_str(), pinned.size), ("etag:\"e\"", 100));
    let error = read(&objects, &pinned).await.unwrap_err();
    assert!(error.to_string().starts_with("segments/vip.csv: could not read it: "), "{error}");
    assert_eq!(answers.request_count(), 9, "one HEAD, one GET and seven retries");
}

#[tokio::test]
async fn the_error_for_denied_access_names_the_action() {
    let (s3, key) = (S3::new(false).await, at("a"));
    s3.other.put(&key, "x".into(), Put::Replace).await.unwrap();
    let pinned = s3.other.head(&key).await.unwrap();
    s3.proxy.spoil(99, |_| true, Effect::Answer(Exchange::s3_error(403, "AccessDenied")));
    let objects = &s3.objects;
    for (error, action) in [
        (objects.head(&key).await.map(drop), "read"),
        (objects.get(&key).await.map(drop), "read"),
        (objects.open(&pinned).await.map(drop), "read"),
        (objects.put(&key, "y".into(), Put::IfAbsent).await, "write"),
        (objects.put(&key, "y".into(), Put::Replace).await, "write"),
        (objects.list(&Prefix::Source(key.clone())).await.map(drop), "list"),
        (objects.delete(&key).await, "delete"),
    ] {
        let expected = format!("a: access denied; the role or user needs permission to {action} it: ");
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with(&expected), "{error}");
    }
    assert_eq!(s3.proxy.seen(|_| true).len(), 7, "a denied request was retried");
}

#[tokio::test]
async fn tells_a_missing_bucket_from_a_missing_object() {
    let s3 = S3::new(false).await;
    let nowhere = Location { bucket: Bucket::Named(super::fresh("nowhere")), key: "a".to_owned() };
    for error in [
        s3.objects.get(&nowhere).await.map(drop),
        s3.objects.list(&Prefix::Source(nowhere.clone())).await.map(drop),
        s3.objects.put(&nowhere, "x".into(), Put::IfAbsent).await,
        s3.objects.delete(&nowhere).await,
    ] {
        let error = error.unwrap_err().to_string();
        assert!(
            error.ends_with("it: the bucket does not exist; check its name, and that it was not deleted"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_error_for_a_bucket_in_another_region_names_the_region() {
    let elsewhere = Exchange::answer(301, &[("x-amz-bucket-region", "eu-north-1")], "");
    let objects = Aws::new(Answers::always(Some(elsewhere)).config()).objects("state");
    let error = objects.head(&at("a")).await.unwrap_err().to_string();
    assert!(
        error.contains("the bucket is in region eu-north-1; set AWS_REGION, or use another bucket"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn gives_up_on_a_store_that_cannot_be_reached() {
    let answers = Answers::always(None);
    let objects = Aws::new(answers.config()).objects("state");
    let error = objects.head(&at("a")).await.unwrap_err();
    assert_eq!(error.to_string(), "a: could not read it: the connection was closed");
    assert_eq!(answers.request_count(), 8);
}
