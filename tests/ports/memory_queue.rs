//! The in-memory queue: its contract, and its waits, which other queues do not have.

use std::{pin::pin, time::Duration};

use async_trait::async_trait;
use futures_util::{FutureExt, future::join_all};
use omnisend_export::ports::queue::{MemoryQueue, Queue, Settings};
use tokio::time::{Instant, advance};

use crate::queue::{Harness, SETTINGS, message};

struct Memory(MemoryQueue);

#[async_trait]
impl Harness for Memory {
    fn queue(&self) -> &dyn Queue {
        &self.0
    }

    async fn advance(&self, time: Duration) {
        advance(time).await;
    }

    async fn dead_letters(&self) -> Vec<String> {
        self.0.dead_letters().into_iter().map(|message| message.body).collect()
    }
}

mod contract {
    use super::{Memory, MemoryQueue, SETTINGS};

    crate::queue::contract!(Memory(MemoryQueue::new(SETTINGS)));
}

async fn queue(bodies: &[&str]) -> MemoryQueue {
    let queue = MemoryQueue::new(SETTINGS);
    let messages: Vec<_> = bodies.iter().map(|body| message(body)).collect();
    queue.send(&messages).await.unwrap();
    queue
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_a_send() {
    let queue = queue(&[]).await;
    let mut wait = pin!(queue.wait());
    assert_eq!(wait.as_mut().now_or_never(), None);
    queue.send(&[message("a1")]).await.unwrap();
    assert_eq!(wait.now_or_never(), Some(()));
    assert_eq!(queue.wait().now_or_never(), Some(()), "the message can be received already");
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_a_release() {
    let queue = queue(&["a1"]).await;
    let held = queue.receive(1).await.unwrap();
    let mut wait = pin!(queue.wait());
    assert_eq!(wait.as_mut().now_or_never(), None);
    queue.release(&held[0].handle, Duration::ZERO).await.unwrap();
    assert_eq!(wait.now_or_never(), Some(()));
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_when_a_delete_frees_the_group() {
    let queue = queue(&["a1", "a2", "a3"]).await;
    let held = queue.receive(2).await.unwrap();
    let mut wait = pin!(queue.wait());
    queue.delete(&held[0].handle).await.unwrap();
    assert_eq!(wait.as_mut().now_or_never(), None, "a2 is in flight");
    queue.delete(&held[1].handle).await.unwrap();
    assert_eq!(wait.now_or_never(), Some(()));
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_a_visibility_timeout() {
    let queue = queue(&["a1", "b1"]).await;
    let start = Instant::now();
    queue.receive(1).await.unwrap();
    advance(Duration::from_mins(1)).await;
    queue.receive(1).await.unwrap();
    queue.wait().await;
    assert_eq!(start.elapsed(), SETTINGS.visibility);
    assert_eq!(queue.receive(10).await.unwrap()[0].body, "a1");
}

#[tokio::test(start_paused = true)]
async fn the_queue_is_drained_when_the_last_message_is_deleted() {
    let queue = queue(&["a1", "b1"]).await;
    let mut drained = pin!(queue.drained());
    let held = queue.receive(10).await.unwrap();
    assert_eq!((queue.depth(), queue.is_empty()), (2, false), "messages in flight still count");
    queue.delete(&held[0].handle).await.unwrap();
    assert_eq!(drained.as_mut().now_or_never(), None);
    queue.delete(&held[1].handle).await.unwrap();
    assert_eq!(drained.now_or_never(), Some(()));
    assert_eq!((queue.depth(), queue.is_empty()), (0, true));
}

#[tokio::test(start_paused = true)]
async fn the_queue_is_drained_when_the_last_message_becomes_a_dead_letter() {
    let queue = MemoryQueue::new(Settings { max_receive_count: 1, ..SETTINGS });
    queue.send(&[message("a1")]).await.unwrap();
    let start = Instant::now();
    queue.receive(1).await.unwrap();
    queue.drained().await;
    assert_eq!(start.elapsed(), SETTINGS.visibility);
    assert_eq!(queue.dead_letters(), [message("a1")]);
}

#[tokio::test(start_paused = true)]
async fn waiting_workers_share_all_messages_and_end() {
    let queue = MemoryQueue::new(SETTINGS);
    let worker = async || {
        let mut handled = Vec::new();
        loop {
            tokio::select! {
                biased;
                () = queue.wait() => {}
                () = queue.drained() => return handled,
            }
            for delivery in queue.receive(1).await.unwrap() {
                // Like an upload, it takes a while.
                tokio::time::sleep(Duration::from_secs(1)).await;
                queue.delete(&delivery.handle).await.unwrap();
                handled.push(delivery.body);
            }
        }
    };
    let bodies = ["a1", "a2", "a3", "b1", "b2", "c1"];
    queue.send(&bodies.map(message)).await.unwrap();
    let start = Instant::now();
    let mut handled = join_all((0..4).map(|_| worker())).await.concat();
    handled.sort_unstable();
    assert_eq!(handled, bodies);
    // The largest group has 3 messages, which are handled one at a time.
    assert_eq!(start.elapsed(), Duration::from_secs(3));
}
