//! Turns the key of an object or the name of a secret into a path that stays below its folder.

use std::path::Path;

/// Returns a text with `/` between its parts as a path that cannot leave the folder that it is joined to, or the reason
/// why it is not such a path. Nothing is decoded, normalised or trimmed, so two different texts are two different
/// paths.
pub(super) fn relative(text: &str) -> Result<&Path, &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.starts_with('/') {
        return Err("it begins with `/`");
    }
    if text.contains('\0') {
        return Err("it holds a NUL byte");
    }
    for part in text.split('/') {
        match part {
            "" => return Err("it has an empty part: `//`, or a `/` at its end"),
            "." | ".." => return Err("it has a part `.` or `..`"),
            _ => {}
        }
    }
    Ok(Path::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_its_folder() {
        for good in ["a", "a/b", "...", "a b+é%2F", ".hidden", "~", "a\\..\\b", "顧客/一覧.csv"] {
            assert_eq!(relative(good), Ok(Path::new(good)));
        }
        for bad in ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.", "./a", "a\0b"] {
            assert!(relative(bad).is_err(), "{bad:?}");
        }
    }
}
