//! Finds the newest complete drop below a segment's path.

use std::collections::HashSet;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    error::{DropDefect, DropError},
    lists::{ListPlace, bucket_name},
    rejects::{Rejects, rejects_in},
};
use crate::stage::drop::{
    object_names::{MODEL, completed_by, completing, is_file, newest_files, split},
    resolved_drop::{Part, Source},
};
use crate::{
    config::{CompleteOn, Export, Segment},
    keys::{Location, Pinned, Prefix},
    ports::{
        Ports,
        objects::{Listed, ObjectError, Objects},
    },
};
use segment_files::{
    ReadOptions,
    layout::{Column, CsvFormat, ListError, Manifest, Model},
};

/// Requests for metadata in flight at once.
const HEADS_AT_ONCE: usize = 16;

/// The largest list of files that is read, in bytes: about 100,000 files.
const MAX_LIST_BYTES: u64 = 32 << 20;

/// The most lists that are searched for a table.
const MAX_LISTS: usize = 100;

/// Returns the newest complete drop of a segment.
pub async fn find_source(ports: &Ports, export: &Export, segment: &Segment) -> Result<Source, DropError> {
    Finder::new(&*ports.objects, export, segment).newest().await
}

/// Returns the newest complete drop of every segment, in the export's order.
pub async fn find_sources(ports: &Ports, export: &Export) -> Result<Vec<Source>, DropError> {
    let mut sources = Vec::with_capacity(export.segments().len());
    for segment in export.segments() {
        sources.push(find_source(ports, export, segment).await?);
    }
    Ok(sources)
}

/// Resolves drops of one segment.
#[derive(Debug)]
pub(super) struct Finder<'a> {
    objects: &'a dyn Objects,
    export: &'a Export,
    segment: &'a Segment,
}

impl<'a> Finder<'a> {
    pub(super) fn new(objects: &'a dyn Objects, export: &'a Export, segment: &'a Segment) -> Self {
        Self { objects, export, segment }
    }

