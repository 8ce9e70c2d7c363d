//! The fixtures as they lie in `tests/fixtures/corpus/`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::Expected;

const GROUPS: [&str; 5] = ["csv", "json", "parquet", "drops", "broken"];
const LIST: &str = "fixtures.json";
/// What of a drop is written when all else is there.
const MARKERS: [&str; 5] = ["_SUCCESS", "done.marker", "manifest", "manifest.csv", "model.json"];

/// One file or folder, and what is written down of it.
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

/// The people of the corpus: `contacts` by key, and the keys of `sets`.
pub(crate) fn people() -> Value {
    json(&root().join("people.json"))
}

/// Every fixture.
pub(crate) fn all() -> Vec<Fixture> {
    let of = |group: &'static str| {
        let Value::Object(entries) = json(&root().join(group).join(LIST)) else {
            panic!("{group}: no object")
        };
        entries.into_iter().map(move |(file, entry)| Fixture { group, file, entry })
    };
    GROUPS.into_iter().flat_map(of).collect()
}

/// Files that are not written down, and what is written down without a file.
pub(crate) fn without_expectation() -> Vec<String> {
    let mut listed: Vec<String> = all().iter().map(Fixture::name).collect();
    let mut there = Vec::new();
    for group in GROUPS {
        for entry in fs::read_dir(root().join(group)).unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            if file != LIST {
                there.push(format!("{group}/{file}"));
            }
        }
    }
    let alone = there.iter().filter(|name| !listed.contains(name)).cloned();
    let mut alone: Vec<String> = alone.collect();
    listed.retain(|name| !there.contains(name));
    alone.extend(listed);
    alone
}

impl Fixture {
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.group, self.file)
    }

    pub(crate) fn expected(&self) -> Expected {
        Expected::read(&self.entry, &people())
    }

    /// Whether it is made of all the people.
    pub(crate) fn is_of_all(&self) -> bool {
        self.entry["people"] == "all"
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> PathBuf {
        root().join(self.group).join(&self.file)
    }

    /// The export that reads it.
    pub(crate) fn export(&self) -> String {
        let name = self.entry["export"].as_str().unwrap_or("export");
        fs::read_to_string(root().join(format!("exports/{name}.toml"))).unwrap()
    }

    /// Drops it into a state, its marker last.
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
