//! The export's file that a proposal becomes, with what speaks for each choice beside it.

use super::{
    Chosen, Proposal, Survey,
    column::Column,
    dates,
    fields::{Fields, Unmapped},
    judge::How,
    properties::{Kind, Proposed},
    region,
    toml::{Lines, quoted, shown},
};
use crate::contact::{Decimal, Field};

/// What an export's file says besides the mapping.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    /// The schema's file, as seen from the export's.
    pub schema: &'a str,
    /// The export's name.
    pub export: &'a str,
    /// Its name for people, and the segment's.
    pub title: &'a str,
    /// Where the segment's files lie.
    pub path: &'a str,
    /// The file that was looked at, by its name.
    pub file: &'a str,
    /// How it is read.
    pub reads: &'a Reads,
}

/// What an export has to say of its files, as they do not say it themselves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reads {
    /// What says that a drop is complete, where that is not each file itself.
    pub complete_on: Option<&'static str>,
    /// The table of a `model.json`.
    pub table: Option<String>,
    /// The encoding.
    pub encoding: Option<String>,
    /// Whether a backslash keeps what follows it in its cell.
    pub escape: bool,
    /// The columns of files without a header.
    pub columns: Vec<String>,
}

/// Writes an export's file.
pub(crate) fn write(place: &Place<'_>, survey: &Survey, proposal: &Proposal<'_>) -> String {
    let mut lines = Lines::default();
    lines.line(&format!("#:schema {}", place.schema), "");
    head(&mut lines, place, survey);
    lines.blank().line("[fields]", "Omnisend field = column of the file");
    for field in Field::ALL {
        if let Some(chosen) = proposal.fields.of(field) {
            chosen_field(&mut lines, chosen, &proposal.fields);
        }
    }
    unmapped(&mut lines, &proposal.fields.unmapped);
    consent(&mut lines, &proposal.consent);
    properties(&mut lines, &proposal.properties);
    unnamed(&mut lines, survey);
    lines.finish()
}

