//! Columns that are paths into objects: `address.city`, `emails[0]`.

use std::collections::{HashMap, HashSet};

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
    /// The columns that may be paths into nested values, by everything that the first name on the path may be.
    nested: HashMap<String, Vec<(usize, String)>>,
}

/// The value of a column, and whether it has the column's whole name.
pub(super) struct At<'j> {
    pub column: usize,
    pub is_whole: bool,
    pub value: &'j RawValue,
}

impl Paths {
    pub(super) fn new(columns: &[String]) -> Self {
        let mut nested: HashMap<String, Vec<(usize, String)>> = HashMap::new();
        for (at, column) in columns.iter().enumerate() {
            // The first name may have a dot or a bracket in it.
            for (end, _) in column.match_indices(['.', '[']) {
                let (first, _) = column.split_at(end);
                if let Some(rest) = below(column, first) {
                    nested.entry(first.to_owned()).or_default().push((at, rest.to_owned()));
                }
            }
        }
        let whole = columns.iter().enumerate().map(|(at, column)| (column.clone(), at)).collect();
        Self { whole, nested }
    }

    /// Returns the columns that may be inside of a member, and the rest of their paths.
    fn inside(&self, member: &str) -> Option<&[(usize, String)]> {
        self.nested.get(member).map(Vec::as_slice)
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
            let Some(inside) = self.inside(name) else { return Ok(()) };
            descend(
                value,
                &inside.iter().map(|(column, path)| (*column, path.as_str())).collect::<Vec<_>>(),
                found,
            )
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

/// The paths of the values in the first rows, each once.
#[derive(Debug, Default)]
pub(super) struct Known {
    paths: Vec<String>,
    seen: HashSet<String>,
}

impl Known {
    /// Adds the paths of an object's values.
    pub(super) fn add(&mut self, object: &str) -> Result<(), Error> {
        self.walk(object, "", 0)
    }

    pub(super) fn into_paths(self) -> Vec<String> {
        self.paths
    }

    fn walk(&mut self, object: &str, before: &str, depth: usize) -> Result<(), Error> {
        members(object, |name, value: &RawValue| {
            let path = if before.is_empty() { name.to_owned() } else { format!("{before}.{name}") };
            let is_object = value.get().starts_with('{') && depth < MAX_DEPTH;
            if is_object {
                return self.walk(value.get(), &path, depth + 1);
            }
            if self.paths.len() < MAX_COLUMNS && !self.seen.contains(&path) {
                self.seen.insert(path.clone());
                self.paths.push(path);
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_compared_with_its_own_columns_only() {
        let columns: Vec<String> = (0..1_000).map(|n| format!("m{n}.a.b[0]")).collect();
        let paths = Paths::new(&columns);
        let compared = |n: usize| paths.inside(&format!("m{n}")).map_or(0, <[_]>::len);
        assert_eq!((0..1_000).map(compared).sum::<usize>(), 1_000);
        assert_eq!(paths.inside("other"), None);
    }

    #[test]
    fn the_first_name_of_a_path_may_have_a_dot_or_a_bracket() {
        let paths = Paths::new(&["a.b[0].c".to_owned(), ".x".to_owned()]);
        let inside =
            |member: &str| paths.inside(member).and_then(<[_]>::first).map(|(_, rest)| rest.as_str());
        assert_eq!(
            [inside("a"), inside("a.b"), inside("a.b[0]"), inside("")],
            [Some("b[0].c"), Some("[0].c"), Some("c"), None]
        );
    }
}
