//! Plan: reads the source once, maps it, and writes what is to be sent: chunks, then the manifest, then the
//! messages. The only stage that knows formats and mappings.

mod before;
mod consent;
mod corrections;
mod drop;
mod error;
mod guards;
mod known;
mod messages;
mod overlap;
mod prepare;
#[cfg(feature = "cli")]
mod preview;
mod reads;
mod removals;
mod replay;
mod revise;
mod roster;
mod seen;
mod undo;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::{runtime::Handle, sync::mpsc};

#[cfg(feature = "cli")]
pub use self::preview::{Fate, LeftOut, PreviewedRow, preview};
use self::{
    before::Before,
    consent::OptOuts,
    drop::Drops,
    prepare::{Finished, Input, Prepared, Rules, Sink, prepare},
    reads::{Chosen, Reads, choose, readings},
    revise::revise,
};
pub use self::{
    corrections::{Corrections, Rejects, dropped_rejects, rejects_of},
    drop::{Claim, DropError, Part, Source, claim, claims},
    error::PlanError,
    messages::{enqueue, enqueue_settlement},
    prepare::PrepareError,
    replay::replay,
    undo::undo,
};
use super::{Notice, Observer, Records};
use crate::{
    config::{CompleteOn, Connection, Export, Segment},
    contact::Tag,
    keys::{Key, RunRef},
    kill_point,
    ports::{
        Ports,
        objects::{ObjectError, Put},
    },
    run::{
        Allowed, DryRun, Guard, GuardName, InlineTags, Manifest, Mode, PUBLISHED_BATCH, SegmentDrop, Trigger,
        WantedSegment,
    },
    scale,
    source::ObjectFile,
};

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
    /// Whether a dry run shows the values of its first contacts, and not only their shape.
    pub show_values: bool,
    /// The guards that it is let through.
    pub allowed: Allowed,
    /// What it reads instead of segments; a drop of corrections is known as one without it.
    pub corrections: Option<Corrections>,
}

/// The drop of a segment that a run would read now: the newest.
pub async fn find_source(ports: &Ports, export: &Export, segment: &Segment) -> Result<Source, PlanError> {
    Drops::new(&*ports.objects, export, segment).newest().await
}

/// The drops that a run of all segments would read now.
pub async fn find_sources(ports: &Ports, export: &Export) -> Result<Vec<Source>, PlanError> {
    let mut sources = Vec::with_capacity(export.segments().len());
    for segment in export.segments() {
        sources.push(find_source(ports, export, segment).await?);
    }
    Ok(sources)
}

/// Plans a run, unless it is planned already, and answers with its manifest.
pub async fn plan(ports: &Ports, request: &Request, observer: &dyn Observer) -> Result<Manifest, PlanError> {
    let records = Records::new(ports.objects.clone());
    if let Some(manifest) = records.manifest(&request.run).await? {
        return Ok(manifest);
    }
    let started_at = ports.clock.now();
    let reads = choose(ports, &request.export, request).await?;
    let before = Before::load(ports, request, reads.corrects.as_ref()).await?;
    let mut prepared = read(ports, request, &reads, &before, observer).await?;
    // A version that is kept can be read to its end though somebody replaced it meanwhile.
    if let Err(changed) = reads.unchanged(ports, &request.export).await {
        discard(ports, &request.run).await;
        return Err(changed);
    }
    let opt_outs = std::mem::take(&mut prepared.opt_outs);
    let first_contacts = first_contacts(&prepared, &opt_outs, &request.export.tags());
    let stopped = guards::stop(request, &prepared, before.since(&reads, request.mode, prepared.leaving));
    let is_sent = !request.dry_run && stopped.is_empty();
    if is_sent
        && let Err(error) = revise(&records, &request.run, &mut prepared.written.chunks, opt_outs).await
    {
        discard(ports, &request.run).await;
        return Err(error);
    }
    let dry_run = if request.dry_run {
        let findings = records.findings(request.connection.name()).await?;
        let tag_way = findings.way(request.connection.tags(), &request.run, started_at);
        Some(DryRun::new(first_contacts, request.show_values, tag_way))
    } else {
        None
    };
    let manifest = manifest(request, started_at, reads, &before, prepared, dry_run, stopped);
    kill_point::reach("plan.before-manifest");
    Ok(records.create(manifest).await?)
}

