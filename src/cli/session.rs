//! A run on this machine: a state directory, its lock, and a queue inside the process.

use crate::keys::{ExportName, Key, RunRef};
use std::{path::Path, sync::Arc, time::Duration};

use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;

use super::{exit::Failure, lock::Lock};
use crate::{
    app::{App, Handled, runs},
    config::{Connection, Environment, Export, load_export},
    omnisend::Freshness,
    ports::{
        Ports,
        clock::{Clock as _, SystemClock},
        objects::{Directory, ObjectError},
        queue::{MemoryQueue, Queue as _, QueueError, Settings},
        secrets::{LocalSecrets, SecretError},
    },
    run::{Allowed, Manifest, Mode, Report, Trigger, Work},
    stage::{
        EnqueueError, Notice, Observer, RecordError, Records,
        drop::{DropError, Sources, find_sources},
        enqueue, enqueue_settlement,
        plan::{self, PlanError, Request},
        settle::Limits,
    },
};

/// Longer than any run: the process is the only one that receives.
const VISIBILITY: Duration = Duration::from_hours(168);

/// One export, ready to run.
pub(super) struct Session {
    app: App,
    queue: Arc<MemoryQueue>,
    connection: Arc<Connection>,
    export: Arc<Export>,
    stop: CancellationToken,
    _lock: Option<Lock>,
}

/// What to run.
#[derive(Debug, Clone)]
pub(super) struct What {
    pub export: ExportName,
    pub mode: Option<Mode>,
    pub dry_run: bool,
    pub show_values: bool,
    pub allow: Allowed,
    pub give_up_after: SignedDuration,
}

/// How a session ended.
pub(super) enum End {
    /// The run is over.
    Finished(Box<Report>),
    /// It was asked to stop.
    Interrupted(RunRef),
}

/// What was begun by processes that are gone.
#[derive(Default)]
struct Interrupted {
    /// The export's newest run of its segments.
    newest: Option<Manifest>,
    /// Runs about some contacts only.
    aside: Vec<Manifest>,
}

/// Opens a state directory, which must be there.
pub(super) fn directory(state: &Path) -> Result<Directory, Failure> {
    if !state.is_dir() {
        return Err(Failure::usage(format!(
            "{}: there is no such directory; --state names the one that holds connections/ and exports/",
            state.display()
        )));
    }
    Directory::open(state).map_err(|error| Failure::failed(format!("{}: {error}", state.display())))
}

impl Session {
    /// Reads the configuration, and takes the connection's lock.
    pub(super) async fn open(
        state: &Path,
        what: &What,
        environment: &Environment,
        observer: Arc<dyn Observer>,
        stop: CancellationToken,
    ) -> Result<Self, Failure> {
        let objects = directory(state)?;
        let (connection, export) = load_export(&objects, &what.export, SystemClock.now()).await?;
        // A dry run asks nobody anything, and disturbs nobody.
        let lock = if what.dry_run { None } else { Some(Lock::take(state, connection.name())?) };
        let (app, queue) = app(state, Arc::new(objects), environment, observer, what.give_up_after);
        if !what.dry_run {
            // Before a large file is read for nothing.
            let secrets = &app.ports().secrets;
            secrets.api_key(connection.secret(), Freshness::Cached).await.map_err(unusable_key)?;
        }
        Ok(Self { app, queue, connection: Arc::new(connection), export: Arc::new(export), stop, _lock: lock })
    }

