//! Which file of a folder is the segment: the newest.

use crate::{
    ports::objects::{Listed, ObjectError, Objects},
    run::{Location, Prefix},
};

/// The newest object at a path, which names one object or a folder of them. Of several written at the same
/// time, the last by name.
pub(super) async fn newest(objects: &dyn Objects, path: &Location) -> Result<Option<Location>, ObjectError> {
    let listed = objects.list(&Prefix::Source(path.clone())).await?;
    Ok(choose(listed, path))
}

fn choose(listed: Vec<Listed>, path: &Location) -> Option<Location> {
    listed
        .into_iter()
        .filter(|object| belongs(&object.location.key, &path.key))
        .max_by(|a, b| (a.modified, &a.location).cmp(&(b.modified, &b.location)))
        .map(|object| object.location)
}

/// Whether a key is the path's own object, or lies in its folder and is not hidden. `segments/vip` does not
/// name `segments/vip-old.csv`, and a folder's own marker is no file.
pub(super) fn belongs(key: &str, path: &str) -> bool {
    let rest = match key.strip_prefix(path) {
        Some("") => return !key.ends_with('/'),
        Some(rest) if path.is_empty() || path.ends_with('/') => rest,
        Some(rest) => match rest.strip_prefix('/') {
            Some(rest) => rest,
            None => return false,
        },
        None => return false,
    };
    let hidden = rest.split('/').any(|part| part.starts_with('_') || part.starts_with('.'));
    !rest.is_empty() && !rest.ends_with('/') && !hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(key: &str, minute: u32) -> Listed {
        Listed {
            location: Location::state(key.to_owned()),
            size: 1,
            modified: format!("2026-11-23T10:{minute:02}:00Z").parse().unwrap(),
        }
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
        let chosen = |path: &str| choose(objects(), &Location::parse(path)).map(|location| location.key);
        assert_eq!(chosen("segments/vip/").as_deref(), Some("segments/vip/a.csv"));
        assert_eq!(chosen("segments/vip").as_deref(), Some("segments/vip/a.csv"));
        assert_eq!(chosen("segments/vip/b.csv").as_deref(), Some("segments/vip/b.csv"));
        assert_eq!(chosen("segments/none/"), None);
    }
}
