//! The fixtures in `tests/fixtures/corpus/`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::Expected;

const GROUPS: [&str; 5] = ["csv", "json", "parquet", "drops", "broken"];
const LIST: &str = "fixtures.json";
/// The files of a drop that are written last.
const MARKERS: [&str; 5] = ["_SUCCESS", "done.marker", "manifest", "manifest.csv", "model.json"];

/// A file or folder, and its entry in `fixtures.json`.
pub(crate) struct Fixture {
    pub group: &'static str,
    file: String,
    entry: Value,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus")
}

fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the people of the corpus: `contacts` by key, and `sets` of keys.
pub(crate) fn people() -> Value {
    json(&root().join("people.json"))
}

/// Returns every fixture.
pub(crate) fn all() -> Vec<Fixture> {
    let of = |group: &'static str| {
        let Value::Object(entries) = json(&root().join(group).join(LIST)) else {
            panic!("{group}: not an object")
        };
        entries.into_iter().map(move |(file, entry)| Fixture { group, file, entry })
    };
    GROUPS.into_iter().flat_map(of).collect()
}

/// Returns the files without an entry, and the entries without a file.
pub(crate) fn unmatched() -> Vec<String> {
    let mut listed: Vec<String> = all().iter().map(Fixture::name).collect();
    let mut existing = Vec::new();
    for group in GROUPS {
        for entry in fs::read_dir(root().join(group)).unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            if file != LIST {
                existing.push(format!("{group}/{file}"));
            }
        }
    }
    let unmatched = existing.iter().filter(|name| !listed.contains(name)).cloned();
    let mut unmatched: Vec<String> = unmatched.collect();
    listed.retain(|name| !existing.contains(name));
    unmatched.extend(listed);
    unmatched
}

impl Fixture {
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.group, self.file)
    }

    pub(crate) fn expected(&self) -> Expected {
        Expected::read(&self.entry, &people())
    }

    /// Whether it has all the people.
    pub(crate) fn is_of_all(&self) -> bool {
        self.entry["people"] == "all"
    }

    pub(crate) fn path(&self) -> PathBuf {
        root().join(self.group).join(&self.file)
    }

    /// Returns the export that reads it.
    pub(crate) fn export(&self) -> String {
        let name = self.entry["export"].as_str().unwrap_or("export");
        fs::read_to_string(root().join(format!("exports/{name}.toml"))).unwrap()
    }

    /// Copies it into a state, its marker last.
    pub(crate) fn put(&self, state: &Path) {
        let to = state.join("segments/corpus");
        let from = self.path();
        let mut files = Vec::new();
        walk(&from, &mut files);
        files.sort_by_key(|file| {
            let name = file.file_name().unwrap().to_str().unwrap();
            (MARKERS.iter().any(|marker| name.ends_with(marker)), file.clone())
        });
        for file in files {
            let below = file.strip_prefix(&from).unwrap();
            let path = if below.as_os_str().is_empty() { to.join(&self.file) } else { to.join(below) };
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, fs::read(&file).unwrap()).unwrap();
        }
    }
}

fn walk(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            walk(&entry.unwrap().path(), found);
        }
    } else {
        found.push(path.to_owned());
    }
}
