//! Objects as files in a directory: the same tree as in S3, with each key as a path.
//!
//! Two names at the top are reserved: `.tmp` for objects that are being written, and `secrets` for the API keys of a
//! local state, which no listing may show and no export may read as a segment.

mod error;
mod list;
mod objects;
mod path;
mod read;
mod write;

pub use self::objects::Directory;
