//! Work that follows the response to a request: processing batches and changing tags.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::contract::TagChange;
use crate::shared::{Shared, now};
use crate::state::{PreparedItems, State};

/// Accepted work, for a brand by its index.
#[derive(Debug)]
pub(crate) enum Job {
    ProcessBatch { brand: usize, batch: usize },
    ChangeTags { brand: usize, change: TagChange },
}

/// Schedules jobs.
#[derive(Debug)]
pub(crate) struct Jobs {
    pub(crate) shared: Arc<Shared>,
    queue: mpsc::UnboundedSender<(Instant, Job)>,
}

/// Runs jobs one by one, in the order in which they were scheduled.
#[derive(Debug)]
pub(crate) struct Worker {
    shared: Arc<Shared>,
    queue: mpsc::UnboundedReceiver<(Instant, Job)>,
}

impl Jobs {
    pub(crate) fn new(shared: Arc<Shared>) -> (Self, Worker) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let worker = Worker { shared: Arc::clone(&shared), queue: receiver };
        (Self { shared, queue: sender }, worker)
    }

    /// Runs a job after the batch delay, or at once if there is none.
    pub(crate) fn schedule(&self, job: Job) {
        self.shared.lock().pending += 1;
        let delay = self.shared.options.batch_delay;
        if delay.is_zero() {
            run(&self.shared, job);
        } else if self.queue.send((Instant::now() + delay, job)).is_err() {
            // The worker stops when the sandbox does.
            self.shared.lock().pending -= 1;
        }
    }
}

impl Worker {
    /// Runs every job when it is due, until the sandbox stops.
    pub(crate) async fn work(mut self) {
        let work = async {
            while let Some((due, job)) = self.queue.recv().await {
                sleep_until(due).await;
                run(&self.shared, job);
            }
        };
        tokio::select! {
            () = work => {}
            () = self.shared.stopped() => {}
        }
    }
}

fn run(shared: &Shared, job: Job) {
    match job {
        Job::ProcessBatch { brand, batch } => process_batch(shared, brand, batch),
        Job::ChangeTags { brand, change } => {
            if let Some(brand) = shared.lock().brands.get_mut(brand) {
                brand.change_tags(&change);
            }
        }
    }
    shared.lock().pending -= 1;
    shared.notify();
}

fn process_batch(shared: &Shared, brand: usize, index: usize) {
    let unprocessed = |state: &State| state.brands.get(brand)?.batches.get(index)?.unprocessed();
    let items = unprocessed(&shared.lock());
    let Some(items) = items else { return };
    // Reading the items without the lock lets the sandbox answer requests meanwhile.
    let prepared = PreparedItems::read(&items);
    let state = &mut *shared.lock();
    let Some(brand) = state.brands.get_mut(brand) else { return };
    if let Some(batch) = brand.batches.get_mut(index) {
        batch.process(prepared, &mut brand.contacts, &mut state.faults, shared.upsert_policy(), now());
    }
}
