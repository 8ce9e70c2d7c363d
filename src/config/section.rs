//! A table of a file. It records which keys were read, so that it can report all others as unknown.

use std::ops::RangeInclusive;

use toml::de::DeTable;

use super::{document::Document, item::Item};
use crate::wording::{nearest, quoted};

/// A table of a file. Every use must end with [`Section::finish`], which reports unknown and missing keys.
#[derive(Debug)]
#[must_use = "unknown and missing keys are reported by `finish`"]
pub(super) struct Section<'d> {
    document: &'d Document<'d>,
    table: &'d DeTable<'d>,
    /// The table's dotted path. Empty for the root.
    path: String,
    /// The line of the table's header; 1 for the root.
    line: usize,
    /// The keys that were read.
    known: Vec<&'static str>,
    missing: Vec<MissingKey>,
}

#[derive(Debug)]
struct MissingKey {
    key: &'static str,
    advice: String,
}

impl<'d> Section<'d> {
    /// Returns the root of a file.
    pub(super) fn root(document: &'d Document<'d>) -> Self {
        let (path, line) = (String::new(), 1);
        Self { document, table: document.table(), path, line, known: Vec::new(), missing: Vec::new() }
    }

    /// Returns the table of a value, or reports that the value is not a table.
    pub(super) fn of(item: &Item<'d>) -> Option<Self> {
        Some(Self {
            document: item.document(),
            table: item.table()?,
            path: item.path().to_owned(),
            line: item.line(),
            known: Vec::new(),
            missing: Vec::new(),
        })
    }

    pub(super) fn optional(&mut self, key: &'static str) -> Option<Item<'d>> {
        self.known.push(key);
        #[cfg(test)]
        read_keys::record(&self.path, key);
        if self.path.is_empty() {
            self.document.add_root_key(key);
        }
        let (key, value) = self.table.get_key_value(key)?;
        let line = self.document.line_at(key.span().start);
        Some(Item::new(self.document, value.get_ref(), self.path_of(key.get_ref()), line))
    }

    /// Like [`optional`](Self::optional), and reports a missing key. `advice` says what to add.
    pub(super) fn required(&mut self, key: &'static str, advice: &str) -> Option<Item<'d>> {
        let item = self.optional(key);
        if item.is_none() {
            self.missing.push(MissingKey { key, advice: advice.to_owned() });
        }
        item
    }

    /// Reads the value of a key. Returns `Some(None)` if the key is missing, and `None` if its value is refused.
    #[expect(clippy::option_option, reason = "a missing key and a refused value are different")]
    pub(super) fn read_optional<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Item<'d>) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.optional(key) {
            None => Some(None),
            Some(item) => read(&item).map(Some),
        }
    }

    /// Reads the value of a key, or returns the default if the key is missing.
    pub(super) fn read_or<T>(
        &mut self,
        key: &'static str,
        default: T,
        read: impl FnOnce(&Item<'d>) -> Option<T>,
    ) -> Option<T> {
        self.optional(key).map_or(Some(default), |item| read(&item))
    }

    /// Reads the value of a [required](Self::required) key.
    pub(super) fn read_required<T>(
        &mut self,
        key: &'static str,
        advice: &str,
        read: impl FnOnce(&Item<'d>) -> Option<T>,
    ) -> Option<T> {
        self.required(key, advice).and_then(|item| read(&item))
    }

    /// Reads a whole number in a range, or returns the default if the key is missing.
    pub(super) fn integer(
        &mut self,
        key: &'static str,
        range: RangeInclusive<u64>,
        default: u64,
        advice: &str,
    ) -> Option<u64> {
        self.read_or(key, default, |item| item.integer(range, advice))
    }

    /// Reads `true` or `false`, or returns false if the key is missing.
    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        self.read_or(key, false, Item::boolean)
    }

    /// Returns all keys with their values, sorted by key. All of them count as known.
    pub(super) fn into_entries(self) -> impl Iterator<Item = (&'d str, Item<'d>)> {
        self.table.iter().map(move |(key, value)| {
            let line = self.document.line_at(key.span().start);
            let path = self.path_of(key.get_ref());
            (key.get_ref().as_ref(), Item::new(self.document, value.get_ref(), path, line))
        })
    }

    /// Reports unknown and missing keys.
    pub(super) fn finish(self) {
        self.finish_with("");
    }

    /// Like [`finish`](Self::finish). `advice` says where a key may belong that does not resemble a known one.
    pub(super) fn finish_with(mut self, advice: &str) {
        for key in self.table.keys().filter(|key| !self.known.contains(&key.get_ref().as_ref())) {
            let meant = nearest(key.get_ref(), self.known.iter().copied());
            // A misspelt required key is one problem, not an unknown key and a missing one.
            self.missing.retain(|missing| Some(missing.key) != meant);
            let advice = match meant {
                Some(meant) => format!("; did you mean `{meant}`?"),
                None if self.document.is_root_key(key.get_ref()) => MOVE_TO_TOP.to_owned(),
                None => format!("; known keys: {}{advice}", self.known.join(", ")),
            };
            let line = self.document.line_at(key.span().start);
            self.document.report(line, &self.path_of(key.get_ref()), format!("unknown key{advice}"));
        }
        for MissingKey { key, advice } in &self.missing {
            self.document.report(self.line, &self.path_of(key), format!("missing; {advice}"));
        }
    }

    /// Returns the dotted path of a key, quoted if TOML requires it.
    fn path_of(&self, key: &str) -> String {
        let is_bare_char = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let is_bare = !key.is_empty() && key.bytes().all(is_bare_char);
        let key = if is_bare { quoted(key) } else { format!("\"{}\"", quoted(key)) };
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }
}

/// The advice for a root key that follows a table's header. TOML reads it as a key of that table.
pub(super) const MOVE_TO_TOP: &str = "; move it to the top of the file, above the first [table]";

/// The keys that readers read, so that a test can compare them with the published schemas.
#[cfg(test)]
pub(super) mod read_keys {
    use std::{cell::RefCell, collections::BTreeSet};

    thread_local!(static READ: RefCell<BTreeSet<String>> = RefCell::default());

    pub(super) fn record(path: &str, key: &str) {
        let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        READ.with_borrow_mut(|read| read.insert(path));
    }

    /// Returns the keys that were read on this thread by `reader`.
    pub(in crate::config) fn during(reader: impl FnOnce()) -> BTreeSet<String> {
        READ.take();
        reader();
        READ.take()
    }
}
