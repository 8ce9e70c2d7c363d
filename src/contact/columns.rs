//! The columns that a mapping uses.

use std::collections::{HashMap, HashSet};

use super::{
    mapping::{Kind, Mapping, Source},
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

    /// The separators of the columns that hold lists as text, by column.
    fn separators(&self) -> HashMap<&str, &str> {
        let mut separators = HashMap::new();
        for mapped in self.values() {
            let Kind::List { separator } = &mapped.kind else { continue };
            let columns = match &mapped.from {
                Source::Column(name) => std::slice::from_ref(name),
                Source::FirstOf(names) => names.as_slice(),
                Source::Constant(_) | Source::Template(_) => &[],
            };
            for column in columns {
                separators.entry(column.as_str()).or_insert(separator.as_str());
            }
        }
        separators
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
        let separators = mapping.separators();
        let find = |name: &String| Column {
            at: header.find(name).unwrap_or(usize::MAX),
            separator: separators.get(name.as_str()).copied().unwrap_or(", ").to_owned(),
        };
        Self(mapping.columns().iter().map(find).collect())
    }

    /// Returns the row's cells in these columns.
    pub fn cells(&self, row: &Row) -> Vec<String> {
        self.0.iter().map(|column| row.text_of(column.at, &column.separator).into_owned()).collect()
    }
}
