//! What all requests and the worker share: the options, the clock, the state behind its lock, and signals.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::options::Options;
use crate::state::{State, UpsertPolicy};

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    state: Mutex<State>,
    /// Notified after every change that a control request may be waiting for.
    changed: watch::Sender<()>,
    stopping: watch::Receiver<()>,
}

impl Shared {
    pub(crate) fn new(options: Options, stopping: watch::Receiver<()>) -> Self {
        let state = Mutex::new(State::new(&options));
        Self { options, state, changed: watch::Sender::new(()), stopping }
    }

    pub(crate) fn upsert_policy(&self) -> UpsertPolicy {
        let Options { tag_mode, status_mode, plan_limit, .. } = self.options;
        UpsertPolicy { tag_mode, status_mode, plan_limit }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in another request left the state as it was at that moment; the sandbox continues with that.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn notify(&self) {
        self.changed.send_replace(());
    }

    /// Counts that a selected fault has fired.
    pub(crate) fn count_fired(&self, fault: usize) {
        self.lock().faults.count_fired(fault);
        self.notify();
    }

    /// Waits until `check` returns a value, and returns it; returns `None` if the sandbox stops first.
    pub(crate) async fn wait_for<T>(&self, check: impl Fn(&State) -> Option<T>) -> Option<T> {
        let mut changed = self.changed.subscribe();
        loop {
            if let Some(found) = check(&self.lock()) {
                return Some(found);
            }
            tokio::select! {
                _ = changed.changed() => {}
                () = self.stopped() => return None,
            }
        }
    }

    /// Waits until the sandbox stops.
    pub(crate) async fn stopped(&self) {
        // An error means that the sandbox was dropped.
        _ = self.stopping.clone().changed().await;
    }
}

/// Wall time. The sandbox imitates the service of another company, which has its own clock.
#[expect(clippy::disallowed_methods, reason = "the only place where the sandbox reads the wall clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
