//! Selects the objects at a path that belong to a drop, by their names and times alone.

use crate::{config::CompleteOn, keys::Location, ports::objects::Listed};
use segment_files::layout::Manifest;

/// The name of the list of files in a Common Data Model folder.
pub(super) const MODEL: &str = "model.json";

/// Returns the files that may be the segment, newest first. Files that were written at the same time are in descending
/// order of their names.
pub(super) fn newest_files(listed: Vec<Listed>, path: &Location) -> impl Iterator<Item = Location> {
    let files = listed.into_iter().filter(|object| is_file(&object.location.key, &path.key));
    newest_first(files).into_iter().map(|object| object.location)
}

/// Returns the objects that may have completed a drop, newest first.
pub(super) fn completing(listed: Vec<Listed>, path: &Location, on: &CompleteOn) -> Vec<Listed> {
    newest_first(listed.into_iter().filter(|object| completes(&object.location.key, &path.key, on)))
}

fn newest_first(objects: impl Iterator<Item = Listed>) -> Vec<Listed> {
    let mut objects: Vec<_> = objects.collect();
    objects.sort_by(|a, b| (b.modified, &b.location).cmp(&(a.modified, &a.location)));
    objects
}

/// Returns the files that a marker completes, sorted by key: all files in its folder and below. Hidden and empty files
/// are left out, and so are files below another marker, which belong to another drop.
pub(super) fn completed_by(marker: &Location, mut listed: Vec<Listed>) -> Vec<Location> {
    let (folder, name) = split(&marker.key);
    let others: Vec<String> = listed
        .iter()
        .map(|object| split(&object.location.key))
        .filter(|(below, other)| *other == name && below.len() > folder.len())
        .map(|(below, _)| below.to_owned())
        .collect();
    listed.retain(|object| {
        let key = &object.location.key;
        let is_of_another_drop = || others.iter().any(|other| key.starts_with(other.as_str()));
        object.size > 0
            && key.strip_prefix(folder).is_some_and(is_shown)
            && split(key).1 != name
            && !object.location.is_reserved()
            && !is_of_another_drop()
    });
    listed.sort_by(|a, b| a.location.cmp(&b.location));
    listed.into_iter().map(|object| object.location).collect()
}

/// Whether an object with this key completes a drop at a path.
pub(super) fn completes(key: &str, path: &str, on: &CompleteOn) -> bool {
    let Some(rest) = below(key, path) else { return false };
    let (folders, _) = split(rest);
    let name = split(key).1;
    let is_named = match on {
        CompleteOn::Object => return is_file(key, path),
        CompleteOn::Marker(marker) => name == marker,
        CompleteOn::Manifest => Manifest::is_named(name),
        CompleteOn::Model { .. } => name == MODEL,
    };
    // Objects in hidden folders are the producer's own, such as `_temporary/0/_SUCCESS`.
    is_named && (folders.is_empty() || is_shown(folders.trim_end_matches('/')))
}

/// Whether a key is a file at a path: the path itself, or a file below it that is not hidden.
pub(super) fn is_file(key: &str, path: &str) -> bool {
    below(key, path).is_some_and(|rest| rest.is_empty() || is_shown(rest))
}

/// Returns the part of a key that follows a path; it is empty if they are equal. `segments/vip-old.csv` is not below
/// `segments/vip`, and the object of a folder itself is not a file.
pub(super) fn below<'a>(key: &'a str, path: &str) -> Option<&'a str> {
    let rest = key.strip_prefix(path)?;
    match rest {
        _ if key.ends_with('/') => None,
        "" => Some(""),
        rest if path.ends_with('/') => Some(rest),
        rest => rest.strip_prefix('/'),
    }
}

/// Whether neither the file nor any of its folders is hidden.
fn is_shown(rest: &str) -> bool {
    !rest.is_empty()
        && !rest.ends_with('/')
        && !rest.split('/').any(|part| part.starts_with('_') || part.starts_with('.'))
}

