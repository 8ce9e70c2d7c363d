//! Characters as people mean them.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// The text with its compatibility characters replaced: `０９０` is `090`, `ＵＳＡ` is `USA`, and what takes no room is
/// gone. For fields whose meaning does not depend on how a character is drawn.
pub(super) fn plain(cell: &str) -> Cow<'_, str> {
    if cell.is_ascii() {
        return Cow::Borrowed(cell);
    }
    let visible = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}');
    let text: String = cell.nfkc().filter(visible).collect();
    Cow::Owned(match text.trim() {
        trimmed if trimmed.len() == text.len() => text,
        trimmed => trimmed.to_owned(),
    })
}

/// The same in lower case, for looking a word up.
pub(super) fn folded(cell: &str) -> String {
    plain(cell).to_lowercase()
}
