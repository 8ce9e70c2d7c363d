//! The contract of every queue.

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;
use omnisend_export::ports::queue::{Delivery, Message, Queue, QueueError, Settings};

/// The settings of a queue under test.
pub(crate) const SETTINGS: Settings = Settings {
    visibility: Duration::from_mins(10),
    max_receive_count: 3,
    deduplication_window: Duration::from_mins(5),
};

const SECOND: Duration = Duration::from_secs(1);

/// An empty queue with [`SETTINGS`] that belongs to one test, and what differs between queues.
#[async_trait]
pub(crate) trait Harness: Sync {
    fn queue(&self) -> &dyn Queue;

    /// Advances the queue's time.
    async fn advance(&self, time: Duration);

    /// Returns the bodies of the dead letters, the oldest first.
    async fn dead_letters(&self) -> Vec<String>;
}

/// Calls a macro of this module with its arguments and the names of the contract's cases.
macro_rules! every_case {
    ($then:ident $($with:tt)*) => {
        crate::queue::$then! { $($with)*
            receives_a_group_in_order_and_one_batch_at_a_time
            groups_do_not_wait_for_each_other
            receives_at_most_as_many_messages_as_requested
            a_message_arrives_unchanged
            a_message_is_received_again_after_its_visibility_timeout
            an_expired_handle_has_no_effect
            a_deleted_message_is_never_received_again
            a_released_message_is_received_again_at_once
            a_message_can_be_released_with_a_delay
            released_messages_come_before_later_ones
            drops_a_duplicate_within_the_deduplication_window
            a_message_that_is_received_too_often_becomes_a_dead_letter
            a_message_whose_receivers_crash_becomes_a_dead_letter
        }
    };
}
pub(crate) use every_case;

/// The names of the cases.
#[cfg(feature = "aws")]
macro_rules! names {
    ($($case:ident)*) => { [$(stringify!($case)),*] };
}
#[cfg(feature = "aws")]
pub(crate) use names;

/// One test for each case of the contract, against the queue that `$harness` creates, with the clock paused.
macro_rules! contract {
    ($harness:expr) => {
        crate::queue::every_case! { contract @ $harness; }
    };
    (@ $harness:expr; $($case:ident)*) => {
        $(#[tokio::test(start_paused = true)]
        async fn $case() {
            crate::queue::$case(&$harness).await;
        })*
    };
}
pub(crate) use contract;

/// One second less than `time`.
fn almost(time: Duration) -> Duration {
    time.saturating_sub(SECOND)
}

/// Returns a message whose group is the first letter of its body, and whose deduplication id is its body.
pub(crate) fn message(body: &str) -> Message {
    Message { group: body[..1].to_owned(), deduplication_id: body.to_owned(), body: body.to_owned() }
}

async fn send(h: &dyn Harness, bodies: &[&str]) {
    let messages: Vec<Message> = bodies.iter().map(|body| message(body)).collect();
    h.queue().send(&messages).await.unwrap();
}

async fn receive(h: &dyn Harness, max: usize) -> Vec<Delivery> {
    h.queue().receive(max).await.unwrap()
}

async fn delete(h: &dyn Harness, delivery: &Delivery) {
    h.queue().delete(&delivery.handle).await.unwrap();
}

async fn release(h: &dyn Harness, delivery: &Delivery) {
    h.queue().release(&delivery.handle, Duration::ZERO).await.unwrap();
}

fn bodies(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|delivery| delivery.body.as_str()).collect()
}

/// Receives and deletes all messages: every test ends with an empty queue.
async fn drain(h: &dyn Harness) -> Vec<String> {
    let mut drained = Vec::new();
    loop {
        let deliveries = receive(h, 10).await;
        if deliveries.is_empty() {
            return drained;
        }
        for delivery in deliveries {
            delete(h, &delivery).await;
            drained.push(delivery.body);
        }
    }
}

async fn assert_expired(h: &dyn Harness, delivery: &Delivery) {
    let released = h.queue().release(&delivery.handle, Duration::ZERO).await;
    for result in [h.queue().delete(&delivery.handle).await, released] {
        assert!(matches!(result, Err(QueueError::Expired)), "{result:?}");
    }
}

