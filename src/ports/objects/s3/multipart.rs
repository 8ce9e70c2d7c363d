//! Writes objects from a stream: in parts, a few of them at a time.
//!
//! The object does not exist until the upload is completed. A crash before that leaves the parts, which cost storage
//! until a lifecycle rule of the bucket (`AbortIncompleteMultipartUpload`) removes them.

use std::future::ready;

use aws_sdk_s3::{
    Client,
    types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart},
};
use bytes::{Bytes, BytesMut};
use futures_util::stream::{BoxStream, Stream, StreamExt, TryStreamExt, once, try_unfold};
use tokio::runtime::Handle;

use super::{
    error::incomplete,
    place::Place,
    write::{self, WRITE_ID, is_written_by, write_id},
};
use crate::ports::{
    aws::{
        failure::Failure,
        retry::{Retries, retried},
    },
    objects::{
        error::{Action, ObjectError},
        port::ByteStream,
    },
};

/// The bytes of every part except the last. S3 requires at least 5 MiB and at most 10,000 parts ("Amazon S3 multipart
/// upload limits" in the user guide), so an object can have 78 GiB.
const PART: usize = 8 << 20;

/// Parts in flight. With the one that is being filled, they take 32 MiB of memory.
const AT_ONCE: usize = 3;

/// Writes an object from a stream and replaces an existing one. An object that fits into one part takes one request.
pub(super) async fn put_stream(client: Client, place: Place, body: ByteStream) -> Result<(), ObjectError> {
    let mut parts = parts(body);
    let first = parts.try_next().await?.unwrap_or_default();
    if first.len() < PART {
        return write::replace(&client, &place, first).await;
    }
    let mut upload = Upload::create(client, place).await?;
    let result = upload.run(once(ready(Ok(first))).chain(parts).boxed()).await;
    match &result {
        Ok(()) => upload.ended = true,
        Err(_) => upload.abort().await,
    }
    result
}

/// Returns the bytes of a stream in pieces of [`PART`]; the last one may be shorter.
fn parts(body: ByteStream) -> impl Stream<Item = Result<Bytes, ObjectError>> + Unpin + Send + 'static {
    // The last part may be polled for after the stream has ended, which not every stream allows without `fuse`.
    let parts = try_unfold((body.fuse(), Bytes::new()), |(mut body, mut rest)| async move {
        let mut part = BytesMut::new();
        while part.len() < PART {
            if rest.is_empty() {
                match body.try_next().await? {
                    Some(piece) => rest = piece,
                    None => break,
                }
            }
            part.extend_from_slice(&rest.split_to(rest.len().min(PART.saturating_sub(part.len()))));
        }
        Ok(Some(part.freeze()).filter(|part| !part.is_empty()).map(|part| (part, (body, rest))))
    });
    parts.boxed()
}

/// A multipart upload. It is aborted if it is dropped before its end.
struct Upload {
    client: Client,
    place: Place,
    id: String,
    /// Identifies the object as this upload's.
    write_id: String,
    ended: bool,
}

impl Upload {
    async fn create(client: Client, place: Place) -> Result<Self, ObjectError> {
        let write_id = write_id();
        let created = retried(|| {
            client
                .create_multipart_upload()
                .bucket(&place.bucket)
                .key(place.key())
                .metadata(WRITE_ID, &write_id)
                .checksum_algorithm(ChecksumAlgorithm::Crc32)
                .send()
        });
        let created = created.await.map_err(|failure| place.error(Action::Write, failure))?;
        match created.upload_id {
            Some(id) => Ok(Self { client, place, id, write_id, ended: false }),
            None => Err(incomplete(&place.at, Action::Write)),
        }
    }

    /// Sends every part and completes the upload.
    async fn run(&self, parts: BoxStream<'static, Result<Bytes, ObjectError>>) -> Result<(), ObjectError> {
        let sent = parts
            .zip(futures_util::stream::iter(1_i32..))
            .map(|(part, number)| async move { self.send(part?, number).await });
        let parts: Vec<CompletedPart> = sent.buffered(AT_ONCE).try_collect().await?;
        self.complete(parts).await
    }

    async fn send(&self, body: Bytes, number: i32) -> Result<CompletedPart, ObjectError> {
        let sent = retried(|| {
            self.client
                .upload_part()
                .bucket(&self.place.bucket)
                .key(self.place.key())
                .upload_id(&self.id)
                .part_number(number)
                .checksum_algorithm(ChecksumAlgorithm::Crc32)
                .body(body.clone().into())
                .send()
        });
        let sent = sent.await.map_err(|failure| self.place.error(Action::Write, failure))?;
        let part = CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag);
        Ok(part.set_checksum_crc32(sent.checksum_crc32).build())
    }

    async fn complete(&self, parts: Vec<CompletedPart>) -> Result<(), ObjectError> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let (mut retries, mut may_be_done) = (Retries::new(), false);
        loop {
            let complete = self.client.complete_multipart_upload().multipart_upload(parts.clone());
            let complete = complete.bucket(&self.place.bucket).key(self.place.key()).upload_id(&self.id);
            let failure = match complete.send().await {
                Ok(_) => return Ok(()),
                Err(error) => Failure::from(error),
            };
            // The upload no longer exists, because an earlier attempt, whose answer was lost, completed it.
            if may_be_done && failure.code() == Some("NoSuchUpload") && self.is_done().await? {
                return Ok(());
            }
            may_be_done |= failure.may_be_done();
            retries.wait(failure).await.map_err(|failure| self.place.error(Action::Write, failure))?;
        }
    }

    async fn is_done(&self) -> Result<bool, ObjectError> {
        is_written_by(&self.client, &self.place, &self.write_id).await
    }

    /// Removes the parts. If that fails, a lifecycle rule removes them later.
    async fn abort(&mut self) {
        self.ended = true;
        abort(self.client.clone(), self.place.clone(), self.id.clone()).await;
    }
}

async fn abort(client: Client, place: Place, id: String) {
    let aborted = retried(|| {
        client.abort_multipart_upload().bucket(&place.bucket).key(place.key()).upload_id(&id).send()
    });
    if let Err(error) = aborted.await {
        tracing::warn!(object = %place.at, %error, "upload not aborted");
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        // Outside a runtime no request can be sent.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(abort(self.client.clone(), self.place.clone(), self.id.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, stream};

    use super::*;

    fn cut(sizes: &[usize]) -> Vec<usize> {
        let pieces: Vec<_> = sizes.iter().map(|size| Ok(Bytes::from(vec![0; *size]))).collect();
        let parts = parts(stream::iter(pieces).boxed()).map_ok(|part| part.len());
        parts.try_collect().now_or_never().unwrap().unwrap()
    }

    #[test]
    fn every_part_except_the_last_is_full() {
        assert_eq!(cut(&[]), [0; 0]);
        assert_eq!(cut(&[0, 0]), [0; 0]);
        assert_eq!(cut(&[3, 0, 4]), [7]);
        assert_eq!(cut(&[PART]), [PART]);
        assert_eq!(cut(&[PART - 1, 2]), [PART, 1]);
        assert_eq!(cut(&[2 * PART + 5]), [PART, PART, 5]);
        assert_eq!(cut(&[1, PART, PART - 1, 7]), [PART, PART, 7]);
    }
}