fn head(lines: &mut Lines, place: &Place<'_>, survey: &Survey) {
    let rows = if survey.is_whole { "" } else { "the first " };
    let of = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    lines
        .note(&format!(
            "Proposed from {}, by {rows}{} and {}. Nothing is sent until you run it:",
            shown(place.file),
            of(survey.rows + survey.bad_rows, "row"),
            of(survey.columns.len(), "column"),
        ))
        .note(&format!(
            "  omnisend-export export preview {}    shows rows beside their contacts",
            place.export
        ))
        .note(&format!(
            "  omnisend-export run {} --dry-run     reads the whole file, and sends nothing",
            place.export
        ))
        .line(&format!("display_name = {}", quoted(place.title)), "")
        .blank()
        .line("[[segments]]", "");
    let name = format!("name = {}", quoted(place.title));
    lines.line(&name, &format!("in Omnisend: the tag \"segment: {}\"", shown(place.title)));
    let means = match place.reads.complete_on {
        Some(_) => "",
        None if place.path.ends_with('/') => "the newest file of this folder",
        None => "this file",
    };
    lines.line(&format!("path = {}", quoted(place.path)), means);
    if let Some(word) = place.reads.complete_on {
        lines.line(&format!("complete_on = {}", quoted(word)), "a drop is read when this is written");
    }
    if let Some(table) = &place.reads.table {
        lines.line(&format!("table = {}", quoted(table)), "");
    }
    if let Some(encoding) = &place.reads.encoding {
        lines.blank().line("[source]", "").line(&format!("encoding = {}", quoted(encoding)), "");
    }
    if place.reads.escape || !place.reads.columns.is_empty() {
        lines.blank().line("[csv]", "");
    }
    if place.reads.escape {
        lines.line(r#"escape = "\\""#, "a backslash keeps quotes and delimiters in their cells");
    }
    if !place.reads.columns.is_empty() {
        let columns: Vec<_> = place.reads.columns.iter().map(|column| quoted(column)).collect();
        lines.line(&format!("columns = [{}]", columns.join(", ")), "the files have no header");
    }
}

fn chosen_field(lines: &mut Lines, chosen: &Chosen<'_>, fields: &Fields<'_>) {
    let key = chosen.field.key();
    let column = quoted(&chosen.column.name);
    let line = format!("{key} = {column}");
    let filled = match chosen.column.percent_filled() {
        _ if chosen.column.is_empty() => "empty in these rows".to_owned(),
        percent => format!("{percent} % filled"),
    };
    let why = if chosen.by_content { ", by what is in it" } else { "" };
    match &chosen.how {
        How::Plain => lines.line(&line, &format!("{filled}{why}")),
        How::Format(order) => lines.line(
            &format!("{key} = {{ column = {column}, format = {} }}", quoted(order)),
            &format!("{filled}, dates as {}", dates::spelt(order)),
        ),
        How::Region(Some(home)) => lines.line(
            &format!("{key} = {{ column = {column}, region = {} }}", quoted(home)),
            &format!("{filled}; numbers that name no country are read as those of {home}"),
        ),
        How::SupposedRegion(home) => lines.off(
            &format!("{key} = {{ column = {column}, region = {} }}", quoted(home)),
            "its numbers name no country; take the `# ` off if that is where they are dialled",
        ),
        How::Region(None) => lines.off(
            &format!("{key} = {{ column = {column}, region = \"\" }}"),
            "its numbers name no country; put its code between the quotes, such as JP",
        ),
    };
    if matches!(chosen.field, Field::Email | Field::Phone) {
        for other in &chosen.others {
            lines.off(
                &format!("{key} = {{ first_of = [{column}, {}] }}", quoted(&other.name)),
                &format!("{} is {} % filled", quoted(&other.name), other.percent_filled()),
            );
        }
    }
    if chosen.field == Field::Address {
        for line in &fields.address_lines {
            lines.note(&format!("  {} goes on with the address", quoted(&line.name)));
        }
    }
}

fn unmapped(lines: &mut Lines, unmapped: &[Unmapped<'_>]) {
    for not in unmapped {
        let column = quoted(&not.column.name);
        if let Some(field) = not.field {
            lines.off(&format!("{} = {column}", field.key()), &shown_long(&not.why));
            continue;
        }
        lines.note(&format!("{column}: {}", not.why));
        let cut = |end: &str| {
            let template = format!("{{{{ row[{column}]|split|{end}|default(\"\") }}}}");
            // In single quotes, where it has none: it is full of double ones.
            if template.contains('\'') { quoted(&template) } else { format!("'{template}'") }
        };
        let (first, last) =
            if region::is_japanese(&not.column.name) { ("last", "first") } else { ("first", "last") };
        lines.off(&format!("first_name = {{ template = {} }}", cut(first)), "");
        lines.off(&format!("last_name = {{ template = {} }}", cut(last)), "");
    }
}

/// Reasons are ours, and may be longer than a file's text.
fn shown_long(why: &str) -> String {
    why.replace(['\n', '\r'], " ")
}

fn consent(lines: &mut Lines, columns: &[&Column]) {
    if columns.is_empty() {
        return;
    }
    let is_date = |column: &&&Column| dates::written(column).is_some();
    let says = columns.iter().find(|column| !is_date(column)).map(|column| quoted(&column.name));
    let date = columns.iter().find(is_date).map(|column| quoted(&column.name));
    let names: Vec<_> = columns.iter().map(|column| quoted(&column.name)).collect();
    let gap = || "\"…\"".to_owned();
    lines
        .blank()
        .note(&format!("Consent: {} may say who may be written to. It is not mapped:", names.join(", ")))
        .note("contacts keep the status that they have in Omnisend, and new ones are not subscribed.")
        .note("To send it, take the `# ` off these lines and fill them in; docs/CONFIGURATION.md has more.")
        .off("[consent.email]", "")
        .off(&format!("column = {}", says.unwrap_or_else(gap)), "")
        .off("unsubscribed = [\"…\"]", "its values that mean: may not be written to")
        .off(
            &format!("date = {}", date.unwrap_or_else(gap)),
            "when that was said; nothing is sent without it",
        )
        .off("source = \"…\"", "where it was said, such as \"Newsletter form\"");
}

fn properties(lines: &mut Lines, proposed: &[Proposed<'_>]) {
    if proposed.is_empty() {
        return;
    }
    lines.blank().line("[custom_properties]", "take the `# ` off a line to send it too: property = column");
    for one in proposed {
        let (line, means) = property_line(one);
        let example = match one.example.as_str() {
            "" if one.column.lists > 0 => "lists".to_owned(),
            "" => "empty in these rows".to_owned(),
            example => format!("{means}like {example}"),
        };
        lines.off(&line, &example);
    }
}

fn property_line(property: &Proposed<'_>) -> (String, String) {
    let (name, column) = (&property.name, quoted(&property.column.name));
    let typed = |kind: &str| format!("{name} = {{ column = {column}, type = \"{kind}\" }}");
    let more = |kind: &str, key: &str, value: &str| {
        format!("{name} = {{ column = {column}, type = \"{kind}\", {key} = {} }}", quoted(value))
    };
    let plain = || format!("{name} = {column}");
    match property.kind {
        Kind::Text => (plain(), String::new()),
        Kind::Amount => (plain(), "a text; a number only without its currency; ".to_owned()),
        Kind::Number(None) => (typed("number"), String::new()),
        Kind::Number(Some(decimal)) => {
            let sign = if decimal == Decimal::Comma { "," } else { "." };
            (more("number", "decimal", sign), String::new())
        }
        Kind::Boolean => (typed("boolean"), String::new()),
        Kind::Date(None) => (typed("date"), String::new()),
        Kind::Date(Some(order)) => (more("date", "format", order), format!("as {}; ", dates::spelt(order))),
        Kind::Either(one, other) => {
            let either = format!("as {} or {}: say which; ", dates::spelt(one), dates::spelt(other));
            (more("date", "format", one), either)
        }
        Kind::List(None) => (typed("list"), String::new()),
        Kind::List(Some(separator)) => (more("list", "separator", &separator.to_string()), String::new()),
    }
}

/// Columns that no export can name.
fn unnamed(lines: &mut Lines, survey: &Survey) {
    let nameless = survey.columns.iter().filter(|column| column.name.is_empty()).count();
    let mut doubled: Vec<&str> =
        survey.columns.iter().filter(|c| c.doubled && !c.name.is_empty()).map(|c| c.name.as_str()).collect();
    doubled.dedup();
    let binary = || survey.columns.iter().filter(|column| column.is_binary);
    if nameless + doubled.len() + binary().count() > 0 {
        lines.blank();
    }
    for column in binary() {
        lines.note(&format!("{} holds bytes that are no text, and cannot be mapped.", quoted(&column.name)));
    }
    if nameless > 0 {
        let have = if nameless == 1 { "column has" } else { "columns have" };
        lines.note(&format!("{nameless} {have} no name in the header and cannot be mapped."));
    }
    for name in doubled {
        lines.note(&format!(
            "{} is in the header more than once: rename all but one to map it.",
            quoted(name)
        ));
    }
}

#[cfg(test)]
mod tests;
