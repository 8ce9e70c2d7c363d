//! How the runs of an export stand, by what is written of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    keys::{ExportName, Key, Location, Prefix, RunRef},
    ports::objects::{Listed, ObjectError, Objects},
};

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The run.
    pub run: RunRef,
    /// When something was last written of it.
    pub last_written: Timestamp,
    /// Everything that is written of it.
    pub objects: BTreeSet<Location>,
}

impl Standing {
    /// Its plan is written: it exists.
    pub fn is_planned(&self) -> bool {
        self.has(Key::Manifest)
    }

    /// Its messages are sent.
    pub fn is_enqueued(&self) -> bool {
        self.has(Key::Enqueued)
    }

    /// Its report is written.
    pub fn is_reported(&self) -> bool {
        self.has(Key::ReportJson)
    }

    /// It waits for a person.
    pub fn is_parked(&self) -> bool {
        self.has(Key::Parked)
    }

    /// It is not to go on.
    pub fn is_canceled(&self) -> bool {
        self.has(Key::Canceled)
    }

    /// Nothing is left to do: it is reported, and does not wait for anybody.
    pub fn is_over(&self) -> bool {
        self.is_reported() && !self.is_parked()
    }

    /// Chunks that are done.
    pub fn receipts(&self) -> usize {
        let receipts = Prefix::Receipts(self.run.clone()).location();
        self.objects.iter().filter(|object| object.key.starts_with(&receipts.key)).count()
    }

    fn has(&self, key: fn(RunRef) -> Key) -> bool {
        self.objects.contains(&Location::from(&key(self.run.clone())))
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
    let standing = |(run, written): (_, Vec<Listed>)| Standing {
        run: RunRef { export: export.clone(), run },
        last_written: written.iter().map(|object| object.modified).max().unwrap_or(Timestamp::UNIX_EPOCH),
        objects: written.into_iter().map(|object| object.location).collect(),
    };
    Ok(runs.into_iter().map(standing).collect())
}
