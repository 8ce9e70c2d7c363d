//! Loads the configuration files of a state: one export with its connection, or all files.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::{
    keys::{ConnectionName, ExportName, Key, Location, Prefix},
    ports::objects::{ObjectError, Objects},
    wording::quoted,
};

use super::{
    connection::{Connection, connection},
    export::{Export, export},
    load_error::{LoadError, unknown_connection},
    problem::{ConfigError, Problem},
};

/// How many files are read at the same time.
const CONCURRENT_READS: usize = 16;

/// All connections and exports of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    pub connections: BTreeMap<ConnectionName, Connection>,
    /// Every export's connection is in `connections`.
    pub exports: BTreeMap<ExportName, Export>,
    /// Exports whose name is used under several connections. They cannot run.
    pub ambiguous: Vec<Export>,
}

impl Configuration {
    /// Returns why an ambiguous export cannot run.
    pub fn ambiguity(&self, export: &Export) -> LoadError {
        let same = self.ambiguous.iter().filter(|other| other.name() == export.name());
        LoadError::Ambiguous {
            name: export.name().clone(),
            files: same.map(|other| export_file(other.connection(), other.name())).collect(),
        }
    }
}

/// Loads a connection. `now` as in [`connection`].
pub async fn load_connection(
    objects: &dyn Objects,
    name: &ConnectionName,
    now: Timestamp,
) -> Result<Connection, LoadError> {
    let key = Key::Connection(name.clone());
    let text = match objects.get(&Location::from(&key)).await {
        Err(ObjectError::NotFound { .. }) => return Err(LoadError::NoConnection { name: name.clone(), now }),
        read => read?,
    };
    Ok(connection(name.clone(), &key.to_string(), &text, now)?)
}

/// Loads an export and its connection. `now` as in [`connection`].
pub async fn load_export(
    objects: &dyn Objects,
    name: &ExportName,
    now: Timestamp,
) -> Result<(Connection, Export), LoadError> {
    let listing = list_files(objects, &Prefix::Exports).await?;
    let known = || listing.files.iter().filter_map(as_export);
    let same_name: Vec<_> = known().filter(|(_, export)| *export == name).collect();
    let owner = match same_name.as_slice() {
        [] => {
            let known = known().map(|(_, export)| export.clone()).collect::<BTreeSet<_>>();
            return Err(LoadError::UnknownExport { name: name.clone(), known: known.into_iter().collect() });
        }
        [(owner, _)] => (*owner).clone(),
        several => {
            let files = several.iter().map(|(owner, _)| export_file(owner, name)).collect();
            return Err(LoadError::Ambiguous { name: name.clone(), files });
        }
    };

    let file = export_file(&owner, name);
    let export_text = objects.get(&Location::state(file.clone())).await?;
    let connection_key = Key::Connection(owner.clone());
    let connection_text = match objects.get(&Location::from(&connection_key)).await {
        Err(ObjectError::NotFound { .. }) => {
            // Only for the message, so a missing permission to list connections is ignored.
            let known = list_files(objects, &Prefix::Connections).await.unwrap_or_default();
            let known = known.files.iter().filter_map(as_connection).cloned().collect();
            return Err(LoadError::UnknownConnection { file, connection: owner, known, now });
        }
        read => read?,
    };
    let connection = connection(owner.clone(), &connection_key.to_string(), &connection_text, now);
    match (connection, export(name.clone(), owner, &file, &export_text)) {
        (Ok(connection), Ok(export)) => Ok((connection, export)),
        (connection, export) => {
            let problems = connection.err().into_iter().chain(export.err());
            Err(ConfigError::new(problems.flat_map(|error| error.problems).collect()).into())
        }
    }
}

/// Loads all files. Fails with the problems of all of them. `now` as in [`connection`].
pub async fn load_all(objects: &dyn Objects, now: Timestamp) -> Result<Configuration, LoadError> {
    let (configuration, problems) = load_valid(objects, now).await?;
    problems.map_or(Ok(configuration), |problems| Err(problems.into()))
}

