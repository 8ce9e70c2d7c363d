//! Corrections: a file of rejects that somebody has corrected. It is told by its header, not by its name. Its rows are
//! sent, and nothing follows from who is not in it: it is no segment.

use bytes::Bytes;

use super::{Claim, PlanError, before::opt_outs_of, claim};
use crate::{
    config::{CompleteOn, Export, Segment},
    contact::{Channel, EmailKey, Statement, Tag},
    keys::{Location, Pinned, RunId, RunRef},
    ports::{
        Ports,
        objects::{ObjectError, Objects},
    },
    run::{REJECT_OUTCOME, REJECT_RUN, REJECT_TAGS, TAG_SEPARATOR, TagSet},
    source::{self, Header, Reading, Row},
    stage::{Records, runs},
};

/// How much of a file tells whether it is one, in bytes.
const FIRST_BYTES: u64 = 64 << 10;

/// A file of corrections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrections {
    /// Its exact version.
    pub file: Pinned,
    /// The run whose rejects it holds.
    pub of: RunId,
}

/// Whose rejects a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejects {
    /// It holds none: it is something else.
    None,
    /// Those of a run.
    Of(RunRef),
    /// No row that can be read says of which.
    Unclear,
}

/// Whose rejects an object holds.
pub(super) async fn rejects_in(objects: &dyn Objects, object: &Pinned) -> Result<Rejects, ObjectError> {
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

/// Whose rejects an object holds.
pub async fn rejects_of(ports: &Ports, object: &Pinned) -> Result<Rejects, PlanError> {
    Ok(rejects_in(&*ports.objects, object).await?)
}

/// The rejects that were dropped at a place where an export looks for whole files, if it is that and they are some.
pub async fn dropped_rejects(
    ports: &Ports,
    export: &Export,
    at: &Location,
) -> Result<Option<(Pinned, Rejects)>, PlanError> {
    let looks_there = |segment: &Segment| {
        *segment.complete_on() == CompleteOn::Object && claim(segment, at) == Claim::Completes
    };
    if !export.segments().iter().any(looks_there) {
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

/// Whose rejects a file begins with.
fn rejects(first: &Bytes) -> Rejects {
    let header_says_so = || {
        let line = first.split(|byte| *byte == b'\n').next().unwrap_or_default();
        memchr::memmem::find(line, REJECT_RUN.as_bytes()).is_some()
    };
    let Ok(mut rows) = source::open(first, &Reading::of_rejects(), &[REJECT_RUN]) else {
        // It cannot be read, for its encoding perhaps: it is no segment all the same.
        return if header_says_so() { Rejects::Unclear } else { Rejects::None };
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

/// Where a file of corrections says what of its rows.
#[derive(Debug)]
pub(super) struct Columns<'e> {
    tags: Vec<Tag>,
    outcome: Option<usize>,
    said_tags: Option<usize>,
    export: &'e Export,
}

impl<'e> Columns<'e> {
    pub(super) fn find(header: &Header, export: &'e Export) -> Self {
        let find = |name| header.find(name).ok();
        Self { tags: export.tags(), outcome: find(REJECT_OUTCOME), said_tags: find(REJECT_TAGS), export }
    }

    /// Whether a row is one of which an earlier one was taken: it would take that one's place.
    pub(super) fn is_duplicate(&self, row: &Row) -> bool {
        self.outcome.is_some_and(|column| row.cell(column) == "duplicate")
    }

    /// The tags that a row's contact gets: those that it was to get, as far as the export still gives them, else those
    /// of the segment where the file lies.
    pub(super) fn tags(&self, row: &Row, of_segment: TagSet) -> TagSet {
        let said = self.said_tags.map(|column| row.cell(column)).unwrap_or_default();
        let place = |tag: &str| self.tags.iter().position(|there| there.as_str() == tag.trim());
        let tags = said.split(TAG_SEPARATOR.trim()).filter_map(place);
        let tags = tags.fold(TagSet::default(), |all, place| all.with(TagSet::of(place)));
        match self.export.segments() {
            [_] => TagSet::of(0),
            _ if tags.is_empty() => of_segment,
            _ => tags,
        }
    }
}

/// The opt-outs that a run and those after it sent in vain: a corrected row is not read beside the rows that said so.
pub(super) async fn opt_outs(
    ports: &Ports,
    export: &Export,
    of: &RunId,
) -> Result<Vec<(EmailKey, Channel, Statement)>, PlanError> {
    let mut found = Vec::new();
    if export.mapping().consent.is_empty() {
        return Ok(found);
    }
    let records = Records::new(ports.objects.clone());
    let of = RunRef { export: export.name().clone(), run: of.clone() };
    let Some(since) = records.manifest(&of).await?.map(|manifest| manifest.started_at) else {
        return Err(PlanError::Rejects {
            export: of.export.clone(),
            object: format!("the file of run {}", of.run),
            why: "the run is not kept any more, nor are the opt-outs that it sent: run the export instead"
                .to_owned(),
        });
    };
    for standing in runs(&*ports.objects, export.name()).await? {
        if !standing.is_reported() || standing.last_written < since {
            continue;
        }
        let Some(manifest) = records.manifest(&standing.run).await? else { continue };
        for chunk in manifest.chunks_to_send() {
            let outcome = records.outcome(&standing.run, chunk).await?;
            let all_arrived =
                outcome.is_some_and(|outcome| outcome.rejected.is_empty() && outcome.unknown.is_empty());
            if !all_arrived {
                found.extend(opt_outs_of(&records, &manifest, chunk).await?);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Rejects {
        rejects(&Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn a_file_of_rejects_is_known_by_its_header_however_a_spreadsheet_saved_it() {
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
