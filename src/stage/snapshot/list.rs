//! Writes the new list of members while the old one is being read.

use std::io::{self, Write};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::{runtime::Handle, sync::mpsc};

use super::{blocking::blocking, merge::merge, sort::Sorter};
use crate::{
    contact::Tag,
    ports::{Ports, objects::ObjectError},
    run::{ListName, Manifest, Members, MembersWriter, Snapshot, Translation},
    stage::{ObjectFile, RecordError},
};
use segment_files::File as _;

/// How many pieces of the new list may wait to be written.
const PIECES_AHEAD: usize = 4;

/// The size of a piece, in bytes.
const PIECE_BYTES: usize = 256 << 10;

/// Applies the run's changes to the list of the snapshot `before`, and writes the result as `list`. The tag sets in the
/// new list refer to `tags`. Returns the number of members.
pub(super) async fn write_list(
    ports: &Ports,
    manifest: &Manifest,
    before: Option<&Snapshot>,
    changes: Sorter,
    list: &ListName,
    tags: &[Tag],
) -> Result<u64, RecordError> {
    let key = list.key(&manifest.run.export);
    let old = match before {
        Some(before) => {
            let pinned = ports.objects.head(&(&before.list.key(&manifest.run.export)).into()).await?;
            // The bytes are not counted.
            let (read, _) = mpsc::unbounded_channel();
            Some(ObjectFile::new(ports.objects.clone(), pinned, Handle::current(), read))
        }
        None => None,
    };
    let of_old = Translation::new(before.map(|before| before.tags.as_slice()).unwrap_or_default(), tags);
    let of_changes = Translation::new(&manifest.all_tags(), tags);
    let (sender, receiver) = mpsc::channel(PIECES_AHEAD);
    let merged = blocking(key.clone(), move || {
        let old = old.map(|old| Members::new(old.stream()?)).transpose()?;
        let mut changes = changes.sorted()?;
        changes.translate(&of_changes);
        let mut new = MembersWriter::new(Pieces { sender, piece: Vec::new() })?;
        let members = merge(old, &of_old, &mut changes, &mut new)?;
        new.finish()?.flush()?;
        Ok(members)
    });
    let body = stream::unfold(receiver, |mut receiver| async {
        let piece: Bytes = receiver.recv().await?;
        Some((Ok::<_, ObjectError>(piece), receiver))
    });
    let at = (&key).into();
    // If the merge fails, the written object is incomplete, but no snapshot will name it.
    let (members, written) = tokio::join!(merged, ports.objects.put_stream(&at, body.boxed()));
    written?;
    members
}

/// Forwards what is written to it, in pieces.
struct Pieces {
    sender: mpsc::Sender<Bytes>,
    piece: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend(bytes);
        if self.piece.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = std::mem::take(&mut self.piece);
        let closed = |_| io::Error::other("the new list of members is no longer being written");
        self.sender.blocking_send(piece.into()).map_err(closed)
    }
}
