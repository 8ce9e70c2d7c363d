//! Reads and writes the stored objects of runs.

use std::{collections::BTreeSet, io, sync::Arc};

use bytes::Bytes;

use crate::{
    keys::{ConnectionName, ExportName, Key, Location, Prefix, RunRef},
    kill_point,
    ports::objects::{ObjectError, Objects, Put},
    run::{
        Canceled, ChunkRef, Findings, Halted, JsonDefect, Manifest, Outcome, Parked, Progress, Receipt,
        Record, RefusedDrop, Report, Resent, Snapshot, unpack,
    },
};

/// Reads and writes the stored objects of runs.
#[derive(Debug, Clone)]
pub struct Records {
    objects: Arc<dyn Objects>,
}

/// Why an object of a run could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error("{key} is damaged: {source}")]
    Damaged {
        key: Box<Key>,
        #[source]
        source: Defect,
    },
}

impl RecordError {
    pub(crate) fn damaged(key: &Key, defect: impl Into<Defect>) -> Self {
        Self::Damaged { key: Box::new(key.clone()), source: defect.into() }
    }
}

/// What is wrong with a stored object. Never quotes the object, which may contain contacts.
#[derive(Debug, thiserror::Error)]
pub enum Defect {
    #[error(transparent)]
    Json(#[from] JsonDefect),
    /// The object cannot be unpacked or is not in its format.
    #[error(transparent)]
    Format(#[from] io::Error),
    #[error("it has no contact {place}")]
    NoContact {
        /// The place in the chunk, counted from 0.
        place: u32,
    },
    /// The code that reads it panicked. The panic's message is not kept: it may quote a contact.
    #[error("it could not be read; the log says why")]
    Panicked,
}

impl From<&serde_json::Error> for Defect {
    fn from(error: &serde_json::Error) -> Self {
        Self::Json(error.into())
    }
}

impl Records {
    pub fn new(objects: Arc<dyn Objects>) -> Self {
        Self { objects }
    }

    pub fn objects(&self) -> &Arc<dyn Objects> {
        &self.objects
    }

    /// Reads a record. Returns `None` if it does not exist.
    pub async fn read<R: Record>(&self, id: &R::Id) -> Result<Option<R>, RecordError> {
        let key = R::key(id);
        let body = match self.objects.get(&(&key).into()).await {
            Ok(body) => body,
            Err(ObjectError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        serde_json::from_slice(&body).map(Some).map_err(|error| RecordError::damaged(&key, &error))
    }

    /// Writes a record. Replaces an existing one.
    pub async fn write<R: Record>(&self, id: &R::Id, record: &R) -> Result<(), RecordError> {
        self.put(id, record, Put::Replace).await
    }

    /// Writes a record unless it exists. Returns whether it was written.
    pub async fn write_new<R: Record>(&self, id: &R::Id, record: &R) -> Result<bool, RecordError> {
        match self.put(id, record, Put::IfAbsent).await {
            Ok(()) => Ok(true),
            Err(RecordError::Object(ObjectError::AlreadyExists { .. })) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn put<R: Record>(&self, id: &R::Id, record: &R, mode: Put) -> Result<(), RecordError> {
        let key = R::key(id);
        let mut body =
            serde_json::to_vec_pretty(record).map_err(|error| RecordError::damaged(&key, &error))?;
        body.push(b'\n');
        Ok(self.objects.put(&(&key).into(), Bytes::from(body), mode).await?)
    }

    /// Deletes a record, if it exists.
    pub async fn delete<R: Record>(&self, id: &R::Id) -> Result<(), RecordError> {
        Ok(self.objects.delete(&(&R::key(id)).into()).await?)
    }

    /// Whether a record exists.
    pub async fn has<R: Record>(&self, id: &R::Id) -> Result<bool, RecordError> {
        match self.objects.head(&(&R::key(id)).into()).await {
            Ok(_) => Ok(true),
            Err(ObjectError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns a run's manifest, if the run exists.
    pub async fn manifest(&self, run: &RunRef) -> Result<Option<Manifest>, RecordError> {
        self.read(run).await
    }

    /// Writes a run's manifest, which creates the run. If another process planned the same run at the same time,
    /// returns its manifest, which has the same chunks.
    pub(super) async fn create(&self, manifest: Manifest) -> Result<Manifest, RecordError> {
        if self.write_new(&manifest.run, &manifest).await? {
            return Ok(manifest);
        }
        Ok(self.manifest(&manifest.run).await?.unwrap_or(manifest))
    }

    /// Returns a chunk's receipt, if the chunk is done.
    pub async fn receipt(&self, run: &RunRef, chunk: u32) -> Result<Option<Receipt>, RecordError> {
        self.read(&ChunkRef::of(run, chunk)).await
    }

    /// Returns what was sent of a chunk: its receipt, or its progress if its upload had to stop early.
    pub async fn sent_of(&self, run: &RunRef, chunk: u32) -> Result<Receipt, RecordError> {
        if let Some(receipt) = self.receipt(run, chunk).await? {
            return Ok(receipt);
        }
        let Progress(sent) = self.read(&ChunkRef::of(run, chunk)).await?.unwrap_or_default();
        Ok(sent)
    }

    /// Returns what settling sent again of a chunk.
    pub async fn resent_of(&self, run: &RunRef, chunk: u32) -> Result<Receipt, RecordError> {
        let Resent(receipt) = self.read(&ChunkRef::of(run, chunk)).await?.unwrap_or_default();
        Ok(receipt)
    }

    /// Returns a chunk's outcome, if the chunk is settled.
    pub async fn outcome(&self, run: &RunRef, chunk: u32) -> Result<Option<Outcome>, RecordError> {
        self.read(&ChunkRef::of(run, chunk)).await
    }

    /// Returns a run's report, if it is written.
    pub async fn report(&self, run: &RunRef) -> Result<Option<Report>, RecordError> {
        self.read(run).await
    }

    /// Returns why a run was halted, if it was.
    pub async fn halted(&self, run: &RunRef) -> Result<Option<Halted>, RecordError> {
        self.read(run).await
    }

    /// Halts a run, and logs why.
    pub(super) async fn halt(&self, run: &RunRef, halted: &Halted) -> Result<(), RecordError> {
        self.write(run, halted).await?;
        kill_point::reach("run.halted");
        let Halted { code, reason, .. } = halted;
        tracing::error!(export = %run.export, run = %run.run, code, reason, "Omnisend refuses every contact");
        Ok(())
    }

    /// Returns why a run is parked, if it is.
    pub async fn parked(&self, run: &RunRef) -> Result<Option<Parked>, RecordError> {
        self.read(run).await
    }

    /// Returns an export's snapshot, if a run of the export was settled.
    pub async fn snapshot(&self, export: &ExportName) -> Result<Option<Snapshot>, RecordError> {
        self.read(export).await
    }

    /// Returns the last refused drop of an export, if there is one.
    pub async fn refused_drop(&self, export: &ExportName) -> Result<Option<RefusedDrop>, RecordError> {
        self.read(export).await
    }

    /// Returns the findings about a connection's brand; empty if there are none.
    pub async fn findings(&self, connection: &ConnectionName) -> Result<Findings, RecordError> {
        Ok(self.read(connection).await?.unwrap_or_default())
    }

    pub async fn is_canceled(&self, run: &RunRef) -> Result<bool, RecordError> {
        self.has::<Canceled>(run).await
    }

    /// Returns the locations of all objects that are stored for a run.
    pub async fn written(&self, run: &RunRef) -> Result<BTreeSet<Location>, RecordError> {
        let listed = self.objects.list(&Prefix::Run(run.clone())).await?;
        Ok(listed.into_iter().map(|listed| listed.location).collect())
    }

    /// Reads and unpacks an object of lines, such as a chunk.
    pub async fn lines(&self, key: &Key) -> Result<Vec<u8>, RecordError> {
        let packed = self.objects.get(&key.into()).await?;
        tokio::task::spawn_blocking(move || unpack(&packed))
            .await
            .map_err(|_| RecordError::damaged(key, Defect::Panicked))?
            .map_err(|error| RecordError::damaged(key, error))
    }
}
