//! Plan: reads the source once, maps it, and writes what is to be sent: chunks, then the manifest, then the
//! messages. The only stage that knows formats and mappings.

mod prepare;
mod seen;
mod select;

use std::{num::NonZeroU32, sync::Arc};

use jiff::Timestamp;
use tokio::{runtime::Handle, sync::mpsc};

pub use self::prepare::PrepareError;
use self::prepare::{Finished, Prepared, Sink, prepare};
use super::{Notice, Observer, RecordError, Records};
use crate::{
    config::{Connection, Export},
    kill_point,
    omnisend::MAX_BATCH_CONTACTS,
    ports::{
        Ports,
        objects::{ObjectError, Pinned, Put},
        queue::QueueError,
    },
    run::{DryRun, ExportName, Key, Location, Manifest, Mode, RunRef, Step, Trigger, Work},
    scale,
    source::{self, ObjectFile, Reading},
};

/// Contacts in a batch.
const BATCH_CONTACTS: u32 = MAX_BATCH_CONTACTS;

/// Finished objects that may wait to be written while the next one is prepared.
const OBJECTS_AHEAD: usize = 2;

/// What to plan.
#[derive(Debug, Clone)]
pub struct Request {
    /// The brand that it goes to.
    pub connection: Arc<Connection>,
    /// The export.
    pub export: Arc<Export>,
    /// What started it.
    pub trigger: Trigger,
    /// The run: usually the trigger's; a plan that died before its manifest is taken up under its own.
    pub run: RunRef,
    /// How much of the segment to send.
    pub mode: Mode,
    /// Writes no chunk, and sends nothing.
    pub dry_run: bool,
}

/// Why there is no plan. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// There is no file where the export looks for one.
    #[error("export `{export}`: no segment file at {path}; put one there, or correct `path` in the export")]
    NoSource {
        /// The export.
        export: ExportName,
        /// Where it looked.
        path: String,
    },
    /// The file cannot be trusted, or does not fit the mapping.
    #[error("export `{export}`: {object}: {source}")]
    File {
        /// The export.
        export: ExportName,
        /// The file.
        object: String,
        /// What is wrong.
        #[source]
        source: PrepareError,
    },
    /// The store.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The run's own objects.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The thread that prepares died.
    #[error("the plan's thread panicked; this is a bug in omnisend-export, and the log says where")]
    Thread(#[from] tokio::task::JoinError),
}

impl PlanError {
    /// Whether it is about what was dropped, and not about the world around it.
    pub fn is_of_the_drop(&self) -> bool {
        matches!(self, Self::File { .. })
    }
}

/// Whether an object is one that an export reads.
pub fn claims(export: &Export, object: &Location) -> bool {
    let path = export.segment().path();
    path.bucket == object.bucket && select::belongs(&object.key, &path.key)
}

/// A segment as it was dropped: what completed the drop, and its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The object that a run of this drop starts from: the file itself, or the marker that completed it.
    pub completed_by: Pinned,
    /// The files to read, in order.
    pub parts: Vec<Part>,
}

/// One file of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its exact version.
    pub object: Pinned,
    /// How it is read.
    pub reading: Reading,
}

/// The drop that a run of an export would read now: the newest.
pub async fn find_source(ports: &Ports, export: &Export) -> Result<Source, PlanError> {
    let path = export.segment().path();
    match select::newest(&*ports.objects, path).await? {
        Some(location) => source_of(ports, export, ports.objects.head(&location).await?).await,
        None => Err(PlanError::NoSource { export: export.name().clone(), path: path.to_string() }),
    }
}

/// The drop that an object completed.
#[expect(clippy::unused_async, reason = "a marker is read to know the parts")]
async fn source_of(_ports: &Ports, export: &Export, completed_by: Pinned) -> Result<Source, PlanError> {
    let parts = vec![Part { object: completed_by.clone(), reading: export.reading().clone() }];
    Ok(Source { completed_by, parts })
}

/// Plans a run, unless it is planned already, and answers with its manifest.
pub async fn plan(ports: &Ports, request: &Request, observer: &dyn Observer) -> Result<Manifest, PlanError> {
    let records = Records::new(ports.objects.clone());
    if let Some(manifest) = records.manifest(&request.run).await? {
        return Ok(manifest);
    }
    let started_at = ports.clock.now();
    let source = match &request.trigger {
        Trigger::Drop { objects } => objects.first().cloned(),
        Trigger::Schedule { .. } | Trigger::Call { .. } => None,
    };
    let source = match source {
        Some(completed_by) => source_of(ports, &request.export, completed_by).await?,
        None => find_source(ports, &request.export).await?,
    };
    let prepared = read(ports, request, &source.parts, observer).await?;
    let manifest = manifest(request, started_at, source, prepared);
    kill_point::reach("plan.before-manifest");
    match records.write(&Key::Manifest(request.run.clone()), &manifest, Put::IfAbsent).await {
        // Somebody planned the same run at the same time: theirs is the plan, with the same chunks.
        Err(RecordError::Object(ObjectError::AlreadyExists { .. })) => {
            Ok(records.manifest(&request.run).await?.unwrap_or(manifest))
        }
        written => written.map(|()| manifest).map_err(Into::into),
    }
}

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
    Ok(records.write(&Key::Enqueued(run.clone()), &serde_json::json!({ "at": at }), Put::Replace).await?)
}

