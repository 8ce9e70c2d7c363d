//! The files of a world: the connection, the export and the segments.

use std::fmt::Write as _;

use crate::{
    brand::{Fields, address},
    operations::{Export, Row, Setup},
};

/// The fields of each mapping, with their columns.
const COLUMNS: [&[(&str, Column)]; crate::operations::MAPPINGS] = [
    &[("first_name", Column::Name)],
    &[("last_name", Column::Name)],
    &[("first_name", Column::Name), ("nick", Column::Nick)],
    &[("first_name", Column::Nick)],
    &[("first_name", Column::Name)],
];

#[derive(Debug, Clone, Copy)]
enum Column {
    Name,
    Nick,
}

pub(crate) fn connection(setup: &Setup) -> String {
    let tags = if setup.forces_inline { "tags = \"inline\"" } else { "" };
    format!(
        "display_name = \"Acme\"\nsecret = \"omnisend/acme\"\nrequests_per_minute = 100_000\n{tags}\n\
         batch_size = {}\n[data_privacy]\nagreed_by = \"ada\"\nagreed_at = 2026-01-01T00:00:00Z\n",
        setup.batch_size
    )
}

pub(crate) fn export(export: &Export, create_segment: bool) -> String {
    let mut text = format!(
        "display_name = \"VIP\"\nmode = \"{}\"\ncreate_segment = {create_segment}\n",
        export.mode.as_str()
    );
    for segment in &export.segments {
        write!(text, "[[segments]]\nname = \"S{segment}\"\npath = \"segments/s{segment}/\"\n").unwrap();
    }
    let (properties, fields): (Vec<_>, Vec<_>) =
        COLUMNS[export.mapping].iter().partition(|(field, _)| *field == "nick");
    text.push_str("[fields]\nemail = \"EMail\"\n");
    text.push_str("birthdate = { column = \"Born\", on_invalid = \"reject-row\" }\n");
    for (field, column) in fields {
        writeln!(text, "{field} = \"{column:?}\"").unwrap();
    }
    text.push_str("[custom_properties]\n");
    for (property, column) in properties {
        writeln!(text, "{property} = \"{column:?}\"").unwrap();
    }
    if maps_consent(export.mapping) {
        text.push_str(CONSENT);
    }
    text
}

const CONSENT: &str = r#"
[consent.email]
column = "Mail"
subscribed = ["yes"]
unsubscribed = ["no"]
date = "Since"
source = "form"
may_subscribe = true
"#;

pub(crate) fn maps_consent(mapping: usize) -> bool {
    mapping == crate::operations::MAPPINGS - 1
}

/// Returns the first moment of a day.
pub(crate) fn day(day: u32) -> String {
    format!("2020-01-{day:02}T00:00:00Z")
}

pub(crate) fn segment(rows: &[Row]) -> String {
    let mut text = "EMail,Name,Nick,Mail,Since,Born\n".to_owned();
    for Row { person, name, nick, consent, is_bad } in rows {
        let email = person.map_or_else(|| "nobody".to_owned(), address);
        let status = consent.map_or("", |consent| if consent.opted_out { "no" } else { "yes" });
        let day = consent.and_then(|consent| consent.day).map(day).unwrap_or_default();
        let born = if *is_bad { "soon" } else { "" };
        writeln!(text, "{email},{name},{nick},{status},{day},{born}").unwrap();
    }
    text
}

/// Returns the fields of a mapped row. An empty cell sets no field.
pub(crate) fn mapped(mapping: usize, row: &Row) -> Fields {
    let field = |(field, column): &(&str, Column)| {
        let cell = match column {
            Column::Name => row.name,
            Column::Nick => row.nick,
        };
        let name = match *field {
            "first_name" => "firstName",
            "last_name" => "lastName",
            property => property,
        };
        (!cell.is_empty()).then(|| (name.to_owned(), cell.to_owned()))
    };
    COLUMNS[mapping].iter().filter_map(field).collect()
}
