//! The cells of rows whose contacts did not arrive. A chunk records each row's place but not its cells, so the pinned
//! source is read again, up to the last such row. Without such rows it is not read.

use std::sync::Arc;

use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

use crate::{
    contact::{Columns, Mapping},
    ports::objects::Objects,
    run::{Manifest, Place},
    stage::ObjectFile,
};
use segment_files::{self, File as _, ReadError, ReadOptions, Row, Rows};

/// The cells of rows, in the order of the mapping's columns. A row that was not found has no cells.
type RowCells = Vec<Vec<String>>;

/// A request to the thread that reads the source.
struct Request {
    /// In the order of the source.
    places: Vec<Place>,
    reply: oneshot::Sender<Result<RowCells, ReadError>>,
}

/// Finds rows in the source of a run.
pub(super) struct Cells<'m> {
    objects: Arc<dyn Objects>,
    manifest: &'m Manifest,
    /// The channel to the thread that reads the source. The first request starts the thread.
    reader: Option<mpsc::Sender<Request>>,
    /// Whether a row was not found: the source no longer exists or cannot be read.
    is_gone: bool,
}

impl<'m> Cells<'m> {
    pub(super) fn new(objects: Arc<dyn Objects>, manifest: &'m Manifest) -> Self {
        Self { objects, manifest, reader: None, is_gone: false }
    }

    /// Whether a row was not found.
    pub(super) fn is_gone(&self) -> bool {
        self.is_gone
    }

    /// Returns the cells of the rows at `places`. Over all calls, places must be in the order of the source.
    pub(super) async fn of(&mut self, places: Vec<Place>) -> RowCells {
        let nothing = vec![Vec::new(); places.len()];
        if self.is_gone || self.manifest.readings.is_empty() {
            self.is_gone = true;
            return nothing;
        }
        let reader = self.reader.get_or_insert_with(|| start(&self.objects, self.manifest));
        let (reply, replied) = oneshot::channel();
        // If the thread has ended, `replied` returns an error.
        let _ = reader.send(Request { places, reply }).await;
        let why = match replied.await {
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

fn start(objects: &Arc<dyn Objects>, manifest: &Manifest) -> mpsc::Sender<Request> {
    // The bytes are not counted.
    let (read, _) = mpsc::unbounded_channel();
    let runtime = Handle::current();
    let file = |(n, object): (usize, &_)| {
        let file = ObjectFile::new(objects.clone(), Clone::clone(object), runtime.clone(), read.clone());
        Some((file, manifest.reading(n)?.clone()))
    };
    let files: Vec<_> = manifest.source.iter().enumerate().map(file).collect();
    let mapping = manifest.mapping.clone();
    let (sender, mut receiver) = mpsc::channel::<Request>(1);
    tokio::task::spawn_blocking(move || {
        let mut finder = Finder { files, mapping, open: None };
        while let Some(Request { places, reply }) = receiver.blocking_recv() {
            let found = finder.find(&places);
            // This fails only if the report was abandoned. Then no other request follows.
            let _ = reply.send(found);
        }
    });
    sender
}

/// Finds rows, one file after another.
struct Finder {
    /// `None` for a file whose format was not recorded.
    files: Vec<Option<(ObjectFile, ReadOptions)>>,
    mapping: Mapping,
    open: Option<Open>,
}

/// The file that is searched now.
struct Open {
    object: u32,
    rows: Box<dyn Rows>,
    columns: Columns,
    row: Row,
}

impl Finder {
    fn find(&mut self, places: &[Place]) -> Result<RowCells, ReadError> {
        places.iter().map(|place| self.row(*place)).collect()
    }

    fn row(&mut self, place: Place) -> Result<Vec<String>, ReadError> {
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

    fn open(&self, object: u32) -> Result<Option<Open>, ReadError> {
        let Some(Some((file, reading))) = self.files.get(object as usize) else { return Ok(None) };
        let wanted = self.mapping.columns();
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let rows = segment_files::open(&*file.handle(), reading, &wanted)?;
        let columns = Columns::find(&self.mapping, rows.header());
        Ok(Some(Open { object, rows, columns, row: Row::default() }))
    }
}