/// The first contacts as they would be sent, opt-outs of later rows included.
fn first_contacts(prepared: &Prepared, opt_outs: &OptOuts, tags: &[Tag]) -> Vec<serde_json::Value> {
    let inline = InlineTags::of(tags);
    let shown = prepared.written.first_contacts.iter().filter_map(|(key, tags, contact)| {
        let contact = if opt_outs.holds(*key) { &revise::amended(contact, opt_outs).ok()? } else { contact };
        serde_json::from_str(inline.contact(contact, *tags).get()).ok()
    });
    shown.collect()
}

fn manifest(
    request: &Request,
    started_at: Timestamp,
    reads: Reads<'_>,
    before: &Before,
    prepared: Prepared,
    dry_run: Option<DryRun>,
    stopped: Vec<Guard>,
) -> Manifest {
    let Reads { chosen, corrects } = reads;
    // Corrections are no segment's newest drop.
    let is_whole = corrects.is_none();
    let segments = chosen.iter().filter(|_| is_whole);
    Manifest {
        version: Manifest::VERSION,
        run: request.run.clone(),
        connection: request.connection.name().clone(),
        display_name: request.export.display_name().to_owned(),
        mode: request.mode,
        trigger: request.trigger.clone(),
        started_at,
        segments: segments
            .map(|chosen| SegmentDrop {
                name: chosen.segment.name().to_owned(),
                tag: chosen.segment.tag().clone(),
                completed_by: chosen.source.completed_by.clone(),
                contacts: prepared.with_tag.get(chosen.place).copied().unwrap_or_default(),
            })
            .collect(),
        readings: readings(&chosen),
        source: chosen.into_iter().flat_map(|chosen| chosen.source.parts).map(|part| part.object).collect(),
        requests_per_minute: request.connection.budget(),
        mapping: request.export.mapping().clone(),
        tags: request.export.tags(),
        create_segments: wanted_segments(&request.export),
        former_tags: before.former_tags.clone(),
        sends_all: before.sends_all.filter(|_| is_whole),
        overlapping: prepared.overlapping,
        conflicting: prepared.conflicting,
        leaving: prepared.leaving,
        removals: prepared.removals,
        undoes: None,
        replays: None,
        corrects,
        batch_contacts: request.connection.batch_size().planned(),
        chunks: prepared.written.chunks,
        refused_parts: prepared.written.refused_parts,
        planned: prepared.planned,
        warnings: prepared.warnings,
        consent: prepared.consent,
        guards: *request.export.guards(),
        allowed: request.allowed.clone(),
        stopped,
        dry_run,
    }
}

/// The segments that Omnisend is to have.
fn wanted_segments(export: &Export) -> Vec<WantedSegment> {
    let wanted = export.segments().iter().filter(|_| export.create_segment());
    let of =
        |segment: &Segment| WantedSegment { name: segment.name().to_owned(), tag: segment.tag().clone() };
    wanted.map(of).collect()
}

