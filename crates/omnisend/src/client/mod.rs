//! The client and its calls.

mod batches;
mod builder;
mod call;
mod contacts;
mod segments;

pub use self::{
    builder::{BuildError, ClientBuilder},
    call::{Client, Usage},
};