    /// Runs the export to its end: a new run, or the one that was interrupted where it still says the same.
    pub(super) async fn run(&self, what: &What) -> Result<End, Failure> {
        let mode = what.mode.unwrap_or(self.export.mode());
        let sources = find_sources(self.app.ports(), &self.export).await?;
        for rejects in sources.iter().flat_map(|source| &source.passed_over) {
            super::output::note(&format!(
                "{rejects} holds rejects, and is no segment: `omnisend-export replay EXPORT RUN --file …` sends its rows"
            ));
        }
        let mut attempt = String::new();
        let mut resumed = None;
        let Interrupted { newest, aside } =
            if what.dry_run { Interrupted::default() } else { self.interrupted().await? };
        for manifest in aside {
            self.cancel_aside(&manifest).await?;
        }
        if let Some(manifest) = newest {
            attempt = self::attempt(&self.app);
            let parts = sources.iter().flat_map(|source| &source.parts);
            let same = manifest.source.iter().eq(parts.map(|part| &part.object))
                && manifest.mode == mode
                && manifest.mapping == *self.export.mapping()
                && manifest.tags == self.export.tags();
            if same {
                super::output::note(&format!("going on with run {}, which was interrupted", manifest.run));
                self.unpark(&manifest).await?;
                resumed = Some(manifest);
            } else {
                super::output::note(&format!(
                    "run {} was interrupted, and the segment file or the export changed since: it is settled as \
                     canceled, and a new run begins",
                    manifest.run
                ));
                self.cancel(&manifest).await?;
                enqueue(self.app.ports(), &manifest, &attempt).await?;
            }
        }
        let manifest = match resumed {
            Some(manifest) => manifest,
            None => match self.plan(mode, what, Sources::of_drops(sources)).await? {
                Some(manifest) => manifest,
                None => {
                    return Err(Failure::failed("interrupted while reading the segment; nothing was sent"));
                }
            },
        };
        announce(&self.app, &manifest).await?;
        enqueue(self.app.ports(), &manifest, &attempt).await?;
        pump(&self.app, &self.queue, &self.stop, manifest.run).await
    }

    async fn plan(&self, mode: Mode, what: &What, sources: Sources) -> Result<Option<Manifest>, Failure> {
        let ports = self.app.ports();
        let trigger = call(&self.app);
        let export = self.export.name().clone();
        let run = RunRef { run: trigger.run_id(&export), export };
        let request = Request {
            connection: self.connection.clone(),
            export: self.export.clone(),
            trigger,
            run,
            mode,
            dry_run: what.dry_run,
            show_values: what.show_values,
            allowed: what.allow.clone(),
            sources: Some(sources),
        };
        tokio::select! {
            planned = plan::plan(ports, &request, self.app.observer()) => Ok(Some(planned?)),
            () = self.stop.cancelled() => Ok(None),
        }
    }

    /// What processes that are gone have left of this export. What a plan that died left behind is removed on the
    /// way: no run exists without its manifest.
    async fn interrupted(&self) -> Result<Interrupted, Failure> {
        let ports = self.app.ports();
        let records = Records::new(ports.objects.clone());
        let mut interrupted = Interrupted::default();
        for standing in runs(&*ports.objects, self.export.name()).await?.into_iter().rev() {
            if !standing.is_planned() {
                for left in &standing.objects {
                    ports.objects.delete(left).await?;
                }
                continue;
            }
            if standing.is_over() || standing.is_canceled() {
                continue;
            }
            let Some(manifest) = records.manifest(&standing.run).await?.filter(Manifest::sends) else {
                continue;
            };
            if !manifest.is_follow_up() {
                interrupted.newest.get_or_insert(manifest);
            } else if !standing.is_parked() {
                interrupted.aside.push(manifest);
            }
        }
        Ok(interrupted)
    }

    /// Takes back that a run is parked. Its report goes first: a run that is neither parked nor over is what a
    /// process that dies here, or later, must leave behind.
    async fn unpark(&self, manifest: &Manifest) -> Result<(), Failure> {
        for key in [Key::ReportJson(manifest.run.clone()), Key::Parked(manifest.run.clone())] {
            self.app.ports().objects.delete(&(&key).into()).await?;
        }
        Ok(())
    }

    /// Has a run about some contacts settled that nobody went on with: what this one sends is newer.
    async fn cancel_aside(&self, manifest: &Manifest) -> Result<(), Failure> {
        let of =
            [("undoes", &manifest.undoes), ("replays", &manifest.replays), ("corrects", &manifest.corrects)];
        let of = of.into_iter().find_map(|(verb, of)| Some(format!("{verb} run {}", of.as_ref()?)));
        super::output::note(&format!(
            "run {}, which {}, was interrupted: it is settled as canceled, and a new run begins",
            manifest.run,
            of.unwrap_or_default()
        ));
        self.cancel(manifest).await?;
        Ok(enqueue_settlement(self.app.ports(), manifest, &attempt(&self.app)).await?)
    }

