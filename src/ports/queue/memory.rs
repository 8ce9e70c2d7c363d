//! A FIFO queue inside the process, with the rules of SQS FIFO.
//!
//! Time is tokio's, so a test that pauses the clock decides when a visibility timeout ends.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use super::port::{Delivery, Handle, Message, Queue, QueueError};

/// The settings that SQS has as attributes of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long a received message is invisible unless it is deleted or released: the visibility timeout.
    pub visibility: Duration,
    /// How often a message is received before it is a dead letter.
    pub max_receive_count: u32,
    /// How long a message's deduplication id is remembered.
    pub deduplication_window: Duration,
}

impl Default for Settings {
    /// SQS's own deduplication window, and the visibility timeout of the upload queue.
    fn default() -> Self {
        Self {
            visibility: Duration::from_mins(10),
            max_receive_count: 5,
            deduplication_window: Duration::from_mins(5),
        }
    }
}

/// A FIFO queue inside the process. Its messages are lost when the process ends: an unfinished run resumes from its
/// manifest.
#[derive(Debug)]
pub struct MemoryQueue {
    settings: Settings,
    state: Mutex<State>,
    /// Notified of every change that may end a wait.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// In the order in which they were sent.
    messages: BTreeMap<u64, Entry>,
    sent: u64,
    received: u64,
    /// Deduplication ids, and when each expires.
    seen: HashMap<String, Instant>,
    dead: Vec<Message>,
}

#[derive(Debug)]
struct Entry {
    message: Message,
    receive_count: u32,
    in_flight: Option<Flight>,
}

#[derive(Debug)]
struct Flight {
    handle: Handle,
    until: Instant,
}

impl MemoryQueue {
    pub fn new(settings: Settings) -> Self {
        Self { settings, state: Mutex::default(), changed: Notify::new() }
    }

    /// Whether every message was deleted or is a dead letter.
    pub fn is_empty(&self) -> bool {
        self.depth() == 0
    }

    /// Returns the number of messages that wait or are in flight.
    pub fn depth(&self) -> usize {
        self.state().messages.len()
    }

    /// Returns the messages that were received too often, the oldest dead letter first.
    pub fn dead_letters(&self) -> Vec<Message> {
        self.state().dead.clone()
    }

    /// Waits until a message can be received. If several callers wait, all of them wake, and those that receive nothing
    /// wait again.
    pub async fn wait(&self) {
        self.wait_for(State::receivable).await;
    }

    /// Waits until the queue is empty ([`is_empty`](Self::is_empty)).
    pub async fn drained(&self) {
        self.wait_for(|state| state.messages.is_empty()).await;
    }

    async fn wait_for(&self, done: impl Fn(&State) -> bool) {
        loop {
            // Created before the check, so that a change after the check is not missed.
            let changed = self.changed.notified();
            let next = {
                let state = self.state();
                if done(&state) {
                    return;
                }
                state.next_expiry()
            };
            match next {
                Some(at) => tokio::select! {
                    () = changed => {}
                    () = sleep_until(at) => {}
                },
                None => changed.await,
            }
        }
    }

    /// Returns the state as of now.
    fn state(&self) -> MutexGuard<'_, State> {
        // No change here can panic half-way, so the state under a poisoned lock is consistent.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.advance(Instant::now(), self.settings.max_receive_count);
        state
    }

    /// Changes the state and wakes the waiting callers.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = {
            let mut state = self.state();
            let changed = change(&mut state);
            state.advance(Instant::now(), self.settings.max_receive_count);
            changed
        };
        self.changed.notify_waiters();
        changed
    }
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn send(&self, messages: &[Message]) -> Result<(), QueueError> {
        let window = self.settings.deduplication_window;
        self.change(|state| {
            for message in messages {
                state.send(message, window);
            }
        });
        Ok(())
    }

    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, QueueError> {
        let visibility = self.settings.visibility;
        Ok(self.change(|state| state.receive(max, visibility)))
    }

    async fn delete(&self, handle: &Handle) -> Result<(), QueueError> {
        self.change(|state| {
            let place = state.in_flight(handle)?;
            state.messages.remove(&place);
            Ok(())
        })
    }

    async fn release(&self, handle: &Handle, after: Duration) -> Result<(), QueueError> {
        self.change(|state| {
            let place = state.in_flight(handle)?;
            if let Some(flight) = state.messages.get_mut(&place).and_then(|entry| entry.in_flight.as_mut()) {
                flight.until = Instant::now() + after;
            }
            Ok(())
        })
    }
}

impl State {
    /// Applies what time alone changes: messages become visible, deduplication ids expire, messages become dead letters.
    fn advance(&mut self, now: Instant, max_receive_count: u32) {
        self.seen.retain(|_, until| *until > now);
        for entry in self.messages.values_mut() {
            if entry.in_flight.as_ref().is_some_and(|flight| flight.until <= now) {
                entry.in_flight = None;
            }
        }
        // SQS moves a message to the dead letters when it is next in line. Doing it a moment earlier makes no
        // difference to a receiver, and nothing more can happen in a queue that is then empty.
        let mut blocked = self.groups_in_flight();
        let mut dead = Vec::new();
        for (place, entry) in &self.messages {
            let group = &entry.message.group;
            if !blocked.contains(group) {
                if entry.receive_count >= max_receive_count {
                    dead.push(*place);
                } else {
                    // Later messages of the group are not next in line.
                    blocked.insert(group.clone());
                }
            }
        }
        self.dead.extend(dead.into_iter().filter_map(|place| Some(self.messages.remove(&place)?.message)));
    }

    fn send(&mut self, message: &Message, window: Duration) {
        if self.seen.contains_key(&message.deduplication_id) {
            return;
        }
        self.seen.insert(message.deduplication_id.clone(), Instant::now() + window);
        self.sent += 1;
        let entry = Entry { message: message.clone(), receive_count: 0, in_flight: None };
        self.messages.insert(self.sent, entry);
    }

    fn receive(&mut self, max: usize, visibility: Duration) -> Vec<Delivery> {
        let blocked = self.groups_in_flight();
        let until = Instant::now() + visibility;
        let next =
            self.messages.values_mut().filter(|entry| !blocked.contains(&entry.message.group)).take(max);
        let mut deliveries = Vec::new();
        for entry in next {
            self.received += 1;
            entry.receive_count += 1;
            let handle = Handle::from(self.received.to_string());
            entry.in_flight = Some(Flight { handle: handle.clone(), until });
            deliveries.push(Delivery {
                handle,
                group: entry.message.group.clone(),
                body: entry.message.body.clone(),
                receive_count: entry.receive_count,
            });
        }
        deliveries
    }

    /// Returns the place of the message that is in flight under a handle.
    fn in_flight(&self, handle: &Handle) -> Result<u64, QueueError> {
        let held = |entry: &Entry| entry.in_flight.as_ref().is_some_and(|held| held.handle == *handle);
        self.messages
            .iter()
            .find(|(_, entry)| held(entry))
            .map(|(place, _)| *place)
            .ok_or(QueueError::Expired)
    }

    fn groups_in_flight(&self) -> BTreeSet<String> {
        let flying = self.messages.values().filter(|entry| entry.in_flight.is_some());
        flying.map(|entry| entry.message.group.clone()).collect()
    }

    fn receivable(&self) -> bool {
        let blocked = self.groups_in_flight();
        self.messages.values().any(|entry| !blocked.contains(&entry.message.group))
    }

    fn next_expiry(&self) -> Option<Instant> {
        self.messages.values().filter_map(|entry| Some(entry.in_flight.as_ref()?.until)).min()
    }
}
