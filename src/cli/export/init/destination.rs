//! The destination of a proposed export: its connection, its name, and the path of its segment.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::args::InitArgs;
use crate::{
    cli::{exit::Failure, schema},
    keys::{ConnectionName, ExportName, Key, Location, Prefix},
    ports::objects::{Directory, Objects as _},
    propose::{FileSettings, Target, latin},
};

#[derive(Debug)]
pub(super) struct Destination {
    pub connection: ConnectionName,
    pub export: ExportName,
    /// The segment's path.
    pub path: String,
    /// Whether the file is already at the path.
    pub is_in_place: bool,
    /// Whether the connection's file exists.
    pub has_connection: bool,
    title: String,
    file: String,
}

impl Destination {
    pub(super) async fn choose(objects: &Directory, args: &InitArgs) -> Result<Self, Failure> {
        let inside = inside(&args.state.state, &args.file);
        let file = args.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stem = || stem(&file).to_owned();
        // If the segment has its own folder, the export reads the newest file in it.
        let is_folder = args.file.is_dir();
        let folder = inside.as_deref().filter(|_| !is_folder).and_then(own_folder);
        let called = args.table.clone().unwrap_or_else(|| folder.map_or_else(stem, str::to_owned));
        let export = match &args.name {
            Some(name) => name.clone(),
            None => name(&called).ok_or_else(|| {
                Failure::usage(format!(
                    "`{called}` cannot be turned into a name for the export; add --name, such as --name vip"
                ))
            })?,
        };
        let path = match (&inside, folder) {
            (Some(key), Some(_)) => key.rsplit_once('/').map(|(folder, _)| format!("{folder}/")),
            (Some(key), None) if is_folder => Some(format!("{key}/")),
            (Some(key), None) => Some(key.clone()),
            (None, _) => None,
        };
        let (connection, has_connection) = connection(objects, args).await?;
        let existing = existing_export(objects, &export, &connection).await?;
        if let (Some(existing), false) = (existing, args.print) {
            return Err(Failure::usage(already_exists(&existing)));
        }
        Ok(Self {
            title: title(if args.name.is_some() { export.as_str() } else { &called }, export.as_str()),
            is_in_place: path.is_some(),
            path: path.unwrap_or_else(|| format!("segments/{export}/")),
            connection,
            export,
            has_connection,
            file,
        })
    }

    pub(super) fn key(&self) -> Key {
        Key::Export(self.connection.clone(), self.export.clone())
    }

    pub(super) fn target<'a>(&'a self, settings: &'a FileSettings) -> Target<'a> {
        Target {
            settings,
            schema: schema::OF_AN_EXPORT,
            export: self.export.as_str(),
            title: &self.title,
            path: &self.path,
            file: &self.file,
        }
    }

    pub(super) fn already_exists(&self) -> String {
        already_exists(&self.key())
    }
}

fn already_exists(existing: &Key) -> String {
    format!("{existing} already exists and is not replaced; choose another --name, or remove the file first")
}

/// Returns the file's key, if the file is in the state and a segment may have this key.
fn inside(state: &Path, file: &Path) -> Option<String> {
    let absolute = |path: &Path| -> Option<PathBuf> { path.canonicalize().ok() };
    let file = absolute(file)?;
    let below = file.strip_prefix(absolute(state)?).ok()?;
    let parts: Option<Vec<&str>> = below.components().map(|part| part.as_os_str().to_str()).collect();
    let key = parts?.join("/");
    let fits = !Location::state(key.clone()).is_reserved()
        && !key.chars().any(|c| c.is_control() || c == '*' || c == '\\')
        && !key.split('/').any(|part| part.starts_with(['.', '_']));
    fits.then_some(key)
}

/// Returns the segment's own folder below `segments/`, if it has one.
fn own_folder(key: &str) -> Option<&str> {
    let (folder, _) = key.strip_prefix("segments/")?.rsplit_once('/')?;
    folder.rsplit('/').next()
}

