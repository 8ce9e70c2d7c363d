//! An object that is written while its content is being generated.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    keys::{Key, Location},
    ports::objects::{Action, ObjectError, Objects},
};

/// How much is handed to the store at a time, in bytes.
const STEP_BYTES: usize = 256 << 10;

/// The task that writes panicked. The panic's message is not kept: it may quote a contact.
#[derive(Debug, thiserror::Error)]
#[error("it panicked; this is a bug in omnisend-export, and the log says where")]
struct Panicked;

/// An object that is written while its content is being generated.
pub(super) struct Output {
    at: Location,
    buffer: BytesMut,
    sender: mpsc::Sender<Result<Bytes, ObjectError>>,
    written: JoinHandle<Result<(), ObjectError>>,
}

impl Output {
    pub(super) fn start(objects: Arc<dyn Objects>, key: &Key) -> Self {
        let (sender, receiver) = mpsc::channel(2);
        let body = stream::unfold(receiver, |mut receiver| async {
            let piece = receiver.recv().await?;
            Some((piece, receiver))
        });
        let at = Location::from(key);
        let to = at.clone();
        let written = tokio::spawn(async move { objects.put_stream(&to, body.boxed()).await });
        Self { at, buffer: BytesMut::new(), sender, written }
    }

    pub(super) async fn push(&mut self, bytes: &[u8]) {
        self.buffer.put_slice(bytes);
        if self.buffer.len() >= STEP_BYTES {
            self.send().await;
        }
    }

    /// Ends the object, and waits until it is stored.
    pub(super) async fn finish(mut self) -> Result<(), ObjectError> {
        self.send().await;
        drop(self.sender);
        let at = self.at;
        self.written.await.unwrap_or_else(|_| {
            Err(ObjectError::Store { at, action: Action::Write, source: Panicked.into() })
        })
    }

    async fn send(&mut self) {
        // This fails only if writing has failed. Then `finish` returns that error.
        let _ = self.sender.send(Ok(self.buffer.split().freeze())).await;
    }
}
