//! Why configuration could not be loaded.

use jiff::Timestamp;

use crate::{
    keys::{ConnectionName, ExportName, Key},
    ports::objects::ObjectError,
    wording::{list, nearest},
};

use super::{connection::connection_lines, problem::ConfigError};

/// The most names that a message lists.
const MAX_LISTED: usize = 20;

#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Invalid(#[from] ConfigError),
    #[error("{}", unknown_export(.name, .known))]
    UnknownExport {
        name: ExportName,
        /// All exports of the state.
        known: Vec<ExportName>,
    },
    /// Several connections have an export of this name.
    #[error(
        "several connections have an export `{name}`: {}; an export's name is unique across connections, so rename one",
        list(files, "and")
    )]
    Ambiguous {
        name: ExportName,
        /// The files of this name.
        files: Vec<String>,
    },
    /// The connection that an export's folder names does not exist.
    #[error("{file}: {}", unknown_connection(.connection, .known, Some(*.now)))]
    UnknownConnection {
        /// The export's file.
        file: String,
        connection: ConnectionName,
        /// All connections of the state.
        known: Vec<ConnectionName>,
        now: Timestamp,
    },
    #[error("connection `{name}` does not exist; {}", how_to_create(.name, Some(*.now)))]
    NoConnection { name: ConnectionName, now: Timestamp },
    /// A file or a listing could not be read.
    #[error(transparent)]
    Objects(#[from] ObjectError),
}

fn unknown_export(name: &ExportName, known: &[ExportName]) -> String {
    if known.is_empty() {
        return format!(
            "export `{name}` does not exist, nor does any other export; create \
             exports/<connection>/{name}.toml"
        );
    }
    let names: Vec<&str> = known.iter().map(ExportName::as_str).take(MAX_LISTED).collect();
    let more = if known.len() > MAX_LISTED { " …" } else { "" };
    let names = format!("{}{more}", names.join(", "));
    match nearest(name.as_str(), known.iter().map(ExportName::as_str)) {
        Some(meant) => format!("export `{name}` does not exist; did you mean `{meant}`? Known: {names}"),
        None => format!("export `{name}` does not exist; known: {names}"),
    }
}

/// Returns the message for a connection that does not exist, with how to create it. With `now`, it shows the lines of
/// the file.
pub(super) fn unknown_connection(
    connection: &ConnectionName,
    known: &[ConnectionName],
    now: Option<Timestamp>,
) -> String {
    let create = how_to_create(connection, now);
    match nearest(connection.as_str(), known.iter().map(ConnectionName::as_str)) {
        Some(meant) => format!(
            "connection `{connection}` does not exist; did you mean `{meant}`? Then move the export to that folder. \
             Otherwise {create}"
        ),
        None => format!("connection `{connection}` does not exist; {create}"),
    }
}

fn how_to_create(connection: &ConnectionName, now: Option<Timestamp>) -> String {
    let file = Key::Connection(connection.clone());
    match now {
        None => format!("create {file}"),
        Some(now) => {
            format!("create {file}, such as:\n    {}", connection_lines(connection, now).join("\n    "))
        }
    }
}
