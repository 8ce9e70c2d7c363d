//! Faults of SQS: batches that are accepted in part, lost answers, throttling.

use omnisend_export::ports::{
    Aws,
    queue::{Handle, Queue, QueueError},
};
use serde_json::{Value, json};

use super::{answers::Answers, sqs::Moto};
use crate::{
    common::proxy::{Effect, Exchange},
    queue::message,
};

fn is_send(request: &Exchange) -> bool {
    request.operation() == "SendMessageBatch"
}

/// Returns the deduplication ids of each batch, in the order in which they were sent.
fn batches(moto: &Moto) -> Vec<Vec<String>> {
    let ids = |request: &Exchange| {
        let sent: Value = serde_json::from_slice(&request.body).unwrap();
        let entries = sent["Entries"].as_array().unwrap().clone();
        entries.iter().map(|entry| entry["MessageDeduplicationId"].as_str().unwrap().to_owned()).collect()
    };
    moto.proxy.seen(is_send).iter().map(ids).collect()
}

/// Accepts all entries of a batch except the one with a body, which must be the second, and lists that one as failed.
fn refuse(body: &'static str, code: &'static str, sender_fault: bool) -> Effect {
    let request = move |request: &mut Exchange| {
        let mut sent: Value = serde_json::from_slice(&request.body).unwrap();
        sent["Entries"].as_array_mut().unwrap().retain(|entry| entry["MessageBody"] != body);
        request.body = sent.to_string().into();
    };
    let answer = move |answer: &mut Exchange| {
        let mut answered: Value = serde_json::from_slice(&answer.body).unwrap();
        answered["Failed"] =
            json!([{"Id": "1", "Code": code, "Message": "spoiled", "SenderFault": sender_fault}]);
        answer.body = answered.to_string().into();
    };
    Effect::Edit { request: Box::new(request), answer: Box::new(answer) }
}

/// Receives and deletes every message, and returns the bodies in order.
async fn drain(moto: &Moto) -> Vec<String> {
    let mut drained = Vec::new();
    loop {
        let deliveries = moto.queue.receive(10).await.unwrap();
        if deliveries.is_empty() {
            return drained;
        }
        for delivery in deliveries {
            moto.queue.delete(&delivery.handle).await.unwrap();
            drained.push(delivery.body);
        }
    }
}

#[tokio::test]
async fn sends_only_refused_messages_again_and_keeps_each_groups_order() {
    let moto = Moto::new().await;
    moto.proxy.spoil(2, is_send, refuse("b1", "InternalError", false));
    moto.queue.send(&["a1", "a2", "b1", "b2", "b3", "c1"].map(message)).await.unwrap();
    let expected: [&[&str]; 5] = [&["a1", "b1", "c1"], &["a2", "b1"], &["b1"], &["b2"], &["b3"]];
    assert_eq!(batches(&moto), expected);
    let drained = drain(&moto).await;
    for group in ["a", "b", "c"] {
        let of_group: Vec<_> = drained.iter().filter(|body| body.starts_with(group)).collect();
        assert!(of_group.is_sorted(), "{of_group:?}");
    }
    assert_eq!(drained.len(), 6);
}

#[tokio::test]
async fn the_error_names_a_message_that_can_never_be_sent() {
    let moto = Moto::new().await;
    moto.proxy.spoil(1, is_send, refuse("b1", "InvalidMessageContents", true));
    let error = moto.queue.send(&["a1", "b1", "b2"].map(message)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "could not send to the queue: message b1 was not accepted: InvalidMessageContents: spoiled"
    );
}

#[tokio::test]
async fn a_batch_whose_answer_was_lost_is_in_the_queue_once() {
    let moto = Moto::new().await;
    moto.proxy.spoil(1, is_send, Effect::LoseReply);
    moto.proxy.spoil(1, is_send, Effect::Drop);
    moto.queue.send(&["a1", "b1", "a2"].map(message)).await.unwrap();
    let expected: [&[&str]; 4] = [&["a1", "b1"], &["a1", "b1"], &["a1", "b1"], &["a2"]];
    assert_eq!(batches(&moto), expected);
    let mut drained = drain(&moto).await;
    drained.sort_unstable();
    assert_eq!(drained, ["a1", "a2", "b1"]);
}

#[tokio::test]
async fn many_messages_of_one_group_keep_their_order() {
    let moto = Moto::new().await;
    let bodies: Vec<String> = (0..25).map(|n| format!("a{n:02}")).collect();
    let messages: Vec<_> = bodies.iter().map(|body| message(body)).collect();
    moto.queue.send(&messages).await.unwrap();
    assert_eq!(drain(&moto).await, bodies);
    moto.queue.send(&[]).await.unwrap();
}

#[tokio::test]
async fn a_receive_whose_answer_was_lost_requests_the_same_messages() {
    let moto = Moto::new().await;
    let is_receive = |request: &Exchange| request.operation() == "ReceiveMessage";
    // The first request is not forwarded: moto ignores attempt ids, and would keep its messages in flight.
    moto.proxy.spoil(1, is_receive, Effect::Drop);
    for _ in 0..2 {
        assert_eq!(moto.queue.receive(10).await.unwrap(), []);
    }
    let attempt = |request: &Exchange| {
        let sent: Value = serde_json::from_slice(&request.body).unwrap();
        sent["ReceiveRequestAttemptId"].as_str().unwrap().to_owned()
    };
    let attempts: Vec<String> = moto.proxy.seen(is_receive).iter().map(attempt).collect();
    assert_eq!(attempts.len(), 3);
    assert!(attempts[0] == attempts[1] && attempts[1] != attempts[2], "{attempts:?}");
    assert_eq!(moto.queue.receive(0).await.unwrap(), []);
    assert_eq!(moto.proxy.seen(is_receive).len(), 3, "a receive of 0 messages made a request");
}

#[tokio::test(start_paused = true)]
async fn reports_throttling_that_does_not_end() {
    let answers = Answers::always(Some(Exchange::json_error(400, "ThrottlingException")));
    let queue = Aws::new(answers.config()).queue("http://127.0.0.1:1/123456789012/uploads.fifo");
    let error = queue.send(&[message("a1")]).await.unwrap_err();
    assert_eq!(error.to_string(), "could not send to the queue: ThrottlingException: spoiled (status 400)");
    assert_eq!(answers.request_count(), 8);
}

#[tokio::test]
async fn does_not_retry_a_refusal() {
    let moto = Moto::new().await;
    moto.proxy.spoil(9, |_| true, Effect::Answer(Exchange::json_error(403, "AccessDeniedException")));
    let handle = Handle::from("AQEB".to_owned());
    for (error, action) in [
        (moto.queue.send(&[message("a1")]).await, "send to"),
        (moto.queue.receive(1).await.map(drop), "receive from"),
        (moto.queue.delete(&handle).await, "delete from"),
        (moto.queue.release(&handle, std::time::Duration::ZERO).await, "return a message to"),
    ] {
        let error = error.unwrap_err();
        assert!(matches!(error, QueueError::Service { .. }));
        let expected = format!("could not {action} the queue: AccessDeniedException: spoiled (status 403)");
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(moto.proxy.seen(|_| true).len(), 4);
}
