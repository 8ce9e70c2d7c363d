//! A stream in which a backslash keeps what follows it in its cell, for a parser that knows quotes alone.
//!
//! What is kept so becomes one byte that no UTF-8 has, which the parser takes for text; when the record is cut into cells,
//! it becomes what it was. So a backslash works in a quoted cell, as Spark writes it, and in one without quotes, as
//! Redshift, Snowflake, MySQL and Hive do.

use std::io::{self, Read};

const BACKSLASH: u8 = b'\\';

/// The first of the bytes that stand for what was kept, in the order of [`Escapes::kept`].
const FIRST: u8 = 0xf8;

/// What a stream is read in, in bytes.
const PIECE_BYTES: usize = 64 << 10;

/// What a backslash keeps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Escapes {
    kept: [u8; 5],
}

impl Escapes {
    pub(super) fn new(delimiter: u8) -> Self {
        Self { kept: [BACKSLASH, b'"', delimiter, b'\n', b'\r'] }
    }

    /// Gives a record's text back what was kept, and says how many line breaks that were.
    pub(super) fn restore(self, text: &mut [u8]) -> u64 {
        let mut newlines = 0;
        for byte in text.iter_mut().filter(|byte| **byte >= FIRST) {
            if let Some(kept) = self.kept.get(usize::from(*byte - FIRST)) {
                newlines += u64::from(*kept == b'\n');
                *byte = *kept;
            }
        }
        newlines
    }

    /// Writes what a backslash and what follows it stand for, and answers with what comes after. Where it keeps nothing,
    /// as in `\N`, it is a character like others.
    fn take<'b>(self, follows: &'b [u8], text: &mut Vec<u8>) -> &'b [u8] {
        let kept = follows.split_first().and_then(|(byte, rest)| {
            let (_, stand_in) = self.kept.into_iter().zip(FIRST..).find(|(kept, _)| kept == byte)?;
            Some((stand_in, rest))
        });
        let (written, rest) = kept.unwrap_or((BACKSLASH, follows));
        text.push(written);
        rest
    }
}

/// The stream with the stand-ins in it.
pub(super) struct Escaped<R> {
    stream: R,
    escapes: Escapes,
    piece: Vec<u8>,
    /// Whether the pieces so far end with a backslash that may keep what comes.
    is_open: bool,
    /// Ready, and not read yet from `at` on.
    text: Vec<u8>,
    at: usize,
}

impl<R: Read> Escaped<R> {
    pub(super) fn new(stream: R, escapes: Escapes) -> Self {
        Self { stream, escapes, piece: vec![0; PIECE_BYTES], is_open: false, text: Vec::new(), at: 0 }
    }

    /// Reads a piece.
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

/// A byte that could be a stand-in is no UTF-8, and it stays none.
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

    /// Gives so many bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(out.len());
            self.0.read(&mut out[..n])
        }
    }

    #[test]
    fn a_backslash_keeps_what_would_end_a_cell_and_nothing_else() {
        let escapes = Escapes::new(b'|');
        for at_a_time in 1..9 {
            for (file, restored, newlines) in [
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
                    "what is kept ends no cell: {text:?}"
                );
                assert_eq!(escapes.restore(&mut text), newlines);
                assert_eq!(text, restored, "{file:?}");
            }
        }
    }
}
