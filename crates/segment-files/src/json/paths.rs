//! Columns that are paths into objects: `address.city`, `emails[0]`.

use std::collections::HashMap;

use serde_json::{Error, value::RawValue};

use super::value::{elements, members};

/// The depth to which nested objects are searched for columns.
const MAX_DEPTH: usize = 8;

/// The most columns that are collected.
const MAX_COLUMNS: usize = 1_000;

/// The columns to read.
#[derive(Debug)]
pub(super) struct Paths {
    /// The columns by their whole name, which may contain a dot.
    whole: HashMap<String, usize>,
    /// The columns that may be paths into nested values.
    nested: Vec<(usize, String)>,
}

/// The value of a column, and whether it has the column's whole name.
pub(super) struct At<'j> {
    pub column: usize,
    pub is_whole: bool,
    pub value: &'j RawValue,
}

impl Paths {
    pub(super) fn new(columns: &[String]) -> Self {
        Self {
            whole: columns.iter().enumerate().map(|(at, column)| (column.clone(), at)).collect(),
            nested: columns
                .iter()
                .enumerate()
                .filter(|(_, column)| column.contains(['.', '[']))
                .map(|(at, column)| (at, column.clone()))
                .collect(),
        }
    }

    /// Calls `found` with the value of every column that the object has.
    pub(super) fn find<'j>(
        &self,
        object: &'j str,
        found: &mut impl FnMut(At<'j>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        members(object, |name, value| {
            if let Some(&column) = self.whole.get(name) {
                found(At { column, is_whole: true, value })?;
            }
            if self.nested.is_empty() {
                return Ok(());
            }
            let inside = self.nested.iter().filter_map(|(column, path)| Some((*column, below(path, name)?)));
            descend(value, &inside.collect::<Vec<_>>(), found)
        })
    }
}

/// Follows the rest of paths into a value.
fn descend<'j>(
    value: &'j RawValue,
    paths: &[(usize, &str)],
    found: &mut impl FnMut(At<'j>) -> Result<(), Error>,
) -> Result<(), Error> {
    if paths.is_empty() {
        return Ok(());
    }
    let text = value.get();
    let mut step = |name: &str, value: &'j RawValue| {
        for (column, _) in paths.iter().filter(|(_, path)| *path == name) {
            found(At { column: *column, is_whole: false, value })?;
        }
        let inside = paths.iter().filter_map(|(column, path)| Some((*column, below(path, name)?)));
        descend(value, &inside.collect::<Vec<_>>(), &mut *found)
    };
    if text.starts_with('{') {
        members(text, step)
    } else if text.starts_with('[') {
        elements(text, |at, value| {
            step(&at.to_string(), value)?;
            step(&format!("[{at}]"), value)
        })
    } else {
        Ok(())
    }
}

/// Returns the rest of a path after a name.
fn below<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(name).filter(|_| !name.is_empty())?;
    rest.strip_prefix('.').or_else(|| rest.starts_with('[').then_some(rest))
}

/// Adds the paths of an object's values to `known`, each once.
pub(super) fn add(object: &str, known: &mut Vec<String>) -> Result<(), Error> {
    fn walk(object: &str, before: &str, depth: usize, known: &mut Vec<String>) -> Result<(), Error> {
        members(object, |name, value: &RawValue| {
            let path = if before.is_empty() { name.to_owned() } else { format!("{before}.{name}") };
            let is_object = value.get().starts_with('{') && depth < MAX_DEPTH;
            if is_object {
                walk(value.get(), &path, depth + 1, known)
            } else {
                if known.len() < MAX_COLUMNS && !known.contains(&path) {
                    known.push(path);
                }
                Ok(())
            }
        })
    }
    walk(object, "", 0, known)
}
