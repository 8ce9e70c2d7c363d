//! Recognises formats by the first bytes of a file, whatever its name is.

use crate::{
    error::ReadError,
    json_shape::list_of_rows,
    options::{Compression, Format},
};

/// What the first bytes of a file show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Magic {
    Compressed(Compression),
    Parquet,
    Unsupported(Unsupported),
}

/// A format that is not supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsupported {
    name: &'static str,
    /// What to do.
    advice: &'static str,
}

impl From<Unsupported> for ReadError {
    fn from(Unsupported { name, advice }: Unsupported) -> Self {
        Self::Unsupported { format: name, advice }
    }
}

const RECOMPRESS: &str = "compress the segment with gzip, zstd or bzip2, or not at all";
const AS_TABLE: &str = "write the segment as CSV, JSON Lines or Parquet";
const UNPACK: &str = "unpack it, so that each segment is a file of its own";
const AS_CSV: &str = "save it as CSV UTF-8";

/// The first bytes of a format, its name and what to do.
const UNSUPPORTED: [(&[u8], &str, &str); 22] = [
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook", AS_CSV),
    (b"PK\x05\x06", "an empty ZIP archive", UNPACK),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook", AS_CSV),
    (b"PARE", "an encrypted Parquet file", "write it without encryption"),
    (b"Obj\x01", "an Avro file", AS_TABLE),
    (b"ARROW1", "an Arrow file", AS_TABLE),
    (b"FEA1", "a Feather file", AS_TABLE),
    (b"SQLite format 3\0", "a SQLite database", AS_TABLE),
    (b"\x04\x22\x4d\x18", "an lz4 file", RECOMPRESS),
    (b"\xff\x06\x00\x00sNaPpY", "a snappy file", RECOMPRESS),
    (b"\xfd7zXZ\0", "an xz file", RECOMPRESS),
    (b"LZIP", "an lzip file", RECOMPRESS),
    (b"\x1f\x9d", "a compress (.Z) file", RECOMPRESS),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (b"%PDF-", "a PDF document", AS_CSV),
    (b"{\\rtf", "a Rich Text document", AS_CSV),
    (b"-----BEGIN PGP", "text encrypted with PGP", "decrypt it first"),
    (b"\xff\xfe\0\0", "UTF-32 text", "save it as UTF-8"),
    (b"\0\0\xfe\xff", "UTF-32 text", "save it as UTF-8"),
    (b"\x78\x9c", "a zlib stream", RECOMPRESS),
    (b"\x78\xda", "a zlib stream", RECOMPRESS),
];

/// Recognises binary formats. Returns `None` for text.
pub(crate) fn detect(first: &[u8]) -> Option<Magic> {
    match first {
        [0x1f, 0x8b, 8, ..] => return Some(Magic::Compressed(Compression::Gzip)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            return Some(Magic::Compressed(Compression::Zstd));
        }
        // A block follows, or the end of an empty stream.
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', ..]
        | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, b'r', b'E', b'8', ..] => {
            return Some(Magic::Compressed(Compression::Bzip2));
        }
        [b'P', b'A', b'R', b'1', ..] => return Some(Magic::Parquet),
        _ => {}
    }
    let unsupported = |name, advice| Some(Magic::Unsupported(Unsupported { name, advice }));
    if let Some((_, name, advice)) = UNSUPPORTED.iter().find(|(magic, ..)| first.starts_with(magic)) {
        return unsupported(name, advice);
    }
    if let [b'O', b'R', b'C', next, ..] = first
        && !next.is_ascii_graphic()
        && !b" \t\r".contains(next)
    {
        return unsupported("an ORC file", AS_TABLE);
    }
    if first.get(257..262) == Some(b"ustar") {
        return unsupported("a tar archive", UNPACK);
    }
    None
}

/// Returns the format of a text, given its beginning in UTF-8.
pub(crate) fn text_format(text: &[u8]) -> Result<Format, ReadError> {
    let text = text.trim_ascii_start();
    if let Some(unsupported) = document(text) {
        return Err(unsupported.into());
    }
    if !is_json_object(text) {
        return Ok(Format::Csv);
    }
    let first_line = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    match first_line.last() {
        Some(b'{' | b'[' | b',') if let Some(path) = list_of_rows(&String::from_utf8_lossy(text)) => {
            Err(ReadError::ObjectsInside { path })
        }
        Some(b'{' | b'[' | b',') => Err(Unsupported {
            name: "JSON that spans several lines",
            advice: "write each object on a line of its own (JSON Lines); `jq -c .` converts it",
        }
        .into()),
        _ => Ok(Format::Ndjson),
    }
}

/// Recognises documents that are text, but not rows.
fn document(text: &[u8]) -> Option<Unsupported> {
    let begins = |with: &str| text.get(..with.len()).is_some_and(|t| t.eq_ignore_ascii_case(with.as_bytes()));
    if begins("<!doctype html") || begins("<html") || begins("<table") {
        let advice = "a sign-in or error page was probably saved instead of the file; download it again";
        return Some(Unsupported { name: "an HTML page", advice });
    }
    if begins("<?xml") {
        return Some(Unsupported { name: "an XML document", advice: AS_TABLE });
    }
    if let Some(inside) = text.strip_prefix(b"[")
        && let [b'{' | b']', ..] = inside.trim_ascii_start()
    {
        let advice = "write each object on a line of its own, without brackets and commas (JSON Lines); \
                      `jq -c '.[]'` converts it";
        return Some(Unsupported { name: "a JSON array", advice });
    }
    None
}

fn is_json_object(text: &[u8]) -> bool {
    let inside = text.strip_prefix(b"{");
    inside.is_some_and(|inside| matches!(inside.trim_ascii_start(), [b'"' | b'}', ..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_unsupported_formats_and_what_to_do() {
        let named = |bytes: &[u8]| match detect(bytes) {
            Some(Magic::Unsupported(format)) => ReadError::from(format).to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(
            named(b"PK\x03\x04..."),
            "this is a ZIP archive or an Excel workbook, which is not supported; save it as CSV UTF-8"
        );
        assert_eq!(
            named(b"Obj\x01\x04"),
            "this is an Avro file, which is not supported; write the segment as CSV, JSON Lines or Parquet"
        );
        assert_eq!(
            named(b"\x04\x22\x4d\x18@"),
            "this is an lz4 file, which is not supported; compress the segment with gzip, zstd or bzip2, or not at all"
        );
        assert!(named(b"ORC\x0a\x9f").starts_with("this is an ORC file"));
        assert_eq!(named(b"\x1f\x8b\x08\0"), "Some(Compressed(Gzip))");
        for text in ["", "EMail", "x^2,y", "BZh9,EMail", "ORCID;EMail", "ORC\tEMail", "PK,EMail"] {
            assert_eq!(detect(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn distinguishes_documents_from_rows() {
        let format = |text: &str| match text_format(text.as_bytes()) {
            Ok(format) => format.as_str(),
            Err(ReadError::Unsupported { format, .. }) => format,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(format("\n<!DOCTYPE HTML>"), "an HTML page");
        assert_eq!(format("<?xml version=\"1.0\"?>"), "an XML document");
        assert_eq!(format("[\n  {\"EMail\": 1}"), "a JSON array");
        assert_eq!(format("{\n  \"EMail\": 1"), "JSON that spans several lines");
        for text in ["[EMail],[Name]\n", "<EMail>,Name", "{EMail},x", "EMail"] {
            assert_eq!(format(text), "csv", "{text}");
        }
        for text in [" {\"a\": 1}", "{}"] {
            assert_eq!(format(text), "ndjson", "{text}");
        }
    }
}
