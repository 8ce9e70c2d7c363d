//! Listing files as a store without folders lists its objects.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

use rustix::io::Errno;

use super::{
    super::{Listed, ObjectError},
    Action, RESERVED, below,
    error::object_error,
    read,
};
use crate::keys::Location;

/// Every regular file whose key begins with the prefix's, by key.
pub(super) fn list(root: &Path, prefix: &Location) -> Result<Vec<Listed>, ObjectError> {
    // Whole folders up to the last `/`; then the beginning of a name, or nothing.
    let (folder, name) = match prefix.key.rsplit_once('/') {
        Some((folder, name)) => (Some(folder), name),
        None => (None, prefix.key.as_str()),
    };
    let (start, above) = match folder {
        Some(folder) => {
            let invalid = |reason| ObjectError::InvalidKey { at: prefix.clone(), reason };
            (root.join(below(folder).map_err(invalid)?), format!("{folder}/"))
        }
        None => (root.to_owned(), String::new()),
    };
    let mut walk = Walk { prefix, objects: Vec::new() };
    walk.folder(&start, &above, name, None)?;
    // By the bytes of the whole key, as S3 does: `a.csv` comes before `a/b`, which no order by folder gives.
    walk.objects.sort_unstable_by(|a, b| a.location.key.cmp(&b.location.key));
    Ok(walk.objects)
}

struct Walk<'a> {
    prefix: &'a Location,
    objects: Vec<Listed>,
}

/// A folder that the walk is in, and the one that it came from.
#[derive(Clone, Copy)]
struct Trail<'a> {
    id: (u64, u64),
    from: Option<&'a Trail<'a>>,
}

impl Walk<'_> {
    /// Takes up every file below a folder, of the entries whose names begin with `name`.
    fn folder(
        &mut self,
        path: &Path,
        above: &str,
        name: &str,
        from: Option<&Trail<'_>>,
    ) -> Result<(), ObjectError> {
        let failed = |error| object_error(self.prefix, Action::List, error);
        let entries = fs::metadata(path).and_then(|found| Ok((found, fs::read_dir(path)?)));
        let (found, entries) = match entries.map_err(failed) {
            Ok(found) => found,
            // Nothing there, or no longer: nothing begins with it.
            Err(ObjectError::NotFound { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        let here = Trail { id: (found.dev(), found.ino()), from };
        // A link back to a folder that this one is in would never end.
        let mut before = from;
        while let Some(trail) = before {
            if trail.id == here.id {
                return Ok(());
            }
            before = trail.from;
        }
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let file_name = entry.file_name();
            if !file_name.as_encoded_bytes().starts_with(name.as_bytes()) {
                continue;
            }
            let Some(text) = file_name.to_str() else {
                let at = Location::state(format!("{above}{}", file_name.display()));
                return Err(ObjectError::InvalidKey {
                    at,
                    reason: "the file's name is not UTF-8; rename it",
                });
            };
            if above.is_empty() && RESERVED.iter().any(|(name, _)| *name == text) {
                continue;
            }
            self.entry(&entry.path(), &format!("{above}{text}"), &here)?;
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path, key: &str, here: &Trail<'_>) -> Result<(), ObjectError> {
        let at = Location::state(key.to_owned());
        let found = match fs::metadata(path) {
            Ok(found) => found,
            // Removed since its folder was read, or a link that leads nowhere.
            Err(error) if error.kind() == io::ErrorKind::NotFound || is_loop(&error) => return Ok(()),
            Err(error) => return Err(object_error(&at, Action::List, error)),
        };
        if found.is_dir() {
            return self.folder(path, &format!("{key}/"), "", Some(here));
        }
        if found.is_file() {
            let modified = read::modified(&found).map_err(|error| object_error(&at, Action::List, error))?;
            self.objects.push(Listed { location: at, size: found.size(), modified });
        }
        Ok(())
    }
}

fn is_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}
