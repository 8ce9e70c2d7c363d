//! The messages of a run: what makes it go, and go on.

use super::PlanError;
use crate::{
    keys::Key,
    kill_point,
    ports::Ports,
    run::{Enqueued, Manifest, Step, Work},
    stage::Records,
};

/// Sends the messages of a run: an upload for every chunk without a receipt, then the settlement. Sending them
/// again is safe. `attempt` is empty the first time, and tells a deliberate repetition from a duplicate.
pub async fn enqueue(ports: &Ports, manifest: &Manifest, attempt: &str) -> Result<(), PlanError> {
    let written = Records::new(ports.objects.clone()).written(&manifest.run).await?;
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

/// Sends the one message that settles a run.
pub async fn enqueue_settlement(ports: &Ports, manifest: &Manifest, attempt: &str) -> Result<(), PlanError> {
    let work = Work { run: manifest.run.clone(), step: Step::Settle };
    Ok(ports.queue.send(&[work.message(&manifest.connection, attempt)]).await?)
}
