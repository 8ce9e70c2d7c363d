//! Drops whose files are in a list: the manifests of Redshift and Athena, and `model.json`. Finds the object of each
//! entry.

use std::collections::HashSet;

use super::error::DropDefect;
use crate::keys::{Bucket, Location, Pinned};
use crate::stage::drop::object_names::split;
use segment_files::layout::{CopiedFiles, Entry, Model, Table, find_copied, url_path};

/// A list and the objects around it.
pub(super) struct ListPlace<'a> {
    /// The segment's path.
    pub path: &'a Location,
    pub list: &'a Pinned,
    /// The bucket of `path`; `None` for a state directory, which has no bucket.
    pub bucket: Option<&'a str>,
    /// The keys that exist below `path` and beside the list.
    pub keys: HashSet<String>,
}

impl ListPlace<'_> {
    fn at(&self, key: String) -> Location {
        Location { bucket: self.path.bucket.clone(), key }
    }

    pub(super) fn missing(&self, missing: Vec<String>, total: usize) -> Box<DropDefect> {
        let list = self.list.location.clone();
        Box::new(DropDefect::Missing { list, missing, total, since: self.list.modified })
    }

    /// Returns the locations of a manifest's entries, in its order.
    pub(super) fn entries(&self, entries: &[Entry]) -> Result<Vec<Location>, Box<DropDefect>> {
        let Some(bucket) = self.bucket else { return self.copied(entries) };
        let place = |entry: &Entry| {
            let part = self.at(entry.key.clone());
            if entry.bucket != bucket {
                Err(Box::new(DropDefect::OtherBucket {
                    list: self.list.location.clone(),
                    bucket: entry.bucket.clone(),
                    key: entry.key.clone(),
                    path: self.path.clone(),
                }))
            } else if part.is_reserved() {
                Err(Box::new(DropDefect::Own { list: self.list.location.clone(), part }))
            } else {
                Ok(part)
            }
        };
        entries.iter().map(place).collect()
    }

    /// Returns the locations of a manifest's entries in a state directory. A directory has no buckets, so its files are
    /// copies: each is found by the end of its key, below the segment's path or beside the manifest.
    fn copied(&self, entries: &[Entry]) -> Result<Vec<Location>, Box<DropDefect>> {
        let paths: Vec<_> =
            entries.iter().map(|entry| entry.key.split('/').map(str::to_owned).collect()).collect();
        let path = &self.path.key;
        let base = if path.ends_with('/') || *path == self.list.location.key {
            split(path).0.to_owned()
        } else {
            format!("{path}/")
        };
        let beside = split(&self.list.location.key).0.to_owned();
        let found = |base: &str| find_copied(&paths, |tail| self.keys.contains(&format!("{base}{tail}")));
        let count = |found: &CopiedFiles| found.tails.iter().flatten().count();
        let (in_path, in_folder) = (found(&base), found(&beside));
        let (base, found) =
            if count(&in_folder) > count(&in_path) { (beside, in_folder) } else { (base, in_path) };
        let missing = entries.iter().zip(&found.tails).filter(|(_, tail)| tail.is_none());
        let missing: Vec<_> =
            missing.map(|(entry, _)| format!("s3://{}/{}", entry.bucket, entry.key)).collect();
        if !missing.is_empty() {
            return Err(self.missing(missing, entries.len()));
        }
        Ok(found.tails.into_iter().flatten().map(|tail| self.at(format!("{base}{tail}"))).collect())
    }

    /// Returns the locations of a table's partitions: each is found by the end of its URL, below the folder of
    /// `model.json`.
    pub(super) fn partitions(&self, model: &Model, table: &Table) -> Result<Vec<Location>, Box<DropDefect>> {
        if table.is_elsewhere && table.partitions.is_empty() {
            let list = self.list.location.clone();
            return Err(Box::new(DropDefect::Elsewhere { list, table: table.name.clone() }));
        }
        let folder = split(&self.list.location.key).0;
        let exists = |tail: &str| self.keys.contains(&format!("{folder}{tail}"));
        let paths: Vec<_> = table.partitions.iter().map(|partition| url_path(&partition.location)).collect();
        let mut found = find_copied(&paths, exists);
        if found.tails.iter().all(Option::is_none) {
            // No partition of this table exists. Partitions of other tables show which folders the copy left out.
            let all: Vec<_> = model
                .tables
                .iter()
                .flat_map(|table| &table.partitions)
                .map(|p| url_path(&p.location))
                .collect();
            found.omitted_folders = find_copied(&all, exists).omitted_folders;
        }
        let name = |path: &[String], tail: &Option<String>| match tail {
            Some(tail) => Ok(format!("{folder}{tail}")),
            None => Err(self
                .at(format!("{folder}{}", path.get(found.omitted_folders..).unwrap_or_default().join("/")))),
        };
        let keys: Vec<_> = paths.iter().zip(&found.tails).map(|(path, tail)| name(path, tail)).collect();
        let missing: Vec<_> =
            keys.iter().filter_map(|key| key.as_ref().err()).map(Location::to_string).collect();
        if !missing.is_empty() {
            return Err(self.missing(missing, keys.len()));
        }
        let keys = keys.into_iter().filter_map(Result::ok);
        Ok(keys.map(|key| self.at(key)).collect())
    }
}

/// Returns the name of a location's bucket. `state` is the state's bucket; a state directory has none.
pub(super) fn bucket_name<'a>(location: &'a Location, state: Option<&'a str>) -> Option<&'a str> {
    match &location.bucket {
        Bucket::State => state,
        Bucket::Named(name) => Some(name),
    }
}
