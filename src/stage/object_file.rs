//! An object as a file, for readers on a blocking thread.

use std::{
    io::{self, Read},
    ops::Range,
    sync::Arc,
};

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use tokio::{runtime::Handle, sync::mpsc};

use crate::{
    keys::Pinned,
    ports::objects::{ByteStream, ObjectError, Objects},
};
use segment_files::File;

/// How many pieces are read ahead. A few are enough to hide the store's latency; more would only take memory.
const PIECES_AHEAD: usize = 4;

/// One version of an object, as a file for a blocking thread.
#[derive(Debug, Clone)]
pub(crate) struct ObjectFile {
    objects: Arc<dyn Objects>,
    object: Pinned,
    runtime: Handle,
    /// Receives the size of each piece that is read, in bytes.
    read: mpsc::UnboundedSender<u64>,
}

impl ObjectFile {
    /// Reads `object` on `runtime`, and sends the size of each piece in bytes to `read`.
    pub(crate) fn new(
        objects: Arc<dyn Objects>,
        object: Pinned,
        runtime: Handle,
        read: mpsc::UnboundedSender<u64>,
    ) -> Self {
        Self { objects, object, runtime, read }
    }

    fn note(&self, piece: &Bytes) {
        // The receiver may have been dropped.
        let _ = self.read.send(piece.len() as u64);
    }
}

impl File for ObjectFile {
    fn size(&self) -> u64 {
        self.object.size
    }

    fn stream(&self) -> io::Result<Box<dyn Read + Send>> {
        let bytes = self.runtime.block_on(self.objects.open(&self.object)).map_err(io::Error::other)?;
        let file = self.clone();
        let bytes = bytes.inspect(move |piece| {
            if let Ok(piece) = piece {
                file.note(piece);
            }
        });
        let (feed, pump) = feed(bytes.boxed());
        self.runtime.spawn(pump);
        Ok(Box::new(feed))
    }

    fn handle(&self) -> Arc<dyn File> {
        Arc::new(self.clone())
    }

    fn range(&self, range: Range<u64>) -> io::Result<Bytes> {
        let bytes =
            self.runtime.block_on(self.objects.range(&self.object, range)).map_err(io::Error::other)?;
        self.note(&bytes);
        Ok(bytes)
    }
}

/// A stream of an object, for a blocking thread.
#[derive(Debug)]
struct Feed {
    pieces: mpsc::Receiver<Result<Bytes, ObjectError>>,
    current: Bytes,
}

/// Returns a feed of a stream, and the future that moves the bytes into it. The future ends when the stream ends or the
/// feed is dropped.
fn feed(mut stream: ByteStream) -> (Feed, impl Future<Output = ()> + Send) {
    let (sender, pieces) = mpsc::channel(PIECES_AHEAD);
    let pump = async move {
        while let Some(piece) = stream.next().await {
            if sender.send(piece).await.is_err() {
                return;
            }
        }
    };
    (Feed { pieces, current: Bytes::new() }, pump)
}

impl Read for Feed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.current = piece.map_err(io::Error::other)?,
                None => return Ok(0),
            }
        }
        let n = out.len().min(self.current.len());
        self.current.split_to(n).copy_to_slice(out.get_mut(..n).unwrap_or_default());
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;
    use crate::keys::Location;

    #[tokio::test]
    async fn returns_the_bytes_in_order_and_then_the_error() {
        let at = Location::state("segments/vip.csv".to_owned());
        let pieces: Vec<Result<Bytes, ObjectError>> = vec![
            Ok(Bytes::from_static(b"ab")),
            Ok(Bytes::new()),
            Ok(Bytes::from_static(b"cde")),
            Err(ObjectError::Changed { at }),
        ];
        let (mut feed, pump) = feed(stream::iter(pieces).boxed());
        let reader = tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            let error = feed.read_to_end(&mut bytes).unwrap_err();
            (bytes, error)
        });
        pump.await;
        let (bytes, error) = reader.await.unwrap();
        assert_eq!(bytes, b"abcde");
        assert!(error.to_string().starts_with("segments/vip.csv: changed while it was read"), "{error}");
    }
}
