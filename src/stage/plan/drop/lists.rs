//! Drops whose files a list names: manifests of Redshift and Athena, and `model.json`. From the list to the objects.

use std::collections::HashSet;

use crate::{
    keys::{Bucket, Location},
    source::layout::{Entry, Found, Model, Table, find_below, url_path},
};

use super::{DropError, choose::split};
use crate::keys::Pinned;

/// What is known of the place that a list lies in.
pub(super) struct Around<'a> {
    /// What the export reads.
    pub path: &'a Location,
    /// The list.
    pub list: &'a Pinned,
    /// The name of the bucket that `path` lies in, where it has one.
    pub bucket: Option<&'a str>,
    /// The keys that are there, below `path` or beside the list.
    pub here: HashSet<String>,
}

impl Around<'_> {
    fn at(&self, key: String) -> Location {
        Location { bucket: self.path.bucket.clone(), key }
    }

    fn missing(&self, missing: Vec<String>, of: usize) -> Box<DropError> {
        let list = self.list.location.clone();
        Box::new(DropError::Missing { list, missing, of, since: self.list.modified })
    }

    /// The objects that a manifest's entries are, in its order.
    pub(super) fn entries(&self, entries: &[Entry]) -> Result<Vec<Location>, Box<DropError>> {
        let Some(bucket) = self.bucket else { return self.copied(entries) };
        let place = |entry: &Entry| {
            let part = self.at(entry.key.clone());
            if entry.bucket != bucket {
                Err(Box::new(DropError::OtherBucket {
                    list: self.list.location.clone(),
                    bucket: entry.bucket.clone(),
                    key: entry.key.clone(),
                    path: self.path.clone(),
                }))
            } else if part.is_own() {
                Err(Box::new(DropError::Own { list: self.list.location.clone(), part }))
            } else {
                Ok(part)
            }
        };
        entries.iter().map(place).collect()
    }

    /// The same in a directory, which has no buckets: the files were copied, and the ends of their keys are found
    /// below the export's folder, or beside the manifest.
    fn copied(&self, entries: &[Entry]) -> Result<Vec<Location>, Box<DropError>> {
        let paths: Vec<_> =
            entries.iter().map(|entry| entry.key.split('/').map(str::to_owned).collect()).collect();
        let path = &self.path.key;
        let base = if path.ends_with('/') || *path == self.list.location.key {
            split(path).0.to_owned()
        } else {
            format!("{path}/")
        };
        let beside = split(&self.list.location.key).0.to_owned();
        let found = |base: &str| find_below(&paths, |tail| self.here.contains(&format!("{base}{tail}")));
        let many = |found: &Found| found.tails.iter().flatten().count();
        let (in_path, in_folder) = (found(&base), found(&beside));
        let (base, found) =
            if many(&in_folder) > many(&in_path) { (beside, in_folder) } else { (base, in_path) };
        let missing = entries.iter().zip(&found.tails).filter(|(_, tail)| tail.is_none());
        let missing: Vec<_> =
            missing.map(|(entry, _)| format!("s3://{}/{}", entry.bucket, entry.key)).collect();
        if !missing.is_empty() {
            return Err(self.missing(missing, entries.len()));
        }
        Ok(found.tails.into_iter().flatten().map(|tail| self.at(format!("{base}{tail}"))).collect())
    }

    /// The objects that a table's partitions are: the ends of their URLs, below the folder that holds `model.json`.
    pub(super) fn partitions(&self, model: &Model, table: &Table) -> Result<Vec<Location>, Box<DropError>> {
        let list = || self.list.location.clone();
        if table.is_elsewhere && table.partitions.is_empty() {
            return Err(Box::new(DropError::Elsewhere { list: list(), table: table.name.clone() }));
        }
        let folder = split(&self.list.location.key).0;
        let is_here = |tail: &str| self.here.contains(&format!("{folder}{tail}"));
        let paths: Vec<_> = table.partitions.iter().map(|partition| url_path(&partition.location)).collect();
        let mut found = find_below(&paths, is_here);
        if found.tails.iter().all(Option::is_none) {
            // None of this table's: the others tell what the copy left out of the names.
            let all: Vec<_> = model
                .tables
                .iter()
                .flat_map(|table| &table.partitions)
                .map(|p| url_path(&p.location))
                .collect();
            found.above = find_below(&all, is_here).above;
        }
        let name = |path: &[String], tail: &Option<String>| match tail {
            Some(tail) => Ok(format!("{folder}{tail}")),
            None => {
                Err(self.at(format!("{folder}{}", path.get(found.above..).unwrap_or_default().join("/"))))
            }
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

/// The name of the bucket that a path lies in, where it has one.
pub(super) fn bucket<'a>(path: &'a Location, state: Option<&'a str>) -> Option<&'a str> {
    match &path.bucket {
        Bucket::State => state,
        Bucket::Named(name) => Some(name),
    }
}
