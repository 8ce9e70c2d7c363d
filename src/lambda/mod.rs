//! The Lambda: one artifact for all functions. The shape of its event tells what an invocation does; the role that the
//! template gives its function decides what it may do.

mod action;
mod error;
mod event;
mod function;
mod logging;
mod messages;
mod metrics;
mod starts;

pub use self::{error::LambdaError, event::UnknownEvent, function::Lambda, logging::log};
