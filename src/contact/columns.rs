//! The columns of a file that a mapping uses, and what a row has in them: as text that makes the same contact again.

use super::{Kind, Mapped, Mapping, Source};
use crate::source::{Header, Row};

/// Where a mapping's columns are in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Vec<Column>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    /// One that is not there is past the end.
    at: usize,
    /// What stands between the values of a list.
    between: String,
}

impl Columns {
    /// Those of no mapping.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// Finds a mapping's columns, in the mapping's order.
    pub fn find(mapping: &Mapping, header: &Header) -> Self {
        let of = |name: &String| Column {
            at: header.find(name).unwrap_or(usize::MAX),
            between: mapping.separator(name).unwrap_or(", ").to_owned(),
        };
        Self(mapping.columns().iter().map(of).collect())
    }

    /// A row's cells in them.
    pub fn cells(&self, row: &Row) -> Vec<String> {
        self.0.iter().map(|column| row.text_of(column.at, &column.between).into_owned()).collect()
    }
}

impl Mapping {
    /// What stands between the values of a column that is a list in text.
    fn separator(&self, column: &str) -> Option<&str> {
        let fields = self.fields.iter().map(|(_, mapped)| mapped);
        let values = fields.chain(self.properties.iter().map(|property| &property.value));
        let uses = |mapped: &&Mapped| match &mapped.from {
            Source::Column(name) => name == column,
            Source::FirstOf(names) => names.iter().any(|name| name == column),
            Source::Constant(_) | Source::Template(_) => false,
        };
        values.filter(uses).find_map(|mapped| match &mapped.kind {
            Kind::List { separator } => Some(separator.as_str()),
            _ => None,
        })
    }
}
