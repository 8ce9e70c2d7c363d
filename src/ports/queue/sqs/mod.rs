//! The queue in SQS.

mod queue;
mod send;

pub use self::queue::SqsQueue;
