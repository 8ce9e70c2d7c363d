//! The lists that producers write beside the files of a segment: which files belong together, and what is in them.
//!
//! Only their text is parsed. Whether the files exist is for the caller to find out.

mod column;
mod copied;
mod error;
mod manifest;
mod model_json;

pub use self::{
    column::{Column, ColumnKind},
    copied::{CopiedFiles, find_copied, url_path},
    error::ListError,
    manifest::{Entry, Manifest},
    model_json::{CsvFormat, Model, Partition, Table},
};