/// Splits a key into its folder, with the final `/`, and its name.
pub(super) fn split(key: &str) -> (&str, &str) {
    key.split_at(key.rfind('/').map_or(0, |at| at + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn listed(key: &str, minute: u32) -> Listed {
        Listed {
            location: Location::state(key.to_owned()),
            size: 1,
            modified: format!("2026-11-23T10:{minute:02}:00Z").parse().unwrap(),
        }
    }

    fn marker(name: &str) -> CompleteOn {
        CompleteOn::Marker(name.to_owned())
    }

    #[test]
    fn chooses_the_newest_file_of_a_folder() {
        let objects = || {
            vec![
                listed("segments/vip-old.csv", 50),
                listed("segments/vip/", 50),
                listed("segments/vip/.hidden.csv", 50),
                listed("segments/vip/_SUCCESS", 50),
                listed("segments/vip/_temporary/0/part.csv", 50),
                listed("segments/vip/b.csv", 10),
                listed("segments/vip/a.csv", 20),
                listed("segments/vip/2026/c.csv", 20),
            ]
        };
        let chosen =
            |path: &str| newest_files(objects(), &Location::parse(path)).next().map(|location| location.key);
        assert_eq!(chosen("segments/vip/").as_deref(), Some("segments/vip/a.csv"));
        assert_eq!(chosen("segments/vip").as_deref(), Some("segments/vip/a.csv"));
        assert_eq!(chosen("segments/vip/b.csv").as_deref(), Some("segments/vip/b.csv"));
        assert_eq!(chosen("segments/none/"), None);
    }

    #[test]
    fn recognises_markers_by_name_outside_of_hidden_folders() {
        for (key, on) in [
            ("segments/vip/_SUCCESS", marker("_SUCCESS")),
            ("segments/vip/2026-11-23/_SUCCESS", marker("_SUCCESS")),
            ("segments/vip/done.flag", marker("done.flag")),
            ("segments/vip/2026-11-23_manifest", CompleteOn::Manifest),
            ("segments/vip/out/model.json", CompleteOn::Model { table: "VIP".to_owned() }),
            ("segments/vip/1.csv", CompleteOn::Object),
        ] {
            assert!(completes(key, "segments/vip/", &on), "{key}");
            assert!(completes(key, "segments/vip", &on), "{key}");
            assert!(completes(key, key, &on), "{key} as the path itself");
            assert!(!completes(key, "segments/new/", &on), "{key}");
        }
        for (key, on) in [
            ("segments/vip/_temporary/0/_SUCCESS", marker("_SUCCESS")),
            ("segments/vip/1.csv", marker("_SUCCESS")),
            ("segments/vip/_SUCCESS/", marker("_SUCCESS")),
            ("segments/vip/my_SUCCESS", marker("_SUCCESS")),
            ("segments/vip/_tmp/manifest", CompleteOn::Manifest),
            ("segments/vip/_SUCCESS", CompleteOn::Object),
        ] {
            assert!(!completes(key, "segments/vip/", &on), "{key}");
        }
    }

    #[test]
    fn a_marker_completes_the_files_in_and_below_its_folder() {
        let mut empty = listed("segments/vip/part-00002.csv", 0);
        empty.size = 0;
        let objects = vec![
            listed("segments/vip/part-00001.csv", 0),
            listed("segments/vip/part-00000.csv", 9),
            empty,
            listed("segments/vip/dt=2026-11-23/part-00000.csv", 0),
            listed("segments/vip/_SUCCESS", 1),
            listed("segments/vip/.part-00000.csv.crc", 0),
            listed("segments/vip/_committed_1", 0),
            listed("segments/vip/_temporary/0/part-00009.csv", 0),
            listed("segments/vip/old/part-00000.csv", 0),
            listed("segments/vip/old/_SUCCESS", 0),
            listed("segments/vip-2/part-00000.csv", 0),
        ];
        let parts = completed_by(&Location::state("segments/vip/_SUCCESS".to_owned()), objects);
        let keys: Vec<_> = parts.iter().map(|part| part.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "segments/vip/dt=2026-11-23/part-00000.csv",
                "segments/vip/part-00000.csv",
                "segments/vip/part-00001.csv"
            ]
        );
    }

    fn any_listing() -> impl Strategy<Value = Vec<Listed>> {
        let name =
            prop::sample::select(vec!["a.csv", "b", "_SUCCESS", "_x", ".c.crc", "done", "d=1", "_tmp"]);
        let key = prop::collection::vec(name, 1..4).prop_map(|names| format!("s/{}", names.join("/")));
        let object = (key, 0..3_u64, 0..60_u32)
            .prop_map(|(key, size, minute)| Listed { size, ..listed(&key, minute) });
        prop::collection::vec(object, 0..12)
    }

    proptest! {
        #[test]
        fn leaves_out_hidden_files_empty_files_and_other_drops(objects in any_listing()) {
            for completed in completing(objects.clone(), &Location::state("s/".to_owned()), &marker("_SUCCESS")) {
                let folder = split(&completed.location.key).0;
                for part in completed_by(&completed.location, objects.clone()) {
                    let rest = part.key.strip_prefix(folder).expect("in the marker's folder");
                    prop_assert!(!rest.split('/').any(|name| name.starts_with(['_', '.'])), "{part}");
                    prop_assert!(objects.iter().any(|object| object.location == part && object.size > 0));
                    let nearest = objects
                        .iter()
                        .filter(|object| split(&object.location.key).1 == "_SUCCESS")
                        .map(|object| split(&object.location.key).0)
                        .filter(|folder| part.key.starts_with(*folder))
                        .max_by_key(|folder| folder.len());
                    prop_assert_eq!(nearest, Some(folder), "{} belongs to the drop with the nearest marker", part);
                }
            }
        }

        #[test]
        fn finds_the_same_files_in_any_order_of_the_listing(
            (objects, shuffled) in any_listing().prop_flat_map(|objects| (Just(objects.clone()), Just(objects).prop_shuffle())),
        ) {
            let marker = Location::state("s/_SUCCESS".to_owned());
            prop_assert_eq!(completed_by(&marker, objects), completed_by(&marker, shuffled));
        }
    }
}
