//! Multipart uploads: a failed one leaves nothing, and a lost answer does no harm.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use omnisend_export::ports::objects::{Action, ByteStream, ObjectError, Objects};

use super::s3::{S3, at};
use crate::{
    common::proxy::{Effect, Exchange},
    objects::{noise, read},
};

/// Returns a stream that panics if it is polled after its end.
fn body(len: usize) -> ByteStream {
    stream::unfold(Some(noise(len)), |rest| async { rest.map(|bytes| (Ok(bytes), None)) }).boxed()
}

fn is_part(request: &Exchange) -> bool {
    request.is("PUT", "partNumber=")
}

fn is_completion(request: &Exchange) -> bool {
    request.is("POST", "uploadId=")
}

fn is_abort(request: &Exchange) -> bool {
    request.is("DELETE", "uploadId=")
}

/// Returns the number of unfinished uploads, and of objects.
async fn remaining(s3: &S3) -> (usize, usize) {
    let uploads = s3.client.list_multipart_uploads().bucket(&s3.bucket).send().await.unwrap();
    let objects = s3.client.list_objects_v2().bucket(&s3.bucket).send().await.unwrap();
    (uploads.uploads().len(), objects.contents().len())
}

#[tokio::test]
async fn an_object_that_fits_into_one_part_takes_one_request() {
    let s3 = S3::new(true).await;
    for (key, len) in [("none", 0), ("little", 10), ("all but one byte", (8 << 20) - 1)] {
        s3.objects.put_stream(&at(key), body(len)).await.unwrap();
        assert_eq!(s3.other.get(&at(key)).await.unwrap().len(), len);
    }
    assert_eq!(s3.proxy.seen(|_| true).len(), 3);
    s3.objects.put_stream(&at("a part"), body(8 << 20)).await.unwrap();
    assert_eq!(s3.proxy.seen(is_part).len(), 1);
    assert_eq!(remaining(&s3).await, (0, 4));
}

#[tokio::test]
async fn retries_a_part() {
    let s3 = S3::new(true).await;
    s3.proxy.spoil(1, is_part, Effect::LoseReply);
    s3.proxy.spoil(1, is_part, Effect::Answer(Exchange::s3_error(503, "SlowDown")));
    s3.objects.put_stream(&at("a"), body(20 << 20)).await.unwrap();
    assert_eq!(s3.proxy.seen(is_part).len(), 5);
    let pinned = s3.other.head(&at("a")).await.unwrap();
    assert!(read(&s3.other, &pinned).await.unwrap() == noise(20 << 20), "the bytes differ");
}

#[tokio::test]
async fn recognises_its_own_completion_after_a_lost_answer() {
    let s3 = S3::new(true).await;
    s3.proxy.spoil(1, is_completion, Effect::LoseReply);
    s3.objects.put_stream(&at("a"), body(9 << 20)).await.unwrap();
    assert_eq!(s3.proxy.seen(is_completion).len(), 2);
    assert_eq!(remaining(&s3).await, (0, 1));
}

#[tokio::test]
async fn leaves_nothing_if_a_part_is_refused() {
    let s3 = S3::new(true).await;
    s3.proxy.spoil(1, |request| request.is("PUT", "partNumber=2"), {
        Effect::Answer(Exchange::s3_error(403, "AccessDenied"))
    });
    let error = s3.objects.put_stream(&at("a"), body(40 << 20)).await.unwrap_err();
    assert!(matches!(error, ObjectError::Denied { action: Action::Write, .. }), "{error}");
    assert_eq!(s3.proxy.seen(is_abort).len(), 1);
    assert_eq!(remaining(&s3).await, (0, 0));
}

#[tokio::test]
async fn leaves_nothing_if_the_source_fails() {
    let s3 = S3::new(true).await;
    let broken = ObjectError::Changed { at: at("source") };
    let pieces = stream::iter([Ok(noise(17 << 20)), Err(broken)]).boxed();
    let error = s3.objects.put_stream(&at("a"), pieces).await.unwrap_err();
    assert!(matches!(error, ObjectError::Changed { .. }), "{error}");
    assert_eq!(s3.proxy.seen(is_completion), []);
    assert_eq!(remaining(&s3).await, (0, 0));
}

#[tokio::test]
async fn aborts_an_upload_that_is_dropped() {
    let s3 = S3::new(true).await;
    let endless = stream::iter([Ok::<Bytes, _>(noise(9 << 20))]).chain(stream::pending()).boxed();
    let place = at("a");
    let mut upload = s3.objects.put_stream(&place, endless);
    tokio::select! {
        result = &mut upload => panic!("the upload ended: {result:?}"),
        () = s3.proxy.wait_for(is_part) => {}
    }
    drop(upload);
    s3.proxy.wait_for(is_abort).await;
    assert_eq!(remaining(&s3).await, (0, 0));
}
