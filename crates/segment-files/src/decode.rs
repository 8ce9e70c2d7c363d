//! Converts text to UTF-8. Invalid bytes are not replaced: they stop the file at their line.

use std::io::{self, Read};

use encoding_rs::DecoderResult;

use crate::{
    charset::Charset,
    detect_charset::{clear_weight, utf8_weight},
    error::Defect,
    peeked::Peeked,
    stream_error::StreamError,
};

/// How many bytes are decoded at once.
const PIECE_BYTES: usize = 32 << 10;

/// How many bytes of a line are checked for UTF-8. More bytes would tell nothing new.
const WATCHED_BYTES: usize = 64 << 10;

/// A stream of UTF-8 text, decoded from a stream in another encoding.
pub(crate) struct Decoded {
    raw: Peeked,
    charset: Charset,
    decoder: encoding_rs::Decoder,
    piece: Vec<u8>,
    /// `from..to` is the part of the piece that is not decoded yet.
    from: usize,
    to: usize,
    ended: bool,
    done: bool,
    /// `read..written` is the decoded text that is not read yet.
    text: Vec<u8>,
    read: usize,
    written: usize,
    line: u64,
    error: Option<StreamError>,
    /// Only if the encoding was detected: a declared one is right, even if a line looks like UTF-8.
    utf8_watch: Option<Utf8Watch>,
}

impl Decoded {
    pub(crate) fn new(raw: Peeked, charset: Charset, declared: bool) -> Self {
        Self {
            raw,
            charset,
            decoder: charset.encoding().new_decoder_without_bom_handling(),
            piece: vec![0; PIECE_BYTES],
            from: 0,
            to: 0,
            ended: false,
            done: false,
            // Text in UTF-8 is at most 3 times as long as in any other encoding.
            text: vec![0; PIECE_BYTES * 3 + 16],
            read: 0,
            written: 0,
            line: 1,
            error: None,
            utf8_watch: (!declared && !charset.is_utf16())
                .then(|| Utf8Watch { line: 1, ..Utf8Watch::default() }),
        }
    }

    /// Decodes until there is text, or until the end.
    fn fill(&mut self) -> io::Result<()> {
        (self.read, self.written) = (0, 0);
        while self.written == 0 {
            if let Some(error) = self.error.take() {
                // Later calls fail too.
                self.error = Some(undecodable(self.line, self.charset));
                return Err(error.into());
            }
            if self.done {
                return Ok(());
            }
            if self.from == self.to && !self.ended {
                let n = self.raw.read(&mut self.piece)?;
                (self.from, self.to, self.ended) = (0, n, n == 0);
            }
            self.decode();
        }
        Ok(())
    }

    fn decode(&mut self) {
        let piece = self.piece.get(self.from..self.to).unwrap_or_default();
        let (result, read, written) =
            self.decoder.decode_to_utf8_without_replacement(piece, &mut self.text, self.ended);
        let taken = piece.get(..read).unwrap_or_default();
        if let Some(line) =
            self.utf8_watch.as_mut().and_then(|watch| watch.find(taken, self.ended, self.charset))
        {
            self.error = Some(StreamError { line: Some(line), defect: Defect::Utf8Within(self.charset) });
        }
        self.from += read;
        let text = self.text.get(..written).unwrap_or_default();
        let odd = if self.charset.is_utf16() { None } else { first_control_character(text) };
        self.line +=
            memchr::memchr_iter(b'\n', text.get(..odd.unwrap_or(written)).unwrap_or_default()).count() as u64;
        self.written = odd.unwrap_or(written);
        if odd.is_some() || matches!(result, DecoderResult::Malformed(..)) {
            self.error.get_or_insert(undecodable(self.line, self.charset));
        } else if self.ended && result == DecoderResult::InputEmpty {
            self.done = true;
        }
    }
}

fn undecodable(line: u64, charset: Charset) -> StreamError {
    StreamError { line: Some(line), defect: Defect::Undecodable(charset) }
}

/// Returns where the first control character from U+0080 to U+009F is. Text has none: some decoders produce them from
/// bytes that the encoding does not use.
fn first_control_character(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(0xc2, text)
        .find(|at| text.get(at + 1).is_some_and(|next| (0x80..0xa0).contains(next)))
}

impl Read for Decoded {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.read == self.written && !out.is_empty() {
            self.fill()?;
        }
        let n = self.text.get(self.read..self.written).unwrap_or_default().read(out)?;
        self.read += n;
        Ok(n)
    }
}

