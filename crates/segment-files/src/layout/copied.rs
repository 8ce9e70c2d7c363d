//! Files that were copied elsewhere, found again: of the place that a list names, the end is the same.

use percent_encoding::percent_decode_str;

/// What became of the paths that were looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// For each path, the part of it under which it was found.
    pub tails: Vec<Option<String>>,
    /// How many folders every path begins with that are not here: what the others would be found without.
    pub above: usize,
}

/// The folders and the name of a file, from its URL: decoded, without host, query and fragment. What is no URL is a
/// path.
pub fn url_path(url: &str) -> Vec<String> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => url,
    };
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let path = path.get(..end).unwrap_or_default();
    // Decoded before it is cut: some producers write the slashes of a path as `%2F`.
    let path = percent_decode_str(path).decode_utf8_lossy();
    path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Finds files that were copied together, so that of all their paths the same folders at the beginning are gone: as
/// many as let most of them be found, and of those the fewest.
pub fn find_below(paths: &[Vec<String>], is_here: impl Fn(&str) -> bool) -> Found {
    let tail = |path: &[String], above: usize| path.get(above..).unwrap_or_default().join("/");
    let found = |above: usize| -> Vec<Option<String>> {
        paths.iter().map(|path| Some(tail(path, above)).filter(|tail| is_here(tail))).collect()
    };
    let mut best = Found { tails: vec![None; paths.len()], above: 0 };
    let mut most = 0;
    for above in 0..=common_folders(paths) {
        let tails = found(above);
        let many = tails.iter().flatten().count();
        if many > most {
            most = many;
            best = Found { tails, above };
        }
    }
    best
}

/// How many folders all the paths begin with.
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
    fn a_url_becomes_a_path() {
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
    fn the_folders_that_a_copy_left_out_are_found_out() {
        let here = ["VIP/2026/a.csv", "VIP/2026/b.csv"];
        let paths = paths(&["https://x/ci/out/VIP/2026/a.csv", "https://x/ci/out/VIP/2026/b.csv"]);
        let found = find_below(&paths, |tail| here.contains(&tail));
        assert_eq!(found, Found { tails: here.map(|tail| Some(tail.to_owned())).to_vec(), above: 2 });
    }

    #[test]
    fn one_that_is_missing_is_not_found_under_another_name() {
        let here = ["VIP/2026/a.csv", "b.csv"];
        let paths = paths(&["https://x/ci/VIP/2026/a.csv", "https://x/ci/VIP/2026/b.csv"]);
        let found = find_below(&paths, |tail| here.contains(&tail));
        assert_eq!(found.tails, [Some("VIP/2026/a.csv".to_owned()), None]);
    }

    proptest! {
        #[test]
        fn what_is_found_is_here_and_is_the_end_of_its_path(
            names in prop::collection::vec(prop::collection::vec("[ab]", 1..5), 1..6),
            here in prop::collection::hash_set("[ab](/[ab]){0,3}", 0..8),
        ) {
            let found = find_below(&names, |tail| here.contains(tail));
            for (path, tail) in names.iter().zip(&found.tails) {
                if let Some(tail) = tail {
                    prop_assert!(here.contains(tail));
                    prop_assert_eq!(tail, &path[found.above..].join("/"));
                }
            }
        }
    }
}
