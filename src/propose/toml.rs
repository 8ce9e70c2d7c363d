//! TOML as it is written: quoted texts, and lines with a comment beside them.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

/// Where comments beside a line begin, in columns of a terminal, if the line leaves room.
const COMMENT_AT: usize = 42;

/// A text in double quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// A file's text inside a comment: on one line, and not all of a long one.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(60).is_some() {
        shown.push('…');
    }
    shown
}

/// A document that grows line by line.
#[derive(Debug, Default)]
pub(super) struct Lines(String);

impl Lines {
    /// A line, with what it means beside it.
    pub(super) fn line(&mut self, line: &str, comment: &str) -> &mut Self {
        self.0.push_str(line);
        if !comment.is_empty() {
            let pad = COMMENT_AT.saturating_sub(line.width()).max(1);
            self.0.extend(std::iter::repeat_n(' ', pad));
            self.0.push_str("# ");
            self.0.push_str(comment);
        }
        self.0.push('\n');
        self
    }

    /// A line of a comment.
    pub(super) fn note(&mut self, note: &str) -> &mut Self {
        self.line(&format!("# {note}"), "")
    }

    /// A line that is not in force, with what it means beside it.
    pub(super) fn off(&mut self, line: &str, comment: &str) -> &mut Self {
        self.line(&format!("# {line}"), comment)
    }

    pub(super) fn blank(&mut self) -> &mut Self {
        self.line("", "")
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_quoted_text_is_read_as_what_it_was(text in any::<String>()) {
            let line = format!("a = {}", quoted(&text));
            let read = ::toml::de::DeTable::parse(&line).unwrap();
            let value = read.get_ref().get("a").unwrap().get_ref().as_str().unwrap().to_owned();
            prop_assert_eq!(value, text);
        }

        #[test]
        fn a_comment_stays_one(text in any::<String>()) {
            let mut lines = Lines::default();
            lines.note(&shown(&text)).line("a = 1", &shown(&text));
            let text = lines.finish();
            prop_assert_eq!(::toml::de::DeTable::parse(&text).unwrap().get_ref().len(), 1);
        }
    }
}
