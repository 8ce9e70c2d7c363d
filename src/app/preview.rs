//! Reads an export's files without a run.

use std::sync::Arc;

use super::error::AppError;
pub use crate::stage::plan::{Fate, LeftOut, PreviewedRow};
use crate::{
    config::Export,
    ports::Ports,
    stage::{
        drop::{Part, find_sources},
        plan,
    },
};

/// Returns the first rows of the file that a run would read now, with the contacts that they become.
pub async fn preview(ports: &Ports, export: Arc<Export>, rows: usize) -> Result<Vec<PreviewedRow>, AppError> {
    Ok(plan::preview(ports, export, rows).await?)
}

/// Returns the largest of the files that a run would read now.
pub async fn largest_file(ports: &Ports, export: &Export) -> Result<Option<Part>, AppError> {
    let sources = find_sources(ports, export).await?;
    Ok(sources.into_iter().flat_map(|source| source.parts).max_by_key(|part| part.object.size))
}
