//! Corrected rejects files that are dropped. They are recognised by their header, not by their name, and are never a
//! segment.

use bytes::Bytes;

use super::{
    claim::{Claim, claim},
    error::DropError,
};
use crate::{
    config::{CompleteOn, Export, Segment},
    keys::{Location, Pinned, RunId, RunRef},
    ports::{
        Ports,
        objects::{ObjectError, Objects},
    },
    run::REJECT_RUN,
};
use segment_files::{self, ReadOptions, Row};

/// How much of a file is read to recognise a rejects file, in bytes.
const FIRST_BYTES: u64 = 64 << 10;

/// A corrected rejects file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrections {
    pub file: Pinned,
    /// The run whose rejects the file holds.
    pub corrected: RunId,
}

/// The run whose rejects a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejects {
    /// The file holds no rejects.
    None,
    /// The rejects of this run.
    Of(RunRef),
    /// The header is that of rejects, but no readable row names a run.
    Unclear,
}

/// Returns the run whose rejects an object holds. Reads at most the object's first 64 KiB.
pub async fn rejects_in(objects: &dyn Objects, object: &Pinned) -> Result<Rejects, ObjectError> {
    if object.size == 0 {
        return Ok(Rejects::None);
    }
    let first = objects.range(object, 0..object.size.min(FIRST_BYTES)).await?;
    let whole_lines = match memchr::memrchr(b'\n', &first) {
        Some(at) if object.size > FIRST_BYTES => first.slice(..=at),
        _ => first,
    };
    Ok(rejects(&whole_lines))
}

/// Returns the rejects in an object, if it holds any and completes a single-file drop of the export.
pub async fn dropped_rejects(
    ports: &Ports,
    export: &Export,
    at: &Location,
) -> Result<Option<(Pinned, Rejects)>, DropError> {
    let takes_it = |segment: &Segment| {
        *segment.complete_on() == CompleteOn::Object && claim(segment, at) == Claim::Completes
    };
    if !export.segments().iter().any(takes_it) {
        return Ok(None);
    }
    let object = match ports.objects.head(at).await {
        Ok(object) => object,
        Err(ObjectError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match rejects_in(&*ports.objects, &object).await? {
        Rejects::None => Ok(None),
        found => Ok(Some((object, found))),
    }
}

/// Returns the run whose rejects a file holds, from the file's first lines.
fn rejects(first: &Bytes) -> Rejects {
    let header_names_the_run = || {
        let line = first.split(|byte| *byte == b'\n').next().unwrap_or_default();
        memchr::memmem::find(line, REJECT_RUN.as_bytes()).is_some()
    };
    let Ok(mut rows) = segment_files::open(first, &ReadOptions::formula_escaped_csv(), &[REJECT_RUN]) else {
        // A rejects file whose encoding cannot be read is still not a segment.
        return if header_names_the_run() { Rejects::Unclear } else { Rejects::None };
    };
    let Ok(column) = rows.header().find(REJECT_RUN) else { return Rejects::None };
    let mut row = Row::default();
    while let Ok(Some(readable)) = rows.next(&mut row) {
        let run = row.cell(column).split_once('/');
        if let (Ok(()), Some((export, run))) = (readable, run)
            && let (Ok(export), Ok(run)) = (export.parse(), run.parse())
        {
            return Rejects::Of(RunRef { export, run });
        }
    }
    Rejects::Unclear
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Rejects {
        rejects(&Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn recognises_rejects_by_the_header_however_a_spreadsheet_saved_them() {
        let run = Rejects::Of(RunRef {
            export: "vip".parse().unwrap(),
            run: "20261123t100000z-1a".parse().unwrap(),
        });
        for text in [
            "\u{feff}reject_run,reject_line,EMail\r\nvip/20261123t100000z-1a,2,ada@example.com\r\n",
            "reject_run;reject_line;EMail\nvip/20261123t100000z-1a;2;ada@example.com\n",
            "EMail\treject_run\nnew@example.com\t\nada@example.com\tvip/20261123t100000z-1a\n",
        ] {
            assert_eq!(of(text), run, "{text}");
        }
        for text in ["reject_run,EMail\n", "EMail,reject_run\nada@example.com,somewhere\n"] {
            assert_eq!(of(text), Rejects::Unclear, "{text}");
        }
        for text in ["EMail,FirstName\nada@example.com,reject_run\n", "{\"reject_run\": 1}\n", "PAR1", "x"] {
            assert_eq!(of(text), Rejects::None, "{text}");
        }
    }
}