    async fn cancel(&self, manifest: &Manifest) -> Result<(), Failure> {
        self.unpark(manifest).await?;
        self.app.cancel(&manifest.run).await.map_err(Failure::failed)
    }
}

/// Tells how much a run has to send, and how much of it was sent before.
pub(super) async fn announce(app: &App, manifest: &Manifest) -> Result<(), Failure> {
    let records = Records::new(app.ports().objects.clone());
    let mut posted = 0;
    for (chunk, info) in (0..).zip(&manifest.chunks) {
        let sent = records.sent_of(&manifest.run, chunk).await?;
        posted += sent.covered(info.contacts as usize).iter().filter(|covered| **covered).count() as u64;
    }
    if manifest.chunks_to_send().next().is_some() {
        app.observer().notice(Notice::Planned { contacts: manifest.planned.sent, posted });
    }
    Ok(())
}

/// What a person starts: something else each time.
pub(super) fn call(app: &App) -> Trigger {
    Trigger::Call { at: app.ports().clock.now(), request: uuid::Uuid::new_v4().to_string() }
}

/// Tells what is sent now from what a process before sent of the same run.
pub(super) fn attempt(app: &App) -> String {
    format!("-{}", app.ports().clock.now().as_second())
}

/// What handles messages over a state directory, and the queue that they go through.
pub(super) fn app(
    state: &Path,
    objects: Arc<Directory>,
    environment: &Environment,
    observer: Arc<dyn Observer>,
    give_up_after: SignedDuration,
) -> (App, Arc<MemoryQueue>) {
    let settings = Settings { visibility: VISIBILITY, ..Settings::default() };
    let queue = Arc::new(MemoryQueue::new(settings));
    let key = environment.api_key.as_ref().map(|key| key.expose_secret().to_owned());
    let ports = Ports {
        objects,
        queue: queue.clone(),
        secrets: Arc::new(LocalSecrets::new(state.join("secrets"), key)),
        clock: Arc::new(SystemClock),
    };
    let limits = Limits { give_up_after, poll_for: None };
    (App::new(ports, environment.api_url.clone(), observer, limits), queue)
}

/// Handles messages until none is left.
pub(super) async fn pump(
    app: &App,
    queue: &MemoryQueue,
    stop: &CancellationToken,
    run: RunRef,
) -> Result<End, Failure> {
    let mut end = None;
    while let Some(delivery) = queue.receive(1).await?.pop() {
        let work: Work = serde_json::from_str(&delivery.body).map_err(Failure::failed)?;
        match app.handle(&work, stop, None).await.map_err(Failure::failed)? {
            Handled::HandedBack | Handled::More => {
                queue.release(&delivery.handle, Duration::ZERO).await?;
                if stop.is_cancelled() {
                    return Ok(End::Interrupted(run));
                }
                continue;
            }
            Handled::Finished(report) if report.run == run => end = Some(report),
            Handled::Finished(_) | Handled::Done => {}
        }
        queue.delete(&delivery.handle).await?;
        if stop.is_cancelled() && end.is_none() {
            return Ok(End::Interrupted(run));
        }
    }
    end.map(End::Finished).ok_or_else(|| Failure::failed(format!("run {run} ended without a report")))
}

/// A key that is not there is for the person to put there; one that cannot be read just now is not their mistake.
pub(super) fn unusable_key(error: SecretError) -> Failure {
    match error {
        SecretError::Service { .. } | SecretError::Unavailable { .. } => Failure::failed(error),
        SecretError::NotFound { .. } | SecretError::Invalid { .. } | SecretError::Exposed { .. } => {
            Failure::usage(error)
        }
    }
}

impl From<ObjectError> for Failure {
    fn from(error: ObjectError) -> Self {
        Self::failed(error)
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        Self::failed(error)
    }
}

impl From<DropError> for Failure {
    fn from(error: DropError) -> Self {
        Self::from(PlanError::from(error))
    }
}

impl From<EnqueueError> for Failure {
    fn from(error: EnqueueError) -> Self {
        Self::failed(error)
    }
}

impl From<QueueError> for Failure {
    fn from(error: QueueError) -> Self {
        Self::failed(error)
    }
}
