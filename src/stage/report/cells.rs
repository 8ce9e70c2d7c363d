//! The cells of rows whose contacts did not arrive: a chunk says where each row stands, and the source, which is pinned,
//! is read once more to there. Only a run that has such rows pays for it.

use std::sync::Arc;

use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

use crate::{
    contact::{Columns, Mapping},
    ports::objects::Objects,
    run::{Manifest, Place},
    source::{self, File as _, ObjectFile, Reading, Row, Rows, SourceError},
};

/// The cells of some rows, each in the order of the mapping's columns. None of rows that cannot be found.
type Found = Vec<Vec<String>>;

/// Rows that are asked for, in the order of the source.
struct Ask {
    places: Vec<Place>,
    answer: oneshot::Sender<Result<Found, SourceError>>,
}

/// Finds rows in the source of a run.
pub(super) struct Cells<'m> {
    objects: Arc<dyn Objects>,
    manifest: &'m Manifest,
    /// The thread that reads, once something was asked for.
    reader: Option<mpsc::Sender<Ask>>,
    /// Whether rows were not found: the source is gone, or cannot be read any more.
    is_gone: bool,
}

impl<'m> Cells<'m> {
    pub(super) fn new(objects: Arc<dyn Objects>, manifest: &'m Manifest) -> Self {
        Self { objects, manifest, reader: None, is_gone: false }
    }

    /// Whether rows were not found.
    pub(super) fn is_gone(&self) -> bool {
        self.is_gone
    }

    /// The cells of rows that come after all those that were asked for before, in the order of the source.
    pub(super) async fn of(&mut self, places: Vec<Place>) -> Found {
        let nothing = vec![Vec::new(); places.len()];
        if self.is_gone || self.manifest.readings.is_empty() {
            self.is_gone = true;
            return nothing;
        }
        let reader = self.reader.get_or_insert_with(|| start(&self.objects, self.manifest));
        let (answer, answered) = oneshot::channel();
        // Where the thread is gone, nobody answers.
        let _ = reader.send(Ask { places, answer }).await;
        let why = match answered.await {
            Ok(Ok(found)) => {
                self.is_gone |= found.iter().any(Vec::is_empty);
                return found;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the thread that reads it panicked".to_owned(),
        };
        let run = &self.manifest.run;
        tracing::warn!(export = %run.export, run = %run.run, why, "the source cannot be read again: the rejects have no cells");
        self.is_gone = true;
        nothing
    }
}

fn start(objects: &Arc<dyn Objects>, manifest: &Manifest) -> mpsc::Sender<Ask> {
    // Nobody counts the bytes.
    let (read, _) = mpsc::unbounded_channel();
    let runtime = Handle::current();
    let file = |(n, object): (usize, &_)| {
        let file = ObjectFile::new(objects.clone(), Clone::clone(object), runtime.clone(), read.clone());
        Some((file, manifest.reading(n)?.clone()))
    };
    let files: Vec<_> = manifest.source.iter().enumerate().map(file).collect();
    let mapping = manifest.mapping.clone();
    let (asks, mut asked) = mpsc::channel::<Ask>(1);
    tokio::task::spawn_blocking(move || {
        let mut finder = Finder { files, mapping, open: None };
        while let Some(Ask { places, answer }) = asked.blocking_recv() {
            let found = finder.find(&places);
            // Nobody waits any more: there will be no next one either.
            let _ = answer.send(found);
        }
    });
    asks
}

/// Finds rows, one file after the other.
struct Finder {
    /// None of files of which it is not known how they were read.
    files: Vec<Option<(ObjectFile, Reading)>>,
    mapping: Mapping,
    open: Option<Open>,
}

/// A file in which rows are looked for.
struct Open {
    object: u32,
    rows: Box<dyn Rows>,
    columns: Columns,
    row: Row,
}

impl Finder {
    fn find(&mut self, places: &[Place]) -> Result<Found, SourceError> {
        places.iter().map(|place| self.row(*place)).collect()
    }

    fn row(&mut self, place: Place) -> Result<Vec<String>, SourceError> {
        if self.open.as_ref().is_none_or(|open| open.object != place.object) {
            self.open = self.open(place.object)?;
        }
        let Some(open) = &mut self.open else { return Ok(Vec::new()) };
        while open.row.line() < place.line {
            if open.rows.next(&mut open.row)?.is_none() {
                return Ok(Vec::new());
            }
        }
        if open.row.line() != place.line {
            return Ok(Vec::new());
        }
        Ok(open.columns.cells(&open.row))
    }

    fn open(&self, object: u32) -> Result<Option<Open>, SourceError> {
        let Some(Some((file, reading))) = self.files.get(object as usize) else { return Ok(None) };
        let wanted = self.mapping.columns();
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let rows = source::open(&*file.handle(), reading, &wanted)?;
        let columns = Columns::find(&self.mapping, rows.header());
        Ok(Some(Open { object, rows, columns, row: Row::default() }))
    }
}
