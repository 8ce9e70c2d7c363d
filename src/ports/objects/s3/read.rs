//! One exact version as a stream, taken up again at the byte where a body breaks off.

use std::{fmt, ops::Range};

use aws_sdk_s3::{
    Client,
    operation::get_object::{GetObjectOutput, builders::GetObjectFluentBuilder},
    primitives::ByteStream as Body,
    types::ChecksumMode,
};
use bytes::Bytes;
use futures_util::stream::{StreamExt, try_unfold};

use super::{
    Action, ByteStream, ObjectError, Pinned, Place,
    error::{store, version_error},
};
use crate::ports::aws::{
    failure::{Failure, deepest},
    retry::{Retries, retried},
};

/// What stands before an `ETag` where a pin is one. No version id has a colon.
const ETAG: &str = "etag:";

/// What tells a version from any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pin {
    /// The version's id, of a bucket that keeps versions.
    Version(String),
    /// The `ETag`, which holds as long as the object is not replaced.
    ETag(String),
}

impl Pin {
    /// The pin that an answer's headers give. The version `null` is one that is replaced in place ("Adding objects
    /// to versioning-suspended buckets" in the S3 user guide), so it pins nothing.
    pub(super) fn new(version: Option<&str>, etag: Option<&str>) -> Option<Self> {
        match version.filter(|version| !version.is_empty() && *version != "null") {
            Some(version) => Some(Self::Version(version.to_owned())),
            None => etag.map(|etag| Self::ETag(etag.to_owned())),
        }
    }

    /// A request for this version alone.
    fn hold(&self, get: GetObjectFluentBuilder) -> GetObjectFluentBuilder {
        match self {
            Self::Version(version) => get.version_id(version),
            Self::ETag(etag) => get.if_match(etag),
        }
    }

    fn parse(text: &str) -> Self {
        match text.strip_prefix(ETAG) {
            Some(etag) => Self::ETag(etag.to_owned()),
            None => Self::Version(text.to_owned()),
        }
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => f.write_str(version),
            Self::ETag(etag) => write!(f, "{ETAG}{etag}"),
        }
    }
}

/// Some bytes of a version: all that were asked for.
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
            pin.hold(get).range(format!("bytes={}-{}", range.start, range.end.saturating_sub(1))).send()
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

/// Whether an answer begins at the byte that was asked for: some stores answer with the whole.
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
    /// How many bytes were handed on.
    offset: u64,
    body: Body,
    /// For breaks without a byte between them.
    retries: Retries,
}

/// A stream that did not give what it began to.
#[derive(Debug, thiserror::Error)]
enum Unsound {
    #[error("the bytes are not those that were stored: {0}")]
    Checksum(String),
    #[error("the store gave more bytes than the version has; it does not honour the range of a request")]
    Range,
}

impl Reading {
    /// Asks for the version.
    pub(super) async fn start(client: Client, place: Place, object: &Pinned) -> Result<Self, ObjectError> {
        let (pin, retries) = (Pin::parse(&object.version), Retries::new());
        let mut reading =
            Self { client, place, pin, size: object.size, offset: 0, body: Body::default(), retries };
        reading.request().await?;
        Ok(reading)
    }

    /// Asks for what is left of the version.
    async fn request(&mut self) -> Result<(), ObjectError> {
        let get = || {
            let get = self.client.get_object().bucket(&self.place.bucket).key(self.place.key());
            let get = self.pin.hold(get);
            match self.offset {
                // S3's checksum is of the whole object, so only the whole of it can be checked.
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

    /// The next piece, from a new request if need be.
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
                // Nothing is left that could break off.
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

    fn unsound(&self, what: Unsound) -> ObjectError {
        store(&self.place.at, Action::Read, what)
    }

    /// The pieces; an error is the last of them.
    pub(super) fn into_stream(self) -> ByteStream {
        try_unfold(self, |mut reading| async move { Ok(reading.next().await?.map(|piece| (piece, reading))) })
            .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_the_version_or_else_the_etag() {
        let etag = Some("\"9a0364b9e99bb480dd25e1f0284c8555\"");
        for (version, pinned) in [
            (Some("3sL4kqtJlcpXroDTDmJ-rmSpXd3dIbrHY-MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo"), false),
            (Some("null"), true),
            (Some(""), true),
            (None, true),
        ] {
            let pin = Pin::new(version, etag).unwrap();
            assert_eq!(matches!(pin, Pin::ETag(_)), pinned, "{version:?}");
            assert_eq!(Pin::parse(&pin.to_string()), pin);
        }
        assert_eq!(Pin::new(Some("null"), None), None);
    }
}
