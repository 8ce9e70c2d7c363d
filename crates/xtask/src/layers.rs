//! The order of the layers, and what breaks it.
//!
//! The root package's `Cargo.toml` states the order once, from the bottom up:
//!
//! ```toml
//! [package.metadata]
//! layers = ["keys", "contact", ["cli", "lambda"]]
//! ```
//!
//! Each name is a file or a folder of `src/`. A file may import from its own layer and from the layers below it. Layers
//! that share a place may not import from each other. In every crate of the workspace, files may not form an import
//! cycle, and neither may the folders and files in one folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::{Path, PathBuf},
};

use petgraph::{algo::tarjan_scc, graphmap::DiGraphMap};

use crate::modules::{Arrow, Crate, ReadError};

#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{}: {source}", path.display())]
    Toml { path: PathBuf, source: toml::de::Error },
    #[error("{}: `package.metadata.layers` must be a list of names and of lists of names", path.display())]
    NoLayers { path: PathBuf },
}

/// A place where the code breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Breach {
    /// An import from a layer above, or from one in the same place.
    Up { arrow: Arrow, from: String, to: String },
    /// Files or folders that form an import cycle, with the imports between them.
    Cycle { entries: Vec<PathBuf>, arrows: Vec<Arrow> },
    /// A file or folder of `src/` that the order does not name.
    Unlisted { layer: String },
    /// A crate below `crates/` that depends on another crate of this workspace.
    Dependency { manifest: PathBuf, on: String },
}

impl Breach {
    /// Returns the imports that form a cycle.
    fn ties(&self) -> Vec<Arrow> {
        match self {
            Self::Cycle { arrows, .. } => arrows.clone(),
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up { arrow, from, to } => write!(
                f,
                "{}:{}: layer `{from}` imports `{}` from layer `{to}`, which is not below it; move what both need down",
                arrow.from.display(),
                arrow.line,
                arrow.name
            ),
            Self::Cycle { entries, arrows } => {
                let entries: Vec<_> = entries.iter().map(|entry| entry.display().to_string()).collect();
                write!(f, "{} form an import cycle:", entries.join(", "))?;
                for Arrow { from, line, name, to } in arrows {
                    write!(f, "\n  {}:{line}: `{name}` from {}", from.display(), to.display())?;
                }
                Ok(())
            }
            Self::Unlisted { layer } => write!(
                f,
                "src/{layer} is not in the order of the layers; add it to `package.metadata.layers` in Cargo.toml"
            ),
            Self::Dependency { manifest, on } => write!(
                f,
                "{}: depends on `{on}`; a crate below crates/ may not use another crate of this workspace",
                manifest.display()
            ),
        }
    }
}

/// Checks the workspace at `root`.
pub(crate) fn check(root: &Path) -> Result<Vec<Breach>, CheckError> {
    let mut breaches = check_order(root)?;
    for folder in crates(root)? {
        breaches.extend(check_dependencies(&folder)?);
        for file in ["lib.rs", "main.rs"].map(|name| folder.join("src").join(name)) {
            if file.is_file() {
                breaches.extend(cycles(&Crate::read(&file)?.arrows(), &folder.join("src")));
            }
        }
    }
    Ok(breaches)
}

fn check_order(root: &Path) -> Result<Vec<Breach>, CheckError> {
    let places = read_order(&root.join("Cargo.toml"))?;
    let source = root.join("src");
    let mut breaches = Vec::new();
    for layer in layers_in(&source)? {
        if !places.contains_key(&layer) {
            breaches.push(Breach::Unlisted { layer });
        }
    }
    let arrows = Crate::read(&source.join("lib.rs"))?.arrows();
    for arrow in &arrows {
        let (from, to) = (layer_of(&arrow.from, &source), layer_of(&arrow.to, &source));
        let (Some(from), Some(to)) = (from, to) else { continue };
        let is_below = places.get(&to).zip(places.get(&from)).is_none_or(|(to, from)| to < from);
        if from != to && !is_below {
            breaches.push(Breach::Up { arrow: arrow.clone(), from, to });
        }
    }
    breaches.extend(cycles(&arrows, &source));
    Ok(breaches)
}

/// Returns each layer's place in the order, counted from the bottom.
fn read_order(manifest: &Path) -> Result<BTreeMap<String, usize>, CheckError> {
    let no_layers = || CheckError::NoLayers { path: manifest.to_owned() };
    let table = read_toml(manifest)?;
    let layers = table.get("package").and_then(|package| package.get("metadata")?.get("layers")?.as_array());
    let mut places = BTreeMap::new();
    for (place, layer) in layers.ok_or_else(no_layers)?.iter().enumerate() {
        match layer {
            toml::Value::String(name) => {
                places.insert(name.clone(), place);
            }
            toml::Value::Array(names) => {
                for name in names {
                    places.insert(name.as_str().ok_or_else(no_layers)?.to_owned(), place);
                }
            }
            _ => return Err(no_layers()),
        }
    }
    Ok(places)
}

