//! The queue: FIFO within a group, groups independent, at least once.

mod memory;
#[cfg(feature = "aws")]
mod sqs;

use std::{fmt, time::Duration};

use async_trait::async_trait;

pub use self::memory::{MemoryQueue, Settings};
#[cfg(feature = "aws")]
pub use self::sqs::SqsQueue;

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Messages of one group are handled in order and one at a time; the connection's name.
    pub group: String,
    /// A second message of the same id within five minutes is dropped.
    pub deduplication_id: String,
    /// What to do; names objects, never carries personal data.
    pub body: String,
}

/// A message as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The handle of this one receive, to delete or release it by.
    pub handle: String,
    /// The message's group.
    pub group: String,
    /// The message's body.
    pub body: String,
    /// How often it was received, this time included.
    pub receive_count: u32,
}

/// A FIFO queue: SQS, or one inside the process.
#[async_trait]
pub trait Queue: fmt::Debug + Send + Sync {
    /// Sends messages in order. Either all are in the queue afterwards, or the error says so; sending again
    /// is safe within the deduplication window.
    async fn send(&self, messages: &[Message]) -> Result<(), QueueError>;

    /// Receives up to `max` messages, in order within each group. No message of a group is received while an
    /// earlier one of that group is in flight. Answers with none where none is there now; does not wait.
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, QueueError>;

    /// Takes a handled message off the queue.
    async fn delete(&self, delivery: &Delivery) -> Result<(), QueueError>;

    /// Hands a message back, to be received again after a while; its group waits with it.
    async fn release(&self, delivery: &Delivery, after: Duration) -> Result<(), QueueError>;
}

/// Why the queue did not take or give a message.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The handle is of a receive whose visibility ran out; the message may be with somebody else now.
    #[error("the message's time ran out; it will be, or was, delivered again")]
    Expired,
    /// The queue could not be reached or refused the call.
    #[error("could not {action} the queue: {source}")]
    Service {
        /// `send to`, `receive from`, `delete from` or `release to`.
        action: &'static str,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
