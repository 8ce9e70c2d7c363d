//! The columns that a mapping uses.

use std::collections::{HashMap, HashSet};

use super::{
    mapping::{Decimal, Kind, Mapping, Source},
    program::{check_expression, check_template},
};
use segment_files::{Header, Row};

impl Source {
    /// Returns the columns that the source uses. For an invalid template it returns none, but no configuration has one.
    pub fn columns(&self) -> Vec<String> {
        match self {
            Self::Column(column) => vec![column.clone()],
            Self::FirstOf(columns) => columns.clone(),
            Self::Constant(_) => Vec::new(),
            Self::Template(text) => check_template(text).unwrap_or_default(),
        }
    }
}

impl Mapping {
    /// Returns every column that the mapping uses, each once. The email's comes first.
    pub fn columns(&self) -> Vec<String> {
        let filter = self.filter.as_deref().map(|text| check_expression(text).unwrap_or_default());
        let consent = self.consent.columns().map(str::to_owned);
        let (mut columns, mut seen) = (Vec::new(), HashSet::new());
        for column in
            self.sources().flat_map(Source::columns).chain(filter.unwrap_or_default()).chain(consent)
        {
            if seen.insert(column.clone()) {
                columns.push(column);
            }
        }
        columns
    }

    /// The kinds of the values that are made from a column alone, by column.
    fn kinds(&self) -> HashMap<&str, Vec<&Kind>> {
        let mut kinds: HashMap<&str, Vec<&Kind>> = HashMap::new();
        for mapped in self.values() {
            let columns = match &mapped.from {
                Source::Column(name) => std::slice::from_ref(name),
                Source::FirstOf(names) => names.as_slice(),
                Source::Constant(_) | Source::Template(_) => &[],
            };
            for column in columns {
                kinds.entry(column).or_default().push(&mapped.kind);
            }
        }
        kinds
    }
}

/// The positions of a mapping's columns in one file, for copying a row's cells into the rejects: mapped again, they
/// make the same contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Vec<Column>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    /// Past the end if the file has no such column.
    at: usize,
    /// What separates the items of a list.
    separator: String,
    /// The decimal sign of numbers.
    decimal: Option<Decimal>,
}

impl Column {
    fn cell(&self, row: &Row) -> String {
        let text = row.text_of(self.at, &self.separator).into_owned();
        match self.decimal {
            Some(Decimal::Comma) if row.is_number(self.at) && !text.contains(['e', 'E']) => {
                text.replace('.', ",")
            }
            // As text, `1.234` could be either number. A further 0 keeps the value and shows the decimal sign.
            Some(Decimal::Point) if row.is_number(self.at) && has_three_decimals(&text) => text + "0",
            _ => text,
        }
    }
}

/// Whether a number ends with a point and three digits, which could also be a thousands separator and its group.
fn has_three_decimals(number: &str) -> bool {
    number
        .rsplit_once('.')
        .is_some_and(|(_, digits)| digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// The separator of a list that is written as text.
fn separator(kind: &Kind) -> Option<&str> {
    if let Kind::List { separator } = kind { Some(separator) } else { None }
}

/// The decimal sign of a number; a point if none is set.
fn decimal(kind: &Kind) -> Option<Decimal> {
    if let Kind::Number { decimal } = kind { Some(decimal.unwrap_or(Decimal::Point)) } else { None }
}

impl Columns {
    /// Returns no columns, for a row whose cells cannot be told apart.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// Finds the mapping's columns, in the mapping's order.
    pub fn find(mapping: &Mapping, header: &Header) -> Self {
        let kinds = mapping.kinds();
        let kinds_of = |name: &str| kinds.get(name).map(Vec::as_slice).unwrap_or_default();
        let find = |name: &String| Column {
            at: header.find(name).unwrap_or(usize::MAX),
            separator: kinds_of(name).iter().find_map(|kind| separator(kind)).unwrap_or(", ").to_owned(),
            decimal: kinds_of(name).iter().find_map(|kind| decimal(kind)),
        };
        Self(mapping.columns().iter().map(find).collect())
    }

    /// Returns the row's cells in these columns.
    pub fn cells(&self, row: &Row) -> Vec<String> {
        self.0.iter().map(|column| column.cell(row)).collect()
    }
}
