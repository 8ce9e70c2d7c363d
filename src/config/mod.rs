//! The files of connections and exports, as validated types.
//!
//! A file is always read to its end, so that [`ConfigError`] has all of its problems, each with its line, its key and
//! the fix.

mod column;
mod complete_on;
mod connection;
mod consent;
mod defaults;
mod document;
mod export;
mod guards;
mod item;
mod load_error;
mod mapped_value;
mod mapping;
mod problem;
mod read_options;
mod section;
mod segment;
mod store;
mod text;

pub use complete_on::CompleteOn;
pub use connection::{Agreement, Connection, connection, connection_lines};
pub use export::{Export, export};
pub use load_error::LoadError;
pub use problem::{ConfigError, Problem};
pub(crate) use read_options::where_to_set;
pub use segment::Segment;
pub use store::{Configuration, load_all, load_connection, load_export, load_valid};

#[cfg(test)]
mod schema_tests;
#[cfg(test)]
mod tests;
