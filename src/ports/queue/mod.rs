//! The queue of messages.

mod memory;
mod port;
#[cfg(feature = "aws")]
mod sqs;

#[cfg(feature = "aws")]
pub use self::sqs::SqsQueue;
pub use self::{
    memory::{MemoryQueue, Settings},
    port::{Delivery, Handle, Message, Queue, QueueAction, QueueError},
};
