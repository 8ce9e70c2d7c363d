//! The rejects files: `rejects.csv`, which can be corrected in a spreadsheet and dropped again, and `rejects.ndjson`,
//! which has the exact values. Only `rejects.ndjson` lists duplicates.

use std::{borrow::Cow, sync::Arc};

use super::{
    error::ReportError,
    output::Output,
    reject::{Reject, RejectMaker, Row},
    tally::Tally,
};
use crate::{
    contact::Source,
    keys::Key,
    ports::objects::Objects,
    run::{REJECT_OUTCOME, REJECT_RUN, REJECT_TAGS},
};
use segment_files::escape_formula;

/// The columns of `rejects.csv` before those of the source. The first one marks the file as a rejects file.
const COLUMNS: [&str; 8] = [
    REJECT_RUN,
    "reject_line",
    "reject_object",
    REJECT_OUTCOME,
    "reject_field",
    "reject_code",
    "reject_reason",
    REJECT_TAGS,
];

/// Writes both files while the run's records are being read.
pub(super) struct RejectsWriter {
    csv: Output,
    ndjson: Output,
    tally: Tally,
    run: String,
    /// The source column that gets the email of a row that could not be read again.
    email: Option<usize>,
}

impl RejectsWriter {
    pub(super) async fn start(
        objects: Arc<dyn Objects>,
        maker: &RejectMaker<'_>,
    ) -> Result<Self, ReportError> {
        let run = &maker.manifest.run;
        let mut writer = Self {
            csv: Output::start(objects.clone(), &Key::RejectsCsv(run.clone())),
            ndjson: Output::start(objects, &Key::RejectsNdjson(run.clone())),
            tally: Tally::default(),
            run: run.to_string(),
            // The mapping's first column is the email's, unless the email comes from a template.
            email: (!matches!(maker.manifest.mapping.email, Source::Template(_))).then_some(0),
        };
        // A byte order mark, without which Excel does not read the file as UTF-8.
        writer.csv.push("\u{feff}".as_bytes()).await;
        let columns = maker.columns.iter().map(|column| escape_formula(column));
        writer.csv.push(&csv_row(COLUMNS.into_iter().map(Cow::Borrowed).chain(columns))?).await;
        Ok(writer)
    }

    pub(super) async fn push(&mut self, reject: &Reject<'_>) -> Result<(), ReportError> {
        self.tally.add(reject);
        if reject.is_correctable {
            self.csv.push(&self.csv_row_of(reject)?).await;
        }
        self.ndjson.push(&serde_json::to_vec(reject)?).await;
        self.ndjson.push(b"\n").await;
        Ok(())
    }

    fn csv_row_of(&self, reject: &Reject<'_>) -> Result<Vec<u8>, csv::Error> {
        let line = reject.line.to_string();
        let ours = [
            &self.run,
            &line,
            &reject.object,
            reject.outcome.as_str(),
            reject.field.unwrap_or_default(),
            reject.code,
            reject.reason,
            &reject.tags,
        ];
        let Row { columns, cells } = reject.cells;
        let cells = (0..columns.len()).map(|at| match cells.get(at) {
            Some(cell) => escape_formula(cell),
            None if self.email == Some(at) && reject.contact.is_some() => escape_formula(&reject.email),
            None => Cow::Borrowed(""),
        });
        csv_row(ours.into_iter().map(for_spreadsheet).chain(cells))
    }

    /// Ends both files, and waits until they are stored.
    pub(super) async fn finish(self) -> Result<Tally, ReportError> {
        self.csv.finish().await?;
        self.ndjson.finish().await?;
        Ok(self.tally)
    }
}

fn csv_row<'c>(cells: impl Iterator<Item = Cow<'c, str>>) -> Result<Vec<u8>, csv::Error> {
    let mut row = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    row.write_record(cells.map(Cow::into_owned))?;
    row.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// Replaces control characters by spaces, and keeps a spreadsheet from reading the text as a formula.
fn for_spreadsheet(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        return Cow::Owned(escape_formula(&plain).into_owned());
    }
    escape_formula(text)
}
