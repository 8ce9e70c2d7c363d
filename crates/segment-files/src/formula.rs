//! Cells that no spreadsheet takes for a formula, in a way that can be taken back: what would begin one has a `'` before
//! it, and what looks like such a cell already has one more.

use std::borrow::Cow;

/// What formulas begin with; the last four as East Asian keyboards write them.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A cell as it is written for a spreadsheet.
pub fn neutral(cell: &str) -> Cow<'_, str> {
    if begins_a_formula(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// A cell that was written so, as it was; any other as it is.
pub fn restored(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| begins_a_formula(rest)).unwrap_or(cell)
}

/// Also behind marks of ours.
fn begins_a_formula(cell: &str) -> bool {
    let bare = cell.trim_start_matches('\'');
    bare.starts_with(['\t', '\r', '\n']) || bare.trim_start().starts_with(FORMULA)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
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
            assert_eq!(neutral(cell), safe);
            assert_eq!(restored(safe), cell);
        }
    }

    #[test]
    fn a_cell_that_somebody_typed_without_a_mark_is_taken_as_it_is() {
        for cell in ["+46701234567", "=1", "-5", "'tis"] {
            assert_eq!(restored(cell), cell);
        }
    }

    proptest! {
        #[test]
        fn every_cell_comes_back_as_it_was(cell in "['=+@\t\r\n a＝-]{0,8}|\\PC{0,20}") {
            let written = neutral(&cell);
            prop_assert!(!written.trim_start().starts_with(FORMULA) && !written.starts_with(['\t', '\r', '\n']));
            prop_assert_eq!(restored(&written), &cell);
        }
    }
}
