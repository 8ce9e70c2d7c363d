//! Lines of JSON, compressed with zstd: the format of chunks, of removals and of the rows that the plan rejected.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{RowOutcome, TagSet};
use crate::contact::{ContactHash, Identifier, PreparedContact};

/// Fast enough not to slow down the plan; the output has a third of the size. See `benches/plan.rs`.
const COMPRESSION_LEVEL: i32 = -5;

/// How many bytes are passed to the compressor at a time. One call per line would cost more than the compression
/// itself.
const STEP_BYTES: usize = 128 << 10;

/// Where a row is in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The index of the object in the manifest's `source`.
    #[serde(rename = "o")]
    pub object: u32,
    /// The line at which the row begins, counted from 1.
    #[serde(rename = "l")]
    pub line: u64,
}

/// A line of a chunk, as it is written.
#[derive(Debug, Serialize)]
pub struct ContactLine<C> {
    #[serde(rename = "of")]
    pub origin: Origin,
    /// The contact as it is sent, without its tags.
    pub contact: C,
}

/// Where a contact of a chunk comes from, and which tags it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub at: Place,
    #[serde(rename = "h")]
    pub hash: ContactHash,
    /// The tags that the contact gets.
    #[serde(rename = "t")]
    pub tags: TagSet,
    /// Of `tags`, those that an earlier run added, as far as the plan knows.
    #[serde(rename = "k", default, skip_serializing_if = "TagSet::is_empty")]
    pub known_tags: TagSet,
}

impl Origin {
    /// Writes the same JSON as serde, but faster, since every contact of a run has an origin.
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

/// A line of a chunk, as it is read. The contact stays unparsed, because it goes into a request unchanged.
#[derive(Debug, Deserialize)]
pub struct StoredContact<'a> {
    #[serde(rename = "of")]
    pub origin: Origin,
    #[serde(borrow)]
    pub contact: &'a RawValue,
}

impl StoredContact<'_> {
    /// Parses the contact's identifiers. The first one is its email address.
    pub fn identifiers(&self) -> serde_json::Result<Vec<Identifier<'_>>> {
        #[derive(Deserialize)]
        struct Contact<'a> {
            #[serde(borrow)]
            identifiers: Vec<Identifier<'a>>,
        }
        serde_json::from_str::<Contact<'_>>(self.contact.get()).map(|contact| contact.identifiers)
    }

    /// Returns the email address that the contact is sent with, or an empty text if the contact cannot be parsed.
    pub fn email(&self) -> String {
        let first = self.identifiers().ok().and_then(|identifiers| identifiers.into_iter().next());
        first.map(|identifier| identifier.id.into_owned()).unwrap_or_default()
    }
}

/// A contact that loses tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovalLine<'a> {
    #[serde(borrow)]
    pub email: Cow<'a, str>,
    #[serde(rename = "t")]
    pub tags: TagSet,
}

/// The column of a rejects file that names the run. A file with this column is a rejects file.
pub const REJECT_RUN: &str = "reject_run";
/// The column of a rejects file with the row's outcome.
pub const REJECT_OUTCOME: &str = "reject_outcome";
/// The column of a rejects file with the tags that the contact should get.
pub const REJECT_TAGS: &str = "reject_tags";
/// The separator of two tags in that column. No tag contains it.
pub const TAG_SEPARATOR: &str = "; ";

/// A row that the plan rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedLine {
    pub at: Place,
    /// `invalid` or `duplicate`.
    pub outcome: RowOutcome,
    /// The reason, for programs.
    pub code: String,
    /// The reason, for people.
    pub reason: String,
    /// The cell of the email column, as it is in the file.
    pub email: String,
    /// The tags that the contact would have been given, as far as they are known.
    #[serde(rename = "t", default, skip_serializing_if = "TagSet::is_empty")]
    pub tags: TagSet,
    /// The cells of the mapping's columns, in the mapping's order. Empty for a duplicate, and for a row that could not be
    /// split into cells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<String>,
}

