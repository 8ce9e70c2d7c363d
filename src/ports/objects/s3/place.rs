//! Where an object is in S3, and how S3 describes it.

use aws_sdk_s3::primitives::DateTime;
use jiff::Timestamp;

use super::error::object_error;
use crate::{
    keys::Location,
    ports::{
        aws::failure::Failure,
        objects::error::{Action, ObjectError},
    },
};

/// A location and its bucket's name.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) at: Location,
    pub(super) bucket: String,
}

impl Place {
    pub(super) fn key(&self) -> &str {
        &self.at.key
    }

    pub(super) fn error(&self, action: Action, failure: Failure) -> ObjectError {
        object_error(&self.at, action, failure)
    }
}

pub(super) fn size(length: Option<i64>) -> Option<u64> {
    u64::try_from(length?).ok()
}

pub(super) fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}
