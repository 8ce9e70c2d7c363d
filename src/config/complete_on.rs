//! When a segment's drop is complete: `complete_on` and `table` of `[[segments]]`.

use super::{section::Section, words::shown};

/// The longest name of a table, in characters: more than any producer takes.
const MAX_TABLE: usize = 256;

const OBJECT: &str = "object";
const MANIFEST: &str = "manifest";
const MODEL: &str = "model.json";
const SUCCESS: &str = "_SUCCESS";

/// What says that a drop is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompleteOn {
    /// The file itself: each is the whole segment.
    Object,
    /// A file of this name, which completes the folder that it lies in.
    Marker(String),
    /// A manifest of Redshift or Athena, which lists the files.
    Manifest,
    /// A Common Data Model folder's `model.json`, which lists the files of its tables.
    Model {
        /// The table that is the segment.
        table: String,
    },
}

impl CompleteOn {
    /// As an export writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Object => OBJECT,
            Self::Marker(name) => name,
            Self::Manifest => MANIFEST,
            Self::Model { .. } => MODEL,
        }
    }
}

/// Reads both keys of a segment.
pub(super) fn complete_on(section: &mut Section<'_>) -> Option<CompleteOn> {
    let word = section.optional("complete_on").map_or(Some(OBJECT.to_owned()), |item| item.parse(word));
    if word.as_deref() == Some(MODEL) {
        let advice = "name the table of `model.json` that is the segment: table = \"VIP\"";
        let table = section.required("table", advice)?.parse(table_name)?;
        return Some(CompleteOn::Model { table });
    }
    let table = section.optional("table");
    let word = word?;
    if let Some(table) = table {
        return table.refuse(format_args!(
            "only a `model.json` has tables; remove `table`, or put complete_on = \"{MODEL}\""
        ));
    }
    Some(match word.as_str() {
        OBJECT => CompleteOn::Object,
        MANIFEST => CompleteOn::Manifest,
        _ => CompleteOn::Marker(word),
    })
}

fn table_name(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is empty; put the table's name as `model.json` has it".to_owned()),
        text if text.chars().any(char::is_control) => {
            Err("a line break or control character; remove it".to_owned())
        }
        text if text.chars().count() > MAX_TABLE => {
            Err(format!("more than {MAX_TABLE} characters; put the table's name as `model.json` has it"))
        }
        text => Ok(text.to_owned()),
    }
}

/// One of the known words, or the name of a marker. A marker may have any name, so that only what is all but a known
/// word is taken for a typing mistake.
fn word(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err(
            "it is empty; put \"object\", \"manifest\", \"model.json\", or the marker's name, such as \
                    \"_SUCCESS\""
                .to_owned(),
        );
    }
    if text.contains('/') {
        return Err(
            "a marker is named without its folder, such as \"_SUCCESS\"; the folder is in `path`".to_owned()
        );
    }
    if text.contains('*') {
        return Err("`*` does not stand for other characters here; put the marker's whole name".to_owned());
    }
    if text == "." || text == ".." || text.trim() != text || text.chars().any(char::is_control) {
        return Err(format!(
            "`{}` is not the name of a file; put the marker's name, such as \"_SUCCESS\"",
            shown(text)
        ));
    }
    let lower = text.to_lowercase();
    let near = |known: &str, mistakes| strsim::osa_distance(&lower, &known.to_lowercase()) <= mistakes;
    let meant = [OBJECT, MANIFEST, MODEL]
        .into_iter()
        .find(|known| near(known, 1))
        .or_else(|| (text.starts_with('_') && near(SUCCESS, 2)).then_some(SUCCESS));
    match meant {
        Some(meant) if meant != text => Err(format!(
            "`{}` is not known; did you mean `{meant}`? Known: `object`, `_SUCCESS`, `manifest`, `model.json`; any \
             other word is the name of a marker",
            shown(text)
        )),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_of_a_file_is_a_marker_unless_it_is_a_typing_mistake() {
        for good in
            ["object", "manifest", "model.json", "_SUCCESS", "done.flag", "SUCCESS", "_manifest.done", "完了"]
        {
            assert_eq!(word(good), Ok(good.to_owned()));
        }
        for (bad, said) in [
            ("objects", "`object`"),
            ("Manifest", "`manifest`"),
            ("model.jsn", "`model.json`"),
            ("_SUCESS", "`_SUCCESS`"),
            ("_success", "`_SUCCESS`"),
            ("", "it is empty"),
            ("vip/_SUCCESS", "without its folder"),
            ("*.done", "`*` does not stand"),
            ("..", "not the name of a file"),
            ("done\n", "not the name of a file"),
        ] {
            let message = word(bad).unwrap_err();
            assert!(message.contains(said), "{bad:?}: {message}");
        }
    }
}
