//! What every request and the worker share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::Options;
use crate::contacts::Policy;
use crate::problem::Problem;
use crate::state::{Brand, State};
use crate::worker::{self, Job};

/// The sandbox behind its handlers.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    state: Mutex<State>,
    jobs: mpsc::UnboundedSender<(Instant, Job)>,
    /// Touched whenever something happened that a control endpoint may be waiting for.
    changed: watch::Sender<()>,
    stopping: watch::Receiver<()>,
}

impl Shared {
    pub(crate) fn new(
        options: Options,
            jobs: mpsc::UnboundedSender<(Instant, Job)>,
        stopping: watch::Receiver<()>,
    ) -> Self {
        let state = Mutex::new(State::new(&options));
        Self { options, state, jobs, changed: watch::Sender::new(()), stopping }
    }

    /// Wall time: the sandbox plays another company's service, which has a clock of its own.
    #[expect(clippy::disallowed_methods, reason = "the one place in which the sandbox reads its clock")]
    #[expect(clippy::unused_self, reason = "the clock is the sandbox's")]
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy { tag_mode: self.options.tag_mode, plan_limit: self.options.plan_limit }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in another request has left what it held as it was; a sandbox goes on with that.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at one brand, or changes it.
    pub(crate) fn brand<T>(&self, index: usize, look: impl FnOnce(&mut Brand) -> T) -> Result<T, Problem> {
        Ok(look(self.lock().brand(index)?))
    }

    /// Has a job done after the delay; at once where there is none.
    pub(crate) fn schedule(&self, job: Job) {
        self.lock().pending += 1;
        let delay = self.options.batch_delay;
        if delay.is_zero() {
            worker::run(self, job);
        } else if self.jobs.send((Instant::now() + delay, job)).is_err() {
            // The worker ends with the sandbox.
            self.lock().pending -= 1;
        }
    }

    /// Says that something changed.
    pub(crate) fn touch(&self) {
        self.changed.send_replace(());
    }

    /// Notes that a fault has fallen.
    pub(crate) fn fire(&self, fault: usize) {
        self.lock().faults.fire(fault);
        self.touch();
    }

    /// Waits until `check` answers with something; `None` where the sandbox stops first.
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
        stopped(self.stopping.clone()).await;
    }
}

/// Waits until the sender says stop, or is gone.
pub(crate) async fn stopped(mut stopping: watch::Receiver<()>) {
    _ = stopping.changed().await;
}