/// Returns the file's name without its endings: `vip` of `vip.csv.gz`.
fn stem(file: &str) -> &str {
    let is_ending = |end: &str| {
        let end = end.to_ascii_lowercase();
        ["gz", "gzip", "zst", "bz2", "csv", "tsv", "txt", "json", "jsonl", "ndjson", "parquet", "snappy"]
            .contains(&end.as_str())
    };
    let mut stem = file;
    while let Some((rest, end)) = stem.rsplit_once('.').filter(|(rest, _)| !rest.is_empty()) {
        if stem != file && !is_ending(end) {
            break;
        }
        stem = rest;
    }
    stem
}

/// Returns a name for the export, if `called` can be written in Latin letters.
fn name(called: &str) -> Option<ExportName> {
    let name: String = latin(called)?.replace('_', "-").chars().take(64).collect();
    name.trim_end_matches('-').parse().ok()
}

/// Returns a display name that is also valid as a tag.
fn title(called: &str, otherwise: &str) -> String {
    let fit: String = called
        .chars()
        .map(|c| if c.is_alphanumeric() || "_-:".contains(c) { c } else { ' ' })
        .take(100)
        .collect();
    let words: Vec<_> = fit.split_whitespace().collect();
    if words.is_empty() { otherwise.to_owned() } else { words.join(" ") }
}

async fn connection(objects: &Directory, args: &InitArgs) -> Result<(ConnectionName, bool), Failure> {
    let listed = objects.list(&Prefix::Connections).await?;
    let known: BTreeSet<ConnectionName> = listed
        .iter()
        .filter_map(|object| match Key::parse_config(&object.location.key)? {
            Key::Connection(name) => Some(name),
            _ => None,
        })
        .collect();
    let names = || known.iter().map(ConnectionName::as_str).collect::<Vec<_>>().join(", ");
    match (&args.connection, known.first()) {
        (Some(name), _) => Ok((name.clone(), known.contains(name))),
        (None, Some(only)) if known.len() == 1 => Ok((only.clone(), true)),
        (None, Some(_)) => Err(Failure::usage(format!(
            "there are several connections; add --connection, one of: {}",
            names()
        ))),
        (None, None) => {
            Err(Failure::usage("there is no connection yet; name one for the brand: --connection acme"))
        }
    }
}

/// Returns the file of an existing export with this name: names are unique across connections.
async fn existing_export(
    objects: &Directory,
    export: &ExportName,
    connection: &ConnectionName,
) -> Result<Option<Key>, Failure> {
    let listed = objects.list(&Prefix::Exports).await?;
    let mut same = listed
        .iter()
        .filter_map(|object| Key::parse_config(&object.location.key))
        .filter(|key| matches!(key, Key::Export(_, name) if name == export));
    let first = same.next();
    let own = Key::Export(connection.clone(), export.clone());
    Ok(if same.any(|key| key == own) { Some(own) } else { first })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_derived_from_the_file_name() {
        for (called, export, people) in [
            ("VIP Kunden (2026)", "vip-kunden-2026", "VIP Kunden 2026"),
            ("vip", "vip", "vip"),
            ("Müller & Söhne", "muller-sohne", "Müller Söhne"),
            ("2026-11-23", "2026-11-23", "2026-11-23"),
            ("VIPCustomers2", "vip-customers-2", "VIPCustomers2"),
            ("顧客リスト", "customer-risuto", "顧客リスト"),
        ] {
            assert_eq!(name(called).unwrap().as_str(), export);
            assert_eq!(title(called, "x"), people);
        }
        assert_eq!(name("…"), None);
        assert_eq!(name("優良客"), None, "a Japanese reader does not recognize the Chinese reading");
        for (file, called) in [
            ("vip.csv.gz", "vip"),
            ("a.b.csv", "a.b"),
            ("part-0.snappy.parquet", "part-0"),
            ("2026.11.23.csv", "2026.11.23"),
            ("vip", "vip"),
            (".csv", ".csv"),
            ("x.dat", "x"),
        ] {
            assert_eq!(stem(file), called);
        }
        assert_eq!(title("…", "vip"), "vip");
    }

    #[test]
    fn a_folder_below_segments_belongs_to_one_segment() {
        assert_eq!(own_folder("segments/vip/2026-11-23.csv"), Some("vip"));
        assert_eq!(own_folder("segments/acme/vip/a.csv"), Some("vip"));
        assert_eq!(own_folder("segments/vip.csv"), None);
        assert_eq!(own_folder("vip/a.csv"), None);
    }
}