pub(crate) async fn receives_a_group_in_order_and_one_batch_at_a_time(h: &dyn Harness) {
    send(h, &["a1", "a2"]).await;
    send(h, &["a3"]).await;
    let first = receive(h, 2).await;
    assert_eq!(bodies(&first), ["a1", "a2"]);
    assert_eq!(bodies(&receive(h, 10).await), [""; 0]);
    delete(h, &first[0]).await;
    assert_eq!(bodies(&receive(h, 10).await), [""; 0], "a2 is in flight");
    delete(h, &first[1]).await;
    assert_eq!(drain(h).await, ["a3"]);
}

pub(crate) async fn groups_do_not_wait_for_each_other(h: &dyn Harness) {
    send(h, &["a1", "b1", "a2", "b2", "c1"]).await;
    let first = receive(h, 1).await;
    assert_eq!(bodies(&first), ["a1"]);
    let others = receive(h, 10).await;
    // In order within each group; the order of groups is not defined.
    assert_eq!(BTreeSet::from_iter(bodies(&others)), BTreeSet::from(["b1", "b2", "c1"]));
    let of_b: Vec<&str> = bodies(&others).into_iter().filter(|body| body.starts_with('b')).collect();
    assert_eq!(of_b, ["b1", "b2"]);
    for delivery in first.iter().chain(&others) {
        delete(h, delivery).await;
    }
    assert_eq!(drain(h).await, ["a2"]);
}

pub(crate) async fn receives_at_most_as_many_messages_as_requested(h: &dyn Harness) {
    assert_eq!(receive(h, 10).await, []);
    send(h, &["a1", "b1", "c1"]).await;
    let mut all = Vec::new();
    for _ in 0..3 {
        let one = receive(h, 1).await;
        assert_eq!(one.len(), 1);
        all.extend(one);
    }
    assert_eq!(receive(h, 1).await, []);
    for delivery in &all {
        delete(h, delivery).await;
    }
}

pub(crate) async fn a_message_arrives_unchanged(h: &dyn Harness) {
    let body = "{\"stage\": \"upload\", \"run\": \"vip/20261123t100000z-1a2b3c4d\", \"é\": \"顧客\"}\n";
    let message = Message {
        group: "acme-store_1".to_owned(),
        deduplication_id: "20261123t100000z-1a2b3c4d.upload.00003".to_owned(),
        body: body.to_owned(),
    };
    h.queue().send(&[message]).await.unwrap();
    let received = receive(h, 10).await;
    assert_eq!(received.len(), 1);
    let (group, receive_count) = ("acme-store_1".to_owned(), 1);
    let handle = received[0].handle.clone();
    assert_eq!(received[0], Delivery { handle, group, body: body.to_owned(), receive_count });
    delete(h, &received[0]).await;
}

pub(crate) async fn a_message_is_received_again_after_its_visibility_timeout(h: &dyn Harness) {
    send(h, &["a1", "a2"]).await;
    let first = receive(h, 1).await;
    h.advance(almost(SETTINGS.visibility)).await;
    assert_eq!(receive(h, 10).await, []);
    h.advance(SECOND).await;
    let second = receive(h, 10).await;
    assert_eq!(bodies(&second), ["a1", "a2"]);
    assert_eq!((first[0].receive_count, second[0].receive_count, second[1].receive_count), (1, 2, 1));
    assert_ne!(first[0].handle, second[0].handle);
    for delivery in &second {
        delete(h, delivery).await;
    }
}

pub(crate) async fn an_expired_handle_has_no_effect(h: &dyn Harness) {
    send(h, &["a1"]).await;
    let first = receive(h, 1).await;
    h.advance(SETTINGS.visibility).await;
    // Even before the message is received again.
    assert_expired(h, &first[0]).await;
    let second = receive(h, 1).await;
    assert_expired(h, &first[0]).await;
    assert_eq!(receive(h, 1).await, [], "an expired handle released the message");
    delete(h, &second[0]).await;
}

pub(crate) async fn a_deleted_message_is_never_received_again(h: &dyn Harness) {
    send(h, &["a1"]).await;
    let first = receive(h, 1).await;
    h.advance(almost(SETTINGS.visibility)).await;
    delete(h, &first[0]).await;
    h.advance(SETTINGS.visibility).await;
    assert_eq!(receive(h, 10).await, []);
    assert_eq!(h.dead_letters().await, [""; 0]);
}

