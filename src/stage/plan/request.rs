//! What to plan.

use std::sync::Arc;

use crate::{
    config::{Connection, Export},
    keys::RunRef,
    run::{Allowed, Mode, Trigger},
    stage::drop::Sources,
};

/// What to plan.
#[derive(Debug, Clone)]
pub struct Request {
    pub connection: Arc<Connection>,
    pub export: Arc<Export>,
    pub trigger: Trigger,
    /// Usually the trigger's run. A plan that died before its manifest is planned again under its own run.
    pub run: RunRef,
    pub mode: Mode,
    /// Whether to write no chunks and send nothing.
    pub dry_run: bool,
    /// Whether a dry run shows the values of its first contacts instead of their shape.
    pub show_values: bool,
    /// The guards that do not stop the run.
    pub allowed: Allowed,
    /// What the run reads, if the caller has resolved it; otherwise the plan resolves what the trigger names.
    pub sources: Option<Sources>,
}
