//! Follow-up runs: runs for some contacts of an earlier run.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    config::Connection,
    keys::RunRef,
    run::{Manifest, Planned, Trigger},
};

/// A follow-up run to plan.
#[derive(Debug)]
pub struct FollowUp<'a> {
    /// The earlier run.
    pub original: &'a Manifest,
    /// The follow-up run itself.
    pub run: RunRef,
    pub trigger: Trigger,
}

impl FollowUp<'_> {
    /// Returns the manifest of a follow-up run without any work. It keeps the earlier run's source, mapping and tags.
    pub(super) fn manifest(&self, connection: &Connection, started_at: Timestamp) -> Manifest {
        Manifest {
            run: self.run.clone(),
            trigger: self.trigger.clone(),
            started_at,
            segments: Vec::new(),
            requests_per_minute: connection.budget(),
            create_segments: Vec::new(),
            sends_all: None,
            overlapping: 0,
            conflicting: 0,
            leaving: 0,
            removals: Vec::new(),
            undoes: None,
            replays: None,
            corrects: None,
            chunks: Vec::new(),
            refused_parts: 0,
            planned: Planned::default(),
            warnings: BTreeMap::new(),
            consent: BTreeMap::new(),
            ..self.original.clone()
        }
    }
}
