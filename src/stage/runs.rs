//! The runs of an export, from their stored objects.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    keys::{ExportName, Key, Location, Prefix, RunRef},
    ports::objects::{Listed, ObjectError, Objects},
};

/// The stored objects of a run, which show its progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunObjects {
    pub run: RunRef,
    /// When the newest object was written.
    pub last_written: Timestamp,
    pub objects: BTreeSet<Location>,
}

impl RunObjects {
    /// Whether the manifest is written, so that the run exists.
    pub fn is_planned(&self) -> bool {
        self.has(Key::Manifest)
    }

    /// Whether the messages are sent.
    pub fn is_enqueued(&self) -> bool {
        self.has(Key::Enqueued)
    }

    /// Whether the report is written.
    pub fn is_reported(&self) -> bool {
        self.has(Key::ReportJson)
    }

    /// Whether the run waits for a person.
    pub fn is_parked(&self) -> bool {
        self.has(Key::Parked)
    }

    pub fn is_canceled(&self) -> bool {
        self.has(Key::Canceled)
    }

    /// Whether nothing is left to do: the run is reported and not parked.
    pub fn is_over(&self) -> bool {
        self.is_reported() && !self.is_parked()
    }

    /// Returns the number of chunks that are done.
    pub fn receipts(&self) -> usize {
        let receipts = Prefix::Receipts(self.run.clone()).location();
        self.objects.iter().filter(|object| object.key.starts_with(&receipts.key)).count()
    }

    fn has(&self, key: fn(RunRef) -> Key) -> bool {
        self.objects.contains(&Location::from(&key(self.run.clone())))
    }
}

/// Returns every run of an export, oldest first, including those of plans that died before they wrote a manifest.
pub async fn runs(objects: &dyn Objects, export: &ExportName) -> Result<Vec<RunObjects>, ObjectError> {
    let listed = objects.list(&Prefix::Runs(export.clone())).await?;
    let mut runs: BTreeMap<_, Vec<Listed>> = BTreeMap::new();
    for object in listed {
        if let Some(run) = Key::run_of(&object.location) {
            runs.entry(run.run).or_default().push(object);
        }
    }
    let of_run = |(run, written): (_, Vec<Listed>)| RunObjects {
        run: RunRef { export: export.clone(), run },
        last_written: written.iter().map(|object| object.modified).max().unwrap_or(Timestamp::UNIX_EPOCH),
        objects: written.into_iter().map(|object| object.location).collect(),
    };
    Ok(runs.into_iter().map(of_run).collect())
}