/// Reads the parts on a thread of its own, and writes what it finishes.
async fn read(
    ports: &Ports,
    request: &Request,
    reads: &Reads<'_>,
    before: &Before,
    observer: &dyn Observer,
) -> Result<Prepared, PlanError> {
    let chosen = &reads.chosen;
    let files_of: Vec<&Part> = chosen.iter().flat_map(|chosen| &chosen.source.parts).collect();
    let of = files_of.iter().map(|part| part.object.size).sum();
    let (counted, mut read) = mpsc::unbounded_channel();
    let runtime = Handle::current();
    let file = |part: &Part| {
        ObjectFile::new(ports.objects.clone(), part.object.clone(), runtime.clone(), counted.clone())
    };
    let files: Vec<_> = chosen
        .iter()
        .flat_map(|chosen| {
            let may_be_empty = *chosen.segment.complete_on() != CompleteOn::Object;
            let tags = reads.tags(chosen);
            chosen.source.parts.iter().map(move |part| (part, tags, may_be_empty))
        })
        .map(|(part, tag, may_be_empty)| (file(part), part.reading.clone(), tag, may_be_empty))
        .collect();
    drop(counted);
    let watch = async {
        while let Some(bytes) = read.recv().await {
            observer.notice(Notice::Read { bytes, of });
        }
    };
    let (sender, receiver) = mpsc::channel(OBJECTS_AHEAD);
    let export = request.export.clone();
    // The run's own time, so that planning it again makes the same chunks.
    let now = request.run.run.time().unwrap_or_else(|| request.trigger.at());
    let chunk_contacts = chunk_contacts(&request.connection);
    // Who may send more than the export allows has all of it read.
    let is_bound = !request.allowed.contains(&GuardName::MaxProfiles);
    let max_profiles = if is_bound { request.export.guards().max_profiles } else { u64::MAX };
    let known = before.known(&export);
    let removing = before.removing(reads.whole(), request.mode);
    let corrects = reads.corrects.is_some();
    let thread = tokio::task::spawn_blocking(move || {
        let inputs: Vec<_> = files
            .iter()
            .map(|(file, reading, tag, may_be_empty)| Input {
                file,
                reading,
                tag: *tag,
                may_be_empty: *may_be_empty,
            })
            .collect();
        let rules = Rules { export: &export, now, chunk_contacts, max_profiles, corrects };
        let known = known.read().map_err(|error| (0, error))?;
        prepare(&inputs, rules, known, &removing, &mut ChannelSink(sender))
    });
    let written = write(ports, request, receiver);
    let ((), written, prepared) = tokio::join!(watch, written, thread);
    let failed = match (written, prepared?) {
        (Err(error), _) => error.into(),
        (Ok(()), Ok(prepared)) => return Ok(prepared),
        (Ok(()), Err((part, error))) => {
            let export = request.export.name().clone();
            let name = |part: usize| {
                files_of.get(part).map(|part| part.object.location.to_string()).unwrap_or_default()
            };
            match error {
                PrepareError::Headers { first, differs } => PlanError::Headers {
                    export,
                    first: name(first),
                    object: name(part),
                    differs: differs.into(),
                },
                PrepareError::Snapshot(source) => before.unreadable(&export, &source.to_string()),
                source => PlanError::File { export, object: name(part), source },
            }
        }
    };
    discard(ports, &request.run).await;
    Err(failed)
}

/// A minute of the connection's budget: a handover costs little, and a crash repeats little.
fn chunk_contacts(connection: &Connection) -> u32 {
    let batch = connection.batch_size().planned().min(PUBLISHED_BATCH);
    // At most 100,000: an upload holds one chunk in memory.
    scale::chunk(connection.budget().get().saturating_mul(batch).min(100_000))
}

async fn write(
    ports: &Ports,
    request: &Request,
    mut finished: mpsc::Receiver<Finished>,
) -> Result<(), ObjectError> {
    while let Some(finished) = finished.recv().await {
        let (key, body) = match finished {
            // A dry run keeps what people read, and no contacts.
            Finished::Chunk(..) | Finished::Removals(..) if request.dry_run => continue,
            Finished::Removals(n, body) => (Key::Removals(request.run.clone(), n), body),
            Finished::Chunk(n, body) => (Key::Chunk(request.run.clone(), n), body),
            Finished::Refused(n, body) => (Key::Refused(request.run.clone(), n), body),
        };
        // Replaced where a plan that died left it: from the same source it is the same.
        ports.objects.put(&(&key).into(), body, Put::Replace).await?;
        kill_point::reach("plan.object-written");
    }
    Ok(())
}

/// Removes chunks without a manifest: they are of no use, and hold personal data.
async fn discard(ports: &Ports, run: &RunRef) {
    let records = Records::new(ports.objects.clone());
    // Somebody may have planned the same run meanwhile, from the same drop: it exists then, and they are its chunks.
    if !matches!(records.manifest(run).await, Ok(None)) {
        return;
    }
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
