//! Lists objects, page by page.

use aws_sdk_s3::{
    Client,
    types::{EncodingType, Object},
};

use super::{
    error::{incomplete, store},
    place::{Place, size, timestamp},
};
use crate::{
    keys::Location,
    ports::{
        aws::retry::retried,
        objects::{
            error::{Action, ObjectError},
            port::Listed,
        },
    },
};

/// A listed key that is not valid.
#[derive(Debug, thiserror::Error)]
#[error("the store listed a key that cannot be read")]
struct Unreadable;

/// Returns every object with a prefix, sorted by key.
pub(super) async fn list(client: &Client, prefix: &Place) -> Result<Vec<Listed>, ObjectError> {
    let mut listed = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let page = retried(|| {
            client
                .list_objects_v2()
                .bucket(&prefix.bucket)
                .prefix(prefix.key())
                // Without it, the answer's XML cannot hold every key that S3 allows (`EncodingType` of `ListObjectsV2` in
                // the API reference).
                .encoding_type(EncodingType::Url)
                .set_continuation_token(token.clone())
                .send()
        });
        let page = page.await.map_err(|failure| prefix.error(Action::List, failure))?;
        let encoded = page.encoding_type() == Some(&EncodingType::Url);
        for object in page.contents() {
            listed.push(object_of(prefix, object, encoded)?);
        }
        match page.next_continuation_token {
            Some(next) if page.is_truncated == Some(true) => token = Some(next),
            _ => break,
        }
    }
    // S3 sorts by the bytes of the keys; its directory buckets and other stores do not.
    listed.sort_unstable_by(|a, b| a.location.key.cmp(&b.location.key));
    Ok(listed)
}

fn object_of(prefix: &Place, object: &Object, encoded: bool) -> Result<Listed, ObjectError> {
    let (Some(key), Some(size), Some(modified)) =
        (object.key(), size(object.size()), object.last_modified().and_then(timestamp))
    else {
        return Err(incomplete(&prefix.at, Action::List));
    };
    let key = if encoded { decode(key) } else { Some(key.to_owned()) };
    let key = key.ok_or_else(|| store(&prefix.at, Action::List, Unreadable))?;
    Ok(Listed { location: Location { bucket: prefix.at.bucket.clone(), key }, size, modified })
}

/// Decodes a key of a listing, which is encoded like a form, with `+` for a space.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    u8::try_from(char::from(digit).to_digit(16)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_a_listed_key_once() {
        for (listed, key) in [
            ("segments/vip.csv", "segments/vip.csv"),
            ("a+b%2Bc%20d", "a b+c d"),
            ("100%25.csv", "100%.csv"),
            ("%2525", "%25"),
            ("caf%C3%A9/%E9%A1%A7", "caf\u{e9}/顧"),
            ("a%0Ab%01", "a\nb\u{1}"),
        ] {
            assert_eq!(decode(listed).as_deref(), Some(key));
        }
        for bad in ["%", "%4", "%zz", "%FF"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
