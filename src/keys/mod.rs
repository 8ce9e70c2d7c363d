//! Names of connections, exports and runs, and the keys of every object in the state. Nothing else builds a path.

mod key;
mod location;
mod name;

pub use key::{Key, Prefix};
pub(crate) use location::is_bucket;
pub use location::{Bucket, Location, Pinned};
pub use name::{ConnectionName, ExportName, InvalidName, RunId, RunRef};
