//! What producers write beside the files of a segment: lists of them, and what the files hold. Pure: text in, values
//! out; whether the files are there, the plan looks.

mod column;
mod copied;
mod error;
mod manifest;
mod model;

pub use self::{
    column::{Column, ColumnKind},
    copied::{Found, find_below, url_path},
    error::Unreadable,
    manifest::{Entry, Manifest},
    model::{Model, Partition, Table, Written},
};
