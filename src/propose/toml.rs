//! Writes TOML with comments.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use segment_files::is_hidden;

/// The terminal column at which a comment after a line begins, if the line is shorter.
const COMMENT_AT: usize = 42;

/// Returns the text as a TOML string in double quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            // A wide space is usual in Japanese.
            c if is_hidden(c) && c != '\u{3000}' => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// Returns a file's text for a comment: on one line, and at most 60 characters.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(60).is_some() {
        shown.push('…');
    }
    shown
}

/// A document that is written line by line.
#[derive(Debug, Default)]
pub(super) struct Lines(String);

impl Lines {
    /// Writes a line, with a comment after it unless that is empty.
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

    /// Writes a comment on a line of its own.
    pub(super) fn note(&mut self, note: &str) -> &mut Self {
        self.line(&format!("# {note}"), "")
    }

    /// Writes a line that is commented out, with a comment after it unless that is empty.
    pub(super) fn commented_out(&mut self, line: &str, comment: &str) -> &mut Self {
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

    #[test]
    fn shows_characters_that_look_like_a_space_or_like_nothing() {
        assert_eq!(quoted("First\u{a0}Name\u{200b}"), r#""First\u00A0Name\u200B""#);
        assert_eq!(quoted("氏名\u{3000}カナ"), "\"氏名\u{3000}カナ\"");
    }

    proptest! {
        #[test]
        fn a_quoted_text_is_read_back_unchanged(text in any::<String>()) {
            let line = format!("a = {}", quoted(&text));
            let read = ::toml::de::DeTable::parse(&line).unwrap();
            let value = read.get_ref().get("a").unwrap().get_ref().as_str().unwrap().to_owned();
            prop_assert_eq!(value, text);
        }

        #[test]
        fn text_cannot_break_out_of_a_comment(text in any::<String>()) {
            let mut lines = Lines::default();
            lines.note(&shown(&text)).line("a = 1", &shown(&text));
            let text = lines.finish();
            prop_assert_eq!(::toml::de::DeTable::parse(&text).unwrap().get_ref().len(), 1);
        }
    }
}
