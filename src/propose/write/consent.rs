//! Writes how to map the columns that seem to contain consent.

use crate::propose::{
    column::Column,
    dates,
    toml::{Lines, quoted},
};

/// The value that a person must replace.
const GAP: &str = "\"…\"";

pub(super) fn columns(lines: &mut Lines, columns: &[&Column]) {
    if columns.is_empty() {
        return;
    }
    let is_date = |column: &&&Column| dates::style(column).is_some();
    let name_or_gap =
        |column: Option<&&Column>| column.map_or_else(|| GAP.to_owned(), |column| quoted(&column.name));
    let status = name_or_gap(columns.iter().find(|column| !is_date(column)));
    let date = name_or_gap(columns.iter().find(is_date));
    let names: Vec<_> = columns.iter().map(|column| quoted(&column.name)).collect();
    let are = if names.len() == 1 { "is" } else { "are" };
    lines
        .blank()
        .note(&format!("{} may contain consent and {are} not mapped.", list(&names)))
        .note("Contacts keep the status that they have in Omnisend, and new contacts are not subscribed.")
        .note("To send consent, uncomment these lines and replace each \"…\"; see docs/CONFIGURATION.md.")
        .commented_out("[consent.email]", "")
        .commented_out(&format!("column = {status}"), "")
        .commented_out("unsubscribed = [\"…\"]", "the values that mean \"unsubscribed\"")
        .commented_out(&format!("date = {date}"), "the column with the date of the status")
        .commented_out("source = \"…\"", "where people gave consent, such as \"Newsletter form\"");
}

/// Returns `a`, `a and b` or `a, b and c`.
fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}
