//! A FIFO queue inside the process, with the rules of SQS FIFO.
//!
//! Time is tokio's, so a test that pauses the clock decides when a message's visibility runs out.

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

use super::{Delivery, Message, Queue, QueueError};

/// What SQS has as attributes of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long a received message is out of sight unless it is deleted or released.
    pub visibility: Duration,
    /// How often a message is received at most; then it is a dead letter.
    pub max_receive_count: u32,
    /// How long a message's deduplication id is remembered.
    pub deduplication_window: Duration,
}

impl Default for Settings {
    /// SQS's own window, and the visibility that the design gives an upload.
    fn default() -> Self {
        Self {
            visibility: Duration::from_mins(10),
            max_receive_count: 5,
            deduplication_window: Duration::from_mins(5),
        }
    }
}

/// A FIFO queue inside the process. What it holds ends with it: a run that was cut short is taken up again
/// from its manifest.
#[derive(Debug)]
pub struct MemoryQueue {
    settings: Settings,
    state: Mutex<State>,
    /// Told of whatever may end somebody's wait.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// By the order in which they were sent.
    messages: BTreeMap<u64, Entry>,
    sent: u64,
    received: u64,
    /// Deduplication ids, and when each is forgotten.
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
    handle: String,
    until: Instant,
}

impl MemoryQueue {
    /// An empty queue.
    pub fn new(settings: Settings) -> Self {
        Self { settings, state: Mutex::default(), changed: Notify::new() }
    }

    /// Whether every message that was sent is deleted or dead.
    pub fn is_empty(&self) -> bool {
        self.depth() == 0
    }

    /// How many messages there are, waiting or in flight.
    pub fn depth(&self) -> usize {
        self.state().messages.len()
    }

    /// The messages that were received too often, the first to die first.
    pub fn dead_letters(&self) -> Vec<Message> {
        self.state().dead.clone()
    }

    /// Waits until a receive would answer with a message. Of several that wait, each wakes; who comes late
    /// receives none and waits again.
    pub async fn wait(&self) {
        self.wait_for(State::receivable).await;
    }

    /// Waits until the queue is empty ([`is_empty`](Self::is_empty)): nothing waits and nothing is in flight.
    pub async fn drained(&self) {
        self.wait_for(|state| state.messages.is_empty()).await;
    }

    async fn wait_for(&self, done: impl Fn(&State) -> bool) {
        loop {
            // Made before the look, so that a change after it is not missed.
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

    /// The state as of now.
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing here panics half-way through a change, so a poisoned lock guards a whole state.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.advance(Instant::now(), self.settings.max_receive_count);
        state
    }

    /// Changes the state and tells everybody who waits.
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

    async fn delete(&self, delivery: &Delivery) -> Result<(), QueueError> {
        self.change(|state| {
            let place = state.in_flight(delivery)?;
            state.messages.remove(&place);
            Ok(())
        })
    }

    async fn release(&self, delivery: &Delivery, after: Duration) -> Result<(), QueueError> {
        self.change(|state| {
            let place = state.in_flight(delivery)?;
            if let Some(flight) = state.messages.get_mut(&place).and_then(|entry| entry.in_flight.as_mut()) {
                flight.until = Instant::now() + after;
            }
            Ok(())
        })
    }
}

impl State {
    /// Takes in what time alone does: messages come back into sight, ids are forgotten, letters die.
    fn advance(&mut self, now: Instant, max_receive_count: u32) {
        self.seen.retain(|_, until| *until > now);
        for entry in self.messages.values_mut() {
            if entry.in_flight.as_ref().is_some_and(|flight| flight.until <= now) {
                entry.in_flight = None;
            }
        }
        // SQS moves a message when it is next in line. To see it dead a moment sooner differs for nobody who
        // receives, and an empty queue is then one where nothing more will happen.
        let mut blocked = self.groups_in_flight();
        let mut dead = Vec::new();
        for (place, entry) in &self.messages {
            let group = &entry.message.group;
            if !blocked.contains(group) {
                if entry.receive_count >= max_receive_count {
                    dead.push(*place);
                } else {
                    // Those behind it are not next in line.
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
            let handle = self.received.to_string();
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

    /// The place of the message that a delivery still holds.
    fn in_flight(&self, delivery: &Delivery) -> Result<u64, QueueError> {
        let held =
            |entry: &Entry| entry.in_flight.as_ref().is_some_and(|held| held.handle == delivery.handle);
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
