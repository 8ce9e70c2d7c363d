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
    /// Usually the trigger's run. If an earlier plan of the run died before it wrote the manifest, the run keeps its
    /// id.
    pub run: RunRef,
    pub mode: Mode,
    /// Whether the run is a dry run: it writes no chunks and sends nothing.
    pub dry_run: bool,
    /// Whether a dry run shows the values of its first contacts instead of their shape.
    pub show_values: bool,
    /// The guards that do not stop the run.
    pub allowed: Allowed,
    /// What the run reads, if the caller has resolved it. Otherwise the plan resolves it from the trigger.
    pub sources: Option<Sources>,
}
