//! The configuration files of a state: one export with its connection, or all there are.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::{
    keys::{ConnectionName, ExportName, Key, Location, Prefix},
    ports::objects::{ObjectError, Objects},
};

use super::{
    connection::{Connection, connection, connection_lines},
    export::{Export, export},
    problem::{ConfigError, Problem},
    words::{list, nearest, shown},
};

/// Files read at once when all are.
const READS_AT_ONCE: usize = 16;
/// Names that a message lists at most.
const MAX_LISTED: usize = 20;

/// Every connection and every export of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The connections, by name.
    pub connections: BTreeMap<ConnectionName, Connection>,
    /// The exports, by name; each one's connection is among [`State::connections`].
    pub exports: BTreeMap<ExportName, Export>,
    /// Exports of one name under several connections: none of them runs, and each is told of.
    pub ambiguous: Vec<Export>,
}

impl State {
    /// Why an ambiguous export does not run.
    pub fn why_not(&self, export: &Export) -> LoadError {
        let same = self.ambiguous.iter().filter(|other| other.name() == export.name());
        LoadError::Ambiguous {
            name: export.name().clone(),
            files: same.map(|other| export_file(other.connection(), other.name())).collect(),
        }
    }
}

/// Why configuration could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Files with problems.
    #[error(transparent)]
    Invalid(#[from] ConfigError),
    /// There is no such export.
    #[error("{}", unknown_export(.name, .known))]
    UnknownExport {
        /// The name that was asked for.
        name: ExportName,
        /// The exports there are.
        known: Vec<ExportName>,
    },
    /// Several connections have an export of this name.
    #[error(
        "export `{name}` is there more than once: {}; an export's name is unique over all connections, so rename \
         one",
        list(files.iter().map(String::as_str), "and")
    )]
    Ambiguous {
        /// The name that was asked for.
        name: ExportName,
        /// The files that bear it.
        files: Vec<String>,
    },
    /// The export's folder names a connection that is not there.
    #[error("{file}: {}", unknown_connection(.connection, .known, Some(*.now)))]
    UnknownConnection {
        /// The export's file.
        file: String,
        /// The connection that its folder names.
        connection: ConnectionName,
        /// The connections there are.
        known: Vec<ConnectionName>,
        /// When it was looked for.
        now: Timestamp,
    },
    /// There is no such connection.
    #[error("there is no connection `{name}`; {}", create(.name, Some(*.now)))]
    NoConnection {
        /// The name that was asked for.
        name: ConnectionName,
        /// When it was looked for.
        now: Timestamp,
    },
    /// A file or a listing could not be read.
    #[error(transparent)]
    Objects(#[from] ObjectError),
}

fn unknown_export(name: &ExportName, known: &[ExportName]) -> String {
    let known = || known.iter().map(ExportName::as_str);
    if known().next().is_none() {
        return format!(
            "there is no export `{name}`, nor any other; create exports/<connection>/{name}.toml"
        );
    }
    let meant = nearest(name.as_str(), known()).map(|near| format!("; did you mean `{near}`?"));
    let more = if known().count() > MAX_LISTED { " …" } else { "" };
    format!(
        "there is no export `{name}`{} There are: {}{more}",
        meant.unwrap_or_else(|| ".".to_owned()),
        known().take(MAX_LISTED).collect::<Vec<_>>().join(", ")
    )
}

fn unknown_connection(
    connection: &ConnectionName,
    known: &[ConnectionName],
    now: Option<Timestamp>,
) -> String {
    let meant = nearest(connection.as_str(), known.iter().map(ConnectionName::as_str))
        .map(|near| format!("; did you mean `{near}`? Then move the export to that folder. Else"));
    format!(
        "there is no connection `{connection}`{} {}",
        meant.unwrap_or_else(|| ";".to_owned()),
        create(connection, now)
    )
}

