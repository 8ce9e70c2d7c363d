//! The columns that a mapping uses.

use super::{
    mapping::{Decimal, Kind, Mapped, Mapping, Source},
    program::{check_expression, check_template},
};
use segment_files::{Header, Row};

impl Source {
    /// The columns that it uses. An invalid template uses none, but no configuration has one.
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
    /// Every column that the mapping uses, each once. The e-mail's comes first.
    pub fn columns(&self) -> Vec<String> {
        let filter = self.filter.as_deref().map(|text| check_expression(text).unwrap_or_default());
        let consent = self.consent.columns().map(str::to_owned);
        let mut columns = Vec::new();
        for column in
            self.sources().flat_map(Source::columns).chain(filter.unwrap_or_default()).chain(consent)
        {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        columns
    }

    /// The separator of a column that holds lists as text.
    fn separator(&self, column: &str) -> Option<&str> {
        self.kinds(column).find_map(|kind| match kind {
            Kind::List { separator } => Some(separator.as_str()),
            _ => None,
        })
    }

    /// The decimal sign of a column of numbers; a point if none is set.
    fn decimal(&self, column: &str) -> Option<Decimal> {
        self.kinds(column).find_map(|kind| match kind {
            Kind::Number { decimal } => Some(decimal.unwrap_or(Decimal::Point)),
            _ => None,
        })
    }

    /// The kinds of values that are made from a column alone.
    fn kinds(&self, column: &str) -> impl Iterator<Item = &Kind> {
        let uses = move |mapped: &&Mapped| match &mapped.from {
            Source::Column(name) => name == column,
            Source::FirstOf(names) => names.iter().any(|name| name == column),
            Source::Constant(_) | Source::Template(_) => false,
        };
        self.values().filter(uses).map(|mapped| &mapped.kind)
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
            // As text, `1.234` could be either number. A further 0 keeps the value and shows the decimal sign.
            Some(decimal) if row.is_number(self.at) && text.contains('.') && !text.contains(['e', 'E']) => {
                if decimal == Decimal::Comma {
                    text.replace('.', ",")
                } else {
                    text + "0"
                }
            }
            _ => text,
        }
    }
}

impl Columns {
    /// No columns, for a row whose cells cannot be told apart.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// Finds the mapping's columns, in the mapping's order.
    pub fn find(mapping: &Mapping, header: &Header) -> Self {
        let find = |name: &String| Column {
            at: header.find(name).unwrap_or(usize::MAX),
            separator: mapping.separator(name).unwrap_or(", ").to_owned(),
            decimal: mapping.decimal(name),
        };
        Self(mapping.columns().iter().map(find).collect())
    }

    /// Returns the row's cells in these columns.
    pub fn cells(&self, row: &Row) -> Vec<String> {
        self.0.iter().map(|column| column.cell(row)).collect()
    }
}
