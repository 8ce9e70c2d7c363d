//! The columns that a mapping uses.

use super::{
    mapping::{Kind, Mapped, Mapping, Source},
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

    /// Returns the separator of a column that holds lists as text.
    fn separator(&self, column: &str) -> Option<&str> {
        let uses = |mapped: &&Mapped| match &mapped.from {
            Source::Column(name) => name == column,
            Source::FirstOf(names) => names.iter().any(|name| name == column),
            Source::Constant(_) | Source::Template(_) => false,
        };
        self.values().filter(uses).find_map(|mapped| match &mapped.kind {
            Kind::List { separator } => Some(separator.as_str()),
            _ => None,
        })
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
}

impl Columns {
    /// Returns no columns, for a row whose cells cannot be told apart.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// Finds the mapping's columns, in the mapping's order.
    pub fn find(mapping: &Mapping, header: &Header) -> Self {
        let find = |name: &String| Column {
            at: header.find(name).unwrap_or(usize::MAX),
            separator: mapping.separator(name).unwrap_or(", ").to_owned(),
        };
        Self(mapping.columns().iter().map(find).collect())
    }

    /// Returns the row's cells in these columns.
    pub fn cells(&self, row: &Row) -> Vec<String> {
        self.0.iter().map(|column| row.text_of(column.at, &column.separator).into_owned()).collect()
    }
}
