//! What ends a line of a CSV file.

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// LF or CRLF. A CR alone is part of a cell: pandas writes it without quotes.
    Newline,
    /// CR, as old programs for the Mac write it. LF and CRLF end a line too.
    Return,
}

impl LineEnd {
    /// Returns what ends the first line of a text.
    pub(super) fn of(text: &[u8]) -> Self {
        let mut quotes = 0_usize;
        for (at, byte) in text.iter().enumerate() {
            match byte {
                b'"' => quotes += 1,
                b'\n' if quotes.is_multiple_of(2) => break,
                b'\r' if quotes.is_multiple_of(2) => {
                    return if text.get(at + 1) == Some(&b'\n') { Self::Newline } else { Self::Return };
                }
                _ => {}
            }
        }
        Self::Newline
    }

    /// Whether a byte outside of quotes ends a record.
    pub(super) fn is_end(self, byte: u8) -> bool {
        match self {
            Self::Newline => byte == b'\n',
            Self::Return => matches!(byte, b'\r' | b'\n'),
        }
    }
}
