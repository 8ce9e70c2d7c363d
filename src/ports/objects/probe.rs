//! Whether a store honours conditional writes. On one that ignores them, two runs could each take the other's
//! manifest for its own.

use bytes::Bytes;
use uuid::Uuid;

use super::{ObjectError, Objects, Put};
use crate::keys::Location;

/// Where the probe writes: below what every run may write, and where no export can lie.
const PREFIX: &str = "runs/.probe/";

/// Whether the state honours a put-if-absent. S3 and a directory do; a store that only speaks like S3 may ignore the
/// condition, or not know it. Writes an object of its own and deletes it.
pub async fn honours_conditions(objects: &dyn Objects) -> Result<bool, ObjectError> {
    let at = Location::state(format!("{PREFIX}{}", Uuid::new_v4().simple()));
    let put = |body: &'static str| objects.put(&at, Bytes::from_static(body.as_bytes()), Put::IfAbsent);
    match put("first").await {
        Ok(()) => {}
        Err(error) if is_unknown(&error) => return Ok(false),
        Err(error) => return Err(error),
    }
    let second = put("second").await;
    if let Err(error) = objects.delete(&at).await {
        // What was asked is known.
        tracing::warn!(%error, "probe object left behind");
    }
    match second {
        Ok(()) => Ok(false),
        Err(ObjectError::AlreadyExists { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Whether the store said that it does not know the condition's header.
#[cfg(feature = "aws")]
fn is_unknown(error: &ObjectError) -> bool {
    use crate::ports::aws::failure::Failure;

    let ObjectError::Store { source, .. } = error else { return false };
    source.downcast_ref::<Failure>().is_some_and(|failure| failure.status() == Some(501))
}

/// Nothing else speaks like S3.
#[cfg(not(feature = "aws"))]
fn is_unknown(_: &ObjectError) -> bool {
    false
}