/// Searches text in another encoding for lines that are clearly UTF-8.
#[derive(Debug, Default)]
struct Utf8Watch {
    line: u64,
    /// The beginning of a line that continues in the next piece.
    begun: Vec<u8>,
}

impl Utf8Watch {
    /// Returns the first line of the next piece that is clearly UTF-8.
    fn find(&mut self, mut piece: &[u8], ended: bool, charset: Charset) -> Option<u64> {
        let clear = |line: &[u8]| utf8_weight(line).is_some_and(|weight| weight >= clear_weight(charset));
        while let Some(end) = memchr::memchr(b'\n', piece) {
            let (line, rest) = piece.split_at(end);
            piece = rest.get(1..).unwrap_or_default();
            let found = if self.begun.is_empty() {
                clear(line)
            } else {
                self.begun.extend(line.iter().take(WATCHED_BYTES - self.begun.len()));
                let found = clear(&self.begun);
                self.begun.clear();
                found
            };
            if found {
                return Some(self.line);
            }
            self.line += 1;
        }
        self.begun.extend(piece.iter().take(WATCHED_BYTES - self.begun.len()));
        (ended && clear(&self.begun)).then_some(self.line)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::ReadError;

    fn charset(name: &str) -> Charset {
        Charset::named(name).unwrap()
    }

    fn decoded(bytes: &[u8], name: &str, declared: bool) -> Result<String, String> {
        let mut text = Vec::new();
        let bytes = Peeked::new(Box::new(io::Cursor::new(bytes.to_vec())), 4);
        match Decoded::new(bytes, charset(name), declared).read_to_end(&mut text) {
            Ok(_) => Ok(String::from_utf8(text).unwrap()),
            Err(error) => Err(ReadError::stopped(error, 0).to_string()),
        }
    }

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn decodes_every_encoding() {
        assert_eq!(decoded(b"Jos\xe9 \x80", "windows-1252", true).unwrap(), "José €");
        assert_eq!(decoded(b"\xa4", "iso-8859-15", true).unwrap(), "€");
        assert_eq!(decoded(b"\x93c\x92\x86 \xfb\xfc \x87\x40 \xb1", "cp932", true).unwrap(), "田中 髙 ① ｱ");
        assert_eq!(decoded(b"\xc5\xc4\xc3\xe6", "euc-jp", true).unwrap(), "田中");
        assert_eq!(decoded(&utf16("a,田中,😀\n"), "utf-16le", true).unwrap(), "a,田中,😀\n");
        assert_eq!(decoded(b"", "windows-1252", true).unwrap(), "");
    }

    #[test]
    fn reports_the_line_of_invalid_bytes() {
        for (bytes, name) in [
            (&b"a\nb\x81c\n"[..], "windows-1252"),
            (b"a\n\x85\n", "iso-8859-15"),
            (b"a\n\x93\xff\n", "shift_jis"),
            (b"a\n\x93", "shift_jis"),
            (b"a\n\xc5,\n", "euc-jp"),
            (b"a\0\n\0\x00\xd8b\0", "utf-16le"),
            (b"a\0\n\0b", "utf-16le"),
        ] {
            let error = decoded(bytes, name, true).unwrap_err();
            let message = format!("line 2: bytes that are not valid {},", charset(name));
            assert!(error.starts_with(&message), "{error}");
        }
    }

    #[test]
    fn a_utf8_line_in_another_encoding_is_an_error_unless_the_encoding_is_declared() {
        let file = [&b"a\nJos\xe9\n"[..], "José\n".as_bytes()].concat();
        let error = decoded(&file, "windows-1252", false).unwrap_err();
        assert!(error.starts_with("line 3: UTF-8, but the lines before it are windows-1252"), "{error}");
        assert_eq!(decoded(&file, "windows-1252", true).unwrap(), "a\nJosé\nJosÃ©\n");
    }

    proptest! {
        #[test]
        fn decoding_reverts_encoding(
            text in "[a-z,\n東京都ソ表ぁ-んァ-ヶ]{0,40}",
            name in prop::sample::select(vec!["shift_jis", "euc-jp", "gbk", "utf-8"]),
            times in 1_usize..3000,
        ) {
            let (bytes, _, lossy) = charset(name).encoding().encode(&text);
            prop_assume!(!lossy);
            // Longer than a piece, so that characters are cut at its end.
            prop_assert_eq!(decoded(&bytes.repeat(times), name, true), Ok(text.repeat(times)));
        }

        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), declared: bool) {
            for name in Charset::USUAL {
                let _ = decoded(&bytes, name, declared);
            }
        }
    }
}
