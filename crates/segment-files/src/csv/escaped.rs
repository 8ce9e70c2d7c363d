//! Backslash escapes for a CSV parser that only knows quotes.
//!
//! A backslash and the character after it are replaced with one byte that UTF-8 does not use, which the parser treats
//! as text. Once a record is split into cells, that byte is replaced with the character. So a backslash works in quoted
//! cells, as Spark writes them, and in cells without quotes, as Redshift, Snowflake, MySQL and Hive write them.

use std::io::{self, Read};

const BACKSLASH: u8 = b'\\';

/// The first of the replacement bytes, in the order of [`Escapes::escaped`].
const FIRST: u8 = 0xf8;

const PIECE_BYTES: usize = 64 << 10;

/// The characters that a backslash escapes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Escapes {
    escaped: [u8; 5],
}

impl Escapes {
    pub(super) fn new(delimiter: u8) -> Self {
        Self { escaped: [BACKSLASH, b'"', delimiter, b'\n', b'\r'] }
    }

    /// Replaces the replacement bytes of a record with their characters. Returns how many of them are line breaks.
    pub(super) fn restore(self, text: &mut [u8]) -> u64 {
        let mut newlines = 0;
        for byte in text.iter_mut().filter(|byte| **byte >= FIRST) {
            if let Some(escaped) = self.escaped.get(usize::from(*byte - FIRST)) {
                newlines += u64::from(*escaped == b'\n');
                *byte = *escaped;
            }
        }
        newlines
    }

    /// Writes the replacement of a backslash and the character after it, and returns what comes next. A backslash that
    /// escapes nothing, as in `\N`, is written as it is.
    fn take<'b>(self, follows: &'b [u8], text: &mut Vec<u8>) -> &'b [u8] {
        let escape = follows.split_first().and_then(|(byte, rest)| {
            let (_, replacement) = self.escaped.into_iter().zip(FIRST..).find(|(of, _)| of == byte)?;
            Some((replacement, rest))
        });
        let (written, rest) = escape.unwrap_or((BACKSLASH, follows));
        text.push(written);
        rest
    }
}

/// A stream whose escapes are replaced.
pub(super) struct Escaped<R> {
    stream: R,
    escapes: Escapes,
    piece: Vec<u8>,
    /// Whether the last piece ended with a backslash, which may escape the next byte.
    is_open: bool,
    /// Text that is ready. It is read up to `at`.
    text: Vec<u8>,
    at: usize,
}

impl<R: Read> Escaped<R> {
    pub(super) fn new(stream: R, escapes: Escapes) -> Self {
        Self { stream, escapes, piece: vec![0; PIECE_BYTES], is_open: false, text: Vec::new(), at: 0 }
    }

    /// Reads and replaces the next piece.
    fn fill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.at = 0;
        let read = self.stream.read(&mut self.piece)?;
        let mut rest = self.piece.get(..read).unwrap_or_default();
        if std::mem::take(&mut self.is_open) {
            rest = self.escapes.take(rest, &mut self.text);
        }
        while let Some(at) = memchr::memchr(BACKSLASH, rest) {
            let (text, from) = rest.split_at(at);
            copy(text, &mut self.text);
            rest = from.get(1..).unwrap_or_default();
            if rest.is_empty() {
                self.is_open = true;
                break;
            }
            rest = self.escapes.take(rest, &mut self.text);
        }
        copy(rest, &mut self.text);
        Ok(())
    }
}

/// Copies text. A byte that looks like a replacement is invalid UTF-8 anyway, and becomes another invalid byte.
fn copy(bytes: &[u8], text: &mut Vec<u8>) {
    text.extend(bytes.iter().map(|byte| if *byte >= FIRST { u8::MAX } else { *byte }));
}

impl<R: Read> Read for Escaped<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() {
            self.fill()?;
            if self.text.is_empty() && !self.is_open {
                return Ok(0);
            }
        }
        let n = self.text.get(self.at..).unwrap_or_default().read(out)?;
        self.at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns at most this many bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(out.len());
            self.0.read(&mut out[..n])
        }
    }

    #[test]
    fn a_backslash_escapes_only_what_could_end_a_cell() {
        let escapes = Escapes::new(b'|');
        for at_a_time in 1..9 {
            for (file, expected, newlines) in [
                (&br#"a\\|b\"c\|d"#[..], &br#"a\|b"c|d"#[..], 0),
                (b"x\\\ny\\\r\\\n", b"x\ny\r\n", 2),
                (br"\N|\t\x\\\\", br"\N|\t\x\\", 0),
                (b"a\\", b"a\\", 0),
                (b"\xf8\xfc\\\xf8", b"\xff\xff\\\xff", 0),
            ] {
                let mut text = Vec::new();
                Escaped::new(Slow(file, at_a_time), escapes).read_to_end(&mut text).unwrap();
                assert!(
                    !text.contains(&b'"') && !text.contains(&b'\n'),
                    "an escaped character ends no cell: {text:?}"
                );
                assert_eq!(escapes.restore(&mut text), newlines);
                assert_eq!(text, expected, "{file:?}");
            }
        }
    }
}
