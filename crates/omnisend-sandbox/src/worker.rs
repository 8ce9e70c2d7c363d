//! What is done after its request was answered: batches and changes of tags, by one task, in the order they came.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::batches::{self, Items};
use crate::shared::Shared;
use crate::tags::TagChange;

/// Work that was accepted.
#[derive(Debug)]
pub(crate) enum Job {
    Batch { brand: usize, index: usize },
    Tags { brand: usize, change: TagChange },
}

/// Does every job at its time, until the sandbox stops.
pub(crate) async fn work(shared: Arc<Shared>, mut jobs: mpsc::UnboundedReceiver<(Instant, Job)>) {
    let work = async {
        while let Some((due, job)) = jobs.recv().await {
            sleep_until(due).await;
            run(&shared, job);
        }
    };
    tokio::select! {
        () = work => {}
        () = shared.stopped() => {}
    }
}

/// Does a job now.
pub(crate) fn run(shared: &Shared, job: Job) {
    match job {
        Job::Batch { brand, index } => process(shared, brand, index),
        Job::Tags { brand, change } => {
            if let Some(brand) = shared.lock().brands.get_mut(brand) {
                change.apply(brand);
            }
        }
    }
    shared.lock().pending -= 1;
    shared.touch();
}

fn process(shared: &Shared, brand: usize, index: usize) {
    let items = match shared.lock().brands.get(brand).and_then(|brand| brand.batches.get(index)) {
        Some(batch) => match &batch.items {
            Items::Sent(items) => items.clone(),
            Items::Packed(_) => return,
        },
        None => return,
    };
    // Read without the lock, so that requests are answered meanwhile.
    let prepared = batches::prepare(&items);
    let (policy, now) = (shared.policy(), shared.now());
    let state = &mut *shared.lock();
    let Some(brand) = state.brands.get_mut(brand) else { return };
    if let Some(batch) = brand.batches.get_mut(index) {
        batch.process(prepared, &mut brand.contacts, &mut state.faults, policy, now);
    }
}
