//! The records: values that are stored as JSON, each type under a key of its own.
//!
//! The key depends on the type, so a value cannot be written under another record's key.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    ChunkRef, EnsuredSegments, Findings, Halted, Manifest, Outcome, Parked, Progress, Receipt, RefusedDrop,
    Report, Resent, Snapshot, TagPart, TagReceipt,
};
use crate::keys::{ConnectionName, ExportName, Key, RunRef};

/// A value that is stored as one JSON object.
pub trait Record: Serialize + DeserializeOwned {
    /// What the record is about, such as a run or a chunk.
    type Id;

    /// Returns the key of the record of `id`.
    fn key(id: &Self::Id) -> Key;
}

/// The mark of a run whose messages were sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enqueued {
    pub at: Timestamp,
}

/// The mark of a run that was canceled: it stops before its next batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canceled {
    pub at: Timestamp,
}

macro_rules! records {
    ($($record:ty: $id:ty => $key:expr;)*) => {$(
        impl Record for $record {
            type Id = $id;

            fn key(id: &Self::Id) -> Key {
                let key: fn($id) -> Key = $key;
                key(id.clone())
            }
        }
    )*};
}

records! {
    Manifest: RunRef => Key::Manifest;
    Enqueued: RunRef => Key::Enqueued;
    Canceled: RunRef => Key::Canceled;
    Halted: RunRef => Key::Halted;
    Parked: RunRef => Key::Parked;
    EnsuredSegments: RunRef => Key::Segments;
    Report: RunRef => Key::ReportJson;
    Progress: ChunkRef => |id| Key::Progress(id.run, id.chunk);
    Receipt: ChunkRef => |id| Key::Receipt(id.run, id.chunk);
    Resent: ChunkRef => |id| Key::Resent(id.run, id.chunk);
    Outcome: ChunkRef => |id| Key::Outcome(id.run, id.chunk);
    TagReceipt: TagPart => |part| match part {
        TagPart::Additions(chunk) => Key::Tagged(chunk.run, chunk.chunk),
        TagPart::Removals(run, part) => Key::Untagged(run, part),
    };
    Findings: ConnectionName => Key::Findings;
    Snapshot: ExportName => Key::Snapshot;
    RefusedDrop: ExportName => Key::RefusedDrop;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_every_record_of_a_chunk_under_a_key_of_its_own() {
        let run = RunRef { export: "vip".parse().unwrap(), run: "1".parse().unwrap() };
        let chunk = ChunkRef::of(&run, 3);
        let keys = [
            Progress::key(&chunk),
            Receipt::key(&chunk),
            Resent::key(&chunk),
            Outcome::key(&chunk),
            TagReceipt::key(&TagPart::Additions(chunk)),
            TagReceipt::key(&TagPart::Removals(run, 3)),
        ];
        let names = keys.map(|key| key.to_string());
        assert_eq!(
            names,
            ["progress", "receipts", "resent", "outcomes", "tagged", "untagged"]
                .map(|folder| format!("runs/vip/1/{folder}/00003.json"))
        );
    }

    #[test]
    fn keeps_the_stored_form_of_the_marks() {
        let at = Timestamp::UNIX_EPOCH;
        for text in [serde_json::to_string(&Enqueued { at }), serde_json::to_string(&Canceled { at })] {
            assert_eq!(text.unwrap(), r#"{"at":"1970-01-01T00:00:00Z"}"#);
        }
    }
}
