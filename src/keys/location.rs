//! Locations of objects, and exact versions of them.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The bucket of a location.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// The bucket or directory that holds the state.
    State,
    /// Another bucket, which an export names as `s3://bucket/…`.
    Named(String),
}

/// Whether S3 accepts a text as a bucket name.
pub(crate) fn is_bucket_name(text: &str) -> bool {
    (3..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-')
}

/// The address of one object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    pub bucket: Bucket,
    /// The literal key, not URL-encoded.
    pub key: String,
}

impl Location {
    /// Returns the location of a key in the state.
    pub fn state(key: String) -> Self {
        Self { bucket: Bucket::State, key }
    }

    /// Parses a path as an export writes it: `s3://bucket/key`, or a key in the state.
    pub fn parse(path: &str) -> Self {
        match path.strip_prefix("s3://").and_then(|rest| rest.split_once('/')) {
            Some((bucket, key)) => Self { bucket: Bucket::Named(bucket.to_owned()), key: key.to_owned() },
            None => Self::state(path.to_owned()),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.bucket {
            Bucket::State => f.write_str(&self.key),
            Bucket::Named(bucket) => write!(f, "s3://{bucket}/{}", self.key),
        }
    }
}

/// One exact version of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    pub location: Location,
    /// Identifies the version: S3's version id or `ETag`; for a file, its inode, size and time of modification.
    pub version: String,
    /// In bytes.
    pub size: u64,
    pub modified: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_a_path_in_the_state_or_in_another_bucket() {
        assert_eq!(Location::parse("segments/vip/"), Location::state("segments/vip/".to_owned()));
        let other = Location::parse("s3://lake/out/vip b+é%.csv");
        assert_eq!(other.bucket, Bucket::Named("lake".to_owned()));
        assert_eq!(other.key, "out/vip b+é%.csv");
        assert_eq!(other.to_string(), "s3://lake/out/vip b+é%.csv");
    }
}
