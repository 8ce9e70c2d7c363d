//! Writes the export file of a proposal, with the reason for each choice as a comment.

mod consent;
mod fields;
mod properties;

use super::{
    proposal::Proposal,
    survey::Survey,
    toml::{Lines, quoted, shown},
};
use crate::contact::Field;

/// What an export file says besides the mapping.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    /// The path of the JSON Schema, relative to the export file.
    pub schema: &'a str,
    /// The export's name.
    pub export: &'a str,
    /// The display name of the export and of its segment.
    pub title: &'a str,
    /// The path of the segment's files.
    pub path: &'a str,
    /// The name of the sampled file.
    pub file: &'a str,
    pub settings: &'a FileSettings,
}

/// How to read the files, as far as they do not show it themselves.
#[derive(Debug, Clone, Default)]
pub(crate) struct FileSettings {
    /// The marker of a complete drop; `None` if each file is a drop.
    pub complete_on: Option<&'static str>,
    /// The table of a `model.json`.
    pub table: Option<String>,
    pub encoding: Option<String>,
    /// The character between two cells, if it is not detected.
    pub delimiter: Option<String>,
    /// Whether a backslash escapes quotes and delimiters.
    pub escape: bool,
    /// The column names of files without a header.
    pub columns: Vec<String>,
}

/// Returns the export file of a proposal.
pub(crate) fn write(target: &Target<'_>, survey: &Survey, proposal: &Proposal<'_>) -> String {
    let mut lines = Lines::default();
    head(&mut lines, target, survey);
    settings(&mut lines, target.settings);
    lines.blank().line("[fields]", "Omnisend field = column in the file");
    for field in Field::ALL {
        if let Some(chosen) = proposal.fields.of(field) {
            fields::chosen(&mut lines, chosen, &proposal.fields);
        }
    }
    fields::unmapped(&mut lines, &proposal.fields.unmapped);
    consent::columns(&mut lines, &proposal.consent);
    properties::proposed(&mut lines, &proposal.properties);
    unmappable(&mut lines, survey);
    lines.finish()
}

fn head(lines: &mut Lines, target: &Target<'_>, survey: &Survey) {
    let first = if survey.is_whole { "" } else { "first " };
    let counted = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    lines
        .line(&format!("#:schema {}", target.schema), "")
        .note(&format!(
            "Proposed from the {first}{} and {} of {}. Nothing is sent until you run the export:",
            counted(survey.rows + survey.bad_rows, "row"),
            counted(survey.columns.len(), "column"),
            shown(target.file),
        ))
        .note(&format!(
            "  omnisend-export export preview {}    shows rows next to their contacts",
            target.export
        ))
        .note(&format!(
            "  omnisend-export run {} --dry-run     reads the whole file and sends nothing",
            target.export
        ))
        .line(&format!("display_name = {}", quoted(target.title)), "")
        .blank()
        .line("[[segments]]", "")
        .line(
            &format!("name = {}", quoted(target.title)),
            &format!("in Omnisend: the tag \"segment: {}\"", shown(target.title)),
        );
    let read = match target.settings.complete_on {
        Some(_) => "",
        None if target.path.ends_with('/') => "the newest file in this folder",
        None => "this file",
    };
    lines.line(&format!("path = {}", quoted(target.path)), read);
}

fn settings(lines: &mut Lines, settings: &FileSettings) {
    if let Some(marker) = settings.complete_on {
        lines.line(&format!("complete_on = {}", quoted(marker)), "a drop is read when this file is written");
    }
    if let Some(table) = &settings.table {
        lines.line(&format!("table = {}", quoted(table)), "");
    }
    if let Some(encoding) = &settings.encoding {
        lines.blank().line("[source]", "").line(&format!("encoding = {}", quoted(encoding)), "");
    }
    if settings.delimiter.is_some() || settings.escape || !settings.columns.is_empty() {
        lines.blank().line("[csv]", "");
    }
    if let Some(delimiter) = &settings.delimiter {
        lines.line(&format!("delimiter = {}", quoted(delimiter)), "the character between two cells");
    }
    if settings.escape {
        lines.line(r#"escape = "\\""#, "a backslash escapes quotes and delimiters");
    }
    if !settings.columns.is_empty() {
        let columns: Vec<_> = settings.columns.iter().map(|column| quoted(column)).collect();
        lines.line(&format!("columns = [{}]", columns.join(", ")), "the files have no header");
    }
}

/// Writes notes about the columns that no export can map.
fn unmappable(lines: &mut Lines, survey: &Survey) {
    let unnamed = survey.columns.iter().filter(|column| column.name.is_empty()).count();
    let mut repeated: Vec<&str> = survey
        .columns
        .iter()
        .filter(|column| column.is_repeated && !column.name.is_empty())
        .map(|column| column.name.as_str())
        .collect();
    repeated.dedup();
    let binary = || survey.columns.iter().filter(|column| column.is_binary);
    if unnamed + repeated.len() + binary().count() > 0 {
        lines.blank();
    }
    for column in binary() {
        lines.note(&format!("{} contains binary data and cannot be mapped.", quoted(&column.name)));
    }
    if unnamed > 0 {
        let have = if unnamed == 1 { "column has" } else { "columns have" };
        lines.note(&format!("{unnamed} {have} no name in the header and cannot be mapped."));
    }
    for name in repeated {
        lines.note(&format!(
            "{} is in the header more than once; rename all but one to map it.",
            quoted(name)
        ));
    }
}

#[cfg(test)]
mod tests;
