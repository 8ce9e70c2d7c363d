//! Makes text from outside safe to show: Omnisend's reasons and people's names can contain anything.

use std::fmt::Write as _;

/// Whether a character changes how other characters are shown: control characters (terminal escapes begin with one),
/// line separators, and characters that change the direction of text.
fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns the text on one line, without active characters.
pub(super) fn sanitize(text: &str) -> String {
    let inactive: String = text.chars().map(|c| if is_active(c) { ' ' } else { c }).collect();
    inactive.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Like [`sanitize`], with at most `max` characters. Cuts off the end.
pub(super) fn clip(text: &str, max: usize) -> String {
    let text = sanitize(text);
    match text.char_indices().nth(max.saturating_sub(1)) {
        Some((at, c)) if at + c.len_utf8() < text.len() => {
            let kept = text.get(..at).unwrap_or_default().trim_end();
            format!("{kept}…")
        }
        _ => text,
    }
}

/// Like [`sanitize`], with at most `max` characters. Cuts out the middle, because a message ends with what to do.
pub(super) fn clip_middle(text: &str, max: usize) -> String {
    let text = sanitize(text);
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

/// Formats a JSON value over several lines. Escapes active characters, so the value stays the same.
pub(super) fn json(value: &serde_json::Value) -> String {
    escaped(&format!("{value:#}"))
}

/// Formats a JSON value on one line. Escapes active characters, so the value stays the same.
pub(super) fn json_line(value: &serde_json::Value) -> String {
    escaped(&value.to_string())
}

fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_active(c) {
            // Every active character is in the basic plane, so one escape is enough. Writing to a string cannot fail.
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
    fn removes_active_characters() {
        assert_eq!(sanitize("a\u{1b}[31mred\u{7}\r\nnext\u{9b}2J"), "a [31mred next 2J");
        assert_eq!(sanitize("pay \u{202e}moc.elpmaxe\u{202c} \u{2028}now"), "pay moc.elpmaxe now");
        assert_eq!(sanitize("Köln 東京 👩‍👧 é"), "Köln 東京 👩‍👧 é");
    }

    #[test]
    fn cuts_between_characters() {
        assert_eq!(clip("äöüß", 4), "äöüß");
        assert_eq!(clip("äöüß!", 4), "äöü…");
        assert_eq!(clip("one two three", 8), "one two…");
        assert_eq!(clip("", 4), "");
        assert_eq!(clip_middle("short", 20), "short");
        assert_eq!(
            clip_middle("it broke, and then much more text; do this", 26),
            "it broke, … text; do this"
        );
    }

    #[test]
    fn keeps_the_value_of_json() {
        let value = json!({"name": "a\u{1b}\u{202e}\u{7f}ü", "tags": []});
        let shown = json(&value);
        assert!(shown.contains("a\\u001b\\u202e\\u007fü"), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    proptest! {
        #[test]
        fn returns_one_harmless_line_of_at_most_the_given_length(text in any::<String>(), max in 8..60_usize) {
            for shown in [clip(&text, max), clip_middle(&text, max)] {
                prop_assert!(shown.chars().count() <= max);
                prop_assert!(!shown.chars().any(is_active));
            }
        }
    }
}
