//! Names of connections, exports and runs, and the keys of all objects in the state. No other module builds a key.

mod key;
mod location;
mod name;

pub use key::{Key, Prefix, RESERVED_FOLDERS};
pub(crate) use location::is_bucket_name;
pub use location::{Bucket, Location, Pinned};
pub use name::{ConnectionName, ExportName, InvalidName, RunId, RunRef};
