//! Custom properties for the columns that are no field: a name that Omnisend takes, and a type.

use std::collections::BTreeSet;

use super::{
    column::{Column, percent},
    dates::{self, Written},
    look,
    names::words,
    romanise::property_name,
};
use crate::contact::{self, Decimal, Field, masked};

/// What a property's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Texts, and what is not always something else.
    Text,
    /// Numbers; what stands before the fraction, where that has to be said.
    Number(Option<Decimal>),
    /// Yes or no.
    Boolean,
    /// Dates; in which order, where that has to be said.
    Date(Option<&'static str>),
    /// Dates that could be in either order.
    Either(&'static str, &'static str),
    /// Texts that are numbers with their currency, which no number is read with.
    Amount,
    /// Texts between separators; `None` where the file has lists.
    List(Option<char>),
}

/// A custom property that could be.
#[derive(Debug)]
pub(crate) struct Proposed<'s> {
    pub name: String,
    pub column: &'s Column,
    pub kind: Kind,
    /// An example that gives nobody away.
    pub example: String,
}

/// One for each column that can be mapped.
pub(super) fn propose<'s>(columns: impl Iterator<Item = &'s Column>) -> Vec<Proposed<'s>> {
    let mut taken = BTreeSet::new();
    columns
        .filter(|column| column.is_mappable())
        .map(|column| {
            let name = property_name(&column.name, column.at);
            let is_field = Field::ALL.iter().any(|field| field.key() == name);
            let name = unique(&if is_field { name + "_text" } else { name }, &mut taken);
            let example = column.cells.first().map(|cell| masked(cell)).unwrap_or_default();
            Proposed { name, column, kind: kind(column), example }
        })
        .collect()
}

/// Upper and lower case tell no two properties apart.
fn unique(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut unique = name.to_owned();
    let mut n = 2;
    while !taken.insert(unique.to_lowercase()) {
        unique = format!("{name}_{n}");
        n += 1;
    }
    unique
}

fn kind(column: &Column) -> Kind {
    if column.lists > 0 {
        return Kind::List(None);
    }
    if column.cells.is_empty() {
        return Kind::Text;
    }
    let all = |is: fn(&str) -> bool| column.cells.iter().all(|cell| is(cell));
    if all(look::is_yes_or_no) || (is_question(&column.name) && all(|cell| cell == "0" || cell == "1")) {
        return Kind::Boolean;
    }
    if let Some(dates) = date(column) {
        return dates;
    }
    // What names something is no quantity, and a leading zero would be lost.
    let is_code = column.cells.iter().any(|cell| look::is_code(cell)) || column.percent(look::is_long) >= 50;
    if !is_id(&column.name)
        && !is_code
        && let Some(decimal) = number(column)
    {
        return Kind::Number(decimal);
    }
    let is_amount =
        |cell: &str| look::is_amount(cell) || look::is_number(cell) || look::is_grouped_number(cell);
    if all(is_amount) && column.cells.iter().any(|cell| look::is_amount(cell)) {
        return Kind::Amount;
    }
    ['|', ';', ',']
        .into_iter()
        .find(|separator| is_list(column, *separator))
        .map_or(Kind::Text, |c| Kind::List(Some(c)))
}

/// How a column of dates is read; `None` where not all of it can be.
fn date(column: &Column) -> Option<Kind> {
    let written = dates::written(column)?;
    let takes = |format: Option<&str>| {
        let kind = contact::Kind::Date { format: format.map(str::to_owned) };
        column.cells.iter().all(|cell| kind.check(cell).is_ok())
    };
    match written {
        _ if takes(None) => Some(Kind::Date(None)),
        Written::As(order) if takes(Some(order)) => Some(Kind::Date(Some(order))),
        Written::Either(one, other) if takes(Some(one)) => Some(Kind::Either(one, other)),
        Written::Plain | Written::As(_) | Written::Either(..) => None,
    }
}

/// Commas between thousands leave no doubt where so many cells have them, and each before three digits.
const ENOUGH_GROUPED: usize = 3;

