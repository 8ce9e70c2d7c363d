//! Removes white space before an opening quote, which the CSV parser would take for text.
//!
//! Some programs write a space after each delimiter: `a@example.com, "Bell, Ann"`. The parser only knows quotes that are the
//! first character of a cell. Few files have such cells, so a stream is only changed from the first such record on.

use std::io::{self, Read};

use super::line_end::LineEnd;

const PIECE_BYTES: usize = 64 << 10;

/// The most white space that is looked at before a quote. A cell with more of it keeps its quotes, and its row is invalid.
const MAX_SPACE_BYTES: usize = 64 << 10;

/// A stream that removes white space before opening quotes once it is told to.
pub(super) struct Unspaced<R> {
    stream: R,
    removal: Option<Removal>,
}

impl<R: Read> Unspaced<R> {
    pub(super) fn new(stream: R) -> Self {
        Self { stream, removal: None }
    }

    /// Whether white space before opening quotes is removed.
    pub(super) fn is_removing(&self) -> bool {
        self.removal.is_some()
    }

    /// Removes white space from now on. `unread` was read of the stream already, and is returned again: it begins with a
    /// record.
    pub(super) fn remove_from(&mut self, unread: &[u8], delimiter: u8, line_end: LineEnd) {
        let mut removal = Removal {
            delimiter,
            line_end,
            place: Place::CellStart,
            space: Vec::new(),
            text: Vec::new(),
            read: 0,
            piece: vec![0; PIECE_BYTES],
        };
        removal.take(unread);
        self.removal = Some(removal);
    }
}

impl<R: Read> Read for Unspaced<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.removal {
            None => self.stream.read(out),
            Some(removal) => removal.read(&mut self.stream, out),
        }
    }
}

struct Removal {
    delimiter: u8,
    line_end: LineEnd,
    place: Place,
    /// The white space that the current cell begins with.
    space: Vec<u8>,
    /// Text that is ready. It is read up to `read`.
    text: Vec<u8>,
    read: usize,
    piece: Vec<u8>,
}

/// Where in a cell the next byte is. These are the parser's own rules.
#[derive(Debug, Clone, Copy)]
enum Place {
    CellStart,
    Unquoted,
    Quoted,
    /// After a quote in a quoted cell, which closes the cell unless another quote follows.
    AfterQuote,
}

impl Removal {
    fn read(&mut self, stream: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
        while self.read == self.text.len() && !out.is_empty() {
            self.text.clear();
            self.read = 0;
            let mut piece = std::mem::take(&mut self.piece);
            let read = stream.read(&mut piece);
            if let Ok(read) = read {
                self.take(piece.get(..read).unwrap_or_default());
            }
            self.piece = piece;
            if read? == 0 {
                self.text.append(&mut self.space);
                break;
            }
        }
        let n = self.text.get(self.read..).unwrap_or_default().read(out)?;
        self.read += n;
        Ok(n)
    }

    fn take(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let is_end = byte == self.delimiter || self.line_end.is_end(byte);
            self.place = match (self.place, byte) {
                (Place::Quoted, b'"') => Place::AfterQuote,
                (Place::AfterQuote, b'"') | (Place::Quoted, _) => Place::Quoted,
                (Place::CellStart, b'"') => {
                    self.space.clear();
                    Place::Quoted
                }
                (Place::CellStart, b' ' | b'\t') if !is_end && self.space.len() < MAX_SPACE_BYTES => {
                    self.space.push(byte);
                    continue;
                }
                _ if is_end => Place::CellStart,
                _ => Place::Unquoted,
            };
            self.text.append(&mut self.space);
            self.text.push(byte);
        }
    }
}

/// Whether a cell begins with white space and a quote.
pub(super) fn is_spaced(mut cell: &[u8], delimiter: u8) -> bool {
    if !matches!(cell.first(), Some(b' ' | b'\t')) {
        return false;
    }
    while let [b' ' | b'\t', rest @ ..] = cell
        && cell.first() != Some(&delimiter)
    {
        cell = rest;
    }
    cell.first() == Some(&b'"')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns at most so many bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(out.len());
            self.0.read(&mut out[..n])
        }
    }

    fn removed(file: &str, at_once: usize, before: usize) -> String {
        let (unread, rest) = file.as_bytes().split_at(before.min(file.len()));
        let mut stream = Unspaced::new(Slow(rest, at_once));
        stream.remove_from(unread, b',', LineEnd::Newline);
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn removes_white_space_only_before_an_opening_quote() {
        for (file, expected) in [
            ("a, \"b\", c\n", "a,\"b\", c\n"),
            (" \"a\",\t \"b\"\n  \"c\"", "\"a\",\"b\"\n\"c\""),
            ("\"a, \"\"b\"\" \", \"c\"", "\"a, \"\"b\"\" \",\"c\""),
            ("\"a, \n \"\"b\", x \"y\"\n", "\"a, \n \"\"b\", x \"y\"\n"),
            ("\"a\" x, \"b\"", "\"a\" x,\"b\""),
            (" , ,  ", " , ,  "),
        ] {
            for at_once in 1..5 {
                for before in 0..5 {
                    assert_eq!(removed(file, at_once, before), expected, "{file:?} {at_once} {before}");
                }
            }
        }
    }

    #[test]
    fn endless_white_space_takes_little_memory() {
        let spaces = " ".repeat(3 * MAX_SPACE_BYTES);
        let file = format!("a,{spaces}\"b\"");
        assert_eq!(removed(&file, 1 << 20, 0), file);
    }

    #[test]
    fn recognises_a_quote_after_white_space() {
        for (cell, is) in [(" \"a\"", true), ("\t \"", true), ("\"a\"", false), (" a\"", false), (" ", false)]
        {
            assert_eq!(is_spaced(cell.as_bytes(), b','), is, "{cell:?}");
        }
        assert!(!is_spaced(b"\t\"a\"", b'\t'), "the delimiter is no white space");
    }
}
