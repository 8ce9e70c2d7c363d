//! Drops: what a segment is, file by file, and what says that it is all there.

mod choose;
mod error;
mod lists;

use std::collections::HashSet;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

pub use self::error::DropError;
use self::{
    choose::{MODEL, below, completed_by, completes, completing, is_file, newest_files, split},
    lists::{Around, bucket},
};
use super::{
    PlanError,
    corrections::{Rejects, rejects_in},
};
use crate::{
    config::{CompleteOn, Export, Segment},
    keys::{Location, Pinned, Prefix},
    ports::objects::{Listed, ObjectError, Objects},
    source::{
        Reading,
        layout::{Column, Manifest, Model, Written},
    },
};

/// Requests for metadata that are under way at once.
const HEADS_AT_ONCE: usize = 16;

/// The largest list of files that is read, in bytes: some 100,000 files.
const MAX_LIST_BYTES: u64 = 32 << 20;

/// How many lists are looked through for a table.
const MAX_LISTS: usize = 100;

/// A segment as it was dropped: what completed the drop, and its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The object that a run of this drop starts from: the file itself, or what completed it.
    pub completed_by: Pinned,
    /// The files to read, in order.
    pub parts: Vec<Part>,
    /// The columns with their types, where the drop declares them.
    pub columns: Vec<Column>,
    /// Newer files that hold rejects, and are no segment.
    pub passed_over: Vec<Location>,
}

/// One file of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its exact version.
    pub object: Pinned,
    /// How it is read.
    pub reading: Reading,
}

/// What an object that was written is to an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// Nothing.
    None,
    /// A file of a drop, which something else completes.
    Part,
    /// A file that a list may name: where the files came after their list, the last one completes the drop.
    Listed,
    /// What completes a drop.
    Completes,
}

/// What an object is to an export: the most that it is to one of its segments.
pub fn claims(export: &Export, object: &Location) -> Claim {
    export.segments().iter().map(|segment| claim(segment, object)).max().unwrap_or(Claim::None)
}

/// What an object is to a segment.
pub fn claim(segment: &Segment, object: &Location) -> Claim {
    let (path, on) = (segment.path(), segment.complete_on());
    if path.bucket != object.bucket {
        return Claim::None;
    }
    match on {
        on if completes(&object.key, &path.key, on) => Claim::Completes,
        CompleteOn::Marker(_) if is_file(&object.key, &path.key) => Claim::Part,
        CompleteOn::Manifest | CompleteOn::Model { .. } if below(&object.key, &path.key).is_some() => {
            Claim::Listed
        }
        _ => Claim::None,
    }
}

impl Source {
    /// Whether an object is of this drop.
    pub fn has(&self, object: &Location) -> bool {
        self.completed_by.location == *object || self.parts.iter().any(|part| part.object.location == *object)
    }
}

/// Looks for a segment's drops.
#[derive(Debug)]
pub(super) struct Drops<'a> {
    objects: &'a dyn Objects,
    export: &'a Export,
    segment: &'a Segment,
}

impl<'a> Drops<'a> {
    pub(super) fn new(objects: &'a dyn Objects, export: &'a Export, segment: &'a Segment) -> Self {
        Self { objects, export, segment }
    }

