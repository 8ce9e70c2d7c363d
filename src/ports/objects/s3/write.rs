//! Objects written in one request.
//!
//! A put-if-absent is exact, which takes some care ("How to prevent object overwrites with conditional writes" in
//! the S3 user guide):
//!
//! - A 409 says that another request to the key was under way. It answers nothing, so the put is made again.
//! - A reply can be lost after S3 wrote the object. The put is made again and finds the key taken, by itself. So
//!   every such put carries an id of its own in the object's metadata; a 412 that follows a reply that was lost is
//!   looked into, and an object with that id is this put's. The content would not tell: another writer may have
//!   written the very same bytes, and then this one did not win.
//!
//! What that look cannot see is an object that was written by this put and replaced before the look: it is taken for
//! somebody else's. Nothing here replaces what is put if absent.

use aws_sdk_s3::{Client, operation::put_object::builders::PutObjectFluentBuilder};
use bytes::Bytes;
use uuid::Uuid;

use super::{Action, ObjectError, Place};
use crate::ports::aws::{
    failure::Failure,
    retry::{Retries, retried},
};

/// The metadata that tells whose write an object is.
pub(super) const WRITE_ID: &str = "write-id";

/// An id for one write.
pub(super) fn write_id() -> String {
    Uuid::new_v4().simple().to_string()
}

fn request(client: &Client, place: &Place, body: &Bytes) -> PutObjectFluentBuilder {
    client.put_object().bucket(&place.bucket).key(place.key()).body(body.clone().into())
}

/// Writes an object, whatever is there. Twice is as good as once.
pub(super) async fn replace(client: &Client, place: &Place, body: Bytes) -> Result<(), ObjectError> {
    let put = retried(|| request(client, place, &body).send()).await;
    put.map(drop).map_err(|failure| place.error(Action::Write, failure))
}

/// Writes an object if the key is free.
pub(super) async fn if_absent(client: &Client, place: &Place, body: Bytes) -> Result<(), ObjectError> {
    let (id, mut retries) = (write_id(), Retries::new());
    // Whether an earlier attempt may have written the object.
    let mut may_be_done = false;
    loop {
        let put = request(client, place, &body).if_none_match("*").metadata(WRITE_ID, &id);
        let failure = match put.send().await {
            Ok(_) => return Ok(()),
            Err(error) => Failure::from(error),
        };
        if failure.status() == Some(412) {
            if !may_be_done {
                return Err(ObjectError::AlreadyExists { at: place.at.clone() });
            }
            match is_of(client, place, &id).await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(ObjectError::AlreadyExists { at: place.at.clone() }),
                // Deleted between the two: the key is free again.
                Err(ObjectError::NotFound { .. }) => may_be_done = false,
                Err(error) => return Err(error),
            }
            continue;
        }
        may_be_done |= failure.may_be_done();
        retries.wait(failure).await.map_err(|failure| place.error(Action::Write, failure))?;
    }
}

/// Whether the object that is there was written by the write of an id.
pub(super) async fn is_of(client: &Client, place: &Place, id: &str) -> Result<bool, ObjectError> {
    let head = retried(|| client.head_object().bucket(&place.bucket).key(place.key()).send()).await;
    let head = head.map_err(|failure| place.error(Action::Read, failure))?;
    Ok(head.metadata().and_then(|metadata| metadata.get(WRITE_ID)).is_some_and(|found| found == id))
}
