//! Validates short text.

/// Returns the text without white space around it. Rejects empty text, text of more than `max_chars` characters and
/// control characters; `advice` says what to put instead of empty text.
pub(super) fn short_text(text: &str, max_chars: usize, advice: &str) -> Result<String, String> {
    let text = text.trim();
    let chars = text.chars().count();
    if text.is_empty() {
        Err(format!("it is empty; {advice}"))
    } else if chars > max_chars {
        Err(format!("it has {chars} characters; shorten it to {max_chars}"))
    } else {
        without_control_characters(text).map(str::to_owned)
    }
}

pub(super) fn without_control_characters(text: &str) -> Result<&str, String> {
    if text.chars().any(char::is_control) {
        Err("it contains a line break or control character; remove it".to_owned())
    } else {
        Ok(text)
    }
}

/// The longest display name, in characters.
const MAX_DISPLAY_NAME: usize = 100;

/// Returns the display name of a connection or an export.
pub(super) fn display_name(text: &str) -> Result<String, String> {
    short_text(text, MAX_DISPLAY_NAME, "put a name that people know")
}
