//! Writes `[fields]`: the mapped columns, and the columns that only seem to be fields.

use crate::{
    contact::Field,
    propose::{
        date_order::spelled,
        fields::{Chosen, Fields, Unmapped},
        interpretation::Interpretation,
        region::is_japanese,
        toml::{Lines, quoted},
    },
};

/// Writes a field and its alternatives.
pub(super) fn chosen(lines: &mut Lines, chosen: &Chosen<'_>, fields: &Fields<'_>) {
    let key = chosen.field.key();
    let column = quoted(&chosen.column.name);
    let filled = if chosen.column.is_empty() {
        "empty in these rows".to_owned()
    } else {
        format!("{}% filled", chosen.column.percent_filled())
    };
    let with = |setting: &str, value: &str| {
        format!("{key} = {{ column = {column}, {setting} = {} }}", quoted(value))
    };
    match chosen.interpretation {
        Interpretation::Plain => {
            let by_values = if chosen.by_values { "; chosen by its values" } else { "" };
            lines.line(&format!("{key} = {column}"), &format!("{filled}{by_values}"))
        }
        Interpretation::DateFormat(order) => {
            lines.line(&with("format", order), &format!("{filled}; dates as {}", spelled(order)))
        }
        Interpretation::Region(country) => lines.line(
            &with("region", country),
            &format!("{filled}; numbers without a country code are read as numbers from {country}"),
        ),
        Interpretation::LikelyRegion(country) => lines.commented_out(
            &with("region", country),
            &format!("the numbers have no country code; uncomment this line if they are from {country}"),
        ),
        Interpretation::UnknownRegion => lines.commented_out(
            &with("region", ""),
            "the numbers have no country code; set their country, such as JP, and uncomment this line",
        ),
    };
    if matches!(chosen.field, Field::Email | Field::Phone) {
        for other in &chosen.others {
            lines.commented_out(
                &format!("{key} = {{ first_of = [{column}, {}] }}", quoted(&other.name)),
                &format!("{} is {}% filled", quoted(&other.name), other.percent_filled()),
            );
        }
    }
    if chosen.field == Field::Address {
        for line in &fields.address_lines {
            lines.note(&format!("  {} continues the address and is not mapped", quoted(&line.name)));
        }
    }
}

/// Writes the columns that are not mapped, with the reasons.
pub(super) fn unmapped(lines: &mut Lines, unmapped: &[Unmapped<'_>]) {
    for Unmapped { field, column, reason } in unmapped {
        let name = quoted(&column.name);
        if let Some(field) = field {
            lines.commented_out(&format!("{} = {name}", field.key()), &on_one_line(reason));
            continue;
        }
        lines.note(&format!("{name}: {reason}"));
        let split = |end: &str| {
            let template = format!("{{{{ row[{name}]|split|{end}|default(\"\") }}}}");
            // Single quotes are easier to read, since the template contains double quotes.
            if template.contains('\'') { quoted(&template) } else { format!("'{template}'") }
        };
        let (first, last) = if is_japanese(&column.name) { ("last", "first") } else { ("first", "last") };
        lines.commented_out(&format!("first_name = {{ template = {} }}", split(first)), "");
        lines.commented_out(&format!("last_name = {{ template = {} }}", split(last)), "");
    }
}

fn on_one_line(reason: &str) -> String {
    reason.replace(['\n', '\r'], " ")
}
