//! Proposes a custom property for each column that is not a field.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    cell,
    column::{Column, percent},
    dates::{self, DateStyle},
    romanise::property_name,
};
use crate::contact::{Decimal, Field, Kind, masked};
use crate::propose::by_name::words;

/// The type of a custom property, with the settings that it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PropertyType {
    /// Text, or values of different types.
    Text,
    /// Numbers, with their decimal sign if it must be set.
    Number(Option<Decimal>),
    /// Numbers such as `1.200`, whose point could be a decimal or a thousands separator.
    AmbiguousNumber,
    Boolean,
    /// Dates, with their `strptime` format if it must be set.
    Date(Option<&'static str>),
    /// Dates that are valid in either of two formats.
    AmbiguousDate(&'static str, &'static str),
    /// Numbers with a currency sign, which can only be sent as text.
    Amount,
    /// Lists, with their separator if they are text.
    List(Option<char>),
}

/// A custom property that could be sent.
#[derive(Debug)]
pub(crate) struct Proposed<'s> {
    pub name: String,
    pub column: &'s Column,
    pub property_type: PropertyType,
    /// The first value, masked.
    pub example: String,
}

/// Proposes a property for each column that can be mapped.
pub(super) fn propose<'s>(columns: impl Iterator<Item = &'s Column>) -> Vec<Proposed<'s>> {
    let mut taken = Taken::default();
    columns
        .filter(|column| column.is_mappable())
        .map(|column| {
            let name = property_name(&column.name, column.at);
            let is_field = Field::ALL.iter().any(|field| field.key() == name);
            let name = unique(&if is_field { name + "_text" } else { name }, &mut taken);
            let example = column.cells.first().map(|cell| masked(cell)).unwrap_or_default();
            Proposed { name, column, property_type: property_type(column), example }
        })
        .collect()
}

/// Returns the name, with a number if it is taken. Names that differ only in case count as the same.
fn unique(name: &str, taken: &mut Taken) -> String {
    let mut unique = name.to_owned();
    let mut n = taken.next.get(&name.to_lowercase()).copied().unwrap_or(2);
    while !taken.names.insert(unique.to_lowercase()) {
        unique = format!("{name}_{n}");
        n += 1;
    }
    taken.next.insert(name.to_lowercase(), n);
    unique
}

/// The names that are taken.
#[derive(Debug, Default)]
struct Taken {
    names: BTreeSet<String>,
    /// The next number for a name, so that many equal names do not try the same numbers.
    next: BTreeMap<String, usize>,
}

fn property_type(column: &Column) -> PropertyType {
    if column.lists > 0 {
        return PropertyType::List(None);
    }
    if column.cells.is_empty() {
        return PropertyType::Text;
    }
    let all = |is: fn(&str) -> bool| column.cells.iter().all(|cell| is(cell));
    if all(cell::is_yes_or_no) || (is_question(&column.name) && all(|cell| cell == "0" || cell == "1")) {
        return PropertyType::Boolean;
    }
    if let Some(dates) = date(column) {
        return dates;
    }
    // An identifier is not a quantity, and as a number it would lose leading zeros.
    let is_code = column.cells.iter().any(|cell| cell::is_code(cell)) || column.percent(cell::is_long) >= 50;
    if !is_id(&column.name)
        && !is_code
        && let Some(number) = number(column)
    {
        return number;
    }
    let is_amount =
        |cell: &str| cell::is_amount(cell) || cell::is_number(cell) || cell::is_grouped_number(cell);
    if all(is_amount) && column.cells.iter().any(|cell| cell::is_amount(cell)) {
        return PropertyType::Amount;
    }
    if is_array(column) {
        return PropertyType::List(None);
    }
    ['|', ';', ',']
        .into_iter()
        .find(|separator| is_list(column, *separator))
        .map_or(PropertyType::Text, |c| PropertyType::List(Some(c)))
}

/// Returns the type of a column of dates, or `None` if not every cell can be read as one.
fn date(column: &Column) -> Option<PropertyType> {
    let style = dates::style(column)?;
    let is_readable = |format: Option<&str>| {
        let kind = Kind::Date { format: format.map(str::to_owned) };
        column.cells.iter().all(|cell| kind.check(cell).is_ok())
    };
    match style {
        _ if is_readable(None) => Some(PropertyType::Date(None)),
        DateStyle::Order(order) if is_readable(Some(order)) => Some(PropertyType::Date(Some(order))),
        DateStyle::Ambiguous(one, other) if is_readable(Some(one)) => {
            Some(PropertyType::AmbiguousDate(one, other))
        }
        DateStyle::Iso | DateStyle::Order(_) | DateStyle::Ambiguous(..) => None,
    }
}

