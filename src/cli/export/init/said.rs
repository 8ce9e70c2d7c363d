//! What `export init` says when it is done, or could not be.

use std::{fmt::Write as _, path::Path};

use super::{Destination, InitArgs};
use crate::{
    config::connection_lines,
    contact::Field,
    keys::Key,
    ports::clock::{Clock as _, SystemClock},
    propose::{Proposal, Survey},
};

/// Columns that a message lists at most.
const MAX_LISTED: usize = 30;

/// What was written, what is in it, and what to do next.
pub(super) fn written(to: &Destination, args: &InitArgs, survey: &Survey, proposal: &Proposal<'_>) -> String {
    let mut said = format!(
        "{}: written, by {} and {} of {}\n",
        args.state.state.join(to.key().to_string()).display(),
        of(survey.rows + survey.bad_rows, "row"),
        of(survey.columns.len(), "column"),
        args.file.display(),
    );
    let mapped: Vec<_> = proposal
        .fields
        .chosen
        .iter()
        .filter(|chosen| chosen.is_active())
        .map(|chosen| format!("{} = {}", chosen.field.key(), chosen.column.name))
        .collect();
    let _ = writeln!(said, "  mapped:  {}", mapped.join(", "));
    let look: Vec<_> = proposal
        .fields
        .chosen
        .iter()
        .filter(|chosen| !chosen.is_active())
        .map(|chosen| chosen.column)
        .chain(proposal.fields.unmapped.iter().map(|not| not.column))
        .map(|column| column.name.as_str())
        .collect();
    if !look.is_empty() {
        let _ = writeln!(said, "  look at: {}; the file says why", look.join(", "));
    }
    if !proposal.properties.is_empty() {
        let _ = writeln!(
            said,
            "  off:     {}; take the `# ` off a line to send it",
            of(proposal.properties.len(), "custom property").replace("propertys", "properties")
        );
    }
    if !proposal.consent.is_empty() {
        let names: Vec<_> = proposal.consent.iter().map(|column| column.name.as_str()).collect();
        let _ = writeln!(said, "  consent: {} not mapped; nobody is subscribed", names.join(", "));
    }
    if survey.bad_rows > 0 {
        let _ = writeln!(said, "  {} of the rows cannot be read; a dry run lists them", survey.bad_rows);
    }
    said + &next(to, args)
}

fn of(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// The next steps.
fn next(to: &Destination, args: &InitArgs) -> String {
    let state = &args.state.state;
    let at = if state.as_os_str() == "." { String::new() } else { format!(" --state {}", state.display()) };
    let mut said = "Next:\n".to_owned();
    if !to.is_connected {
        let connection = Key::Connection(to.connection.clone());
        let _ = writeln!(said, "  write {}, such as:", state.join(connection.to_string()).display());
        for line in connection_lines(&to.connection, SystemClock.now()) {
            let _ = writeln!(said, "      {line}");
        }
    }
    if !to.is_there {
        let folder = state.join(&to.path);
        let _ = writeln!(
            said,
            "  mkdir -p {0} && cp {1} {0}    puts the file where the export reads it",
            folder.display(),
            args.file.display()
        );
    }
    let _ = writeln!(
        said,
        "  omnisend-export export preview {}{at}    shows rows beside their contacts",
        to.export
    );
    let _ = writeln!(
        said,
        "  omnisend-export run {} --dry-run{at}     reads the whole file, and sends nothing",
        to.export
    );
    said
}

/// Why there is no export without an e-mail column.
pub(super) fn no_email(file: &Path, survey: &Survey, proposal: &Proposal<'_>) -> String {
    let named = proposal.fields.unmapped.iter().filter(|not| not.field == Some(Field::Email));
    let named: String =
        named.fold(String::new(), |list, not| list + &format!("\n  `{}`: {}", not.column.name, not.reason));
    let mut columns: Vec<_> =
        survey.columns.iter().take(MAX_LISTED).map(|column| format!("`{}`", column.name)).collect();
    if survey.columns.len() > MAX_LISTED {
        columns.push("…".to_owned());
    }
    format!(
        "{}: no column holds e-mail addresses, by which contacts are told apart; write the file with one.{named}\n  \
         looked at: {}",
        file.display(),
        columns.join(", ")
    )
}
