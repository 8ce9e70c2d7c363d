//! Why a run could not be planned.

use std::io;

use tokio::task::JoinError;

use super::prepare::PrepareError;
use crate::{
    keys::{ExportName, Key, Location, RunId},
    ports::objects::ObjectError,
    stage::{
        drop::{DropDefect, DropError},
        records::RecordError,
    },
};
use segment_files::HeadersDiffer;

/// Why a run could not be planned. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error(transparent)]
    Drop(#[from] DropError),
    /// A file of the drop cannot be trusted, or does not fit the mapping.
    #[error("export `{export}`: {object}: {source}")]
    File {
        export: ExportName,
        object: Location,
        #[source]
        source: Box<PrepareError>,
    },
    #[error(
        "export `{export}`: the columns of {object} differ from those of {first}: {differs}; give all files of a drop \
         the same columns in the same order"
    )]
    Headers { export: ExportName, first: Box<Location>, object: Box<Location>, differs: Box<HeadersDiffer> },
    /// The rows could not be prepared, for a reason that is not in one file.
    #[error("export `{export}`: {source}")]
    Prepare {
        export: ExportName,
        #[source]
        source: Box<PrepareError>,
    },
    /// The list of members that the snapshot names cannot be read.
    #[error(
        "export `{export}`: {list}: {source}; remove snapshots/{export}/current.json, and the next run sends every \
         contact and removes no tags"
    )]
    Snapshot {
        export: ExportName,
        list: Key,
        #[source]
        source: SnapshotDefect,
    },
    /// The opt-outs that the corrected run sent are gone.
    #[error(
        "export `{export}`: these corrections belong to run {run}, which no longer exists, so the opt-outs that it \
         sent are unknown; run the export instead"
    )]
    CorrectedRunGone { export: ExportName, run: RunId },
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("an object could not be compressed: {0}")]
    Compress(#[source] io::Error),
    #[error("the plan's thread panicked; this is a bug in omnisend-export, and the log says where")]
    Thread(#[from] JoinError),
}

/// What is wrong with a snapshot's list of members.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotDefect {
    #[error("it does not exist, but current.json names it")]
    Missing,
    #[error("{0}")]
    Unreadable(#[source] io::Error),
}

impl PlanError {
    /// Whether the drop is the reason, so that the same drop would fail again.
    pub fn is_caused_by_the_drop(&self) -> bool {
        match self {
            Self::File { .. }
            | Self::Headers { .. }
            | Self::Prepare { .. }
            | Self::CorrectedRunGone { .. } => true,
            Self::Drop(error) => error.as_defect().is_some_and(DropDefect::is_rejects),
            Self::Snapshot { .. }
            | Self::Object(_)
            | Self::Record(_)
            | Self::Compress(_)
            | Self::Thread(_) => false,
        }
    }
}
