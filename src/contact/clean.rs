//! Removes from a cell what spreadsheets and web pages add to a text.

use std::borrow::Cow;

use segment_files::Row;

/// The characters that begin a formula.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Returns a cell of a row as [`clean`] leaves it.
#[inline]
pub(super) fn cell(row: &Row, column: usize) -> Cow<'_, str> {
    clean(row.cell(column))
}

/// Removes `="…"` around a text, a `'` before a digit or a formula, zero-width spaces and marks of the direction of
/// text. Non-breaking spaces become spaces. Joiners inside words and emoji stay, since they change what is shown.
#[inline]
pub(crate) fn clean(cell: &str) -> Cow<'_, str> {
    match cell.as_bytes().first() {
        Some(b'=' | b'\'') => {}
        _ if cell.is_ascii() => return Cow::Borrowed(cell),
        _ => {}
    }
    if !cell.contains(|c| is_hidden(c) || is_fixed_space(c)) {
        return unwrapped(cell);
    }
    let visible = cell.chars().filter(|c| !is_hidden(*c));
    let text: String = visible.map(|c| if is_fixed_space(c) { ' ' } else { c }).collect();
    Cow::Owned(unwrapped(&text).into_owned())
}

/// Zero-width spaces, the byte order mark, and marks of the direction of text.
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}

/// Spaces at which no line may break.
fn is_fixed_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}')
}

fn unwrapped(text: &str) -> Cow<'_, str> {
    // A joiner at an end joins nothing.
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{200c}' | '\u{200d}'));
    match formula_text(text) {
        Some(Cow::Borrowed(inner)) => unwrapped(inner),
        Some(Cow::Owned(inner)) => Cow::Owned(unwrapped(&inner).into_owned()),
        None => without_text_mark(text).map_or(Cow::Borrowed(text), unwrapped),
    }
}

/// Returns the text of a formula that is nothing but a text: `="01067"`.
fn formula_text(text: &str) -> Option<Cow<'_, str>> {
    let inner = text.strip_prefix("=\"")?.strip_suffix('"')?;
    if !inner.contains('"') {
        return Some(Cow::Borrowed(inner));
    }
    let is_text = !inner.replace("\"\"", "").contains('"');
    is_text.then(|| Cow::Owned(inner.replace("\"\"", "\"")))
}

/// Removes the `'` with which spreadsheets mark a text: `'+17035550101`, `'02139`. Before anything else it is part of the
/// text, as in `'s-Hertogenbosch`.
fn without_text_mark(text: &str) -> Option<&str> {
    text.strip_prefix('\'').filter(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit() || FORMULA.contains(&c)) && !rest.ends_with('\'')
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn removes_what_spreadsheets_and_web_pages_add() {
        for (cell, text) in [
            ("=\"01067\"", "01067"),
            ("=\"\"", ""),
            ("=\"He said \"\"hi\"\"\"", "He said \"hi\""),
            ("'02139", "02139"),
            ("'+17035550101", "+17035550101"),
            ("'=1+1", "=1+1"),
            ("=\"'02139\"", "02139"),
            ("\u{200b}Ada\u{feff}", "Ada"),
            ("A\u{200b}da", "Ada"),
            ("\u{202a}+49 151\u{202c}", "+49 151"),
            ("\u{200f}דנה\u{200e}", "דנה"),
            ("\u{a0}Anne\u{a0}Marie\u{a0}", "Anne Marie"),
            ("10\u{202f}000", "10 000"),
            ("\u{200d}Ada\u{200c}", "Ada"),
            ("\u{200b}", ""),
        ] {
            assert_eq!(clean(cell), text, "{cell:?}");
        }
    }

    #[test]
    fn keeps_unusual_texts_that_are_right() {
        for cell in [
            "'s-Hertogenbosch",
            "'t Hooft",
            "'",
            "''5",
            "'5'",
            "=1+1",
            "=\"a\"&\"b\"",
            "=",
            "O'Brien",
            "-5",
            "+49 151",
            "@ada",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "👩\u{200d}💻",
            "❤\u{fe0f}",
            "辻\u{e0100}",
            "Łódź",
            "Null",
            "Na",
            "Saint-Louis-du-Ha! Ha!",
            "Å",
            "東京都",
        ] {
            assert_eq!(clean(cell), cell);
        }
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(cell in "[='\"0-9+\u{200b}\u{200d}\u{a0}a -]{0,10}|\\PC{0,20}") {
            let once = clean(&cell).into_owned();
            prop_assert_eq!(clean(&once), &*once);
        }
    }
}
