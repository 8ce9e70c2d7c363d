//! Why there is no drop to read: each names the objects, and says what to do.

use std::fmt;

use jiff::Timestamp;

use crate::{config::where_to_set, keys::Location, source::layout::Unreadable};

/// How many files a message names.
const NAMED: usize = 3;

/// Why there is no drop to read.
#[derive(Debug, thiserror::Error)]
pub enum DropError {
    /// Nothing says that a drop is complete.
    #[error(
        "at {path} there is no {marker} yet, and {}; nothing is read until it is there. If what writes the files makes \
         none, correct `complete_on` in the export",
        Files(*.files, *.newest)
    )]
    NoMarker {
        /// Where it looked.
        path: Location,
        /// What it looked for.
        marker: String,
        /// How many files are there.
        files: usize,
        /// When the newest of them was written.
        newest: Option<Timestamp>,
    },
    /// A file is newer than what says that it is complete.
    #[error(
        "{part} was written after {marker}, so the drop is being replaced; nothing is read until {marker} is written \
         again. If all of its files are there, write it again yourself"
    )]
    WrittenAfter {
        /// What says that the drop is complete.
        marker: Location,
        /// The file.
        part: Location,
        /// When the newest file was written.
        since: Timestamp,
    },
    /// Files are listed and not there.
    #[error("{list} lists {}, so the drop is not complete; nothing is read until they are there", Missing(.missing, *.of))]
    Missing {
        /// The list.
        list: Location,
        /// The files.
        missing: Vec<String>,
        /// How many it lists.
        of: usize,
        /// When the list was written.
        since: Timestamp,
    },
    /// A file is not as large as the list says.
    #[error(
        "{part} has {found} bytes where {list} says {expected}: one of them is of another drop. Let what writes them \
         write the drop again, the list last"
    )]
    Size {
        /// The list.
        list: Location,
        /// The file.
        part: Location,
        /// What the list says, in bytes.
        expected: u64,
        /// What is there, in bytes.
        found: u64,
        /// When the list was written.
        since: Timestamp,
    },
    /// A file lies where the export does not read.
    #[error(
        "{list} lists s3://{bucket}/{key}, and the export reads {path}; put `path` to a folder of the bucket that holds \
         the files, with the list in it"
    )]
    OtherBucket {
        /// The list.
        list: Location,
        /// The file's bucket.
        bucket: String,
        /// The file's key.
        key: String,
        /// What the export reads.
        path: Location,
    },
    /// A file is one of the state's own.
    #[error(
        "{list} lists {part}, which is an object of the state and no segment file; see who writes this list"
    )]
    Own {
        /// The list.
        list: Location,
        /// The object.
        part: Location,
    },
    /// No list has the table.
    #[error("at {path} no model.json has a table `{table}`; {}", Tables(.known))]
    NoTable {
        /// Where it looked.
        path: Location,
        /// The table.
        table: String,
        /// The tables there are, the nearest first.
        known: Vec<String>,
    },
    /// The table is only named.
    #[error(
        "{list}: table `{table}` is only a reference to another model; point the export at the folder that holds it"
    )]
    Elsewhere {
        /// The list.
        list: Location,
        /// The table.
        table: String,
    },
    /// The list is not what it should be.
    #[error("{list}: {source}{}", where_to_set(.source.setting()))]
    Unreadable {
        /// The list.
        list: Location,
        /// What is wrong.
        #[source]
        source: Unreadable,
    },
    /// The list is larger than any list of files.
    #[error("{list} has {size} bytes, which is more than a list of files has; is it one?")]
    TooLarge {
        /// The list.
        list: Location,
        /// Its size in bytes.
        size: u64,
    },
}

impl DropError {
    /// Since when it is not complete, where it may become so without anybody's doing.
    pub fn waits_since(&self) -> Option<Timestamp> {
        match self {
            Self::WrittenAfter { since, .. } | Self::Missing { since, .. } | Self::Size { since, .. } => {
                Some(*since)
            }
            _ => None,
        }
    }
}

impl DropError {
    /// Whether there is nothing that completes a drop: somebody may be writing one, or nobody.
    pub fn is_unmarked(&self) -> bool {
        matches!(self, Self::NoMarker { .. })
    }

    /// Whether the export may be what is wrong: it looks elsewhere, or for something else than there is.
    pub fn is_the_exports(&self) -> bool {
        matches!(
            self,
            Self::NoMarker { .. } | Self::NoTable { .. } | Self::Elsewhere { .. } | Self::OtherBucket { .. }
        )
    }
}

struct Files(usize, Option<Timestamp>);

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(0, _) | Self(_, None) => f.write_str("no file either"),
            Self(1, Some(newest)) => write!(f, "1 file, written at {newest:.0}"),
            Self(n, Some(newest)) => write!(f, "{n} files, of which the newest was written at {newest:.0}"),
        }
    }
}

struct Missing<'a>(&'a [String], usize);

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(missing, of) = self;
        let (files, are) =
            (if *of == 1 { "file" } else { "files" }, if missing.len() == 1 { "is" } else { "are" });
        let named = missing.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        write!(f, "{of} {files}, of which {} {are} not there: {named}", missing.len())?;
        match missing.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

struct Tables<'a>(&'a [String]);

impl fmt::Display for Tables<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 20;
        match self.0 {
            [] => f.write_str("there is no table at all"),
            known => {
                let shown = known.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>();
                write!(f, "there are: {}", shown.join(", "))?;
                f.write_str(if known.len() > SHOWN { " …" } else { "" })
            }
        }
    }
}