    fn path(&self) -> &'a Location {
        self.segment.path()
    }

    fn on(&self) -> &'a CompleteOn {
        self.segment.complete_on()
    }

    fn fail<T>(&self, source: impl Into<Box<DropError>>) -> Result<T, PlanError> {
        Err(PlanError::Drop { export: self.export.name().clone(), source: source.into() })
    }

    /// The drop that a run would read now: the newest, if it is complete.
    pub(super) async fn newest(&self) -> Result<Source, PlanError> {
        let listed = self.objects.list(&Prefix::Source(self.path().clone())).await?;
        if *self.on() == CompleteOn::Object {
            let mut passed_over = Vec::new();
            for file in newest_files(listed, self.path()) {
                let file = self.objects.head(&file).await?;
                // Rejects that came back are no segment, however new they are.
                if rejects_in(self.objects, &file).await? == Rejects::None {
                    return Ok(Source { passed_over, ..self.of(file).await? });
                }
                passed_over.push(file.location);
            }
            let (export, path) = (self.export.name().clone(), self.path().to_string());
            return Err(PlanError::NoSource { export, path });
        }
        let found = completing(listed.clone(), self.path(), self.on());
        let mut known = Vec::new();
        for list in found.iter().take(MAX_LISTS) {
            let completed_by = self.objects.head(&list.location).await?;
            let CompleteOn::Model { table } = self.on() else { return self.of(completed_by).await };
            // The newest that has the table: another export of the same producer may be newer.
            let model = self.model(&completed_by).await?;
            if model.table(table).is_some() {
                return self.of_model(completed_by, &model, table).await;
            }
            known.extend(model.tables.into_iter().map(|table| table.name));
        }
        match self.on() {
            CompleteOn::Model { table } if !found.is_empty() => {
                self.fail(no_table(self.path(), table, known))
            }
            on => self.fail(no_marker(self.path(), on, &listed)),
        }
    }

    /// The drop that an object completed.
    pub(super) async fn of(&self, completed_by: Pinned) -> Result<Source, PlanError> {
        let reading = self.export.reading();
        match self.on() {
            CompleteOn::Object => {
                let parts = vec![Part { object: completed_by.clone(), reading: reading.clone() }];
                Ok(Source { completed_by, parts, columns: Vec::new(), passed_over: Vec::new() })
            }
            CompleteOn::Marker(_) => self.of_marker(completed_by).await,
            CompleteOn::Manifest => self.of_manifest(completed_by).await,
            CompleteOn::Model { table } => {
                let model = self.model(&completed_by).await?;
                if model.table(table).is_none() {
                    let known = model.tables.into_iter().map(|table| table.name).collect();
                    return self.fail(no_table(&completed_by.location, table, known));
                }
                self.of_model(completed_by, &model, table).await
            }
        }
    }

    /// Fails if anything of a drop is not as it was when it was found.
    pub(super) async fn unchanged(&self, source: &Source) -> Result<(), PlanError> {
        let changed = |at: &Location| Err(ObjectError::Changed { at: at.clone() }.into());
        let marker = &source.completed_by;
        match self.objects.head(&marker.location).await {
            Ok(now) if now == *marker => {}
            Ok(_) | Err(ObjectError::NotFound { .. }) => return changed(&marker.location),
            Err(error) => return Err(error.into()),
        }
        if *self.on() == CompleteOn::Object {
            return Ok(());
        }
        let now = self.of(marker.clone()).await?;
        let differs =
            source.parts.iter().zip(&now.parts).find(|(before, after)| before.object != after.object);
        let more = || now.parts.get(source.parts.len()).or_else(|| source.parts.get(now.parts.len()));
        match differs.map(|(before, _)| before).or_else(more) {
            Some(part) => changed(&part.object.location),
            None => Ok(()),
        }
    }

    async fn of_marker(&self, marker: Pinned) -> Result<Source, PlanError> {
        let folder = Location { key: split(&marker.location.key).0.to_owned(), ..marker.location.clone() };
        let listed = self.objects.list(&Prefix::Source(folder)).await?;
        let parts = self.pin(completed_by(&marker.location, listed)).await?;
        let parts = parts.into_iter().map(|part| part.map_err(|at| ObjectError::Changed { at }));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        self.none_after(&marker, &parts)?;
        let reading = self.export.reading();
        let parts = parts.into_iter().map(|object| Part { object, reading: reading.clone() }).collect();
        Ok(Source { completed_by: marker, parts, columns: Vec::new(), passed_over: Vec::new() })
    }

    async fn of_manifest(&self, list: Pinned) -> Result<Source, PlanError> {
        let manifest = match Manifest::parse(&self.text(&list).await?) {
            Ok(manifest) => manifest,
            Err(source) => return self.fail(DropError::Unreadable { list: list.location, source }),
        };
        let bucket = bucket(self.path(), self.objects.state_bucket());
        let here = if bucket.is_some() { HashSet::new() } else { self.here(&list).await? };
        let around = Around { path: self.path(), list: &list, bucket, here };
        let parts = match around.entries(&manifest.entries) {
            Ok(parts) => self.pin(parts).await?,
            Err(error) => return self.fail(error),
        };
        let missing: Vec<_> =
            parts.iter().filter_map(|part| part.as_ref().err()).map(Location::to_string).collect();
        let since = list.modified;
        if !missing.is_empty() {
            let of = manifest.entries.len();
            return self.fail(DropError::Missing { list: list.location, missing, of, since });
        }
        let parts: Vec<_> = parts.into_iter().filter_map(Result::ok).collect();
        for (part, entry) in parts.iter().zip(&manifest.entries) {
            if let Some(expected) = entry.size.filter(|expected| *expected != part.size) {
                let (part, found) = (part.location.clone(), part.size);
                return self.fail(DropError::Size { list: list.location, part, expected, found, since });
            }
        }
        self.none_after(&list, &parts)?;
        let reading = reading(self.export.reading(), None, &manifest.columns);
        let parts = parts.into_iter().filter(|part| part.size > 0);
        let parts = parts.map(|object| Part { object, reading: reading.clone() }).collect();
        Ok(Source { completed_by: list, parts, columns: manifest.columns, passed_over: Vec::new() })
    }

    async fn model(&self, list: &Pinned) -> Result<Model, PlanError> {
        match Model::parse(&self.text(list).await?) {
            Ok(model) => Ok(model),
            Err(source) => self.fail(DropError::Unreadable { list: list.location.clone(), source }),
        }
    }

    async fn of_model(&self, list: Pinned, model: &Model, table: &str) -> Result<Source, PlanError> {
        let Some(table) = model.table(table) else {
            let completed_by = list;
            return Ok(Source {
                completed_by,
                parts: Vec::new(),
                columns: Vec::new(),
                passed_over: Vec::new(),
            });
        };
        let written = table.partitions.iter().map(|part| table.csv_format(part, self.export.reading()));
        let written = match written.collect::<Result<Vec<_>, _>>() {
            Ok(written) => written,
            Err(source) => return self.fail(DropError::Unreadable { list: list.location, source }),
        };
        let around = Around { path: self.path(), list: &list, bucket: None, here: self.here(&list).await? };
        let places = match around.partitions(model, table) {
            Ok(places) => places,
            Err(error) => return self.fail(error),
        };
        let mut parts = Vec::with_capacity(places.len());
        for (object, written) in self.pin(places).await?.into_iter().zip(&written) {
            // It was there when its folder was listed.
            let object = object.map_err(|at| ObjectError::Changed { at })?;
            if object.size > 0 {
                let reading = reading(self.export.reading(), Some(written), &table.columns);
                parts.push(Part { object, reading });
            }
        }
        Ok(Source { completed_by: list, parts, columns: table.columns.clone(), passed_over: Vec::new() })
    }

    /// Refuses a drop of which a file is newer than what completed it.
    fn none_after(&self, marker: &Pinned, parts: &[Pinned]) -> Result<(), PlanError> {
        match parts.iter().max_by_key(|part| part.modified) {
            Some(part) if part.modified > marker.modified => self.fail(DropError::WrittenAfter {
                marker: marker.location.clone(),
                part: part.location.clone(),
                since: part.modified,
            }),
            _ => Ok(()),
        }
    }

    /// The exact versions of objects, in order, or which of them are not there.
    async fn pin(&self, objects: Vec<Location>) -> Result<Vec<Result<Pinned, Location>>, ObjectError> {
        let heads = objects.into_iter().map(|at| async move {
            match self.objects.head(&at).await {
                Ok(pinned) => Ok(Ok(pinned)),
                Err(ObjectError::NotFound { .. }) => Ok(Err(at)),
                Err(error) => Err(error),
            }
        });
        stream::iter(heads).buffered(HEADS_AT_ONCE).try_collect().await
    }

    /// The keys below the export's path, and in the folder of a list.
    async fn here(&self, list: &Pinned) -> Result<HashSet<String>, ObjectError> {
        let folder = Location { key: split(&list.location.key).0.to_owned(), ..list.location.clone() };
        let mut listed = self.objects.list(&Prefix::Source(self.path().clone())).await?;
        // Where the path names the list itself, its files lie beside it.
        if !folder.key.starts_with(&self.path().key) {
            listed.extend(self.objects.list(&Prefix::Source(folder)).await?);
        }
        let others = listed.into_iter().filter(|object| !object.location.is_own());
        Ok(others.map(|object| object.location.key).collect())
    }

    /// What a list says, of exactly this version.
    async fn text(&self, list: &Pinned) -> Result<Bytes, PlanError> {
        if list.size > MAX_LIST_BYTES {
            return self.fail(DropError::TooLarge { list: list.location.clone(), size: list.size });
        }
        let pieces: Vec<Bytes> = self.objects.open(list).await?.try_collect().await?;
        Ok(pieces.concat().into())
    }
}

