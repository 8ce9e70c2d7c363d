//! Objects: the state and the segment files.

mod directory;
mod error;
mod port;
mod probe;
#[cfg(feature = "aws")]
mod s3;

#[cfg(feature = "aws")]
pub use self::s3::S3Objects;
pub use self::{
    directory::Directory,
    error::{Action, ObjectError},
    port::{ByteStream, Listed, Objects, Put},
    probe::honours_conditions,
};
