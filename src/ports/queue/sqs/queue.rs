//! The queue in SQS.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_sdk_sqs::{
    Client,
    config::retry::RetryConfig,
    types::{Message as Received, MessageSystemAttributeName as Attribute},
};
use uuid::Uuid;

use super::send::{self, MAX_BATCH};
use crate::ports::{
    aws::{failure::Failure, retry::retried},
    queue::port::{Delivery, Handle, Message, Queue, QueueAction, QueueError},
};

/// The longest visibility timeout, in seconds: 12 hours.
const MAX_VISIBILITY: i32 = 43_200;

/// A FIFO queue in SQS.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: Arc<str>,
}

/// A message without an attribute that every message of a FIFO queue has.
#[derive(Debug, thiserror::Error)]
#[error("a message came without its {0}; the queue must be a FIFO queue")]
struct Incomplete(&'static str);

impl SqsQueue {
    /// Opens the queue at a URL. The client's own retries are off: this adapter retries.
    pub fn new(client: &Client, queue_url: &str) -> Self {
        let config = client.config().to_builder().retry_config(RetryConfig::disabled()).build();
        Self { client: Client::from_conf(config), url: queue_url.into() }
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, messages: &[Message]) -> Result<(), QueueError> {
        send::send(&self.client, &self.url, messages)
            .await
            .map_err(|source| service(QueueAction::Send, source))
    }

    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, QueueError> {
        if max == 0 {
            return Ok(Vec::new());
        }
        let max = i32::try_from(max.min(MAX_BATCH)).unwrap_or(1);
        // With an attempt id, a repeated request returns the same messages if its answer was lost. Without one, they
        // would block their groups until their visibility timeout ends (`ReceiveMessage` in the API reference).
        let attempt = Uuid::new_v4().to_string();
        let received = retried(|| {
            self.client
                .receive_message()
                .queue_url(&*self.url)
                .max_number_of_messages(max)
                // Overrides the queue's setting: this port does not wait.
                .wait_time_seconds(0)
                .receive_request_attempt_id(&attempt)
                .message_system_attribute_names(Attribute::MessageGroupId)
                .message_system_attribute_names(Attribute::ApproximateReceiveCount)
                .send()
        });
        let received = received.await.map_err(|failure| service(QueueAction::Receive, failure))?;
        let deliveries = received.messages.unwrap_or_default().into_iter().map(delivery);
        deliveries.collect::<Result<_, _>>().map_err(|source| service(QueueAction::Receive, source))
    }

    async fn delete(&self, handle: &Handle) -> Result<(), QueueError> {
        let deleted = retried(|| {
            self.client.delete_message().queue_url(&*self.url).receipt_handle(handle.as_str()).send()
        });
        deleted.await.map(drop).map_err(|failure| of_handle(QueueAction::Delete, failure))
    }

    async fn release(&self, handle: &Handle, after: Duration) -> Result<(), QueueError> {
        let seconds = i32::try_from(after.as_secs()).unwrap_or(i32::MAX).min(MAX_VISIBILITY);
        let released = retried(|| {
            let change = self.client.change_message_visibility().queue_url(&*self.url);
            change.receipt_handle(handle.as_str()).visibility_timeout(seconds).send()
        });
        released.await.map(drop).map_err(|failure| of_handle(QueueAction::Release, failure))
    }
}

fn delivery(message: Received) -> Result<Delivery, Incomplete> {
    let mut attributes = message.attributes.unwrap_or_default();
    let count = attributes.get(&Attribute::ApproximateReceiveCount).and_then(|count| count.parse().ok());
    Ok(Delivery {
        handle: message.receipt_handle.ok_or(Incomplete("handle"))?.into(),
        group: attributes.remove(&Attribute::MessageGroupId).ok_or(Incomplete("group"))?,
        body: message.body.ok_or(Incomplete("body"))?,
        receive_count: count.ok_or(Incomplete("receive count"))?,
    })
}

fn service(action: QueueAction, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> QueueError {
    QueueError::Service { action, source: source.into() }
}

/// Returns the error of a call with a handle. SQS has several codes for a handle whose visibility timeout ended: the
/// handle is invalid, or it is a parameter with a wrong value, or its message is not in flight.
fn of_handle(action: QueueAction, failure: Failure) -> QueueError {
    let code = failure.code().and_then(|code| code.rsplit('.').next()).unwrap_or_default();
    let expired = match code {
        "ReceiptHandleIsInvalid" | "MessageNotInflight" => true,
        "InvalidParameterValue" => failure.text().contains("ReceiptHandle"),
        _ => false,
    };
    if expired { QueueError::Expired } else { service(action, failure) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_every_code_of_an_expired_handle() {
        let parameter =
            "Value AQEB for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.";
        for (code, text) in [
            ("ReceiptHandleIsInvalid", "The input receipt handle is invalid."),
            ("InvalidParameterValue", parameter),
            ("AWS.SimpleQueueService.MessageNotInflight", ""),
            ("MessageNotInflight", ""),
        ] {
            let error = of_handle(QueueAction::Delete, Failure::answered(400, Some(code), text));
            assert!(matches!(error, QueueError::Expired), "{code}: {error}");
        }
        let other =
            Failure::answered(400, Some("InvalidParameterValue"), "Value 99 for parameter VisibilityTimeout");
        let error = of_handle(QueueAction::Release, other).to_string();
        assert!(
            error.starts_with("could not return a message to the queue: InvalidParameterValue"),
            "{error}"
        );
    }

    #[test]
    fn rejects_a_message_of_a_standard_queue() {
        let message = Received::builder().receipt_handle("h").body("{}").build();
        let error = delivery(message).unwrap_err().to_string();
        assert_eq!(error, "a message came without its group; the queue must be a FIFO queue");
    }
}
