//! The published rules of requests and responses, without any state.

mod batch_body;
mod contact_body;
mod draft;
mod field_errors;
pub(crate) mod formats;
mod problem;
mod route;
mod segment_body;
mod tag_change;

pub(crate) use batch_body::{BatchBody, read_items};
pub(crate) use contact_body::read_contact;
pub(crate) use draft::{Channel, Draft, Identifier};
pub(crate) use field_errors::FieldErrors;
pub(crate) use problem::{FieldError, Problem, json_response, read_json};
pub(crate) use route::{Limit, Route};
pub(crate) use segment_body::SegmentBody;
pub(crate) use tag_change::{TagAction, TagChange};
