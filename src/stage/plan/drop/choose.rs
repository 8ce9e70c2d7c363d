//! Which of the objects at a path are a drop, by their names and times. Pure.

use crate::{config::CompleteOn, keys::Location, ports::objects::Listed, source::layout::Manifest};

/// The name of a Common Data Model folder's list of files.
pub(super) const MODEL: &str = "model.json";

/// The files that may be a segment, the newest first; of several written at the same time, the last by name.
pub(super) fn newest_files(listed: Vec<Listed>, path: &Location) -> impl Iterator<Item = Location> {
    let files = listed.into_iter().filter(|object| is_file(&object.location.key, &path.key));
    newest_first(files).into_iter().map(|object| object.location)
}

/// What may have completed a drop, the newest first.
pub(super) fn completing(listed: Vec<Listed>, path: &Location, on: &CompleteOn) -> Vec<Listed> {
    newest_first(listed.into_iter().filter(|object| completes(&object.location.key, &path.key, on)))
}

fn newest_first(objects: impl Iterator<Item = Listed>) -> Vec<Listed> {
    let mut objects: Vec<_> = objects.collect();
    objects.sort_by(|a, b| (b.modified, &b.location).cmp(&(a.modified, &a.location)));
    objects
}

/// The files that a marker completes: what lies in its folder or below it, by key. No hidden ones, no empty ones, and
/// none of a folder that has a marker of its own: that is another drop.
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
        let is_of_another = || others.iter().any(|other| key.starts_with(other.as_str()));
        object.size > 0
            && key.strip_prefix(folder).is_some_and(is_shown)
            && split(key).1 != name
            && !object.location.is_own()
            && !is_of_another()
    });
    listed.sort_by(|a, b| a.location.cmp(&b.location));
    listed.into_iter().map(|object| object.location).collect()
}

/// Whether the object at a key would complete a drop at a path.
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
    // What lies in a hidden folder is not meant for others, such as `_temporary/0/_SUCCESS`.
    is_named && (folders.is_empty() || is_shown(folders.trim_end_matches('/')))
}

/// Whether a key is a file of a path: the path's own object, or one of its folder that is not hidden.
pub(super) fn is_file(key: &str, path: &str) -> bool {
    below(key, path).is_some_and(|rest| rest.is_empty() || is_shown(rest))
}

/// What is left of a key below a path: nothing of the path's own object. `segments/vip` does not name
/// `segments/vip-old.csv`, and a folder's own object is no file.
pub(super) fn below<'a>(key: &'a str, path: &str) -> Option<&'a str> {
    let rest = key.strip_prefix(path)?;
    match rest {
        _ if key.ends_with('/') => None,
        "" => Some(""),
        rest if path.ends_with('/') => Some(rest),
        rest => rest.strip_prefix('/'),
    }
}

/// Whether neither a file nor a folder that it is in is hidden.
fn is_shown(rest: &str) -> bool {
    !rest.is_empty()
        && !rest.ends_with('/')
        && !rest.split('/').any(|part| part.starts_with('_') || part.starts_with('.'))
}

/// A key's folder, with its `/`, and its name.
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
    fn the_newest_of_a_folder_is_the_segment() {
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
    fn what_completes_a_drop_is_known_by_its_name_and_lies_in_no_hidden_folder() {
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
    fn a_marker_completes_its_folder_and_what_is_below() {
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
        fn hidden_and_empty_files_and_those_of_other_drops_are_never_parts(objects in any_listing()) {
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
                    prop_assert_eq!(nearest, Some(folder), "{} is of the drop whose marker is nearest", part);
                }
            }
        }

        #[test]
        fn the_parts_do_not_depend_on_the_order_of_the_listing(
            (objects, shuffled) in any_listing().prop_flat_map(|objects| (Just(objects.clone()), Just(objects).prop_shuffle())),
        ) {
            let marker = Location::state("s/_SUCCESS".to_owned());
            prop_assert_eq!(completed_by(&marker, objects), completed_by(&marker, shuffled));
        }
    }
}