/// Loads all valid files and returns the problems of the others, so that a mistake in one brand's files does not stop
/// the other brands. Exports whose name is used more than once are not valid. `now` as in [`connection`].
pub async fn load_valid(
    objects: &dyn Objects,
    now: Timestamp,
) -> Result<(Configuration, Option<ConfigError>), LoadError> {
    let connections = list_files(objects, &Prefix::Connections).await?;
    let exports = list_files(objects, &Prefix::Exports).await?;
    let mut problems: Vec<Problem> =
        connections.strays.iter().chain(&exports.strays).map(|key| stray(key)).collect();
    let (duplicate_names, duplicates) = duplicates(&exports.files);
    problems.extend(duplicates);

    let known: Vec<_> = connections.files.iter().filter_map(as_connection).cloned().collect();
    let mut missing = BTreeSet::new();
    for (owner, name) in exports.files.iter().filter_map(as_export) {
        if !known.contains(owner) {
            let now = missing.insert(owner).then_some(now);
            problems.push(Problem::of_file(export_file(owner, name), unknown_connection(owner, &known, now)));
        }
    }

    let mut configuration =
        Configuration { connections: BTreeMap::new(), exports: BTreeMap::new(), ambiguous: Vec::new() };
    for (key, text) in read(objects, connections.files.into_iter().chain(exports.files).collect()).await? {
        let file = key.to_string();
        let failed = match key {
            Key::Connection(name) => connection(name.clone(), &file, &text, now)
                .map(|connection| drop(configuration.connections.insert(name, connection)))
                .err(),
            Key::Export(owner, name) => export(name.clone(), owner, &file, &text)
                .map(|export| {
                    if duplicate_names.contains(&name) {
                        configuration.ambiguous.push(export);
                    } else {
                        configuration.exports.insert(name, export);
                    }
                })
                .err(),
            _ => None,
        };
        problems.extend(failed.into_iter().flat_map(|error| error.problems));
    }
    let Configuration { connections, exports, .. } = &mut configuration;
    exports.retain(|_, export| connections.contains_key(export.connection()));
    Ok((configuration, if problems.is_empty() { None } else { Some(ConfigError::new(problems)) }))
}

/// The objects in `connections/` or `exports/`.
#[derive(Debug, Default)]
struct Listing {
    files: Vec<Key>,
    /// Keys that are not the key of a configuration file.
    strays: Vec<String>,
}

async fn list_files(objects: &dyn Objects, prefix: &Prefix) -> Result<Listing, ObjectError> {
    let mut listing = Listing::default();
    for object in objects.list(prefix).await? {
        let key = object.location.key;
        let file = key.rsplit('/').next().unwrap_or_default();
        match Key::parse_config(&key) {
            Some(key) => listing.files.push(key),
            // A folder that S3's console created, or a hidden file such as `.gitkeep`.
            None if file.is_empty() || file.starts_with('.') => {}
            None => listing.strays.push(key),
        }
    }
    Ok(listing)
}

/// Reads files, in order. Leaves out files that were removed since they were listed.
async fn read(objects: &dyn Objects, keys: Vec<Key>) -> Result<Vec<(Key, Bytes)>, ObjectError> {
    let reads = keys.into_iter().map(|key| async move {
        match objects.get(&Location::from(&key)).await {
            Ok(text) => Ok(Some((key, text))),
            Err(ObjectError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    });
    let read: Vec<_> = stream::iter(reads).buffered(CONCURRENT_READS).try_collect().await?;
    Ok(read.into_iter().flatten().collect())
}

fn stray(key: &str) -> Problem {
    let rule = if key.starts_with("exports/") {
        "the file of an export is exports/<connection>/<export>.toml"
    } else {
        "the file of a connection is connections/<connection>.toml"
    };
    let message =
        format!("{rule}, with names of 1 to 64 of a-z, 0-9, `-` and `_`; rename, move or remove this file");
    Problem::of_file(quoted(key), message)
}

/// Returns the names that several exports have, and a problem for each repetition.
fn duplicates(exports: &[Key]) -> (BTreeSet<ExportName>, Vec<Problem>) {
    let mut first: BTreeMap<&ExportName, &ConnectionName> = BTreeMap::new();
    let (mut names, mut problems) = (BTreeSet::new(), Vec::new());
    for (owner, name) in exports.iter().filter_map(as_export) {
        if let Some(other) = first.get(name) {
            let message = format!(
                "export `{name}` already exists in {}; an export's name is unique across connections, so rename one",
                export_file(other, name)
            );
            problems.push(Problem::of_file(export_file(owner, name), message));
            names.insert(name.clone());
        } else {
            first.insert(name, owner);
        }
    }
    (names, problems)
}

fn export_file(connection: &ConnectionName, export: &ExportName) -> String {
    Key::Export(connection.clone(), export.clone()).to_string()
}

fn as_export(key: &Key) -> Option<(&ConnectionName, &ExportName)> {
    if let Key::Export(connection, export) = key { Some((connection, export)) } else { None }
}

fn as_connection(key: &Key) -> Option<&ConnectionName> {
    if let Key::Connection(connection) = key { Some(connection) } else { None }
}

#[cfg(test)]
mod tests;
