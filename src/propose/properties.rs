//! Custom properties for the columns that are no field: a name that Omnisend takes, and a type.

use std::collections::BTreeSet;

use super::{
    column::{Column, percent},
    dates::{self, Written},
    look,
    mask::masked,
    names::words,
    romanise::property_name,
};
use crate::contact::Field;

/// What a property's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Texts, and what is not always something else.
    Text,
    /// Numbers; whether with a decimal comma.
    Number { comma: bool },
    /// Yes or no.
    Boolean,
    /// Dates, in this order.
    Date(Written),
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
    if let Some(written) =
        dates::written(column).filter(|_| column.percent(|cell| dates::any(cell).is_some()) == 100)
    {
        return Kind::Date(written);
    }
    // What names something is no quantity, and a leading zero would be lost.
    if !is_id(&column.name) && !column.cells.iter().any(|cell| look::is_code(cell)) {
        if all(look::is_plain_number) {
            return Kind::Number { comma: false };
        }
        if all(look::is_number) && !column.cells.iter().any(|cell| is_ambiguous(cell)) {
            return Kind::Number { comma: true };
        }
    }
    ['|', ';', ',']
        .into_iter()
        .find(|separator| is_list(column, *separator))
        .map_or(Kind::Text, |c| Kind::List(Some(c)))
}

/// A point where the other numbers of the column have a comma.
fn is_ambiguous(cell: &str) -> bool {
    look::is_plain_number(cell) && cell.contains('.')
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
            ("LTV", &["12.50", "3", "-1"], Kind::Number { comma: false }),
            ("Umsatz", &["12,50", "1.234,00", "3"], Kind::Number { comma: true }),
            ("Mixed", &["12,50", "12.5"], Kind::Text),
            ("Orders", &["1", "0"], Kind::Number { comma: false }),
            ("is_vip", &["1", "0"], Kind::Boolean),
            ("VIP", &["true", "false"], Kind::Boolean),
            ("Store code", &["101", "102"], Kind::Text),
            ("CustomerId", &["1001", "1002"], Kind::Text),
            ("Branch", &["001", "102"], Kind::Text),
            ("Last order", &["2024-05-06", "2024-05-07"], Kind::Date(Written::Plain)),
            ("Last order", &["06.05.2024"], Kind::Date(Written::As("%d.%m.%Y"))),
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
