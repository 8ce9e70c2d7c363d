//! Checks whether a store honours conditional writes. In one that ignores them, two runs could both believe that they
//! wrote the manifest.

use bytes::Bytes;
use uuid::Uuid;

use super::{
    error::ObjectError,
    port::{Objects, Put},
};
use crate::keys::Location;

/// Where the probe writes: every run may write there, and no export's name begins with a dot.
const PREFIX: &str = "runs/.probe/";

/// Returns whether the store honours a put-if-absent. S3 and a directory do; a store that imitates S3 may ignore the
/// condition or refuse it. Writes a temporary object and deletes it.
pub async fn honours_conditions(objects: &dyn Objects) -> Result<bool, ObjectError> {
    let at = Location::state(format!("{PREFIX}{}", Uuid::new_v4().simple()));
    let put = |body: &'static str| objects.put(&at, Bytes::from_static(body.as_bytes()), Put::IfAbsent);
    match put("first").await {
        Ok(()) => {}
        Err(error) if is_not_implemented(&error) => return Ok(false),
        Err(error) => return Err(error),
    }
    let second = put("second").await;
    if let Err(error) = objects.delete(&at).await {
        // The result is known anyway.
        tracing::warn!(%error, "probe object left behind");
    }
    match second {
        Ok(()) => Ok(false),
        Err(ObjectError::AlreadyExists { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Returns whether the store refused the condition as not implemented.
#[cfg(feature = "aws")]
fn is_not_implemented(error: &ObjectError) -> bool {
    use crate::ports::aws::failure::Failure;

    let ObjectError::Store { source, .. } = error else { return false };
    source.downcast_ref::<Failure>().is_some_and(|failure| failure.status() == Some(501))
}

/// Without S3, no store refuses the condition.
#[cfg(not(feature = "aws"))]
fn is_not_implemented(_: &ObjectError) -> bool {
    false
}
