//! The path of a key.

use std::path::Path;

use crate::{
    keys::{Bucket, Location},
    ports::{objects::error::ObjectError, relative::relative},
};

/// Where objects are until they are complete. It is on the root's file system, so that a rename or a link can publish
/// them.
pub(super) const TEMP: &str = ".tmp";

/// The names at the top that hold no objects, and why.
const RESERVED: [(&str, &str); 2] = [
    (TEMP, "`.tmp` is for objects that are being written"),
    ("secrets", "`secrets` is for API keys, which are not objects"),
];

/// Returns the path of a key, or of a prefix's folders, below the root; or why it has none.
pub(super) fn below(key: &str) -> Result<&Path, &'static str> {
    let path = relative(key)?;
    match RESERVED.iter().find(|(name, _)| path.starts_with(name)) {
        Some((_, reason)) => Err(reason),
        None => Ok(path),
    }
}

/// Returns whether a name at the top is reserved.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|(reserved, _)| *reserved == name)
}

/// Returns the key of a location in the state. A directory has no other buckets.
pub(super) fn key(at: &Location) -> Result<&str, ObjectError> {
    match &at.bucket {
        Bucket::State => Ok(&at.key),
        Bucket::Named(_) => Err(ObjectError::InvalidKey {
            at: at.clone(),
            reason: "the state is a directory, which has no other buckets; name a path in it, or keep the state in S3",
        }),
    }
}