/// Writes lines into compressed objects.
pub struct LinesWriter {
    buffer: Vec<u8>,
    encoder: zstd::Encoder<'static, Vec<u8>>,
    lines: u32,
}

impl LinesWriter {
    pub fn new() -> io::Result<Self> {
        let mut encoder = zstd::Encoder::new(Vec::new(), COMPRESSION_LEVEL)?;
        encoder.include_checksum(true)?;
        Ok(Self { buffer: Vec::with_capacity(STEP_BYTES * 2), encoder, lines: 0 })
    }

    /// Adds a line and returns its length in bytes. A line that is longer than `max` bytes is not added.
    pub fn push(&mut self, line: &impl Serialize, max: usize) -> io::Result<usize> {
        self.push_written(max, |out| serde_json::to_writer(out, line))
    }

    /// Like [`push`](Self::push), for a contact that becomes a [`ContactLine`].
    pub fn push_contact(
        &mut self,
        origin: &Origin,
        contact: &PreparedContact<'_>,
        max: usize,
    ) -> io::Result<usize> {
        self.push_written(max, |out| {
            out.extend_from_slice(b"{\"of\":");
            origin.write(out);
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

    /// Returns the number of lines since the last [`finish`](Self::finish).
    pub fn lines(&self) -> u32 {
        self.lines
    }

    /// Returns the finished object and starts a new one.
    pub fn finish(&mut self) -> io::Result<Bytes> {
        self.encoder.write_all(&self.buffer)?;
        self.buffer.clear();
        self.lines = 0;
        let mut next = zstd::Encoder::new(Vec::new(), COMPRESSION_LEVEL)?;
        next.include_checksum(true)?;
        Ok(std::mem::replace(&mut self.encoder, next).finish()?.into())
    }
}

impl std::fmt::Debug for LinesWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinesWriter").field("lines", &self.lines).finish_non_exhaustive()
    }
}

/// Decompresses an object of lines. Fails if the frame's checksum does not match.
pub fn unpack(object: &[u8]) -> io::Result<Vec<u8>> {
    zstd::decode_all(object)
}

/// Returns the lines of a decompressed object.
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
    fn writes_a_contact_as_serde_would() {
        let contact = PreparedContact::of("a@b.co");
        for line in 1..=2 {
            let mut writer = LinesWriter::new().unwrap();
            writer.push_contact(&origin(line), &contact, 1000).unwrap();
            let json = contact.to_json();
            let expected =
                serde_json::to_string(&ContactLine { origin: origin(line), contact: json }).unwrap();
            assert_eq!(unpack(&writer.finish().unwrap()).unwrap(), format!("{expected}\n").as_bytes());
        }
    }

    #[test]
    fn reads_lines_back_and_detects_damaged_objects() {
        let mut writer = LinesWriter::new().unwrap();
        let contact = serde_json::json!({"tags": ["a\nb"]});
        for line in 1..=3 {
            writer.push(&ContactLine { origin: origin(line), contact: &contact }, 1000).unwrap();
        }
        assert_eq!(
            writer.push(&"x".repeat(2000), 1000).unwrap(),
            2002,
            "a line that is too long is not added"
        );
        assert_eq!(writer.lines(), 3);
        let object = writer.finish().unwrap();
        let unpacked = unpack(&object).unwrap();
        let back: Vec<StoredContact<'_>> =
            lines(&unpacked).map(|line| serde_json::from_slice(line).unwrap()).collect();
        assert_eq!(back.len(), 3);
        assert_eq!(back[2].origin, origin(3));
        assert_eq!(back[2].contact.get(), r#"{"tags":["a\nb"]}"#);

        for cut in 0..object.len() {
            assert!(unpack(&object[..cut]).map_or(0, |left| left.len()) == 0, "cut at {cut}");
        }
        assert_eq!(writer.lines(), 0);
        assert!(unpack(&writer.finish().unwrap()).unwrap().is_empty());
    }
}
