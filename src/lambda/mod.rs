//! The Lambda: one artifact for all functions. The shape of its event tells what an invocation does; the role that the
//! template gives its function decides what it may do.

mod action;
mod dispatch;
mod error;
mod event;
mod logging;
mod metrics;
mod queue_messages;
mod starts;

pub use self::{dispatch::Lambda, error::LambdaError, event::UnknownEvent, logging::log};
