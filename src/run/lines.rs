//! Lines of JSON, compressed with zstd: the form of chunks and of the rows that became no contact.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{RowOutcome, TagSet};
use crate::contact::{ContactHash, Identifier, PreparedContact};

/// Fast enough that planning is not held up, and a third of the size. See `benches/plan.rs`.
const LEVEL: i32 = -5;

/// How much is handed to the compressor at a time, in bytes: a line each would cost more than its compression.
const STEP_BYTES: usize = 128 << 10;

/// Where a row stands in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Which of the manifest's source objects, counted from 0.
    #[serde(rename = "o")]
    pub object: u32,
    /// The line that the row begins at, counted from 1.
    #[serde(rename = "l")]
    pub line: u64,
}

/// A line of a chunk: a contact as it is sent, and where it comes from.
#[derive(Debug, Serialize)]
pub struct ContactLine<C> {
    /// What is known of it.
    pub of: Origin,
    /// The contact, without its tags.
    pub contact: C,
}

/// What a run knows of a contact that it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The row that it comes from.
    pub at: Place,
    /// What it says.
    #[serde(rename = "h")]
    pub hash: ContactHash,
    /// The tags that it gets, of the manifest's.
    #[serde(rename = "t")]
    pub tags: TagSet,
    /// Those of them that it had from us before, as far as the plan knew.
    #[serde(rename = "k", default, skip_serializing_if = "TagSet::is_empty")]
    pub known_tags: TagSet,
}

impl Origin {
    /// Writes what serde would, without looking for what JSON escapes: every contact of a run has one.
    fn write(&self, out: &mut Vec<u8>) {
        number(b"{\"at\":{\"o\":", self.at.object, out);
        number(b",\"l\":", self.at.line, out);
        out.extend_from_slice(b"},\"h\":\"");
        out.extend_from_slice(&self.hash.hex());
        number(b"\",\"t\":", self.tags.0, out);
        if !self.known_tags.is_empty() {
            number(b",\"k\":", self.known_tags.0, out);
        }
        out.push(b'}');
    }
}

fn number(before: &[u8], number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(before);
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// A line of a chunk, read back. The contact is not parsed: it goes into a request as it is.
#[derive(Debug, Deserialize)]
pub struct StoredContact<'a> {
    /// What is known of it.
    pub of: Origin,
    /// The contact, without its tags.
    #[serde(borrow)]
    pub contact: &'a RawValue,
}

impl StoredContact<'_> {
    /// The ways to reach it, its address first.
    pub fn identifiers(&self) -> serde_json::Result<Vec<Identifier<'_>>> {
        #[derive(Deserialize)]
        struct Contact<'a> {
            #[serde(borrow)]
            identifiers: Vec<Identifier<'a>>,
        }
        serde_json::from_str::<Contact<'_>>(self.contact.get()).map(|contact| contact.identifiers)
    }

    /// The address that the contact is sent with: its first identifier's.
    pub fn email(&self) -> String {
        #[derive(Deserialize)]
        struct Contact {
            identifiers: Vec<Identifier>,
        }
        #[derive(Deserialize)]
        struct Identifier {
            id: String,
        }
        let contact = serde_json::from_str::<Contact>(self.contact.get()).ok();
        let first = contact.and_then(|contact| contact.identifiers.into_iter().next());
        first.map(|identifier| identifier.id).unwrap_or_default()
    }
}

/// A contact from which tags are to be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovalLine<'a> {
    /// Its address.
    #[serde(borrow)]
    pub email: Cow<'a, str>,
    /// Which, of the manifest's.
    #[serde(rename = "t")]
    pub tags: TagSet,
}

/// The column of rejects that says of which run they are: a file that has it is one of them.
pub const REJECT_RUN: &str = "reject_run";
/// The column that says what became of the row.
pub const REJECT_OUTCOME: &str = "reject_outcome";
/// The column that has the tags that the contact was to get.
pub const REJECT_TAGS: &str = "reject_tags";
/// What stands between two of them; no tag has it.
pub const TAGS_BETWEEN: &str = "; ";

/// A row that became no contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedLine {
    /// The row.
    pub at: Place,
    /// `invalid` or `duplicate`.
    pub outcome: RowOutcome,
    /// Why, for programs.
    pub code: String,
    /// Why, for people.
    pub reason: String,
    /// The e-mail's cell as it is in the file.
    pub email: String,
    /// The tags that its contact would have got, of the manifest's, as far as they are known.
    #[serde(rename = "t", default, skip_serializing_if = "TagSet::is_empty")]
    pub tags: TagSet,
    /// Its cells in the mapping's columns, in their order. None of a duplicate, and of a row whose cells cannot be told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<String>,
}

