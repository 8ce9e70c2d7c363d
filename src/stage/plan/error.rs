//! Why there is no plan.

use super::{DropError, PrepareError};
use crate::{
    keys::ExportName,
    ports::{objects::ObjectError, queue::QueueError},
    source::HeadersDiffer,
    stage::RecordError,
};

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
    /// There is no drop that is complete, or none that can be told.
    #[error("export `{export}`: {source}")]
    Drop {
        /// The export.
        export: ExportName,
        /// What is there, and what is not.
        #[source]
        source: Box<DropError>,
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
    /// The files of a drop have not the same columns.
    #[error(
        "export `{export}`: the columns of {object} are not those of {first}: {differs}; all files of a drop have the \
         same columns in the same order"
    )]
    Headers {
        /// The export.
        export: ExportName,
        /// The first file.
        first: String,
        /// The one that differs.
        object: String,
        /// How.
        differs: Box<HeadersDiffer>,
    },
    /// What the export remembers of whom it sent cannot be read.
    #[error(
        "export `{export}`: {list}: {reason}; remove snapshots/{export}/current.json, and the next run sends everybody, and \
         takes tags from nobody"
    )]
    Snapshot {
        /// The export.
        export: ExportName,
        /// The list of its members.
        list: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of rejects that cannot be taken for corrections.
    #[error("export `{export}`: {object} holds rejects, and {why}")]
    Rejects {
        /// The export.
        export: ExportName,
        /// The file.
        object: String,
        /// What is wrong with them, and what to do.
        why: String,
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
        matches!(self, Self::File { .. } | Self::Headers { .. } | Self::Rejects { .. })
    }
}
