//! Lists files like a store that has no folders.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

use rustix::io::Errno;

use super::{
    error::object_error,
    path::{below, is_reserved},
    read,
};
use crate::{
    keys::Location,
    ports::objects::{
        error::{Action, ObjectError},
        port::Listed,
    },
};

/// Returns every regular file whose key begins with the prefix's key, sorted by key.
pub(super) fn list(root: &Path, prefix: &Location) -> Result<Vec<Listed>, ObjectError> {
    // Up to the last `/` the prefix consists of folders; the rest is the beginning of a name.
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
    // Sorted by the bytes of the whole key, like S3: `a.csv` comes before `a/b`, unlike in a walk by folders.
    walk.objects.sort_unstable_by(|a, b| a.location.key.cmp(&b.location.key));
    Ok(walk.objects)
}

struct Walk<'a> {
    prefix: &'a Location,
    objects: Vec<Listed>,
}

/// A folder that is being walked, and the one above it.
#[derive(Clone, Copy)]
struct Trail<'a> {
    id: (u64, u64),
    from: Option<&'a Trail<'a>>,
}

impl Walk<'_> {
    /// Adds every file below a folder, from the entries whose names begin with `name`.
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
            // The folder does not exist, or was removed: it holds nothing.
            Err(ObjectError::NotFound { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        let here = Trail { id: (found.dev(), found.ino()), from };
        // Following a link to a folder above this one would never end.
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
            if above.is_empty() && is_reserved(text) {
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
            // The file was removed since its folder was read, or it is a dangling link.
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