pub(crate) async fn a_released_message_is_received_again_at_once(h: &dyn Harness) {
    send(h, &["a1", "a2"]).await;
    let first = receive(h, 1).await;
    release(h, &first[0]).await;
    let second = receive(h, 1).await;
    assert_eq!((second[0].body.as_str(), second[0].receive_count), ("a1", 2));
    assert_expired(h, &first[0]).await;
    delete(h, &second[0]).await;
    assert_eq!(drain(h).await, ["a2"]);
}

pub(crate) async fn a_message_can_be_released_with_a_delay(h: &dyn Harness) {
    send(h, &["a1", "a2", "b1"]).await;
    let first = receive(h, 1).await;
    h.queue().release(&first[0].handle, Duration::from_secs(20)).await.unwrap();
    assert_eq!(drain(h).await, ["b1"], "only its group waits");
    h.advance(Duration::from_secs(19)).await;
    assert_eq!(receive(h, 10).await, []);
    h.advance(SECOND).await;
    let second = receive(h, 1).await;
    assert_eq!((second[0].body.as_str(), second[0].receive_count), ("a1", 2));
    delete(h, &second[0]).await;
    assert_eq!(drain(h).await, ["a2"]);
}

pub(crate) async fn released_messages_come_before_later_ones(h: &dyn Harness) {
    send(h, &["a1", "a2", "a3", "a4", "a5"]).await;
    let first = receive(h, 4).await;
    assert_eq!(bodies(&first), ["a1", "a2", "a3", "a4"]);
    delete(h, &first[0]).await;
    // A batch whose second message fails is released, in any order.
    for n in [3, 1, 2] {
        assert_eq!(receive(h, 10).await, [], "a message of the group is still in flight");
        release(h, &first[n]).await;
    }
    let second = receive(h, 10).await;
    assert_eq!(bodies(&second), ["a2", "a3", "a4", "a5"]);
    let counts: Vec<u32> = second.iter().map(|delivery| delivery.receive_count).collect();
    assert_eq!(counts, [2, 2, 2, 1]);
    for delivery in &second {
        delete(h, delivery).await;
    }
}

pub(crate) async fn drops_a_duplicate_within_the_deduplication_window(h: &dyn Harness) {
    send(h, &["a1", "a2", "a1"]).await;
    send(h, &["a1"]).await;
    assert_eq!(drain(h).await, ["a1", "a2"]);
    // Even after the message was deleted. A dropped duplicate does not extend the window.
    h.advance(almost(SETTINGS.deduplication_window)).await;
    send(h, &["a1"]).await;
    assert_eq!(drain(h).await, [""; 0]);
    h.advance(SECOND).await;
    send(h, &["a1"]).await;
    assert_eq!(drain(h).await, ["a1"]);
    // Only the id decides.
    let other_id = Message { deduplication_id: "another".to_owned(), ..message("a1") };
    h.queue().send(&[other_id]).await.unwrap();
    let same_id = Message { body: "a9".to_owned(), ..message("a1") };
    h.queue().send(&[same_id]).await.unwrap();
    assert_eq!(drain(h).await, ["a1"]);
}

pub(crate) async fn a_message_that_is_received_too_often_becomes_a_dead_letter(h: &dyn Harness) {
    send(h, &["a1", "a2"]).await;
    for n in 1..=SETTINGS.max_receive_count {
        let received = receive(h, 1).await;
        assert_eq!((received[0].body.as_str(), received[0].receive_count), ("a1", n));
        assert_eq!(h.dead_letters().await, [""; 0]);
        release(h, &received[0]).await;
    }
    // The group continues.
    let next = receive(h, 10).await;
    assert_eq!((bodies(&next), next[0].receive_count), (vec!["a2"], 1));
    assert_eq!(h.dead_letters().await, ["a1"]);
    delete(h, &next[0]).await;
    assert_eq!(receive(h, 10).await, []);
}

pub(crate) async fn a_message_whose_receivers_crash_becomes_a_dead_letter(h: &dyn Harness) {
    send(h, &["a1", "b1"]).await;
    let mut receives = 0;
    while h.dead_letters().await.is_empty() {
        for delivery in receive(h, 10).await {
            if delivery.group == "b" {
                delete(h, &delivery).await;
            }
        }
        h.advance(SETTINGS.visibility).await;
        receives += 1;
        assert!(receives <= SETTINGS.max_receive_count + 1, "received too often");
    }
    assert_eq!(h.dead_letters().await, ["a1"]);
    assert_eq!(receive(h, 10).await, []);
}
