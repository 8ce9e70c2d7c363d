//! The queue messages of a run.

use crate::{
    keys::Key,
    kill_point,
    ports::{Ports, queue::QueueError},
    run::{Enqueued, Manifest, Step, Work},
    stage::records::{RecordError, Records},
};

/// Why not all messages were sent. Sending all of them again is safe.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Sends the messages of a run: an upload for each chunk without a receipt, then the settlement. Sending them again is
/// safe. `attempt` is empty the first time. With another value, the queue does not drop the repeated messages as
/// duplicates.
pub async fn enqueue(ports: &Ports, manifest: &Manifest, attempt: &str) -> Result<(), EnqueueError> {
    let records = Records::new(ports.objects.clone());
    let written = records.written(&manifest.run).await?;
    let run = &manifest.run;
    let steps = manifest
        .chunks_to_send()
        .filter(|chunk| !written.contains(&(&Key::Receipt(run.clone(), *chunk)).into()))
        .map(|chunk| Step::Upload { chunk })
        .chain([Step::Settle]);
    let messages: Vec<_> =
        steps.map(|step| Work { run: run.clone(), step }.message(&manifest.connection, attempt)).collect();
    let (first, second) = messages.split_at(messages.len() / 2);
    ports.queue.send(first).await?;
    kill_point::reach("plan.half-enqueued");
    ports.queue.send(second).await?;
    let at = ports.clock.now();
    let records = Records::new(ports.objects.clone());
    Ok(records.write(run, &Enqueued { at }).await?)
}

/// Sends the message that settles a run.
pub async fn enqueue_settlement(
    ports: &Ports,
    manifest: &Manifest,
    attempt: &str,
) -> Result<(), EnqueueError> {
    let work = Work { run: manifest.run.clone(), step: Step::Settle };
    Ok(ports.queue.send(&[work.message(&manifest.connection, attempt)]).await?)
}
