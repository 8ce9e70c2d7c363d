//! A process's way to its objects, on which it can be killed: before one of its writes, or right after it.
//!
//! Once it is dead nothing that it still does counts: its writes never end, and its reads fail, so that the threads
//! of its that block end too.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use omnisend_export::{
    keys::{Location, Pinned, Prefix},
    ports::objects::{Action, ByteStream, Listed, ObjectError, Objects, Put},
};
use tokio::sync::Notify;

/// Which of a process's writes it is killed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    After,
}

#[derive(Debug)]
pub(crate) struct Gate {
    inner: Arc<dyn Objects>,
    /// Writes until the one that kills; below zero, none does.
    left: AtomicI64,
    after: AtomicBool,
    dead: AtomicBool,
    died: Notify,
}

impl Gate {
    pub(crate) fn new(inner: Arc<dyn Objects>) -> Self {
        Self {
            inner,
            left: AtomicI64::new(-1),
            after: AtomicBool::new(false),
            dead: AtomicBool::new(false),
            died: Notify::new(),
        }
    }

    /// The process dies at the n-th write from now, counted from 0.
    pub(crate) fn kill_at(&self, write: u32, moment: Moment) {
        self.after.store(moment == Moment::After, Ordering::SeqCst);
        self.left.store(write.into(), Ordering::SeqCst);
    }

    /// It does not.
    pub(crate) fn spare(&self) {
        self.left.store(-1, Ordering::SeqCst);
    }

    /// It dies now.
    pub(crate) fn kill(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.died.notify_one();
    }

    /// Waits until it is dead.
    pub(crate) async fn died(&self) {
        self.died.notified().await;
    }

    async fn write<T>(&self, write: impl Future<Output = T>) -> T {
        let is_last = !self.is_dead() && self.left.fetch_sub(1, Ordering::SeqCst) == 0;
        if is_last && !self.after.load(Ordering::SeqCst) {
            self.kill();
        }
        if self.is_dead() {
            return std::future::pending().await;
        }
        let written = write.await;
        if is_last {
            self.kill();
            return std::future::pending().await;
        }
        written
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    fn reads(&self, at: &Location) -> Result<(), ObjectError> {
        if self.is_dead() {
            return Err(ObjectError::Store { at: at.clone(), action: Action::Read, source: "killed".into() });
        }
        Ok(())
    }
}

#[async_trait]
impl Objects for Gate {
    async fn head(&self, at: &Location) -> Result<Pinned, ObjectError> {
        self.reads(at)?;
        self.inner.head(at).await
    }

    async fn get(&self, at: &Location) -> Result<Bytes, ObjectError> {
        self.reads(at)?;
        self.inner.get(at).await
    }

    async fn open(&self, object: &Pinned) -> Result<ByteStream, ObjectError> {
        self.reads(&object.location)?;
        self.inner.open(object).await
    }

    async fn range(&self, object: &Pinned, range: Range<u64>) -> Result<Bytes, ObjectError> {
        self.reads(&object.location)?;
        self.inner.range(object, range).await
    }

    async fn put(&self, at: &Location, body: Bytes, mode: Put) -> Result<(), ObjectError> {
        self.write(self.inner.put(at, body, mode)).await
    }

    async fn put_stream(
        &self,
        at: &Location,
        body: BoxStream<'static, Result<Bytes, ObjectError>>,
    ) -> Result<(), ObjectError> {
        self.write(self.inner.put_stream(at, body)).await
    }

    async fn list(&self, prefix: &Prefix) -> Result<Vec<Listed>, ObjectError> {
        self.reads(&prefix.location())?;
        self.inner.list(prefix).await
    }

    async fn delete(&self, at: &Location) -> Result<(), ObjectError> {
        self.write(self.inner.delete(at)).await
    }
}
