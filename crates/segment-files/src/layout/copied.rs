//! Finds listed files in another place, to which they were copied: the ends of their paths are still the same.

use percent_encoding::percent_decode_str;

/// Where copied files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedFiles {
    /// For each path, the end under which its file exists. `None`: the file is missing.
    pub tails: Vec<Option<String>>,
    /// How many folders the copy left out at the beginning of every path.
    pub omitted_folders: usize,
}

/// Returns the folders and the name of a file from its URL: decoded, without host, query and fragment. Text that is not
/// a URL is treated as a path.
pub fn url_path(url: &str) -> Vec<String> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => url,
    };
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let path = path.get(..end).unwrap_or_default();
    // It is decoded before it is split: some producers write the slashes of a path as `%2F`.
    let path = percent_decode_str(path).decode_utf8_lossy();
    path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Finds files that were copied together, so that all their paths lost the same folders at the beginning. Removes as
/// many folders as lets the most files be found; on a tie, as few as possible.
pub fn find_copied(paths: &[Vec<String>], exists: impl Fn(&str) -> bool) -> CopiedFiles {
    let tail = |path: &[String], omitted: usize| path.get(omitted..).unwrap_or_default().join("/");
    let existing = |omitted: usize| -> Vec<Option<String>> {
        paths.iter().map(|path| Some(tail(path, omitted)).filter(|tail| exists(tail))).collect()
    };
    let mut best = CopiedFiles { tails: vec![None; paths.len()], omitted_folders: 0 };
    let mut most = 0;
    for omitted in 0..=common_folders(paths) {
        let tails = existing(omitted);
        let count = tails.iter().flatten().count();
        if count > most {
            most = count;
            best = CopiedFiles { tails, omitted_folders: omitted };
        }
    }
    best
}

/// Returns the number of folders that all paths have in common at the beginning.
fn common_folders(paths: &[Vec<String>]) -> usize {
    let Some((first, rest)) = paths.split_first() else { return 0 };
    let folders = |path: &[String]| path.len().saturating_sub(1);
    rest.iter().fold(folders(first), |common, path| {
        let same = first.iter().zip(path).take_while(|(a, b)| a == b).count();
        common.min(same).min(folders(path))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paths(urls: &[&str]) -> Vec<Vec<String>> {
        urls.iter().map(|url| url_path(url)).collect()
    }

    #[test]
    fn splits_urls_into_folders() {
        for (url, path) in [
            ("https://acme.blob.core.windows.net/ci/out/VIP/VIP_0.csv", "ci/out/VIP/VIP_0.csv"),
            ("https://acme.dfs.core.windows.net:443/ci/VIP%20%C3%A9/a%2Bb.csv", "ci/VIP é/a+b.csv"),
            ("https://acme.blob.core.windows.net/ci/VIP%2F0.csv?snapshot=2026-11-23", "ci/VIP/0.csv"),
            ("VIP/0.csv", "VIP/0.csv"),
            ("https://acme.blob.core.windows.net", ""),
        ] {
            assert_eq!(url_path(url).join("/"), path, "{url}");
        }
    }

    #[test]
    fn finds_the_folders_that_a_copy_left_out() {
        let existing = ["VIP/2026/a.csv", "VIP/2026/b.csv"];
        let paths = paths(&["https://x/ci/out/VIP/2026/a.csv", "https://x/ci/out/VIP/2026/b.csv"]);
        let found = find_copied(&paths, |tail| existing.contains(&tail));
        assert_eq!(
            found,
            CopiedFiles { tails: existing.map(|tail| Some(tail.to_owned())).to_vec(), omitted_folders: 2 }
        );
    }

    #[test]
    fn does_not_find_a_missing_file_by_its_name_alone() {
        let existing = ["VIP/2026/a.csv", "b.csv"];
        let paths = paths(&["https://x/ci/VIP/2026/a.csv", "https://x/ci/VIP/2026/b.csv"]);
        let found = find_copied(&paths, |tail| existing.contains(&tail));
        assert_eq!(found.tails, [Some("VIP/2026/a.csv".to_owned()), None]);
    }

    proptest! {
        #[test]
        fn a_found_file_exists_and_is_the_end_of_its_path(
            names in prop::collection::vec(prop::collection::vec("[ab]", 1..5), 1..6),
            existing in prop::collection::hash_set("[ab](/[ab]){0,3}", 0..8),
        ) {
            let found = find_copied(&names, |tail| existing.contains(tail));
            for (path, tail) in names.iter().zip(&found.tails) {
                if let Some(tail) = tail {
                    prop_assert!(existing.contains(tail));
                    prop_assert_eq!(tail, &path[found.omitted_folders..].join("/"));
                }
            }
        }
    }
}
