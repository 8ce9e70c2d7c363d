//! The Lambda: one artifact for all functions. The shape of the event selects what an invocation does; the function's
//! role in the template limits what it may do.

mod action;
mod error;
mod event;
mod function;
mod logging;
mod messages;
mod metrics;
mod starts;

pub use self::{error::LambdaError, event::UnknownEvent, function::Lambda, logging::log};
