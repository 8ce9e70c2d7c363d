//! From the async world to the reader's thread: bytes arrive on a channel and come out of `std::io::Read`.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use tokio::sync::mpsc;

use crate::ports::objects::{ByteStream, ObjectError};

/// How many pieces wait between the store and the parser. A few hide the store's latency; more only cost memory.
const PIECES_AHEAD: usize = 4;

/// The reading end, for a blocking thread.
#[derive(Debug)]
pub struct Feed {
    pieces: mpsc::Receiver<Result<Bytes, ObjectError>>,
    current: Bytes,
}

/// Joins a stream to a [`Feed`]. The returned future moves the bytes; it ends when the stream does or when the
/// feed is dropped.
pub fn feed(mut stream: ByteStream) -> (Feed, impl Future<Output = ()> + Send) {
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
    use crate::run::Location;

    #[tokio::test]
    async fn bytes_come_out_in_order_and_an_error_keeps_its_cause() {
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