/// Sends the one message that settles a run.
pub async fn enqueue_settlement(ports: &Ports, manifest: &Manifest, attempt: &str) -> Result<(), PlanError> {
    let work = Work { run: manifest.run.clone(), step: Step::Settle };
    Ok(ports.queue.send(&[work.message(&manifest.connection, attempt)]).await?)
}

fn manifest(request: &Request, started_at: Timestamp, source: Source, prepared: Prepared) -> Manifest {
    Manifest {
        version: Manifest::VERSION,
        run: request.run.clone(),
        connection: request.connection.name().clone(),
        display_name: request.export.display_name().to_owned(),
        mode: request.mode,
        trigger: request.trigger.clone(),
        started_at,
        source: source.parts.into_iter().map(|part| part.object).collect(),
        requests_per_minute: request.connection.budget(),
        mapping: request.export.mapping().clone(),
        tag: request.export.segment().tag().clone(),
        batch_contacts: BATCH_CONTACTS,
        chunks: prepared.chunks,
        refused_parts: prepared.refused_parts,
        planned: prepared.planned,
        warnings: prepared.warnings,
        stopped: prepared.guard,
        dry_run: request.dry_run.then_some(DryRun { first_contacts: prepared.first_contacts }),
    }
}

/// Reads the parts on a thread of its own, and writes what it finishes.
async fn read(
    ports: &Ports,
    request: &Request,
    parts: &[Part],
    observer: &dyn Observer,
) -> Result<Prepared, PlanError> {
    let of = parts.iter().map(|part| part.object.size).sum();
    let (counted, mut read) = mpsc::unbounded_channel();
    let runtime = Handle::current();
    let files: Vec<_> = parts
        .iter()
        .map(|part| {
            let object = part.object.clone();
            let file = ObjectFile::new(ports.objects.clone(), object, runtime.clone(), counted.clone());
            (file, part.reading.clone())
        })
        .collect();
    drop(counted);
    let watch = async {
        while let Some(bytes) = read.recv().await {
            observer.notice(Notice::Read { bytes, of });
        }
    };
    let (sender, receiver) = mpsc::channel(OBJECTS_AHEAD);
    let export = request.export.clone();
    let chunk_contacts = chunk_contacts(request.connection.budget());
    let thread = tokio::task::spawn_blocking(move || {
        let files = files.iter().map(|(file, reading)| (file as &dyn source::File, reading));
        prepare(files, &export, chunk_contacts, &mut ChannelSink(sender))
    });
    let written = write(ports, request, receiver);
    let ((), written, prepared) = tokio::join!(watch, written, thread);
    let failed = match (written, prepared?) {
        (Err(error), _) => error.into(),
        (Ok(()), Ok(prepared)) => return Ok(prepared),
        (Ok(()), Err((part, error))) => PlanError::File {
            export: request.export.name().clone(),
            object: parts.get(part).map(|part| part.object.location.to_string()).unwrap_or_default(),
            source: error,
        },
    };
    // Chunks without a manifest are of no use, and hold personal data.
    discard(ports, &request.run).await;
    Err(failed)
}

/// A minute of the connection's budget: a handover costs little, and a crash repeats little.
fn chunk_contacts(budget: NonZeroU32) -> u32 {
    // At most 100,000: an upload holds one chunk in memory.
    scale::chunk(budget.get().saturating_mul(BATCH_CONTACTS).min(100_000))
}

async fn write(
    ports: &Ports,
    request: &Request,
    mut finished: mpsc::Receiver<Finished>,
) -> Result<(), ObjectError> {
    while let Some(finished) = finished.recv().await {
        let (key, body) = match finished {
            // A dry run keeps what people read, and no contacts.
            Finished::Chunk(..) if request.dry_run => continue,
            Finished::Chunk(n, body) => (Key::Chunk(request.run.clone(), n), body),
            Finished::Refused(n, body) => (Key::Refused(request.run.clone(), n), body),
        };
        // Replaced where a plan that died left it: from the same source it is the same.
        ports.objects.put(&(&key).into(), body, Put::Replace).await?;
        kill_point::reach("plan.object-written");
    }
    Ok(())
}

async fn discard(ports: &Ports, run: &RunRef) {
    let records = Records::new(ports.objects.clone());
    for location in records.written(run).await.unwrap_or_default() {
        if let Err(error) = ports.objects.delete(&location).await {
            tracing::warn!(object = %location, %error, "a chunk of a plan that failed was left behind");
        }
    }
}

/// Hands finished objects over to the async side.
struct ChannelSink(mpsc::Sender<Finished>);

impl Sink for ChannelSink {
    fn take(&mut self, finished: Finished) -> Result<(), PrepareError> {
        self.0.blocking_send(finished).map_err(|_| PrepareError::Stopped)
    }
}
