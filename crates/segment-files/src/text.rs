//! The text of a file as UTF-8, for every text format.

use encoding_rs::{UTF_16BE, UTF_16LE};

use crate::{
    charset::Charset,
    decode::Decoded,
    detect_charset,
    error::{Defect, ReadError},
    file::ByteStream,
    magic::{self, Magic},
    options::ReadOptions,
    peeked::Peeked,
    row::UnreadableRow,
};

/// The size of the sample by which the encoding, the delimiter and the columns of JSON are detected.
const SAMPLE_BYTES: usize = 1 << 20;

/// A stream of text.
pub(crate) struct Text {
    stream: Peeked,
    utf8: Utf8,
}

/// Why text is read as UTF-8. It decides what happens to bytes that are not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Utf8 {
    /// UTF-8 is declared: a row with other bytes is invalid.
    Declared,
    /// UTF-8 was detected: other bytes show that the guess was wrong, or that the file has several encodings.
    Detected,
}

impl Utf8 {
    /// Returns the error of a row that is not UTF-8.
    pub(crate) fn invalid(self, row: &[u8], line: u64) -> Result<UnreadableRow, ReadError> {
        match self {
            Self::Declared => Ok(UnreadableRow::Encoding),
            Self::Detected => Err(Defect::NotUtf8(detect_charset::likely(row)).at(line)),
        }
    }
}

impl Text {
    /// Detects the encoding of decompressed bytes if it is not declared. Refuses bytes that are not text.
    pub(crate) fn open(bytes: ByteStream, options: &ReadOptions) -> Result<Self, ReadError> {
        let mut bytes = Peeked::new(bytes, SAMPLE_BYTES);
        if let Some(error) = bytes.take_error() {
            // This comes first: bytes that could not be decompressed may be anything.
            let line = 1 + memchr::memchr_iter(b'\n', bytes.first()).count() as u64;
            return Err(ReadError::stopped(error, line));
        }
        match magic::detect(bytes.first()) {
            Some(Magic::Unsupported(format)) => return Err(format.into()),
            Some(Magic::Compressed(_)) => return Err(ReadError::CompressedTwice),
            Some(Magic::Parquet) => return Err(ReadError::CompressedParquet),
            None => {}
        }
        let (charset, declared, mark_bytes) = match (bytes.first(), options.encoding) {
            // A byte order mark overrides a declared encoding.
            ([0xef, 0xbb, 0xbf, ..], declared) => (Charset::UTF_8, declared.is_some_and(Charset::is_utf8), 3),
            ([0xff, 0xfe, ..], _) => (Charset::of(UTF_16LE), true, 2),
            ([0xfe, 0xff, ..], _) => (Charset::of(UTF_16BE), true, 2),
            (_, Some(declared)) => (declared, true, 0),
            (first, None) => (detect_charset::detect(first, bytes.is_whole())?, false, 0),
        };
        bytes.skip(mark_bytes);
        if !charset.is_utf8() {
            let text = Box::new(Decoded::new(bytes, charset, declared));
            // Decoded text is always UTF-8.
            return Ok(Self { stream: Peeked::new(text, SAMPLE_BYTES), utf8: Utf8::Declared });
        }
        let utf8 = if declared { Utf8::Declared } else { Utf8::Detected };
        Ok(Self { stream: bytes, utf8 })
    }

    /// Returns the first part of the text, at most 1 MiB.
    pub(crate) fn first(&self) -> &[u8] {
        self.stream.first()
    }

    pub(crate) fn utf8(&self) -> Utf8 {
        self.utf8
    }

    /// Returns the whole text, from its beginning.
    pub(crate) fn into_stream(self) -> Peeked {
        self.stream
    }
}
