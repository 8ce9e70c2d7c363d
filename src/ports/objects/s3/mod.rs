//! Objects in S3.
//!
//! In a bucket with versioning, exact versions are read. Without versioning, an `ETag` identifies a version, which is
//! gone once the object is replaced. The bucket's own settings decide how objects are encrypted.

mod error;
mod list;
mod multipart;
mod objects;
mod pin;
mod place;
mod read;
mod write;

pub use self::objects::S3Objects;
