//! Reversibly escapes cells that a spreadsheet would treat as a formula: a `'` is put before a cell that begins a
//! formula, and before one that already looks escaped.

use std::borrow::Cow;

/// The characters that begin a formula. The last four are the full-width forms of the first four.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Returns a cell as text that no spreadsheet treats as a formula.
///
/// ```
/// assert_eq!(segment_files::escape_formula("=1+1"), "'=1+1");
/// assert_eq!(segment_files::unescape_formula("'=1+1"), "=1+1");
/// ```
pub fn escape_formula(cell: &str) -> Cow<'_, str> {
    if begins_a_formula(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// Undoes [`escape_formula`]. A cell that was not escaped is returned unchanged.
pub fn unescape_formula(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| begins_a_formula(rest)).unwrap_or(cell)
}

/// Whether a cell begins a formula, apart from any `'` before it.
fn begins_a_formula(cell: &str) -> bool {
    let bare = cell.trim_start_matches('\'');
    bare.starts_with(['\t', '\r', '\n']) || bare.trim_start().starts_with(FORMULA)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_formulas_and_cells_that_look_escaped() {
        for (cell, safe) in [
            ("ada@example.com", "ada@example.com"),
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("  =1", "'  =1"),
            ("＝1", "'＝1"),
            ("\t=1", "'\t=1"),
            ("'=1", "''=1"),
            ("'02139", "'02139"),
            ("'t Hooft", "'t Hooft"),
            ("'", "'"),
            ("", ""),
        ] {
            assert_eq!(escape_formula(cell), safe);
            assert_eq!(unescape_formula(safe), cell);
        }
    }

    #[test]
    fn leaves_cells_that_were_not_escaped() {
        for cell in ["+46701234567", "=1", "-5", "'tis"] {
            assert_eq!(unescape_formula(cell), cell);
        }
    }

    proptest! {
        #[test]
        fn unescaping_reverts_escaping(cell in "['=+@\t\r\n a＝-]{0,8}|\\PC{0,20}") {
            let written = escape_formula(&cell);
            prop_assert!(!written.trim_start().starts_with(FORMULA) && !written.starts_with(['\t', '\r', '\n']));
            prop_assert_eq!(unescape_formula(&written), &cell);
        }
    }
}