/// Writes lines.
pub struct LinesWriter {
    buffer: Vec<u8>,
    encoder: zstd::Encoder<'static, Vec<u8>>,
    lines: u32,
}

impl LinesWriter {
    /// An empty one.
    pub fn new() -> io::Result<Self> {
        let mut encoder = zstd::Encoder::new(Vec::new(), LEVEL)?;
        encoder.include_checksum(true)?;
        Ok(Self { buffer: Vec::with_capacity(STEP_BYTES * 2), encoder, lines: 0 })
    }

    /// Adds a line. Answers with its length in bytes; where that is more than `max`, the line is not added.
    pub fn push(&mut self, line: &impl Serialize, max: usize) -> io::Result<usize> {
        self.push_written(max, |out| serde_json::to_writer(out, line))
    }

    /// Adds a contact that the plan made, as a [`ContactLine`].
    pub fn push_contact(
        &mut self,
        of: &Origin,
        contact: &PreparedContact<'_>,
        max: usize,
    ) -> io::Result<usize> {
        self.push_written(max, |out| {
            out.extend_from_slice(b"{\"of\":");
            of.write(out);
            out.extend_from_slice(b",\"contact\":");
            contact.write(out);
            out.push(b'}');
            Ok(())
        })
    }

    fn push_written(
        &mut self,
        max: usize,
        write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>,
    ) -> io::Result<usize> {
        let before = self.buffer.len();
        write(&mut self.buffer)?;
        let bytes = self.buffer.len() - before;
        if bytes > max {
            self.buffer.truncate(before);
            return Ok(bytes);
        }
        self.buffer.push(b'\n');
        self.lines += 1;
        if self.buffer.len() >= STEP_BYTES {
            self.encoder.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(bytes)
    }

    /// How many lines were added.
    pub fn lines(&self) -> u32 {
        self.lines
    }

    /// The finished object, and a writer that begins anew.
    pub fn finish(&mut self) -> io::Result<Bytes> {
        self.encoder.write_all(&self.buffer)?;
        self.buffer.clear();
        self.lines = 0;
        let mut next = zstd::Encoder::new(Vec::new(), LEVEL)?;
        next.include_checksum(true)?;
        Ok(std::mem::replace(&mut self.encoder, next).finish()?.into())
    }
}

impl std::fmt::Debug for LinesWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinesWriter").field("lines", &self.lines).finish_non_exhaustive()
    }
}

/// Unpacks an object of lines. The checksum of the frame tells a damaged one.
pub fn unpack(object: &[u8]) -> io::Result<Vec<u8>> {
    zstd::decode_all(object)
}

/// The lines of an unpacked object.
pub fn lines(unpacked: &[u8]) -> impl Iterator<Item = &[u8]> {
    unpacked.split(|b| *b == b'\n').filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(line: u64) -> Origin {
        let (hash, tags) = (ContactHash(u128::from(line) << 64), TagSet(5));
        Origin {
            at: Place { object: 0, line },
            hash,
            tags,
            known_tags: TagSet(u32::try_from(line).unwrap() & 1),
        }
    }

    #[test]
    fn a_contact_is_written_as_serde_would_write_it() {
        let contact = PreparedContact::of("a@b.co");
        for line in 1..=2 {
            let mut writer = LinesWriter::new().unwrap();
            writer.push_contact(&origin(line), &contact, 1000).unwrap();
            let json = contact.to_json();
            let expected = serde_json::to_string(&ContactLine { of: origin(line), contact: json }).unwrap();
            assert_eq!(unpack(&writer.finish().unwrap()).unwrap(), format!("{expected}\n").as_bytes());
        }
    }

    #[test]
    fn lines_come_back_and_a_damaged_object_is_told() {
        let mut writer = LinesWriter::new().unwrap();
        let contact = serde_json::json!({"tags": ["a\nb"]});
        for line in 1..=3 {
            writer.push(&ContactLine { of: origin(line), contact: &contact }, 1000).unwrap();
        }
        assert_eq!(writer.push(&"x".repeat(2000), 1000).unwrap(), 2002, "too long: told, and not added");
        assert_eq!(writer.lines(), 3);
        let object = writer.finish().unwrap();
        let unpacked = unpack(&object).unwrap();
        let back: Vec<StoredContact<'_>> =
            lines(&unpacked).map(|line| serde_json::from_slice(line).unwrap()).collect();
        assert_eq!(back.len(), 3);
        assert_eq!(back[2].of, origin(3));
        assert_eq!(back[2].contact.get(), r#"{"tags":["a\nb"]}"#);

        for cut in 0..object.len() {
            assert!(unpack(&object[..cut]).map_or(0, |left| left.len()) == 0, "cut at {cut}");
        }
        assert_eq!(writer.lines(), 0);
        assert!(unpack(&writer.finish().unwrap()).unwrap().is_empty());
    }
}
