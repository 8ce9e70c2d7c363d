//! A file's text as UTF-8, whatever it was before: the way from bytes to rows that all formats of text share.

use encoding_rs::{UTF_16BE, UTF_16LE};

use crate::{
    charset::Charset,
    decode::Decoded,
    decompress::Unpacked,
    detect_charset,
    error::SourceError,
    magic::{self, Kind},
    peeked::Peeked,
    reading::Reading,
    row::BadRow,
};

/// How much of the text is looked at before it is read.
const SAMPLE_BYTES: usize = 1 << 20;

/// A stream of text.
pub(super) struct Text<'f> {
    stream: Peeked<Unpacked<'f>>,
    utf8: Utf8,
}

/// What becomes of bytes that are not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Utf8 {
    /// The encoding is declared: the row that holds them is invalid.
    Declared,
    /// It was found out, and these bytes show that it was wrong, or that the file mixes several.
    Found,
}

impl Utf8 {
    /// What is to be said of a row that is not UTF-8.
    pub(super) fn broken(self, row: &[u8], line: u64) -> Result<BadRow, SourceError> {
        match self {
            Self::Declared => Ok(BadRow::Encoding),
            Self::Found => Err(SourceError::NotUtf8 { line, likely: Some(detect_charset::likely(row)) }),
        }
    }
}

impl<'f> Text<'f> {
    /// Finds out how unpacked bytes are encoded, where `reading` does not say, and refuses what is no text.
    pub(super) fn open(bytes: Unpacked<'f>, reading: &Reading) -> Result<Self, SourceError> {
        let mut bytes = Peeked::new(bytes, SAMPLE_BYTES);
        if let Some(error) = bytes.take_stopped() {
            // Before anything is said of what may be no text: damaged bytes are not.
            let line = 1 + memchr::memchr_iter(b'\n', bytes.first()).count() as u64;
            return Err(SourceError::stopped(error, line));
        }
        match magic::kind(bytes.first()) {
            Some(Kind::Foreign(foreign)) => return Err(foreign.refusal()),
            Some(Kind::Packed(_)) => return Err(SourceError::PackedTwice),
            Some(Kind::Parquet) => return Err(SourceError::PackedParquet),
            None => {}
        }
        let (charset, declared, mark) = match (bytes.first(), reading.encoding) {
            // No text begins with a mark that it does not mean.
            ([0xef, 0xbb, 0xbf, ..], declared) => (Charset::UTF_8, declared.is_some_and(Charset::is_utf8), 3),
            ([0xff, 0xfe, ..], _) => (Charset::of(UTF_16LE), true, 2),
            ([0xfe, 0xff, ..], _) => (Charset::of(UTF_16BE), true, 2),
            (_, Some(declared)) => (declared, true, 0),
            (first, None) => (detect_charset::charset(first, bytes.is_whole())?, false, 0),
        };
        bytes.skip(mark);
        if !charset.is_utf8() {
            let text: Unpacked<'f> = Box::new(Decoded::new(bytes, charset, declared));
            // No row can hold what was decoded and is not UTF-8.
            return Ok(Self { stream: Peeked::new(text, SAMPLE_BYTES), utf8: Utf8::Declared });
        }
        let utf8 = if declared { Utf8::Declared } else { Utf8::Found };
        Ok(Self { stream: bytes, utf8 })
    }

    /// The text's beginning.
    pub(super) fn first(&self) -> &[u8] {
        self.stream.first()
    }

    /// What becomes of bytes that are not UTF-8.
    pub(super) fn utf8(&self) -> Utf8 {
        self.utf8
    }

    /// The text, from its beginning.
    pub(super) fn into_stream(self) -> Peeked<Unpacked<'f>> {
        self.stream
    }
}
