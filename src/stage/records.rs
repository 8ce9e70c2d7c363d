//! A run's objects as values: read, parsed and written by key.

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    keys::{ConnectionName, ExportName, Key, Location, Prefix, RunRef},
    kill_point,
    ports::objects::{ObjectError, Objects, Put},
    run::{
        Findings, Halted, Manifest, Outcome, Parked, Receipt, RefusedDrop, Report, SegmentsSeen, Snapshot,
        TagReceipt, flaw, unpack,
    },
};

/// Reads and writes a run's objects.
#[derive(Debug, Clone)]
pub struct Records {
    objects: Arc<dyn Objects>,
}

/// Why a run's object could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The store.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The object is there and is not what it should be.
    #[error("{key} is damaged: {reason}")]
    Damaged {
        /// The object.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Records {
    /// Over these objects.
    pub fn new(objects: Arc<dyn Objects>) -> Self {
        Self { objects }
    }

    /// The objects themselves.
    pub fn objects(&self) -> &Arc<dyn Objects> {
        &self.objects
    }

    /// A run's manifest, if the run exists.
    pub async fn manifest(&self, run: &RunRef) -> Result<Option<Manifest>, RecordError> {
        self.read(&Key::Manifest(run.clone())).await
    }

    /// Writes a run's manifest, with which the run exists. Where somebody planned the same run at the same time, theirs
    /// is the plan, with the same chunks.
    pub(super) async fn create(&self, manifest: Manifest) -> Result<Manifest, RecordError> {
        match self.write(&Key::Manifest(manifest.run.clone()), &manifest, Put::IfAbsent).await {
            Err(RecordError::Object(ObjectError::AlreadyExists { .. })) => {
                Ok(self.manifest(&manifest.run).await?.unwrap_or(manifest))
            }
            written => written.map(|()| manifest),
        }
    }

    /// A chunk's receipt, if the chunk is done.
    pub async fn receipt(&self, run: &RunRef, chunk: u32) -> Result<Option<Receipt>, RecordError> {
        self.read(&Key::Receipt(run.clone(), chunk)).await
    }

    /// What of a chunk was sent: its receipt, or how far it got before it had to stop.
    pub async fn sent_of(&self, run: &RunRef, chunk: u32) -> Result<Receipt, RecordError> {
        if let Some(receipt) = self.receipt(run, chunk).await? {
            return Ok(receipt);
        }
        Ok(self.read(&Key::Progress(run.clone(), chunk)).await?.unwrap_or_default())
    }

    /// What settling posted again of a chunk.
    pub async fn resent_of(&self, run: &RunRef, chunk: u32) -> Result<Receipt, RecordError> {
        Ok(self.read(&Key::Resent(run.clone(), chunk)).await?.unwrap_or_default())
    }

    /// What became of a chunk's contacts, if it is known.
    pub async fn outcome(&self, run: &RunRef, chunk: u32) -> Result<Option<Outcome>, RecordError> {
        self.read(&Key::Outcome(run.clone(), chunk)).await
    }

    /// How far the changes of tags came that an object is about, if they began.
    pub async fn tagged(&self, key: &Key) -> Result<Option<TagReceipt>, RecordError> {
        self.read(key).await
    }

    /// What became of the segments that a run was to see to, if it did.
    pub async fn segments(&self, run: &RunRef) -> Result<Option<SegmentsSeen>, RecordError> {
        self.read(&Key::Segments(run.clone())).await
    }

    /// A run's report, if it is over.
    pub async fn report(&self, run: &RunRef) -> Result<Option<Report>, RecordError> {
        self.read(&Key::ReportJson(run.clone())).await
    }

    /// Why nothing more is sent of a run, if Omnisend refuses it all.
    pub async fn halted(&self, run: &RunRef) -> Result<Option<Halted>, RecordError> {
        self.read(&Key::Halted(run.clone())).await
    }

    /// Writes down why nothing more is sent of a run.
    pub(super) async fn halt(&self, run: &RunRef, halted: &Halted) -> Result<(), RecordError> {
        self.write(&Key::Halted(run.clone()), halted, Put::Replace).await?;
        kill_point::reach("run.halted");
        let Halted { code, reason, .. } = halted;
        tracing::error!(export = %run.export, run = %run.run, code, reason, "Omnisend refuses every contact");
        Ok(())
    }

    /// Why a run waits for a person, if it does.
    pub async fn parked(&self, run: &RunRef) -> Result<Option<Parked>, RecordError> {
        self.read(&Key::Parked(run.clone())).await
    }

    /// What is known of whom an export sent, if a run of it was settled.
    pub async fn snapshot(&self, export: &ExportName) -> Result<Option<Snapshot>, RecordError> {
        self.read(&Key::Snapshot(export.clone())).await
    }

    /// The last drop of an export that no run could be made of.
    pub async fn refused_drop(&self, export: &ExportName) -> Result<Option<RefusedDrop>, RecordError> {
        self.read(&Key::RefusedDrop(export.clone())).await
    }

    /// What was found out about a connection's brand.
    pub async fn findings(&self, connection: &ConnectionName) -> Result<Findings, RecordError> {
        Ok(self.read(&Key::Findings(connection.clone())).await?.unwrap_or_default())
    }

    /// Whether somebody canceled a run.
    pub async fn is_canceled(&self, run: &RunRef) -> Result<bool, RecordError> {
        self.exists(&Key::Canceled(run.clone())).await
    }

    /// Whether an object is there.
    pub async fn exists(&self, key: &Key) -> Result<bool, RecordError> {
        match self.objects.head(&key.into()).await {
            Ok(_) => Ok(true),
            Err(ObjectError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Everything that is written of a run.
    pub async fn written(&self, run: &RunRef) -> Result<BTreeSet<Location>, RecordError> {
        let listed = self.objects.list(&Prefix::Run(run.clone())).await?;
        Ok(listed.into_iter().map(|listed| listed.location).collect())
    }

    /// A chunk's or a refused part's lines, unpacked.
    pub async fn lines(&self, key: &Key) -> Result<Vec<u8>, RecordError> {
        let packed = self.objects.get(&key.into()).await?;
        let damaged = |reason: String| RecordError::Damaged { key: key.to_string(), reason };
        tokio::task::spawn_blocking(move || unpack(&packed))
            .await
            // A panic's own message may quote a contact.
            .map_err(|_| damaged("it could not be unpacked; the log says why".to_owned()))?
            .map_err(|error| damaged(error.to_string()))
    }

    /// Writes an object as JSON.
    pub async fn write(&self, key: &Key, value: &impl Serialize, mode: Put) -> Result<(), RecordError> {
        let damaged = |reason: String| RecordError::Damaged { key: key.to_string(), reason };
        let mut body = serde_json::to_vec_pretty(value).map_err(|error| damaged(error.to_string()))?;
        body.push(b'\n');
        Ok(self.objects.put(&key.into(), Bytes::from(body), mode).await?)
    }

    pub(super) async fn read<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, RecordError> {
        let body = match self.objects.get(&key.into()).await {
            Ok(body) => body,
            Err(ObjectError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        serde_json::from_slice(&body)
            .map(Some)
            .map_err(|error| RecordError::Damaged { key: key.to_string(), reason: flaw(&error) })
    }
}
