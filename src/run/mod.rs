//! What every stage shares: names, object keys, and the objects that cross from one stage to the next.

mod keys;
mod name;

pub use keys::{Bucket, Key, Location, Prefix};
pub use name::{ConnectionName, ExportName, InvalidName, RunId, RunRef};
