//! The port of the queue: FIFO within a group, groups independent of each other, at-least-once delivery.

use std::{error::Error, fmt, time::Duration};

use async_trait::async_trait;

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Messages of one group are handled in order and one at a time. It is the connection's name.
    pub group: String,
    /// A second message with the same id within 5 minutes is dropped.
    pub deduplication_id: String,
    /// What to do. It names objects and never holds personal data.
    pub body: String,
}

/// A received message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub handle: Handle,
    pub group: String,
    pub body: String,
    /// How often the message was received, including this time.
    pub receive_count: u32,
}

/// Identifies one receive of a message, to delete or release it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handle(String);

impl From<String> for Handle {
    fn from(handle: String) -> Self {
        Self(handle)
    }
}

impl Handle {
    /// Returns the handle as the queue writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A FIFO queue: SQS, or one inside the process.
#[async_trait]
pub trait Queue: fmt::Debug + Send + Sync {
    /// Sends messages in order. After an error some of them may be in the queue; sending all of them again within the
    /// deduplication window is safe.
    async fn send(&self, messages: &[Message]) -> Result<(), QueueError>;

    /// Receives up to `max` messages, in order within each group, without waiting for one. Messages of a group that
    /// has one in flight are not received.
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, QueueError>;

    /// Removes a handled message.
    async fn delete(&self, handle: &Handle) -> Result<(), QueueError>;

    /// Makes a message visible again after a while. Its group waits until then.
    async fn release(&self, handle: &Handle, after: Duration) -> Result<(), QueueError>;
}

/// A call to the queue, in the words of error messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueAction {
    Send,
    Receive,
    Delete,
    Release,
}

impl fmt::Display for QueueAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Send => "send to",
            Self::Receive => "receive from",
            Self::Delete => "delete from",
            Self::Release => "return a message to",
        })
    }
}

/// Why the queue did not carry out a call.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The visibility timeout of the receive ended. The message may have been delivered again.
    #[error("the message's visibility timeout ended; it will be, or was, delivered again")]
    Expired,
    /// The queue could not be reached or refused the call.
    #[error("could not {action} the queue: {source}")]
    Service {
        action: QueueAction,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}
