//! Names of columns.

/// The placeholder that `export init` writes for a person to replace.
pub(super) const PLACEHOLDER: &str = "…";

/// Returns the column's name as the file's header has it, with any white space around it.
pub(super) fn column(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() {
        Err("it is empty; put the column's name from the file's header")
    } else if text == PLACEHOLDER {
        Err("replace `…` with the column's name from the file's header")
    } else {
        Ok(text.to_owned())
    }
}