/// How many cells must have a comma before three digits for it to separate thousands beyond doubt.
const ENOUGH_GROUPED: usize = 3;

/// Returns the type of a column of numbers, or `None` if not every cell is one, or if their decimal sign is uncertain.
fn number(column: &Column) -> Option<PropertyType> {
    let cells = || column.cells.iter().map(String::as_str);
    if column.typed_numbers > 0 && column.typed_numbers >= column.cells.len() {
        return Some(PropertyType::Number(None));
    }
    let with_comma = cells().filter(|cell| cell.contains(',')).count();
    // `12.50`: only a decimal point explains it. `1.234.567`: only a decimal comma does.
    let shows_point = cells()
        .any(|cell| cell::is_plain_number(cell) && cell.contains('.') && !cell::has_unclear_points(cell));
    if with_comma == 0 {
        let shows_comma = cells().any(|cell| cell::has_unclear_points(cell) && cell.matches('.').count() > 1);
        let is_number = |cell| cell::is_plain_number(cell) || cell::has_unclear_points(cell);
        let kind = match (cells().any(cell::has_unclear_points), shows_point, shows_comma) {
            (false, ..) => PropertyType::Number(None),
            (true, true, false) => PropertyType::Number(Some(Decimal::Point)),
            (true, false, true) => PropertyType::Number(Some(Decimal::Comma)),
            (true, false, false) => PropertyType::AmbiguousNumber,
            (true, true, true) => return None,
        };
        return cells().all(is_number).then_some(kind);
    }
    let is_ungrouped = |cell: &str| {
        let whole = cell.trim_start_matches(['-', '+']).split('.').next().unwrap_or_default();
        cell::is_plain_number(cell) && whole.len() <= 3
    };
    let is_clear = |cell: &str| cell.matches(',').count() > 1 || (cell.contains(',') && cell.contains('.'));
    if cells().all(|cell| cell::is_grouped_number(cell) || is_ungrouped(cell)) {
        let is_certain = with_comma >= ENOUGH_GROUPED || shows_point || cells().any(is_clear);
        return is_certain.then_some(PropertyType::Number(Some(Decimal::Point)));
    }
    let is_comma =
        cells().all(|cell| cell::is_number(cell) || cell::has_unclear_points(cell)) && !shows_point;
    is_comma.then_some(PropertyType::Number(Some(Decimal::Comma)))
}

/// Whether a column contains arrays as text, such as `["a", "b"]`, `{a,b}` and `['a', 'b']`, some with several items.
fn is_array(column: &Column) -> bool {
    let kind = Kind::List { separator: ",".to_owned() };
    let is_array = |cell: &String| cell.starts_with(['[', '{']) && kind.check(cell).is_ok();
    column.cells.iter().all(is_array) && column.cells.iter().any(|cell| cell.contains(','))
}

/// Whether a column contains lists: short items that recur, several in at least a fifth of the cells.
fn is_list(column: &Column, separator: char) -> bool {
    let several = column.cells.iter().filter(|cell| cell.contains(separator)).count();
    if percent(several, column.cells.len()) < 20 {
        return false;
    }
    let items: Vec<&str> =
        column.cells.iter().flat_map(|cell| cell.split(separator)).map(str::trim).collect();
    let distinct: BTreeSet<&str> = items.iter().copied().collect();
    items.iter().all(|item| item.chars().count() <= 40) && distinct.len() * 2 <= items.len()
}

/// Whether a name is that of an identifier.
fn is_id(name: &str) -> bool {
    let words = words(name);
    let last = words.last().map(String::as_str).unwrap_or_default();
    ["id", "ids", "no", "nr", "code", "number", "num", "key", "guid", "uuid", "番号", "コード"]
        .contains(&last)
        || last.ends_with("番号")
        || last.ends_with("コード")
        || last.ends_with("nummer")
        || last.ends_with("id") && last.len() <= 10 && words.len() == 1
}

