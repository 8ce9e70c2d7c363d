//! Text that others worded, made harmless: Omnisend's reasons and people's names may hold anything.

use std::fmt::Write as _;

/// Whether a character does something to its neighbours instead of standing for itself: controls, of which
/// terminal escapes begin with one, line separators, and those that turn the direction of writing.
fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One line in which every character is only itself.
pub(super) fn plain(text: &str) -> String {
    let quiet: String = text.chars().map(|c| if is_active(c) { ' ' } else { c }).collect();
    quiet.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same, of at most `max` characters. What is cut off is the end.
pub(super) fn clip(text: &str, max: usize) -> String {
    let text = plain(text);
    match text.char_indices().nth(max.saturating_sub(1)) {
        Some((at, c)) if at + c.len_utf8() < text.len() => {
            let kept = text.get(..at).unwrap_or_default().trim_end();
            format!("{kept}…")
        }
        _ => text,
    }
}

/// The same, but what is cut out is the middle: a message ends with what to do.
pub(super) fn clip_middle(text: &str, max: usize) -> String {
    let text = plain(text);
    let chars = text.chars().count();
    if chars <= max {
        return text;
    }
    let tail = max / 2;
    let head = max.saturating_sub(tail).saturating_sub(3);
    let first: String = text.chars().take(head).collect();
    let last: String = text.chars().skip(chars.saturating_sub(tail)).collect();
    format!("{} … {}", first.trim_end(), last.trim_start())
}

/// A JSON value over several lines, exact: what is active is escaped, as JSON allows for any character.
pub(super) fn json(value: &serde_json::Value) -> String {
    // A value can always be written: its keys are strings.
    escaped(&format!("{value:#}"))
}

/// The same on one line.
pub(super) fn json_line(value: &serde_json::Value) -> String {
    escaped(&value.to_string())
}

fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_active(c) {
            // Every active character is of the basic plane, so that one escape says it. Writing to a string
            // cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_reaches_a_terminal_as_a_command() {
        assert_eq!(plain("a\u{1b}[31mred\u{7}\r\nnext\u{9b}2J"), "a [31mred next 2J");
        assert_eq!(plain("pay \u{202e}moc.elpmaxe\u{202c} \u{2028}now"), "pay moc.elpmaxe now");
        assert_eq!(plain("Köln 東京 👩‍👧 é"), "Köln 東京 👩‍👧 é");
    }

    #[test]
    fn characters_are_cut_and_not_bytes() {
        assert_eq!(clip("äöüß", 4), "äöüß");
        assert_eq!(clip("äöüß!", 4), "äöü…");
        assert_eq!(clip("one two three", 8), "one two…");
        assert_eq!(clip("", 4), "");
        assert_eq!(clip_middle("short", 20), "short");
        assert_eq!(
            clip_middle("it broke, and then a lot was said; do this", 26),
            "it broke, … said; do this"
        );
    }

    #[test]
    fn json_stays_exact() {
        let value = json!({"name": "a\u{1b}\u{202e}\u{7f}ü", "tags": []});
        let shown = json(&value);
        assert!(shown.contains("a\\u001b\\u202e\\u007fü"), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_one_harmless_line_of_the_length_asked_for(text in any::<String>(), max in 8..60_usize) {
            for shown in [clip(&text, max), clip_middle(&text, max)] {
                prop_assert!(shown.chars().count() <= max);
                prop_assert!(!shown.chars().any(is_active));
            }
        }
    }
}
