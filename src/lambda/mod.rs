//! The Lambda: one artifact for all functions. The shape of the event selects what an invocation does; the function's
//! role in the template limits what it may do.

mod action;
mod dispatch;
mod error;
mod event;
mod logging;
mod metrics;
mod queue_messages;
mod starts;

pub use self::{dispatch::Lambda, error::LambdaError, event::UnknownEvent, logging::log};
