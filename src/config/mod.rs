//! Configuration: connection and export files, and the environment. Text becomes validated types here and
//! nowhere else; what these types hold needs no second check.
//!
//! A file is read to its end: [`ConfigError`] carries every problem of it at once, each with its line, its key
//! and what to do.

mod complete_on;
mod connection;
mod consent;
mod document;
mod export;
mod guards;
mod item;
mod mapping;
mod problem;
mod reading;
mod section;
mod segment;
mod store;
mod value;
mod words;

pub use crate::environment::{
    ApiUrl, Environment, EnvironmentError, InvalidApiUrl, LambdaEnvironment, log_level,
};
pub use complete_on::CompleteOn;
pub use connection::{Agreement, Connection, connection, connection_lines};
pub use export::{Export, export};
pub use problem::{ConfigError, Problem};
pub(crate) use reading::where_to_set;
pub use segment::Segment;
pub use store::{LoadError, State, load_all, load_connection, load_export, load_valid};

#[cfg(test)]
mod schema_tests;
#[cfg(test)]
mod tests;
