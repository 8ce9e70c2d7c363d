//! Writes objects in one request.
//!
//! A put-if-absent must be exact ("How to prevent object overwrites with conditional writes" in the S3 user guide):
//!
//! - A 409 means that another request for the key was in flight. It does not tell whether the key is free, so the put is
//!   retried.
//! - An answer can be lost after S3 wrote the object. The retried put then finds the object that it wrote itself. So
//!   every put-if-absent writes an id into the object's metadata. If a 412 follows a lost answer, the object is read,
//!   and one with that id is this put's own. Comparing the content is not enough: another writer may have written the
//!   same bytes, and then this put has lost.
//!
//! One case remains: if the object that this put wrote is replaced before it is read, it counts as another writer's. No
//! code of this project replaces an object that a put-if-absent wrote.

use aws_sdk_s3::{Client, operation::put_object::builders::PutObjectFluentBuilder};
use bytes::Bytes;
use uuid::Uuid;

use super::place::Place;
use crate::ports::{
    aws::{
        failure::Failure,
        retry::{Retries, retried},
    },
    objects::error::{Action, ObjectError},
};

/// The metadata key of the id of the write that created an object.
pub(super) const WRITE_ID: &str = "write-id";

/// Returns a new id for one write.
pub(super) fn write_id() -> String {
    Uuid::new_v4().simple().to_string()
}

fn request(client: &Client, place: &Place, body: &Bytes) -> PutObjectFluentBuilder {
    client.put_object().bucket(&place.bucket).key(place.key()).body(body.clone().into())
}

/// Writes an object and replaces an existing one. It is idempotent.
pub(super) async fn replace(client: &Client, place: &Place, body: Bytes) -> Result<(), ObjectError> {
    let put = retried(|| request(client, place, &body).send()).await;
    put.map(drop).map_err(|failure| place.error(Action::Write, failure))
}

/// Writes an object if none with the key exists.
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
            match is_written_by(client, place, &id).await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(ObjectError::AlreadyExists { at: place.at.clone() }),
                // The object was deleted since: the key is free again.
                Err(ObjectError::NotFound { .. }) => may_be_done = false,
                Err(error) => return Err(error),
            }
            continue;
        }
        may_be_done |= failure.may_be_done();
        retries.wait(failure).await.map_err(|failure| place.error(Action::Write, failure))?;
    }
}

/// Returns whether the object was written by the write with an id.
pub(super) async fn is_written_by(client: &Client, place: &Place, id: &str) -> Result<bool, ObjectError> {
    let head = retried(|| client.head_object().bucket(&place.bucket).key(place.key()).send()).await;
    let head = head.map_err(|failure| place.error(Action::Read, failure))?;
    Ok(head.metadata().and_then(|metadata| metadata.get(WRITE_ID)).is_some_and(|found| found == id))
}