/// How a column of numbers is read; `None` where not all of it is one.
#[expect(clippy::option_option, reason = "no numbers, and numbers that say it themselves, are two things")]
fn number(column: &Column) -> Option<Option<Decimal>> {
    let cells = || column.cells.iter().map(String::as_str);
    let with_comma = cells().filter(|cell| cell.contains(',')).count();
    if with_comma == 0 {
        return cells().all(look::is_plain_number).then_some(None);
    }
    let is_ungrouped = |cell: &str| {
        let whole = cell.trim_start_matches(['-', '+']).split('.').next().unwrap_or_default();
        look::is_plain_number(cell) && whole.len() <= 3
    };
    let is_clear = |cell: &str| cell.matches(',').count() > 1 || (cell.contains(',') && cell.contains('.'));
    if cells().all(|cell| look::is_grouped_number(cell) || is_ungrouped(cell)) {
        let is_certain = with_comma >= ENOUGH_GROUPED || cells().any(is_clear);
        return is_certain.then_some(Some(Decimal::Point));
    }
    // A point where the other numbers of the column have a comma leaves a doubt.
    let is_ambiguous = |cell: &str| look::is_plain_number(cell) && cell.contains('.');
    (cells().all(look::is_number) && !cells().any(is_ambiguous)).then_some(Some(Decimal::Comma))
}

/// Short texts that return, in cells of several.
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

fn is_question(name: &str) -> bool {
    let words = words(name);
    ["is", "has", "was", "ist", "hat", "flag"].iter().any(|word| {
        words.first().is_some_and(|first| first == word) || words.last().is_some_and(|last| last == word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, cells: &[&str]) -> Kind {
        kind(&Column::of(name, cells))
    }

    #[test]
    fn a_type_is_what_every_cell_fits() {
        for (name, cells, expected) in [
            ("Tier", &["gold", "silver"][..], Kind::Text),
            ("LTV", &["12.50", "3", "-1"], Kind::Number(None)),
            ("Umsatz", &["12,50", "1.234,00", "3"], Kind::Number(Some(Decimal::Comma))),
            ("Spent", &["1,234", "980", "12,345", "7,000"], Kind::Number(Some(Decimal::Point))),
            ("Spent", &["1,234,567", "980.5"], Kind::Number(Some(Decimal::Point))),
            ("Spent", &["1,234"], Kind::Text),
            ("Spent", &["1,234", "2,345", "3,456", "4567"], Kind::Number(Some(Decimal::Comma))),
            ("Mixed", &["12,50", "12.5"], Kind::Text),
            ("Spent", &["$1,234.50", "$5", "0"], Kind::Amount),
            ("Spent", &["¥1,200", "free"], Kind::Text),
            ("Orders", &["1", "0"], Kind::Number(None)),
            ("Points", &["12", "1234567890123456", "7"], Kind::Number(None)),
            ("Card", &["1234567890123456", "1234567890123457"], Kind::Text),
            ("is_vip", &["1", "0"], Kind::Boolean),
            ("VIP", &["true", "false"], Kind::Boolean),
            ("Store code", &["101", "102"], Kind::Text),
            ("CustomerId", &["1001", "1002"], Kind::Text),
            ("Branch", &["001", "102"], Kind::Text),
            ("Last order", &["2024-05-06", "2024-05-07"], Kind::Date(None)),
            ("Last order", &["06.05.2024", "7.5.2024 10:00"], Kind::Date(None)),
            ("Last order", &["2024/5/6"], Kind::Date(None)),
            ("Last order", &["16/05/2024", "7/5/2024 10:00"], Kind::Date(Some("%d/%m/%Y"))),
            ("Last order", &["06/05/2024"], Kind::Either("%d/%m/%Y", "%m/%d/%Y")),
            ("Last order", &["2024-05-06", "never"], Kind::Text),
            ("Likes", &["shoes|hats", "hats", "shoes|hats"], Kind::List(Some('|'))),
            ("Notes", &["Hello, you", "Once, upon, a time"], Kind::Text),
            ("Empty", &[], Kind::Text),
        ] {
            assert_eq!(of(name, cells), expected, "{name} {cells:?}");
        }
    }

    #[test]
    fn names_are_unique_and_examples_masked() {
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
