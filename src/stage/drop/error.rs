//! Why an export has no drop to read. Every message names the objects and says what to do.

use std::fmt;

use jiff::Timestamp;

use crate::{
    config::{Export, where_to_set},
    keys::{ExportName, Location},
    ports::objects::ObjectError,
};
use segment_files::layout::ListError;

/// How many missing files a message names.
const NAMED_FILES: usize = 3;

/// How many tables a message names.
const NAMED_TABLES: usize = 20;

/// Why an export has no drop to read.
#[derive(Debug, thiserror::Error)]
pub enum DropError {
    #[error("export `{export}`: {defect}")]
    Defect {
        export: ExportName,
        #[source]
        defect: Box<DropDefect>,
    },
    #[error(transparent)]
    Object(#[from] ObjectError),
}

/// What is wrong with a drop.
#[derive(Debug, thiserror::Error)]
pub enum DropDefect {
    #[error("no segment file at {path}; put one there, or correct `path` in the export")]
    NoFile { path: Location },
    #[error(
        "{path} has no {marker} yet{}; nothing is read until it exists. If the producer of the files writes no \
         such object, correct `complete_on` in the export",
        Files { count: *files, newest: *newest }
    )]
    NoMarker {
        path: Location,
        /// The missing object, as a message names it.
        marker: String,
        /// The number of files at the path.
        files: usize,
        /// When the newest of the files was written.
        newest: Option<Timestamp>,
    },
    #[error(
        "{part} was written after {marker}, so the drop is being replaced; nothing is read until {marker} is written \
         again. If all files are there, write {marker} again yourself"
    )]
    WrittenAfter {
        marker: Location,
        part: Location,
        /// When the newest file was written.
        since: Timestamp,
    },
    #[error(
        "{list} lists {}; the drop is incomplete, and nothing is read until they exist",
        Missing { files: missing, total: *total }
    )]
    Missing {
        list: Location,
        missing: Vec<String>,
        /// The number of files in the list.
        total: usize,
        /// When the list was written.
        since: Timestamp,
    },
    #[error(
        "{part} has {found} bytes, but {list} says {expected}: one of them belongs to another drop. Write the drop \
         again, the list last"
    )]
    Size {
        list: Location,
        part: Location,
        /// The size in the list, in bytes.
        expected: u64,
        /// The object's size, in bytes.
        found: u64,
        /// When the list was written.
        since: Timestamp,
    },
    #[error(
        "{list} lists s3://{bucket}/{key}, but the export reads {path}; set `path` to a folder of the bucket that has \
         the files, and put the list in it"
    )]
    OtherBucket { list: Location, bucket: String, key: String, path: Location },
    #[error(
        "{list} lists {part}, which is one of the state's own files and not a segment file; check the program that \
         writes this list"
    )]
    Own { list: Location, part: Location },
    #[error("no model.json at {path} has a table `{table}`; {}", Tables(.known))]
    NoTable {
        path: Location,
        table: String,
        /// The tables that exist, the most similar first.
        known: Vec<String>,
    },
    #[error(
        "{list}: table `{table}` is only a reference to another model; set `path` in the export to the folder of that \
         model"
    )]
    Elsewhere { list: Location, table: String },
    #[error("{list}: {source}{}", where_to_set(.source.setting()))]
    Unreadable {
        list: Location,
        #[source]
        source: ListError,
    },
    #[error(
        "{list} has {size} bytes, which is too large for a list of files; check that it is a list of files"
    )]
    TooLarge {
        list: Location,
        /// In bytes.
        size: u64,
    },
    #[error("{object} holds rejects of export `{export}`; drop it in a folder that this export reads")]
    OthersRejects { object: Location, export: ExportName },
    #[error(
        "{object} holds rejects, but no row names a run in `reject_run`; keep that column as it was, and save the file \
         as CSV in UTF-8"
    )]
    UnclearRejects { object: Location },
}

impl DropError {
    pub(super) fn defect(export: &Export, defect: impl Into<Box<DropDefect>>) -> Self {
        Self::Defect { export: export.name().clone(), defect: defect.into() }
    }

    /// Returns the defect, if the objects could be read.
    pub fn as_defect(&self) -> Option<&DropDefect> {
        match self {
            Self::Defect { defect, .. } => Some(defect),
            Self::Object(_) => None,
        }
    }
}

impl DropDefect {
    /// Returns since when the drop is incomplete, if its producer may still complete it.
    pub fn waits_since(&self) -> Option<Timestamp> {
        match self {
            Self::WrittenAfter { since, .. } | Self::Missing { since, .. } | Self::Size { since, .. } => {
                Some(*since)
            }
            _ => None,
        }
    }

    /// Whether no object at the path completes a drop: a producer may still be writing one.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::NoFile { .. } | Self::NoMarker { .. })
    }

    /// Whether the export's configuration may be the mistake: `path`, `complete_on` or `table`.
    pub fn may_be_configuration(&self) -> bool {
        self.is_absent()
            || matches!(self, Self::NoTable { .. } | Self::Elsewhere { .. } | Self::OtherBucket { .. })
    }

    /// Whether the dropped file holds rejects that this export does not take.
    pub fn is_rejects(&self) -> bool {
        matches!(self, Self::OthersRejects { .. } | Self::UnclearRejects { .. })
    }
}

struct Files {
    count: usize,
    newest: Option<Timestamp>,
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.count, self.newest) {
            (0, _) | (_, None) => f.write_str(", and no files"),
            (1, Some(newest)) => write!(f, ", but 1 file, written at {newest:.0}"),
            (n, Some(newest)) => write!(f, ", but {n} files, the newest written at {newest:.0}"),
        }
    }
}

struct Missing<'a> {
    files: &'a [String],
    total: usize,
}

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { files, total } = self;
        let (noun, verb) =
            (if *total == 1 { "file" } else { "files" }, if files.len() == 1 { "is" } else { "are" });
        let named = files.iter().take(NAMED_FILES).map(String::as_str).collect::<Vec<_>>().join(", ");
        write!(f, "{total} {noun}, of which {} {verb} missing: {named}", files.len())?;
        match files.len().saturating_sub(NAMED_FILES) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

struct Tables<'a>(&'a [String]);

impl fmt::Display for Tables<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("it has no tables"),
            known => {
                let shown = known.iter().take(NAMED_TABLES).map(|name| format!("`{name}`"));
                write!(f, "the tables are: {}", shown.collect::<Vec<_>>().join(", "))?;
                f.write_str(if known.len() > NAMED_TABLES { " …" } else { "" })
            }
        }
    }
}