fn read_toml(path: &Path) -> Result<toml::Table, CheckError> {
    let text = fs::read_to_string(path).map_err(|source| CheckError::Io { path: path.to_owned(), source })?;
    toml::from_str(&text).map_err(|source| CheckError::Toml { path: path.to_owned(), source })
}

/// Returns the files and folders of `src/`, without `lib.rs`, which only declares them, and `bin/`, which no file can
/// import.
fn layers_in(source: &Path) -> Result<BTreeSet<String>, CheckError> {
    let names = entries(source)?
        .into_iter()
        .filter_map(|entry| Some(entry.file_name()?.to_str()?.trim_end_matches(".rs").to_owned()));
    Ok(names.filter(|name| !["lib", "bin"].contains(&name.as_str())).collect())
}

fn layer_of(file: &Path, source: &Path) -> Option<String> {
    let first = file.strip_prefix(source).ok()?.components().next()?;
    let name = first.as_os_str().to_str()?.trim_end_matches(".rs");
    (name != "lib").then(|| name.to_owned())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, CheckError> {
    let failed = |source| CheckError::Io { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn crates(root: &Path) -> Result<Vec<PathBuf>, CheckError> {
    let folder = root.join("crates");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    Ok(entries(&folder)?.into_iter().filter(|path| path.join("Cargo.toml").is_file()).collect())
}

/// Checks that only the tests and examples of a crate use other crates of the workspace.
fn check_dependencies(folder: &Path) -> Result<Vec<Breach>, CheckError> {
    let manifest = folder.join("Cargo.toml");
    let table = read_toml(&manifest)?;
    let dependencies = table.get("dependencies").and_then(toml::Value::as_table).into_iter().flatten();
    let of_ours = dependencies.filter(|(_, value)| value.get("path").is_some());
    Ok(of_ours.map(|(on, _)| Breach::Dependency { manifest: manifest.clone(), on: on.clone() }).collect())
}

/// Finds import cycles between files and, folder by folder, between the folders and files in it.
fn cycles(arrows: &BTreeSet<Arrow>, source: &Path) -> Vec<Breach> {
    let mut breaches = cycles_between(arrows, |file| Some(file.to_owned()));
    let ancestors = |arrow: &Arrow| arrow.from.ancestors().skip(1).map(Path::to_owned).collect::<Vec<_>>();
    let folders: BTreeSet<PathBuf> =
        arrows.iter().flat_map(ancestors).filter(|folder| folder.starts_with(source)).collect();
    for folder in folders {
        let of_files: Vec<_> = breaches.iter().map(Breach::ties).collect();
        let mut found = cycles_between(arrows, |file| entry_in(&folder, file));
        // A cycle of files directly in this folder is already found.
        found.retain(|breach| !of_files.contains(&breach.ties()));
        breaches.extend(found);
    }
    breaches
}

/// Returns the file or the folder in `folder` that holds a file, or `None` for the folder's own `mod.rs`.
fn entry_in(folder: &Path, file: &Path) -> Option<PathBuf> {
    let first = file.strip_prefix(folder).ok()?.components().next()?.as_os_str().to_str()?;
    let is_face = ["mod.rs", "lib.rs", "main.rs"].contains(&first);
    (!is_face).then(|| folder.join(first.trim_end_matches(".rs")))
}

fn cycles_between(arrows: &BTreeSet<Arrow>, entry: impl Fn(&Path) -> Option<PathBuf>) -> Vec<Breach> {
    let ends = |arrow: &Arrow| Some((entry(&arrow.from)?, entry(&arrow.to)?)).filter(|(from, to)| from != to);
    let entries: BTreeSet<PathBuf> =
        arrows.iter().filter_map(ends).flat_map(|(from, to)| [from, to]).collect();
    let entries: Vec<PathBuf> = entries.into_iter().collect();
    let mut graph = DiGraphMap::<usize, ()>::new();
    for (from, to) in arrows.iter().filter_map(ends) {
        if let (Ok(from), Ok(to)) = (entries.binary_search(&from), entries.binary_search(&to)) {
            graph.add_edge(from, to, ());
        }
    }
    let cycles = tarjan_scc(&graph).into_iter().filter(|cycle| cycle.len() > 1);
    cycles
        .map(|cycle| {
            let mut inside: Vec<PathBuf> =
                cycle.iter().filter_map(|entry| entries.get(*entry).cloned()).collect();
            inside.sort();
            let ties = arrows.iter().filter(|arrow| {
                ends(arrow).is_some_and(|(from, to)| inside.contains(&from) && inside.contains(&to))
            });
            let arrows = ties.cloned().collect();
            Breach::Cycle { entries: inside, arrows }
        })
        .collect()
}

#[cfg(test)]
mod tests;
