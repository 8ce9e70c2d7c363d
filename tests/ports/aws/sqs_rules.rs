//! A stand-in for SQS inside the process: SQS's JSON protocol and error messages on top of the in-memory queue, whose
//! time a test can advance.

use std::{sync::Arc, time::Duration};

use omnisend_export::ports::{
    Aws,
    queue::{Handle, MemoryQueue, Message, Queue, QueueError, Settings, SqsQueue},
};
use serde_json::{Value, json};

use super::answers::Answers;
use crate::common::proxy::Exchange;

/// Returns an SQS queue whose calls go through SQS's protocol to an in-memory queue, and that queue.
pub(crate) fn queue(settings: Settings) -> (SqsQueue, Arc<MemoryQueue>, Answers) {
    let memory = Arc::new(MemoryQueue::new(settings));
    let behind = Arc::clone(&memory);
    let answers = Answers::new(move |request| {
        let queue = Arc::clone(&behind);
        async move { Some(answer(&queue, &request).await) }
    });
    let queue = Aws::new(answers.config()).queue("http://127.0.0.1:1/123456789012/uploads.fifo");
    (queue, memory, answers)
}

async fn answer(queue: &MemoryQueue, request: &Exchange) -> Exchange {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let answer = match request.operation() {
        "SendMessageBatch" => send(queue, &body).await,
        "ReceiveMessage" => receive(queue, &body).await,
        "DeleteMessage" => match queue.delete(&handle(&body)).await {
            Ok(()) => json!({}),
            Err(error) => return expired(&error, "The receipt handle has expired."),
        },
        "ChangeMessageVisibility" => match queue.release(&handle(&body), seconds(&body)).await {
            Ok(()) => json!({}),
            Err(error) => {
                let reason = "Message does not exist or is not available for visibility timeout change.";
                return expired(&error, reason);
            }
        },
        other => panic!("unsupported operation {other}"),
    };
    Exchange::answer(200, &[("content-type", "application/x-amz-json-1.0")], &answer.to_string())
}

async fn send(queue: &MemoryQueue, body: &Value) -> Value {
    let entries = body["Entries"].as_array().unwrap();
    assert!((1..=10).contains(&entries.len()), "{} entries", entries.len());
    let message = |entry: &Value| Message {
        group: text(&entry["MessageGroupId"]),
        deduplication_id: text(&entry["MessageDeduplicationId"]),
        body: text(&entry["MessageBody"]),
    };
    queue.send(&entries.iter().map(message).collect::<Vec<_>>()).await.unwrap();
    let accepted = entries.iter().map(|entry| {
        json!({"Id": entry["Id"], "MessageId": entry["MessageDeduplicationId"], "MD5OfMessageBody": "", "SequenceNumber": "1"})
    });
    json!({"Successful": accepted.collect::<Vec<_>>(), "Failed": []})
}

async fn receive(queue: &MemoryQueue, body: &Value) -> Value {
    let max = body["MaxNumberOfMessages"].as_u64().unwrap();
    assert!((1..=10).contains(&max), "{max} messages requested");
    assert_eq!(body["WaitTimeSeconds"], 0);
    let names = body["MessageSystemAttributeNames"].as_array().unwrap();
    let is_requested = |name: &str| names.iter().any(|requested| requested == name);
    let deliveries = queue.receive(usize::try_from(max).unwrap()).await.unwrap();
    let messages = deliveries.into_iter().map(|delivery| {
        let mut attributes = json!({});
        if is_requested("MessageGroupId") {
            attributes["MessageGroupId"] = json!(delivery.group);
        }
        if is_requested("ApproximateReceiveCount") {
            attributes["ApproximateReceiveCount"] = json!(delivery.receive_count.to_string());
        }
        json!({"MessageId": "m", "ReceiptHandle": delivery.handle.as_str(), "Body": delivery.body, "Attributes": attributes})
    });
    // SQS leaves out the key if there is no message.
    let messages: Vec<Value> = messages.collect();
    if messages.is_empty() { json!({}) } else { json!({"Messages": messages}) }
}

fn handle(body: &Value) -> Handle {
    text(&body["ReceiptHandle"]).into()
}

fn seconds(body: &Value) -> Duration {
    Duration::from_secs(body["VisibilityTimeout"].as_u64().unwrap())
}

fn expired(error: &QueueError, reason: &str) -> Exchange {
    assert!(matches!(error, QueueError::Expired), "{error}");
    let message = format!("Value AQEB for parameter ReceiptHandle is invalid. Reason: {reason}");
    let body = json!({"__type": "com.amazonaws.sqs#InvalidParameterValue", "message": message}).to_string();
    let headers = [
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amzn-query-error", "InvalidParameterValue;Sender"),
    ];
    Exchange::answer(400, &headers, &body)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