    fn path(&self) -> &'a Location {
        self.segment.path()
    }

    fn on(&self) -> &'a CompleteOn {
        self.segment.complete_on()
    }

    fn error(&self, defect: impl Into<Box<DropDefect>>) -> DropError {
        DropError::defect(self.export, defect)
    }

    fn unreadable(&self, list: &Pinned, source: ListError) -> DropError {
        self.error(DropDefect::Unreadable { list: list.location.clone(), source })
    }

    fn source(&self, completed_by: Pinned, parts: Vec<Part>) -> Source {
        Source { segment: self.segment.clone(), completed_by, parts, passed_over: Vec::new() }
    }

    /// Returns the newest drop, if it is complete.
    pub(super) async fn newest(&self) -> Result<Source, DropError> {
        let listed = self.objects.list(&Prefix::Source(self.path().clone())).await?;
        if *self.on() == CompleteOn::Object {
            let mut passed_over = Vec::new();
            for file in newest_files(listed, self.path()) {
                let file = self.objects.head(&file).await?;
                // Rejects are never the segment, even if they are its newest file.
                if rejects_in(self.objects, &file).await? == Rejects::None {
                    return Ok(Source { passed_over, ..self.completed_by(file).await? });
                }
                passed_over.push(file.location);
            }
            return Err(self.error(DropDefect::NoFile { path: self.path().clone() }));
        }
        let found = completing(listed.clone(), self.path(), self.on());
        let mut known = Vec::new();
        for list in found.iter().take(MAX_LISTS) {
            let completed_by = self.objects.head(&list.location).await?;
            let CompleteOn::Model { table } = self.on() else { return self.completed_by(completed_by).await };
            // The newest list that has the table: the producer may have written a newer list for other tables.
            let model = self.model(&completed_by).await?;
            if model.table(table).is_some() {
                return self.of_model(completed_by, &model, table).await;
            }
            known.extend(model.tables.into_iter().map(|table| table.name));
        }
        Err(self.error(match self.on() {
            CompleteOn::Model { table } if !found.is_empty() => no_table(self.path(), table, known),
            on => no_marker(self.path(), on, &listed),
        }))
    }

    /// Returns the drop that an object completed.
    pub(super) async fn completed_by(&self, completed_by: Pinned) -> Result<Source, DropError> {
        match self.on() {
            CompleteOn::Object => {
                let part = Part { object: completed_by.clone(), reading: self.export.reading().clone() };
                Ok(self.source(completed_by, vec![part]))
            }
            CompleteOn::Marker(_) => self.of_marker(completed_by).await,
            CompleteOn::Manifest => self.of_manifest(completed_by).await,
            CompleteOn::Model { table } => {
                let model = self.model(&completed_by).await?;
                self.of_model(completed_by, &model, table).await
            }
        }
    }

    /// Fails with [`ObjectError::Changed`] if the drop has changed. Lists its folder and requests the metadata of every
    /// file again.
    pub(super) async fn check_unchanged(&self, source: &Source) -> Result<(), DropError> {
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
        let now = self.completed_by(marker.clone()).await?;
        let differs =
            source.parts.iter().zip(&now.parts).find(|(before, after)| before.object != after.object);
        let more = || now.parts.get(source.parts.len()).or_else(|| source.parts.get(now.parts.len()));
        match differs.map(|(before, _)| before).or_else(more) {
            Some(part) => changed(&part.object.location),
            None => Ok(()),
        }
    }

    async fn of_marker(&self, marker: Pinned) -> Result<Source, DropError> {
        let folder = Location { key: split(&marker.location.key).0.to_owned(), ..marker.location.clone() };
        let listed = self.objects.list(&Prefix::Source(folder)).await?;
        let parts = self.pin_listed(completed_by(&marker.location, listed)).await?;
        self.check_none_after(&marker, &parts)?;
        let reading = self.export.reading();
        let parts = parts.into_iter().map(|object| Part { object, reading: reading.clone() }).collect();
        Ok(self.source(marker, parts))
    }

    async fn of_manifest(&self, list: Pinned) -> Result<Source, DropError> {
        let manifest = Manifest::parse(&self.read_list(&list).await?)
            .map_err(|source| self.unreadable(&list, source))?;
        let bucket = bucket_name(self.path(), self.objects.state_bucket());
        let keys = if bucket.is_some() { HashSet::new() } else { self.keys_around(&list).await? };
        let place = ListPlace { path: self.path(), list: &list, bucket, keys };
        let entries = place.entries(&manifest.entries).map_err(|defect| self.error(defect))?;
        let parts = self.pin(entries).await?;
        let missing: Vec<_> =
            parts.iter().filter_map(|part| part.as_ref().err()).map(Location::to_string).collect();
        if !missing.is_empty() {
            return Err(self.error(place.missing(missing, manifest.entries.len())));
        }
        let parts: Vec<_> = parts.into_iter().filter_map(Result::ok).collect();
        for (part, entry) in parts.iter().zip(&manifest.entries) {
            if let Some(expected) = entry.size.filter(|expected| *expected != part.size) {
                let (part, found) = (part.location.clone(), part.size);
                let (list, since) = (list.location, list.modified);
                return Err(self.error(DropDefect::Size { list, part, expected, found, since }));
            }
        }
        self.check_none_after(&list, &parts)?;
        let reading = reading(self.export.reading(), None, &manifest.columns);
        let parts = parts.into_iter().filter(|part| part.size > 0);
        let parts = parts.map(|object| Part { object, reading: reading.clone() }).collect();
        Ok(self.source(list, parts))
    }

    async fn model(&self, list: &Pinned) -> Result<Model, DropError> {
        Model::parse(&self.read_list(list).await?).map_err(|source| self.unreadable(list, source))
    }

    async fn of_model(&self, list: Pinned, model: &Model, table: &str) -> Result<Source, DropError> {
        let Some(table) = model.table(table) else {
            let known = model.tables.iter().map(|table| table.name.clone()).collect();
            return Err(self.error(no_table(&list.location, table, known)));
        };
        let written = table.partitions.iter().map(|part| table.csv_format(part, self.export.reading()));
        let written =
            written.collect::<Result<Vec<_>, _>>().map_err(|source| self.unreadable(&list, source))?;
        let keys = self.keys_around(&list).await?;
        let place = ListPlace { path: self.path(), list: &list, bucket: None, keys };
        let locations = place.partitions(model, table).map_err(|defect| self.error(defect))?;
        let objects = self.pin_listed(locations).await?.into_iter().zip(&written);
        let part = |(object, written): (Pinned, &CsvFormat)| Part {
            object,
            reading: reading(self.export.reading(), Some(written), &table.columns),
        };
        Ok(self.source(list, objects.filter(|(object, _)| object.size > 0).map(part).collect()))
    }

    /// Fails if a file is newer than the object that completed the drop.
    fn check_none_after(&self, marker: &Pinned, parts: &[Pinned]) -> Result<(), DropError> {
        match parts.iter().max_by_key(|part| part.modified) {
            Some(part) if part.modified > marker.modified => Err(self.error(DropDefect::WrittenAfter {
                marker: marker.location.clone(),
                part: part.location.clone(),
                since: part.modified,
            })),
            _ => Ok(()),
        }
    }

    /// Returns the exact version of each object, in order; `Err` holds the location of one that does not exist.
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

    /// Returns the exact version of each object, in order. All were in a listing, so a missing one has been deleted
    /// since.
    async fn pin_listed(&self, objects: Vec<Location>) -> Result<Vec<Pinned>, ObjectError> {
        let pinned = self.pin(objects).await?.into_iter();
        pinned.map(|object| object.map_err(|at| ObjectError::Changed { at })).collect()
    }

    /// Returns the keys below the segment's path and in the folder of a list.
    async fn keys_around(&self, list: &Pinned) -> Result<HashSet<String>, ObjectError> {
        let folder = Location { key: split(&list.location.key).0.to_owned(), ..list.location.clone() };
        let mut listed = self.objects.list(&Prefix::Source(self.path().clone())).await?;
        // If the path names the list itself, the files are beside it.
        if !folder.key.starts_with(&self.path().key) {
            listed.extend(self.objects.list(&Prefix::Source(folder)).await?);
        }
        let others = listed.into_iter().filter(|object| !object.location.is_reserved());
        Ok(others.map(|object| object.location.key).collect())
    }

    /// Returns the content of exactly this version of a list.
    async fn read_list(&self, list: &Pinned) -> Result<Bytes, DropError> {
        if list.size > MAX_LIST_BYTES {
            let (list, size) = (list.location.clone(), list.size);
            return Err(self.error(DropDefect::TooLarge { list, size }));
        }
        let pieces: Vec<Bytes> = self.objects.open(list).await?.try_collect().await?;
        Ok(pieces.concat().into())
    }
}

