//! Why a report could not be created.

use crate::{keys::RunRef, ports::objects::ObjectError, run::Unbalanced, stage::RecordError};

/// Why a report could not be created.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The counts do not add up: no report is better than a wrong one.
    #[error("run {run}: {source}")]
    Unbalanced {
        run: RunRef,
        #[source]
        source: Box<Unbalanced>,
    },
    #[error("the report's page could not be rendered: {0}")]
    Page(#[from] askama::Error),
    #[error("a row of `rejects.csv` could not be written: {0}")]
    Csv(#[from] csv::Error),
    #[error("a line of `rejects.ndjson` could not be written: {0}")]
    Json(#[from] serde_json::Error),
}

impl From<ObjectError> for ReportError {
    fn from(error: ObjectError) -> Self {
        Self::Record(error.into())
    }
}
