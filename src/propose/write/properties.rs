//! Writes `[custom_properties]`, commented out for a person to turn on.

use crate::{
    contact::Decimal,
    propose::{
        date_order::spelled,
        properties::{PropertyType, Proposed},
        toml::{Lines, quoted},
    },
};

pub(super) fn proposed(lines: &mut Lines, proposed: &[Proposed<'_>]) {
    if proposed.is_empty() {
        return;
    }
    lines.blank().line("[custom_properties]", "uncomment a line to send it too: property = column");
    for property in proposed {
        let comment = match property.example.as_str() {
            "" if property.column.lists > 0 => "contains lists".to_owned(),
            "" => "empty in these rows".to_owned(),
            example => format!("{}such as {example}", remark(property.property_type)),
        };
        lines.commented_out(&line(property), &comment);
    }
}

fn line(property: &Proposed<'_>) -> String {
    let (name, column) = (&property.name, quoted(&property.column.name));
    let typed = |kind: &str| format!("{name} = {{ column = {column}, type = \"{kind}\" }}");
    let with = |kind: &str, setting: &str, value: &str| {
        format!("{name} = {{ column = {column}, type = \"{kind}\", {setting} = {} }}", quoted(value))
    };
    match property.property_type {
        PropertyType::Text | PropertyType::Amount => format!("{name} = {column}"),
        PropertyType::Number(None) | PropertyType::AmbiguousNumber => typed("number"),
        PropertyType::Number(Some(Decimal::Comma)) => with("number", "decimal", ","),
        PropertyType::Number(Some(Decimal::Point)) => with("number", "decimal", "."),
        PropertyType::Boolean => typed("boolean"),
        PropertyType::Date(None) => typed("date"),
        PropertyType::Date(Some(order)) | PropertyType::AmbiguousDate(order, _) => {
            with("date", "format", order)
        }
        PropertyType::List(None) => typed("list"),
        PropertyType::List(Some(separator)) => with("list", "separator", &separator.to_string()),
    }
}

/// Returns what to know about a type, before its example.
fn remark(property_type: PropertyType) -> String {
    match property_type {
        PropertyType::Amount => "text, since a number has no currency sign; ".to_owned(),
        PropertyType::AmbiguousNumber => {
            "its points are decimal or thousands separators: add decimal = \".\" or \",\"; ".to_owned()
        }
        PropertyType::Date(Some(order)) => format!("dates as {}; ", spelled(order)),
        PropertyType::AmbiguousDate(one, other) => {
            format!("dates as {} or {}, set the right `format`; ", spelled(one), spelled(other))
        }
        PropertyType::Text
        | PropertyType::Number(_)
        | PropertyType::Boolean
        | PropertyType::Date(None)
        | PropertyType::List(_) => String::new(),
    }
}