/// Returns how to read a file: the export's settings take precedence over those of the drop.
fn reading(export: &ReadOptions, written: Option<&CsvFormat>, columns: &[Column]) -> ReadOptions {
    let declared = columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    let has_header = declared.is_empty() || written.is_some_and(|written| written.has_header);
    ReadOptions {
        delimiter: export.delimiter.or(written.map(|written| written.delimiter)),
        encoding: export.encoding.or(written.and_then(|written| written.encoding)),
        columns: export.columns.clone().or((!has_header).then_some(declared)),
        ..export.clone()
    }
}

fn no_marker(path: &Location, on: &CompleteOn, listed: &[Listed]) -> DropDefect {
    let files = || listed.iter().filter(|object| is_file(&object.location.key, &path.key));
    let marker = match on {
        CompleteOn::Manifest => {
            "manifest (a file whose name ends with `manifest` or `-manifest.csv`)".to_owned()
        }
        CompleteOn::Model { .. } => format!("`{MODEL}`"),
        other => format!("`{}`", other.as_str()),
    };
    let newest = files().map(|object| object.modified).max();
    DropDefect::NoMarker { path: path.clone(), marker, files: files().count(), newest }
}

fn no_table(path: &Location, table: &str, mut known: Vec<String>) -> DropDefect {
    let plain = |name: &str| name.to_lowercase();
    let near = |name: &String| strsim::jaro_winkler(&plain(table), &plain(name));
    known.sort_by(|a, b| near(b).total_cmp(&near(a)).then_with(|| a.cmp(b)));
    known.dedup();
    DropDefect::NoTable { path: path.clone(), table: table.to_owned(), known }
}
