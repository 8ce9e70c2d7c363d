//! Objects in memory, which are faster than a disk or S3.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use omnisend_export::{
    keys::{Location, Pinned, Prefix},
    ports::{
        clock::Clock,
        objects::{ByteStream, Listed, ObjectError, Objects, Put},
    },
};

#[derive(Debug)]
pub(crate) struct Memory {
    clock: Arc<dyn Clock>,
    stored: Mutex<Stored>,
}

#[derive(Debug, Default)]
struct Stored {
    objects: BTreeMap<Location, (Pinned, Bytes)>,
    versions: u64,
}

impl Memory {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, stored: Mutex::default() }
    }

    fn find(&self, at: &Location) -> Result<(Pinned, Bytes), ObjectError> {
        let stored = self.stored.lock().unwrap();
        stored.objects.get(at).cloned().ok_or_else(|| ObjectError::NotFound { at: at.clone() })
    }

    fn find_version(&self, object: &Pinned) -> Result<Bytes, ObjectError> {
        match self.find(&object.location) {
            Ok((found, body)) if found.version == object.version => Ok(body),
            Ok(_) | Err(ObjectError::NotFound { .. }) => {
                Err(ObjectError::Changed { at: object.location.clone() })
            }
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Objects for Memory {
    async fn head(&self, at: &Location) -> Result<Pinned, ObjectError> {
        self.find(at).map(|(pinned, _)| pinned)
    }

    async fn get(&self, at: &Location) -> Result<Bytes, ObjectError> {
        self.find(at).map(|(_, body)| body)
    }

    async fn open(&self, object: &Pinned) -> Result<ByteStream, ObjectError> {
        let body = self.find_version(object)?;
        Ok(stream::iter((!body.is_empty()).then_some(Ok(body))).boxed())
    }

    async fn range(&self, object: &Pinned, range: Range<u64>) -> Result<Bytes, ObjectError> {
        let body = self.find_version(object)?;
        let place = |at: u64| usize::try_from(at).unwrap();
        Ok(body.slice(place(range.start)..place(range.end)))
    }

    async fn put(&self, at: &Location, body: Bytes, mode: Put) -> Result<(), ObjectError> {
        let modified = self.clock.now();
        let mut stored = self.stored.lock().unwrap();
        if mode == Put::IfAbsent && stored.objects.contains_key(at) {
            return Err(ObjectError::AlreadyExists { at: at.clone() });
        }
        stored.versions += 1;
        let version = format!("v{}", stored.versions);
        let pinned = Pinned { location: at.clone(), version, size: body.len() as u64, modified };
        stored.objects.insert(at.clone(), (pinned, body));
        Ok(())
    }

    async fn put_stream(
        &self,
        at: &Location,
        body: stream::BoxStream<'static, Result<Bytes, ObjectError>>,
    ) -> Result<(), ObjectError> {
        let body: BytesMut = body
            .try_fold(BytesMut::new(), async |mut all, part| {
                all.extend_from_slice(&part);
                Ok(all)
            })
            .await?;
        self.put(at, body.freeze(), Put::Replace).await
    }

    async fn list(&self, prefix: &Prefix) -> Result<Vec<Listed>, ObjectError> {
        let prefix = prefix.location();
        let stored = self.stored.lock().unwrap();
        let below = stored.objects.values().map(|(pinned, _)| pinned).filter(|pinned| {
            pinned.location.bucket == prefix.bucket && pinned.location.key.starts_with(&prefix.key)
        });
        let listed = |pinned: &Pinned| Listed {
            location: pinned.location.clone(),
            size: pinned.size,
            modified: pinned.modified,
        };
        Ok(below.map(listed).collect())
    }

    async fn delete(&self, at: &Location) -> Result<(), ObjectError> {
        self.stored.lock().unwrap().objects.remove(at);
        Ok(())
    }
}
