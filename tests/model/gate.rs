//! The gate between a process and its objects. It can kill the process before or after one of its writes.
//!
//! A dead process no longer changes anything: its writes never return, and its reads fail, so that its blocking threads
//! end.

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

/// Whether the process is killed before or after the write or request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    After,
}

#[derive(Debug)]
pub(crate) struct Gate {
    inner: Arc<dyn Objects>,
    /// The number of writes before the one that kills the process; negative if none does.
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

    /// Kills the process at the `write`-th write from now, counted from 0.
    pub(crate) fn kill_at(&self, write: u32, moment: Moment) {
        self.after.store(moment == Moment::After, Ordering::SeqCst);
        self.left.store(write.into(), Ordering::SeqCst);
    }

    /// Revokes the order to kill the process.
    pub(crate) fn spare(&self) {
        self.left.store(-1, Ordering::SeqCst);
    }

    /// Kills the process now.
    pub(crate) fn kill(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.died.notify_one();
    }

    /// Waits until the process is dead.
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

    fn check_alive(&self, at: &Location) -> Result<(), ObjectError> {
        if self.is_dead() {
            return Err(ObjectError::Store { at: at.clone(), action: Action::Read, source: "killed".into() });
        }
        Ok(())
    }
}

#[async_trait]
impl Objects for Gate {
    async fn head(&self, at: &Location) -> Result<Pinned, ObjectError> {
        self.check_alive(at)?;
        self.inner.head(at).await
    }

    async fn get(&self, at: &Location) -> Result<Bytes, ObjectError> {
        self.check_alive(at)?;
        self.inner.get(at).await
    }

    async fn open(&self, object: &Pinned) -> Result<ByteStream, ObjectError> {
        self.check_alive(&object.location)?;
        self.inner.open(object).await
    }

    async fn range(&self, object: &Pinned, range: Range<u64>) -> Result<Bytes, ObjectError> {
        self.check_alive(&object.location)?;
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
        self.check_alive(&prefix.location())?;
        self.inner.list(prefix).await
    }

    async fn delete(&self, at: &Location) -> Result<(), ObjectError> {
        self.write(self.inner.delete(at)).await
    }
}
