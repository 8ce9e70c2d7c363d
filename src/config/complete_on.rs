//! When a segment's drop is complete: `complete_on` and `table` of `[[segments]]`.

use super::{
    section::Section,
    text::{short_text, without_control_characters},
};
use crate::wording::quoted;

/// The longest name of a table, in characters. No producer allows more.
const MAX_TABLE: usize = 256;

const OBJECT: &str = "object";
const MANIFEST: &str = "manifest";
const MODEL: &str = "model.json";
const SUCCESS: &str = "_SUCCESS";

/// The object that completes a drop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompleteOn {
    /// Each file is a drop of its own, with the whole segment.
    Object,
    /// A marker with this name. It completes the folder that it is in.
    Marker(String),
    /// A manifest of Redshift or Athena. It lists the files of the drop.
    Manifest,
    /// The `model.json` of a Common Data Model folder. It lists the files of each table; `table` is the segment.
    Model { table: String },
}

impl CompleteOn {
    /// Returns the value of `complete_on`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Object => OBJECT,
            Self::Marker(name) => name,
            Self::Manifest => MANIFEST,
            Self::Model { .. } => MODEL,
        }
    }
}

/// Reads `complete_on` and `table` of a segment.
pub(super) fn complete_on(section: &mut Section<'_>) -> Option<CompleteOn> {
    let word = section.read_or("complete_on", OBJECT.to_owned(), |item| item.parse(word));
    if word.as_deref() == Some(MODEL) {
        let advice = "name the table of `model.json` that is the segment: table = \"VIP\"";
        let table = section.read_required("table", advice, |item| item.parse(table_name))?;
        return Some(CompleteOn::Model { table });
    }
    let table = section.optional("table");
    let word = word?;
    if let Some(table) = table {
        return table.refuse(format_args!(
            "only a `model.json` has tables; remove `table`, or set complete_on = \"{MODEL}\""
        ));
    }
    Some(match word.as_str() {
        OBJECT => CompleteOn::Object,
        MANIFEST => CompleteOn::Manifest,
        _ => CompleteOn::Marker(word),
    })
}

fn table_name(text: &str) -> Result<String, String> {
    short_text(text, MAX_TABLE, "put the name of a table in `model.json`")
}

/// Returns one of the known words or the name of a marker. A marker can have any name, so a text counts as a typing
/// mistake only if it is almost a known word.
fn word(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err(
            "it is empty; put \"object\", \"manifest\", \"model.json\", or the marker's name, such as \"_SUCCESS\""
                .to_owned(),
        );
    }
    if text.contains('/') {
        return Err(
            "name the marker without its folder, such as \"_SUCCESS\"; the folder is in `path`".to_owned()
        );
    }
    if text.contains('*') {
        return Err("wildcards (`*`) are not supported; put the marker's whole name".to_owned());
    }
    let is_file_name =
        text != "." && text != ".." && text.trim() == text && without_control_characters(text).is_ok();
    if !is_file_name {
        return Err(format!(
            "`{}` is not a file name; put the marker's name, such as \"_SUCCESS\"",
            quoted(text)
        ));
    }
    let lower = text.to_lowercase();
    let is_near = |known: &str, mistakes| strsim::osa_distance(&lower, &known.to_lowercase()) <= mistakes;
    let meant = [OBJECT, MANIFEST, MODEL]
        .into_iter()
        .find(|known| is_near(known, 1))
        .or_else(|| (text.starts_with('_') && is_near(SUCCESS, 2)).then_some(SUCCESS));
    match meant {
        Some(meant) if meant != text => Err(format!(
            "`{}` is not known; did you mean `{meant}`? Known: `object`, `_SUCCESS`, `manifest` and `model.json`; any \
             other word is the name of a marker",
            quoted(text)
        )),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_any_file_name_as_a_marker_except_typing_mistakes() {
        for good in
            ["object", "manifest", "model.json", "_SUCCESS", "done.flag", "SUCCESS", "_manifest.done", "完了"]
        {
            assert_eq!(word(good), Ok(good.to_owned()));
        }
        for (bad, expected) in [
            ("objects", "`object`"),
            ("Manifest", "`manifest`"),
            ("model.jsn", "`model.json`"),
            ("_SUCESS", "`_SUCCESS`"),
            ("_success", "`_SUCCESS`"),
            ("", "it is empty"),
            ("vip/_SUCCESS", "without its folder"),
            ("*.done", "wildcards (`*`)"),
            ("..", "not a file name"),
            ("done\n", "not a file name"),
        ] {
            let message = word(bad).unwrap_err();
            assert!(message.contains(expected), "{bad:?}: {message}");
        }
    }
}
