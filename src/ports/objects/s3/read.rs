//! Streams one exact version, and resumes at the next byte if the connection breaks.

use std::ops::Range;

use aws_sdk_s3::{
    Client, operation::get_object::GetObjectOutput, primitives::ByteStream as Body, types::ChecksumMode,
};
use bytes::Bytes;
use futures_util::stream::{StreamExt, try_unfold};

use super::{
    error::{store, version_error},
    pin::Pin,
    place::Place,
};
use crate::{
    keys::Pinned,
    ports::{
        aws::{
            failure::{Failure, deepest},
            retry::{Retries, retried},
        },
        objects::{
            error::{Action, ObjectError},
            port::ByteStream,
        },
    },
};

/// Returns a range of a version.
pub(super) async fn range(
    client: &Client,
    place: &Place,
    object: &Pinned,
    range: &Range<u64>,
) -> Result<Bytes, ObjectError> {
    let pin = Pin::parse(&object.version);
    let wanted = range.end.saturating_sub(range.start);
    let mut retries = Retries::new();
    loop {
        let get = || {
            let get = client.get_object().bucket(&place.bucket).key(place.key());
            pin.restrict(get).range(format!("bytes={}-{}", range.start, range.end.saturating_sub(1))).send()
        };
        let found = retried(get).await.map_err(|failure| version_error(&place.at, failure))?;
        if !begins_at(&found, range.start) {
            return Err(store(&place.at, Action::Read, Unsound::Range));
        }
        let broken = match found.body.collect().await {
            Ok(body) => {
                let bytes = body.into_bytes();
                if bytes.len() as u64 == wanted {
                    return Ok(bytes);
                }
                Failure::broken_off(&std::io::Error::from(std::io::ErrorKind::UnexpectedEof))
            }
            Err(broken) => Failure::broken_off(&broken),
        };
        retries.wait(broken).await.map_err(|failure| place.error(Action::Read, failure))?;
    }
}

/// Returns whether an answer begins at the requested byte: some stores ignore the range.
fn begins_at(found: &GetObjectOutput, offset: u64) -> bool {
    let range = found.content_range().and_then(|range| range.trim().strip_prefix("bytes "));
    range.and_then(|range| range.split_once('-')).is_some_and(|(first, _)| first.parse() == Ok(offset))
}

/// A version that is being read.
pub(super) struct Reading {
    client: Client,
    place: Place,
    pin: Pin,
    size: u64,
    /// Bytes passed on so far.
    offset: u64,
    body: Body,
    /// Retries since the last byte.
    retries: Retries,
}

/// An answer whose bytes are wrong.
#[derive(Debug, thiserror::Error)]
enum Unsound {
    #[error("the bytes differ from what was stored: {0}")]
    Checksum(String),
    #[error("the store sent more bytes than the version has; it ignores the range of a request")]
    Range,
}

impl Reading {
    /// Requests the version.
    pub(super) async fn start(client: Client, place: Place, object: &Pinned) -> Result<Self, ObjectError> {
        let (pin, retries) = (Pin::parse(&object.version), Retries::new());
        let mut reading =
            Self { client, place, pin, size: object.size, offset: 0, body: Body::default(), retries };
        reading.request().await?;
        Ok(reading)
    }

    /// Requests the rest of the version.
    async fn request(&mut self) -> Result<(), ObjectError> {
        let get = || {
            let get = self.client.get_object().bucket(&self.place.bucket).key(self.place.key());
            let get = self.pin.restrict(get);
            match self.offset {
                // S3's checksum covers the whole object, so it can be checked only if all of it is read.
                0 => get.checksum_mode(ChecksumMode::Enabled),
                offset => get.range(format!("bytes={offset}-")),
            }
            .send()
        };
        let found = retried(get).await.map_err(|failure| version_error(&self.place.at, failure))?;
        if self.offset > 0 && !begins_at(&found, self.offset) {
            return Err(self.unsound(Unsound::Range));
        }
        self.body = found.body;
        Ok(())
    }

    /// Returns the next piece, from a new request if the connection broke.
    async fn next(&mut self) -> Result<Option<Bytes>, ObjectError> {
        loop {
            let broken = match self.body.next().await {
                Some(Ok(piece)) if piece.is_empty() => continue,
                Some(Ok(piece)) => {
                    self.offset = self.offset.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
                    if self.offset > self.size {
                        return Err(self.unsound(Unsound::Range));
                    }
                    self.retries = Retries::new();
                    return Ok(Some(piece));
                }
                None if self.offset == self.size => return Ok(None),
                None => Failure::broken_off(&std::io::Error::from(std::io::ErrorKind::UnexpectedEof)),
                // All bytes arrived, so this is not a broken connection.
                Some(Err(wrong)) if self.offset == self.size => {
                    return Err(self.unsound(Unsound::Checksum(deepest(&wrong))));
                }
                Some(Err(broken)) => Failure::broken_off(&broken),
            };
            let waited = self.retries.wait(broken).await;
            waited.map_err(|failure| self.place.error(Action::Read, failure))?;
            self.request().await?;
        }
    }

    fn unsound(&self, unsound: Unsound) -> ObjectError {
        store(&self.place.at, Action::Read, unsound)
    }

    /// Returns the pieces as a stream, which ends after an error.
    pub(super) fn into_stream(self) -> ByteStream {
        try_unfold(self, |mut reading| async move { Ok(reading.next().await?.map(|piece| (piece, reading))) })
            .boxed()
    }
}