/// Whether a name is that of a yes-or-no question, so that 1 and 0 are answers.
fn is_question(name: &str) -> bool {
    let words = words(name);
    ["is", "has", "was", "ist", "hat", "flag"].iter().any(|word| {
        words.first().is_some_and(|first| first == word) || words.last().is_some_and(|last| last == word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, cells: &[&str]) -> PropertyType {
        property_type(&Column::of(name, cells))
    }

    #[test]
    fn chooses_the_type_that_fits_every_cell() {
        for (name, cells, expected) in [
            ("Tier", &["gold", "silver"][..], PropertyType::Text),
            ("LTV", &["12.50", "3", "-1"], PropertyType::Number(None)),
            ("Umsatz", &["12,50", "1.234,00", "3"], PropertyType::Number(Some(Decimal::Comma))),
            ("Spent", &["1,234", "980", "12,345", "7,000"], PropertyType::Number(Some(Decimal::Point))),
            ("Spent", &["1,234,567", "980.5"], PropertyType::Number(Some(Decimal::Point))),
            ("Spent", &["1,234"], PropertyType::Text),
            ("Spent", &["1,234", "2,345", "3,456", "4567"], PropertyType::Number(Some(Decimal::Comma))),
            ("Mixed", &["12,50", "12.5"], PropertyType::Text),
            ("Umsatz", &["1.200", "850", "12.500", "3.400", "999"], PropertyType::AmbiguousNumber),
            ("Umsatz", &["1.200", "850,5"], PropertyType::Number(Some(Decimal::Comma))),
            ("Umsatz", &["1.200", "1.234.567"], PropertyType::Number(Some(Decimal::Comma))),
            ("Ratio", &["1.200", "0.125"], PropertyType::Number(Some(Decimal::Point))),
            ("Ratio", &["0.125", "1234.567"], PropertyType::Number(None)),
            ("Spent", &["1,234", "2.5"], PropertyType::Number(Some(Decimal::Point))),
            ("Mixed", &["1.234.567", "2.5"], PropertyType::Text),
            ("Spent", &["$1,234.50", "$5", "0"], PropertyType::Amount),
            ("Spent", &["¥1,200", "free"], PropertyType::Text),
            ("Orders", &["1", "0"], PropertyType::Number(None)),
            ("Points", &["12", "1234567890123456", "7"], PropertyType::Number(None)),
            ("Card", &["1234567890123456", "1234567890123457"], PropertyType::Text),
            ("is_vip", &["1", "0"], PropertyType::Boolean),
            ("VIP", &["true", "false"], PropertyType::Boolean),
            ("Store code", &["101", "102"], PropertyType::Text),
            ("CustomerId", &["1001", "1002"], PropertyType::Text),
            ("Branch", &["001", "102"], PropertyType::Text),
            ("Last order", &["2024-05-06", "2024-05-07"], PropertyType::Date(None)),
            ("Last order", &["06.05.2024", "7.5.2024 10:00"], PropertyType::Date(None)),
            ("Last order", &["2024/5/6"], PropertyType::Date(None)),
            ("Last order", &["16/05/2024", "7/5/2024 10:00"], PropertyType::Date(Some("%d/%m/%Y"))),
            ("Last order", &["06/05/2024"], PropertyType::AmbiguousDate("%d/%m/%Y", "%m/%d/%Y")),
            ("Last order", &["2024-05-06", "never"], PropertyType::Text),
            ("Likes", &["shoes|hats", "hats", "shoes|hats"], PropertyType::List(Some('|'))),
            ("Likes", &["{shoes,hats}", "{}"], PropertyType::List(None)),
            ("Likes", &["['shoes', 'hats']", "['hats']"], PropertyType::List(None)),
            ("Id", &["{550e8400-e29b-41d4-a716-446655440000}"], PropertyType::Text),
            ("Notes", &["Hello, you", "Once, upon, a time"], PropertyType::Text),
            ("Empty", &[], PropertyType::Text),
        ] {
            assert_eq!(of(name, cells), expected, "{name} {cells:?}");
        }
    }

    #[test]
    fn makes_names_unique_and_masks_examples() {
        let columns = [
            Column { at: 0, ..Column::of("Loyalty Tier", &["gold"]) },
            Column { at: 1, ..Column::of("loyalty_tier", &["silver"]) },
            Column { at: 2, ..Column::of("!?", &["x"]) },
            Column { at: 3, ..Column::of("Email", &["sent"]) },
        ];
        let proposed = propose(columns.iter());
        let names: Vec<_> = proposed.iter().map(|p| (p.name.as_str(), p.example.as_str())).collect();
        assert_eq!(
            names,
            [
                ("loyalty_tier", "g•••"),
                ("loyalty_tier_2", "s•••"),
                ("column_3", "•••"),
                ("email_text", "s•••")
            ]
        );
    }
}
