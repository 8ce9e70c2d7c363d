//! How the runs of an export stand, by what is written of them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    ports::objects::{Listed, ObjectError, Objects},
    run::{ExportName, Key, Location, Prefix, RunRef},
};

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The run.
    pub run: RunRef,
    /// Its plan is written: it exists.
    pub is_planned: bool,
    /// Its messages are sent.
    pub is_enqueued: bool,
    /// Its report is written.
    pub is_reported: bool,
    /// It waits for a person.
    pub is_parked: bool,
    /// It is not to go on.
    pub is_canceled: bool,
    /// Chunks that are done.
    pub receipts: u32,
    /// When something was last written of it.
    pub last_written: Timestamp,
    /// Everything that is written of it.
    pub objects: Vec<Location>,
}

impl Standing {
    /// Whether nothing is left to do: it is reported, and does not wait for anybody.
    pub fn is_over(&self) -> bool {
        self.is_reported && !self.is_parked
    }
}

/// Every run of an export, oldest first. What a plan that died left behind is among them, not planned.
pub async fn runs(objects: &dyn Objects, export: &ExportName) -> Result<Vec<Standing>, ObjectError> {
    let listed = objects.list(&Prefix::Runs(export.clone())).await?;
    let mut runs: BTreeMap<_, Vec<Listed>> = BTreeMap::new();
    for object in listed {
        if let Some(run) = Key::run_of(&object.location) {
            runs.entry(run.run).or_default().push(object);
        }
    }
    Ok(runs
        .into_iter()
        .map(|(run, written)| stands(RunRef { export: export.clone(), run }, &written))
        .collect())
}

fn stands(run: RunRef, written: &[Listed]) -> Standing {
    let has = |key: Key| written.iter().any(|object| object.location == (&key).into());
    let receipts = Prefix::Receipts(run.clone()).location();
    let of_receipts = |object: &&Listed| object.location.key.starts_with(&receipts.key);
    Standing {
        is_planned: has(Key::Manifest(run.clone())),
        is_enqueued: has(Key::Enqueued(run.clone())),
        is_reported: has(Key::ReportJson(run.clone())),
        is_parked: has(Key::Parked(run.clone())),
        is_canceled: has(Key::Canceled(run.clone())),
        receipts: u32::try_from(written.iter().filter(of_receipts).count()).unwrap_or(u32::MAX),
        last_written: written.iter().map(|object| object.modified).max().unwrap_or(Timestamp::UNIX_EPOCH),
        objects: written.iter().map(|object| object.location.clone()).collect(),
        run,
    }
}
