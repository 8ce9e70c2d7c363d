//! Why an operation of the application failed.

use crate::{
    config::LoadError,
    keys::{ExportName, Location, RunId, RunRef},
    ports::{objects::ObjectError, queue::QueueError},
    run::JsonDefect,
    stage::{
        EnqueueError, RecordError, StageError,
        drop::{DropDefect, DropError},
        plan::{PlanError, PrepareError},
        report::ReportError,
        upload::UploadError,
    },
};
use omnisend::{BuildError, CallError};
use segment_files::ReadError;
#[cfg(feature = "cli")]
use segment_files::Setting;

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("export `{}` has no run {}; `status` lists its runs", .run.export, .run.run)]
    NoRun { run: RunRef },
    #[error("run {run} is over, so it cannot be canceled")]
    Over { run: RunId },
    #[error("export `{export}` has no unfinished run to cancel")]
    NothingUnfinished { export: ExportName },
    #[error("run {run} cannot be undone: {source}")]
    NotUndoable {
        run: RunRef,
        #[source]
        source: UndoRefusal,
    },
    #[error("run {run} cannot be replayed: {source}")]
    NotReplayable {
        run: RunRef,
        #[source]
        source: Box<ReplayRefusal>,
    },
    #[error("run {run} ended without a report")]
    NoReport { run: RunRef },
    /// The body is not a step of a run.
    #[error("the queue message cannot be read: {0}")]
    Message(#[source] JsonDefect),
    #[error(transparent)]
    Omnisend(CallError),
    #[error(transparent)]
    Config(#[from] LoadError),
    #[error(transparent)]
    Client(#[from] BuildError),
    #[error(transparent)]
    Enqueue(#[from] EnqueueError),
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Plan(Box<PlanError>),
    #[error(transparent)]
    Upload(#[from] UploadError),
    #[error(transparent)]
    Report(#[from] ReportError),
}

/// Why a run cannot be undone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UndoRefusal {
    #[error("it sent nothing")]
    SentNothing,
    #[error("it is an undo itself; run the export, which adds the tags again")]
    IsUndo,
    #[error("it is not over; cancel it first")]
    NotOver,
}

/// Why a run cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayRefusal {
    #[error("it sent no contacts; run the export")]
    SentNothing,
    #[error("it is not over; wait for its report, or cancel it first")]
    NotOver,
    #[error("the file {file} does not exist")]
    NoFile { file: Location },
    #[error("{file} holds the rejects of run {run}; replay that run")]
    OtherRejects { file: Location, run: RunRef },
    #[error(
        "{file} has no column `reject_run` that names this run: keep that column as it is in rejects.csv, and save the \
         file as CSV in UTF-8"
    )]
    NoRejects { file: Location },
    #[error(
        "the export's connection, mapping or tags have changed since; run the export instead: it sends what did not \
         arrive, with the current values"
    )]
    ExportChanged,
    #[error(
        "run {run} is newer; run the export instead: it sends what did not arrive, with the current values"
    )]
    Superseded { run: RunId },
    #[error("all its contacts arrived: there is nothing to send again")]
    NothingLeft,
}

impl From<StageError> for AppError {
    fn from(error: StageError) -> Self {
        match error {
            StageError::Record(error) => Self::Record(error),
            StageError::Call(error) => Self::Omnisend(error),
        }
    }
}

impl From<DropError> for AppError {
    fn from(error: DropError) -> Self {
        PlanError::from(error).into()
    }
}

impl From<PlanError> for AppError {
    fn from(error: PlanError) -> Self {
        Self::Plan(Box::new(error))
    }
}

impl AppError {
    /// Whether a retry cannot succeed.
    pub fn is_permanent(&self) -> bool {
        matches!(
            self,
            Self::Message(_)
                | Self::Config(LoadError::Invalid(_))
                | Self::Record(RecordError::Damaged { .. })
                | Self::Upload(
                    UploadError::NoChunk { .. } | UploadError::Record(RecordError::Damaged { .. })
                )
                | Self::Report(
                    ReportError::Unbalanced { .. } | ReportError::Record(RecordError::Damaged { .. })
                )
        )
    }

    /// Whether the request or the configuration is wrong, so that nothing was sent.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::NoRun { .. }
            | Self::Over { .. }
            | Self::NothingUnfinished { .. }
            | Self::NotUndoable { .. }
            | Self::NotReplayable { .. } => true,
            Self::Config(error) => !matches!(error, LoadError::Objects(_)),
            Self::Plan(error) => match &**error {
                // The export may look for its files in the wrong place, or for columns that do not exist.
                PlanError::Drop(drop) => drop.as_defect().is_some_and(DropDefect::may_be_configuration),
                PlanError::File { source, .. } => {
                    matches!(**source, PrepareError::Source(ReadError::Columns(_) | ReadError::NoHeader))
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Returns the setting that a list of files needs to be readable.
    #[cfg(feature = "cli")]
    pub fn setting(&self) -> Option<Setting> {
        let Self::Plan(error) = self else { return None };
        let PlanError::Drop(drop) = &**error else { return None };
        match drop.as_defect()? {
            DropDefect::Unreadable { source, .. } => source.setting(),
            _ => None,
        }
    }

    /// Whether a drop cannot be run as it is.
    pub(super) fn is_refused_drop(&self) -> bool {
        matches!(self, Self::Plan(error) if matches!(**error, PlanError::Drop(DropError::Defect { .. })))
    }
}
