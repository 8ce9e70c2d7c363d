//! The messages of `export init`.

use std::{fmt::Write as _, path::Path};

use super::{args::InitArgs, destination::Destination};
use crate::{
    config::connection_lines,
    contact::Field,
    keys::Key,
    ports::clock::{Clock as _, SystemClock},
    propose::{Column, Proposal, Survey},
    run::cautions,
    wording::counted,
};

/// The most columns that a message lists.
const MAX_LISTED: usize = 30;

/// Returns a summary of the written export, and the next steps.
pub(super) fn written(to: &Destination, args: &InitArgs, survey: &Survey, proposal: &Proposal<'_>) -> String {
    let mut text = format!(
        "{}: written, from {} and {} of {}\n",
        args.state.state.join(to.key().to_string()).display(),
        counted((survey.rows + survey.bad_rows) as u64, "row", "rows"),
        counted(survey.columns.len() as u64, "column", "columns"),
        args.file.display(),
    );
    let mapped: Vec<_> = proposal
        .fields
        .chosen
        .iter()
        .filter(|chosen| chosen.is_active())
        .map(|chosen| format!("{} = {}", chosen.field.key(), chosen.column.shown_name()))
        .collect();
    let _ = writeln!(text, "  mapped:  {}", mapped.join(", "));
    let look: Vec<_> = proposal
        .fields
        .chosen
        .iter()
        .filter(|chosen| !chosen.is_active())
        .map(|chosen| chosen.column)
        .chain(proposal.fields.unmapped.iter().map(|not| not.column))
        .map(Column::shown_name)
        .collect();
    if !look.is_empty() {
        let _ = writeln!(text, "  check:   {}; the file says why", look.join(", "));
    }
    for (column, at) in survey.repeated() {
        let _ = writeln!(
            text,
            "  twice:   {} is the name of columns {}; rename all but one to map it",
            column.shown_name(),
            numbers(&at)
        );
    }
    if !proposal.properties.is_empty() {
        let _ = writeln!(
            text,
            "  off:     {}; remove the `# ` from a line to send it",
            counted(proposal.properties.len() as u64, "custom property", "custom properties")
        );
    }
    if !proposal.consent.is_empty() {
        let names: Vec<_> = proposal.consent.iter().map(|column| column.shown_name()).collect();
        let _ = writeln!(text, "  consent: {} not mapped; no contact is subscribed", names.join(", "));
    }
    if survey.bad_rows > 0 {
        let _ = writeln!(text, "  {} of the rows are invalid; a dry run lists them", survey.bad_rows);
    }
    // A proposed [consent.email] is commented out.
    for caution in cautions(false) {
        let _ = writeln!(text, "  note:    {caution}");
    }
    text + &next(to, args)
}

/// Returns the next steps.
fn next(to: &Destination, args: &InitArgs) -> String {
    let state = &args.state.state;
    let at = if state.as_os_str() == "." { String::new() } else { format!(" --state {}", state.display()) };
    let mut text = "Next:\n".to_owned();
    if !to.has_connection {
        let connection = Key::Connection(to.connection.clone());
        let _ = writeln!(text, "  write {}, for example:", state.join(connection.to_string()).display());
        for line in connection_lines(&to.connection, SystemClock.now()) {
            let _ = writeln!(text, "      {line}");
        }
    }
    if !to.is_in_place {
        let folder = state.join(&to.path);
        let _ = writeln!(
            text,
            "  mkdir -p {0} && cp {1} {0}    puts the file where the export looks for it",
            folder.display(),
            args.file.display()
        );
    }
    let _ = writeln!(
        text,
        "  omnisend-export export preview {}{at}    shows rows beside their contacts",
        to.export
    );
    let _ = writeln!(
        text,
        "  omnisend-export run {} --dry-run{at}     reads the whole file and sends nothing",
        to.export
    );
    text
}

fn numbers(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

/// Returns the error for a file without an email column.
pub(super) fn no_email(file: &Path, survey: &Survey, proposal: &Proposal<'_>) -> String {
    if let Some(delimiter) = survey.undetected_delimiter() {
        let delimiter = delimiter.escape_debug();
        return format!(
            "{}: no column holds email addresses; is `{delimiter}` the delimiter? If it is, add --delimiter \
             '{delimiter}'",
            file.display()
        );
    }
    let file = file.display();
    let is_email =
        |column: &Column| survey.columns.iter().any(|c| c.name == column.name && c.suggests_email());
    let mut repeated = survey.repeated().into_iter();
    if let Some((column, at)) = repeated.find(|(column, _)| is_email(column)) {
        return format!(
            "{file}: column `{}` is in the header {} times (columns {}); rename all but one",
            column.shown_name(),
            at.len(),
            numbers(&at)
        );
    }
    let named = proposal.fields.unmapped.iter().filter(|not| not.field == Some(Field::Email));
    let named: String = named.fold(String::new(), |list, not| {
        list + &format!("\n  `{}`: {}", not.column.shown_name(), not.reason)
    });
    let mut columns: Vec<_> =
        survey.columns.iter().take(MAX_LISTED).map(|column| format!("`{}`", column.shown_name())).collect();
    if survey.columns.len() > MAX_LISTED {
        columns.push("…".to_owned());
    }
    format!(
        "{file}: no column has email addresses, which identify contacts; add one to the file.{named}\n  columns: {}",
        columns.join(", ")
    )
}
