//! Columns as paths into objects: `address.city`, `emails[0]`.

use std::collections::HashMap;

use serde_json::{Error, value::RawValue};

use super::value::{elements, members};

/// How deep nested objects are looked at for columns.
const MAX_DEPTH: usize = 8;

/// The most columns that an object is taken to have.
const MAX_COLUMNS: usize = 1_000;

/// The columns that are read, by where they are found.
#[derive(Debug)]
pub(super) struct Paths {
    /// By their whole name. A name may well have a dot in it.
    whole: HashMap<String, usize>,
    /// Those that may lead into something nested.
    nested: Vec<(usize, String)>,
}

/// A column's value, and whether it was found by the column's whole name.
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

    /// Hands over the value of every column that an object has.
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

/// Follows what is left of paths into a value.
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

/// What is left of a path below a name.
fn below<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(name).filter(|_| !name.is_empty())?;
    rest.strip_prefix('.').or_else(|| rest.starts_with('[').then_some(rest))
}

/// Adds the paths of an object's values to those that are known, in the order in which they are found.
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