/// How a file is read: as the export says; what it does not say, as the drop does.
fn reading(export: &Reading, written: Option<&Written>, columns: &[Column]) -> Reading {
    let declared = columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    let has_header = declared.is_empty() || written.is_some_and(|written| written.has_header);
    Reading {
        delimiter: export.delimiter.or(written.map(|written| written.delimiter)),
        encoding: export.encoding.or(written.and_then(|written| written.encoding)),
        columns: export.columns.clone().or((!has_header).then_some(declared)),
        ..export.clone()
    }
}

fn no_marker(path: &Location, on: &CompleteOn, listed: &[Listed]) -> DropError {
    let files = || listed.iter().filter(|object| is_file(&object.location.key, &path.key));
    let marker = match on {
        CompleteOn::Manifest => {
            "manifest (a file whose name ends with `manifest` or `-manifest.csv`)".to_owned()
        }
        CompleteOn::Model { .. } => format!("`{MODEL}`"),
        other => format!("`{}`", other.as_str()),
    };
    let newest = files().map(|object| object.modified).max();
    DropError::NoMarker { path: path.clone(), marker, files: files().count(), newest }
}

fn no_table(path: &Location, table: &str, mut known: Vec<String>) -> DropError {
    let plain = |name: &str| name.to_lowercase();
    let near = |name: &String| strsim::jaro_winkler(&plain(table), &plain(name));
    known.sort_by(|a, b| near(b).total_cmp(&near(a)).then_with(|| a.cmp(b)));
    known.dedup();
    DropError::NoTable { path: path.clone(), table: table.to_owned(), known }
}
