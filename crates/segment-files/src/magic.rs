//! What the first bytes of a file say it is, whatever it is called.

use crate::{
    error::SourceError,
    reading::{Compression, Format},
};

/// What a file begins like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Packed bytes.
    Packed(Compression),
    /// Parquet.
    Parquet,
    /// Something that is not read.
    Foreign(Foreign),
}

/// A format that is not read, and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Foreign {
    name: &'static str,
    advice: &'static str,
}

impl Foreign {
    /// JSON as people like to look at it.
    pub(super) const PRETTY_JSON: Self = Self {
        name: "JSON over several lines",
        advice: "write each object on a line of its own (JSON Lines); `jq -c .` does",
    };

    pub(super) fn refusal(self) -> SourceError {
        SourceError::Foreign { format: self.name, advice: self.advice }
    }
}

const REPACK: &str = "pack the segment with gzip, zstd or bzip2, or not at all";
const AS_TABLE: &str = "write the segment as CSV, JSON Lines or Parquet";
const UNPACK: &str = "unpack it; a segment is a file of its own";
const AS_CSV: &str = "save it as CSV UTF-8";

/// Formats by their first bytes.
const FOREIGN: [(&[u8], &str, &str); 22] = [
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook", AS_CSV),
    (b"PK\x05\x06", "an empty ZIP archive", UNPACK),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook", AS_CSV),
    (b"PARE", "an encrypted Parquet file", "write it without encryption; the bucket encrypts it"),
    (b"Obj\x01", "an Avro file", AS_TABLE),
    (b"ARROW1", "an Arrow file", AS_TABLE),
    (b"FEA1", "a Feather file", AS_TABLE),
    (b"SQLite format 3\0", "a SQLite database", AS_TABLE),
    (b"\x04\x22\x4d\x18", "an lz4 file", REPACK),
    (b"\xff\x06\x00\x00sNaPpY", "a snappy file", REPACK),
    (b"\xfd7zXZ\0", "an xz file", REPACK),
    (b"LZIP", "an lzip file", REPACK),
    (b"\x1f\x9d", "a compress (.Z) file", REPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (b"%PDF-", "a PDF document", AS_CSV),
    (b"{\\rtf", "a Rich Text document", AS_CSV),
    (b"-----BEGIN PGP", "text that PGP has encrypted", "decrypt it first"),
    (b"\xff\xfe\0\0", "UTF-32 text", "save it as UTF-8"),
    (b"\0\0\xfe\xff", "UTF-32 text", "save it as UTF-8"),
    (b"\x78\x9c", "a zlib stream", REPACK),
    (b"\x78\xda", "a zlib stream", REPACK),
];

/// What the bytes are, where their beginning tells. Text does not tell.
pub(super) fn kind(first: &[u8]) -> Option<Kind> {
    match first {
        [0x1f, 0x8b, 8, ..] => return Some(Kind::Packed(Compression::Gzip)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            return Some(Kind::Packed(Compression::Zstd));
        }
        // A block follows, or the end of an empty stream.
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', ..]
        | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, b'r', b'E', b'8', ..] => {
            return Some(Kind::Packed(Compression::Bzip2));
        }
        [b'P', b'A', b'R', b'1', ..] => return Some(Kind::Parquet),
        _ => {}
    }
    let foreign = |name, advice| Some(Kind::Foreign(Foreign { name, advice }));
    if let Some((_, name, advice)) = FOREIGN.iter().find(|(magic, ..)| first.starts_with(magic)) {
        return foreign(name, advice);
    }
    if let [b'O', b'R', b'C', next, ..] = first
        && !next.is_ascii_graphic()
        && !b" \t\r".contains(next)
    {
        return foreign("an ORC file", AS_TABLE);
    }
    if first.get(257..262) == Some(b"ustar") {
        return foreign("a tar archive", UNPACK);
    }
    None
}

/// What text is, where it plainly is not rows: `text` is its beginning, in UTF-8.
pub(super) fn document(text: &[u8]) -> Option<Foreign> {
    let text = text.trim_ascii_start();
    let begins = |with: &str| text.get(..with.len()).is_some_and(|t| t.eq_ignore_ascii_case(with.as_bytes()));
    if begins("<!doctype html") || begins("<html") || begins("<table") {
        let advice = "a web page was saved in place of the file, often a page that asks to sign in";
        return Some(Foreign { name: "an HTML page", advice });
    }
    if begins("<?xml") {
        return Some(Foreign { name: "an XML document", advice: AS_TABLE });
    }
    if let Some(inside) = text.strip_prefix(b"[")
        && let [b'{' | b']', ..] = inside.trim_ascii_start()
    {
        let advice = "write each object on a line of its own, without the brackets and commas (JSON Lines); \
                      `jq -c '.[]'` does";
        return Some(Foreign { name: "a JSON array", advice });
    }
    None
}

/// Whether text begins like an object of JSON.
pub(super) fn is_json(text: &[u8]) -> bool {
    let inside = text.trim_ascii_start().strip_prefix(b"{");
    inside.is_some_and(|inside| matches!(inside.trim_ascii_start(), [b'"' | b'}', ..]))
}

/// What a text is that begins like JSON and is not one object a line.
fn pretty(text: &[u8]) -> Option<Foreign> {
    let first =
        text.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    first.ends_with(b"{").then_some(Foreign::PRETTY_JSON).or_else(|| {
        let goes_on = first.ends_with(b",") || first.ends_with(b"[");
        goes_on.then_some(Foreign::PRETTY_JSON)
    })
}

/// What a text is.
pub(super) fn text_format(text: &[u8]) -> Result<Format, SourceError> {
    let foreign = document(text).or_else(|| is_json(text).then(|| pretty(text)).flatten());
    match foreign {
        Some(foreign) => Err(foreign.refusal()),
        None if is_json(text) => Ok(Format::Ndjson),
        None => Ok(Format::Csv),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_formats_are_named_with_what_to_do() {
        let named = |bytes: &[u8]| match kind(bytes) {
            Some(Kind::Foreign(foreign)) => foreign.refusal().to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(
            named(b"PK\x03\x04..."),
            "this is a ZIP archive or an Excel workbook, which is not read; save it as CSV UTF-8"
        );
        assert_eq!(
            named(b"Obj\x01\x04"),
            "this is an Avro file, which is not read; write the segment as CSV, JSON Lines or Parquet"
        );
        assert_eq!(
            named(b"\x04\x22\x4d\x18@"),
            "this is an lz4 file, which is not read; pack the segment with gzip, zstd or bzip2, or not at all"
        );
        assert!(named(b"ORC\x0a\x9f").starts_with("this is an ORC file"));
        assert_eq!(named(b"\x1f\x8b\x08\0"), "Some(Packed(Gzip))");
        for text in ["", "EMail", "x^2,y", "BZh9,EMail", "ORCID;EMail", "ORC\tEMail", "PK,EMail"] {
            assert_eq!(kind(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn documents_in_text_are_told_from_rows() {
        let name = |text: &str| document(text.as_bytes()).map(|foreign| foreign.name);
        assert_eq!(name("\n<!DOCTYPE HTML>"), Some("an HTML page"));
        assert_eq!(name("<?xml version=\"1.0\"?>"), Some("an XML document"));
        assert_eq!(name("[\n  {\"EMail\": 1}"), Some("a JSON array"));
        assert_eq!(name("[EMail],[Name]\n"), None);
        assert_eq!(name("<EMail>,Name"), None);
        assert!(is_json(b" {\"a\": 1}") && is_json(b"{}") && !is_json(b"{EMail},x") && !is_json(b"EMail"));
    }
}
