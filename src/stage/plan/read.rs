//! Reads the source on its own thread, and writes the objects that the thread finishes.

use std::sync::Arc;

use tokio::{join, runtime::Handle, sync::mpsc, task::spawn_blocking};

use super::{
    before::Before,
    chunk_size::chunk_contacts,
    error::{PlanError, SnapshotDefect},
    pending::Pending,
    prepare::{FileError, Finished, Input, PrepareError, Prepared, Rules, Sink, prepare},
    request::Request,
    segment_tags,
};
use crate::{
    config::CompleteOn,
    keys::{Key, RunRef},
    kill_point,
    ports::{
        Ports,
        objects::{ObjectError, Put},
    },
    run::{GuardName, TagSet},
    stage::{
        ObjectFile,
        drop::{Part, Sources},
        progress::{Notice, Observer},
        records::Records,
    },
};
use segment_files::ReadOptions;

/// How many finished objects may wait to be written while the next one is prepared.
const OBJECTS_AHEAD: usize = 2;

/// A file of the source, owned by the thread that reads it.
struct SourceFile {
    file: ObjectFile,
    reading: ReadOptions,
    tag: TagSet,
    may_be_empty: bool,
}

/// Reads the source, and writes chunks, refused rows and removals. If it fails, the written objects are deleted.
pub(super) async fn read(
    ports: &Ports,
    request: &Request,
    sources: &Sources,
    before: &Arc<Before>,
    pending: Pending,
    observer: &dyn Observer,
) -> Result<Prepared, PlanError> {
    let total = sources.parts().map(|part| part.object.size).sum();
    let (progress, mut bytes_read) = mpsc::unbounded_channel();
    let files = source_files(ports, request, sources, &progress);
    drop(progress);
    let watch = async {
        while let Some(bytes) = bytes_read.recv().await {
            observer.notice(Notice::Read { bytes, total });
        }
    };
    let (sender, receiver) = mpsc::channel(OBJECTS_AHEAD);
    let export = request.export.clone();
    // The time in the run's id, so that a second plan of the run writes the same chunks.
    let now = request.run.run.time().unwrap_or_else(|| request.trigger.at());
    let chunk_contacts = chunk_contacts(&request.connection);
    // A run that may exceed the limit reads the whole source.
    let is_limited = !request.allowed.contains(&GuardName::MaxProfiles);
    let max_profiles = if is_limited { request.export.guards().max_profiles } else { u64::MAX };
    let removing = before.removing(&export, sources, request.mode);
    let corrects = sources.corrects().is_some();
    let known = before.clone();
    let thread = spawn_blocking(move || {
        let inputs: Vec<_> = files.iter().map(SourceFile::input).collect();
        let rules = Rules { export: &export, now, chunk_contacts, max_profiles, corrects };
        let people = known.people(&export, pending)?;
        prepare(&inputs, rules, people, &removing, &mut ChannelSink(sender))
    });
    let ((), written, prepared) = join!(watch, write(ports, request, receiver), thread);
    let failed = match (written, prepared?) {
        (Err(error), _) => error.into(),
        (Ok(()), Ok(prepared)) => return Ok(prepared),
        (Ok(()), Err(error)) => plan_error(request, sources, before, error),
    };
    discard(ports, &request.run).await;
    Err(failed)
}

fn source_files(
    ports: &Ports,
    request: &Request,
    sources: &Sources,
    progress: &mpsc::UnboundedSender<u64>,
) -> Vec<SourceFile> {
    let runtime = Handle::current();
    let mut files = Vec::new();
    for drop in sources.drops() {
        let may_be_empty = *drop.segment.complete_on() != CompleteOn::Object;
        let tag = segment_tags::of_rows(&request.export, sources, drop);
        for Part { object, reading } in &drop.parts {
            let (objects, progress) = (ports.objects.clone(), progress.clone());
            let file = ObjectFile::new(objects, object.clone(), runtime.clone(), progress);
            files.push(SourceFile { file, reading: reading.clone(), tag, may_be_empty });
        }
    }
    files
}

impl SourceFile {
    fn input(&self) -> Input<'_> {
        let Self { file, reading, tag, may_be_empty } = self;
        Input { file, reading, tag: *tag, may_be_empty: *may_be_empty }
    }
}

/// Adds the names of the export and of the objects to an error.
fn plan_error(request: &Request, sources: &Sources, before: &Before, error: FileError) -> PlanError {
    let export = request.export.name().clone();
    let location = |n: usize| sources.parts().nth(n).map(|part| part.object.location.clone());
    let object = error.file.and_then(location);
    let first = match &error.error {
        PrepareError::Headers { first, .. } => location(*first),
        _ => None,
    };
    match (error.error, object, first, before.list_key()) {
        (PrepareError::Headers { differs, .. }, Some(object), Some(first), _) => {
            let (first, object) = (first.into(), object.into());
            PlanError::Headers { export, first, object, differs: differs.into() }
        }
        (PrepareError::Snapshot(source), _, _, Some(list)) => {
            PlanError::Snapshot { export, list: list.clone(), source: SnapshotDefect::Unreadable(source) }
        }
        (source, Some(object), ..) => PlanError::File { export, object, source: source.into() },
        (source, None, ..) => PlanError::Prepare { export, source: source.into() },
    }
}

async fn write(
    ports: &Ports,
    request: &Request,
    mut finished: mpsc::Receiver<Finished>,
) -> Result<(), ObjectError> {
    while let Some(finished) = finished.recv().await {
        let (key, body) = match finished {
            // A dry run keeps the rows for its report, but no contacts.
            Finished::Chunk(..) | Finished::Removals(..) if request.dry_run => continue,
            Finished::Removals(n, body) => (Key::Removals(request.run.clone(), n), body),
            Finished::Chunk(n, body) => (Key::Chunk(request.run.clone(), n), body),
            Finished::Refused(n, body) => (Key::Refused(request.run.clone(), n), body),
        };
        // A plan that died may have written the object already. The same source gives the same object.
        ports.objects.put(&(&key).into(), body, Put::Replace).await?;
        kill_point::reach("plan.object-written");
    }
    Ok(())
}

/// Deletes the objects of a run without a manifest: nothing uses them, and they hold personal data.
pub(super) async fn discard(ports: &Ports, run: &RunRef) {
    let records = Records::new(ports.objects.clone());
    // Another process may have planned the same run from the same drop. Then the run exists, and these are its objects.
    if !matches!(records.manifest(run).await, Ok(None)) {
        return;
    }
    for location in records.written(run).await.unwrap_or_default() {
        if let Err(error) = ports.objects.delete(&location).await {
            tracing::warn!(object = %location, %error, "a chunk of a failed plan could not be deleted");
        }
    }
}

/// Hands finished objects to the async side.
struct ChannelSink(mpsc::Sender<Finished>);

impl Sink for ChannelSink {
    fn take(&mut self, finished: Finished) -> Result<(), PrepareError> {
        self.0.blocking_send(finished).map_err(|_| PrepareError::Stopped)
    }
}
