//! Replaces characters by their plain equivalents.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Replaces compatibility characters (`０９０` becomes `090`, `ＵＳＡ` becomes `USA`) and removes invisible ones. For
/// fields whose meaning does not depend on how a character is drawn.
pub(super) fn plain(cell: &str) -> Cow<'_, str> {
    if cell.is_ascii() {
        return Cow::Borrowed(cell);
    }
    let text: String = cell.nfkc().filter(|c| !is_invisible(*c)).collect();
    Cow::Owned(match text.trim() {
        trimmed if trimmed.len() == text.len() => text,
        trimmed => trimmed.to_owned(),
    })
}

/// Returns the plain text in lower case, for looking up a word.
pub(super) fn folded(cell: &str) -> String {
    plain(cell).to_lowercase()
}

/// Whether a character takes no room: zero-width spaces and joiners, direction marks, byte order marks, soft hyphens.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}
