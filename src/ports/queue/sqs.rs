//! The queue in SQS.

mod send;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_sdk_sqs::{
    Client,
    config::retry::RetryConfig,
    types::{Message as Received, MessageSystemAttributeName as Attribute},
};
use uuid::Uuid;

use super::{Delivery, Message, Queue, QueueError};
use crate::ports::aws::{Failure, patiently};

/// The most messages of one request ("Amazon SQS message quotas" in the developer guide).
const BATCH: usize = 10;

/// The longest that a message can be out of sight, in seconds: twelve hours.
const LONGEST_VISIBILITY: i32 = 43_200;

/// A FIFO queue of SQS.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: Arc<str>,
}

/// An answer without what a FIFO queue always says.
#[derive(Debug, thiserror::Error)]
#[error("a message came without its {0}; the queue must be a FIFO queue")]
struct Incomplete(&'static str);

impl SqsQueue {
    /// The queue at a URL. Of the client everything is taken but its retries, which are made here.
    pub fn new(client: &Client, queue_url: &str) -> Self {
        let config = client.config().to_builder().retry_config(RetryConfig::disabled()).build();
        Self { client: Client::from_conf(config), url: queue_url.into() }
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, messages: &[Message]) -> Result<(), QueueError> {
        send::send(&self.client, &self.url, messages).await.map_err(|source| service("send to", source))
    }

    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, QueueError> {
        if max == 0 {
            return Ok(Vec::new());
        }
        let max = i32::try_from(max.min(BATCH)).unwrap_or(1);
        // If the answer is lost, the next attempt gets the same messages; without this, they would be in flight,
        // and their groups held up, until their visibility runs out (`ReceiveMessage` in the API reference).
        let attempt = Uuid::new_v4().to_string();
        let received = patiently(|| {
            self.client
                .receive_message()
                .queue_url(&*self.url)
                .max_number_of_messages(max)
                // Whatever the queue's own setting: this port does not wait.
                .wait_time_seconds(0)
                .receive_request_attempt_id(&attempt)
                .message_system_attribute_names(Attribute::MessageGroupId)
                .message_system_attribute_names(Attribute::ApproximateReceiveCount)
                .send()
        });
        let received = received.await.map_err(|failure| service("receive from", failure))?;
        let deliveries = received.messages.unwrap_or_default().into_iter().map(delivery);
        deliveries.collect::<Result<_, _>>().map_err(|source| service("receive from", source))
    }

    async fn delete(&self, delivery: &Delivery) -> Result<(), QueueError> {
        let deleted = patiently(|| {
            self.client.delete_message().queue_url(&*self.url).receipt_handle(&delivery.handle).send()
        });
        deleted.await.map(drop).map_err(|failure| of_handle("delete from", failure))
    }

    async fn release(&self, delivery: &Delivery, after: Duration) -> Result<(), QueueError> {
        let seconds = i32::try_from(after.as_secs()).unwrap_or(i32::MAX).min(LONGEST_VISIBILITY);
        let released = patiently(|| {
            let change = self.client.change_message_visibility().queue_url(&*self.url);
            change.receipt_handle(&delivery.handle).visibility_timeout(seconds).send()
        });
        released.await.map(drop).map_err(|failure| of_handle("release to", failure))
    }
}

fn delivery(message: Received) -> Result<Delivery, Incomplete> {
    let mut attributes = message.attributes.unwrap_or_default();
    let count = attributes.get(&Attribute::ApproximateReceiveCount).and_then(|count| count.parse().ok());
    Ok(Delivery {
        handle: message.receipt_handle.ok_or(Incomplete("handle"))?,
        group: attributes.remove(&Attribute::MessageGroupId).ok_or(Incomplete("group"))?,
        body: message.body.ok_or(Incomplete("body"))?,
        receive_count: count.ok_or(Incomplete("receive count"))?,
    })
}

fn service(action: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> QueueError {
    QueueError::Service { action, source: source.into() }
}

/// The error of a call that names a handle. SQS has no one code for a handle whose time ran out: it is invalid, or
/// it is a parameter with a wrong value, or its message is not in flight.
fn of_handle(action: &'static str, failure: Failure) -> QueueError {
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
    fn a_handle_whose_time_ran_out_has_several_codes() {
        let parameter =
            "Value AQEB for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.";
        for (code, text) in [
            ("ReceiptHandleIsInvalid", "The input receipt handle is invalid."),
            ("InvalidParameterValue", parameter),
            ("AWS.SimpleQueueService.MessageNotInflight", ""),
            ("MessageNotInflight", ""),
        ] {
            let error = of_handle("delete from", Failure::answered(400, Some(code), text));
            assert!(matches!(error, QueueError::Expired), "{code}: {error}");
        }
        let other =
            Failure::answered(400, Some("InvalidParameterValue"), "Value 99 for parameter VisibilityTimeout");
        let error = of_handle("release to", other).to_string();
        assert!(error.starts_with("could not release to the queue: InvalidParameterValue"), "{error}");
    }

    #[test]
    fn a_message_of_a_standard_queue_is_refused() {
        let message = Received::builder().receipt_handle("h").body("{}").build();
        let error = delivery(message).unwrap_err().to_string();
        assert_eq!(error, "a message came without its group; the queue must be a FIFO queue");
    }
}