/// What to write; `now` where the file's lines are not shown already.
fn create(connection: &ConnectionName, now: Option<Timestamp>) -> String {
    let file = Key::Connection(connection.clone());
    match now {
        None => format!("create {file}"),
        Some(now) => {
            format!("create {file}, such as:\n    {}", connection_lines(connection, now).join("\n    "))
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
            // Only for the message, and not everybody who may run an export may list connections.
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

/// Loads every file there is, and finds every problem of all of them at once. `now` as in [`connection`].
pub async fn load_all(objects: &dyn Objects, now: Timestamp) -> Result<State, LoadError> {
    let (state, problems) = load_valid(objects, now).await?;
    problems.map_or(Ok(state), |problems| Err(problems.into()))
}

/// Loads every file that is valid, together with the problems of the others: a mistake in one brand's files must not
/// stop the other brands. Of several exports of one name, none is valid. `now` as in [`connection`].
pub async fn load_valid(
    objects: &dyn Objects,
    now: Timestamp,
) -> Result<(State, Option<ConfigError>), LoadError> {
    let connections = list_files(objects, &Prefix::Connections).await?;
    let exports = list_files(objects, &Prefix::Exports).await?;
    let mut problems: Vec<Problem> =
        connections.strays.iter().chain(&exports.strays).map(|key| stray(key)).collect();
    let (more_than_once, named) = duplicates(&exports.files);
    problems.extend(named);

    let known: Vec<_> = connections.files.iter().filter_map(as_connection).cloned().collect();
    let mut missing = BTreeSet::new();
    for (owner, name) in exports.files.iter().filter_map(as_export) {
        if !known.contains(owner) {
            let now = missing.insert(owner).then_some(now);
            problems.push(Problem::of_file(export_file(owner, name), unknown_connection(owner, &known, now)));
        }
    }

    let mut state = State { connections: BTreeMap::new(), exports: BTreeMap::new(), ambiguous: Vec::new() };
    for (key, text) in read(objects, connections.files.into_iter().chain(exports.files).collect()).await? {
        let file = key.to_string();
        let failed = match key {
            Key::Connection(name) => connection(name.clone(), &file, &text, now)
                .map(|connection| drop(state.connections.insert(name, connection)))
                .err(),
            Key::Export(owner, name) => export(name.clone(), owner, &file, &text)
                .map(|export| {
                    if more_than_once.contains(&name) {
                        state.ambiguous.push(export);
                    } else {
                        state.exports.insert(name, export);
                    }
                })
                .err(),
            _ => None,
        };
        problems.extend(failed.into_iter().flat_map(|error| error.problems));
    }
    let State { connections, exports, .. } = &mut state;
    exports.retain(|_, export| connections.contains_key(export.connection()));
    Ok((state, if problems.is_empty() { None } else { Some(ConfigError::new(problems)) }))
}

/// What lies under `connections/` or `exports/`.
#[derive(Debug, Default)]
struct Listing {
    files: Vec<Key>,
    strays: Vec<String>,
}

async fn list_files(objects: &dyn Objects, prefix: &Prefix) -> Result<Listing, ObjectError> {
    let mut listing = Listing::default();
    for object in objects.list(prefix).await? {
        let key = object.location.key;
        let file = key.rsplit('/').next().unwrap_or_default();
        match Key::parse_config(&key) {
            Some(key) => listing.files.push(key),
            // Folders as S3's console makes them, and hidden files such as `.gitkeep`.
            None if file.is_empty() || file.starts_with('.') => {}
            None => listing.strays.push(key),
        }
    }
    Ok(listing)
}

/// Reads files, in order. One that was removed since it was listed is left out.
async fn read(objects: &dyn Objects, keys: Vec<Key>) -> Result<Vec<(Key, Bytes)>, ObjectError> {
    let reads = keys.into_iter().map(|key| async move {
        match objects.get(&Location::from(&key)).await {
            Ok(text) => Ok(Some((key, text))),
            Err(ObjectError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    });
    let read: Vec<_> = stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await?;
    Ok(read.into_iter().flatten().collect())
}

fn stray(key: &str) -> Problem {
    let place = if key.starts_with("exports/") {
        "an export's file is exports/<connection>/<export>.toml"
    } else {
        "a connection's file is connections/<connection>.toml"
    };
    let message =
        format!("{place}, each name 1 to 64 of a-z, 0-9, `-` and `_`; rename, move or remove this one");
    Problem::of_file(shown(key), message)
}

/// The names that more than one export has, and the problems that this is.
fn duplicates(exports: &[Key]) -> (BTreeSet<ExportName>, Vec<Problem>) {
    let mut first: BTreeMap<&ExportName, &ConnectionName> = BTreeMap::new();
    let (mut names, mut problems) = (BTreeSet::new(), Vec::new());
    for (owner, name) in exports.iter().filter_map(as_export) {
        if let Some(other) = first.get(name) {
            let message = format!(
                "export `{name}` is already {}; an export's name is unique over all connections, so rename one",
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
