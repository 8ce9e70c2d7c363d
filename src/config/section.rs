//! A table that hands out its values by key and remembers which keys were asked for, so that a key that nobody
//! asked for is reported with the one that was probably meant.

use std::ops::RangeInclusive;

use toml::de::DeTable;

use super::{document::Document, item::Item, words};

/// A table of a file. It ends with [`Section::finish`], which reports unknown and missing keys.
#[derive(Debug)]
#[must_use = "unknown and missing keys are reported by `finish`"]
pub(super) struct Section<'d> {
    document: &'d Document<'d>,
    table: &'d DeTable<'d>,
    /// The table's dotted path; empty for the root.
    path: String,
    /// The line of its header; 1 for the root.
    line: usize,
    asked: Vec<&'static str>,
    /// Required keys that are not there, each with what to do.
    missing: Vec<(&'static str, String)>,
}

impl<'d> Section<'d> {
    pub(super) fn new(document: &'d Document<'d>, table: &'d DeTable<'d>, path: String, line: usize) -> Self {
        Self { document, table, path, line, asked: Vec::new(), missing: Vec::new() }
    }

    /// A key that may be left out.
    pub(super) fn optional(&mut self, key: &'static str) -> Option<Item<'d>> {
        self.asked.push(key);
        #[cfg(test)]
        asked::note(&self.path, key);
        if self.path.is_empty() {
            self.document.add_root_key(key);
        }
        let (key, value) = self.table.get_key_value(key)?;
        let line = self.document.line_at(key.span().start);
        Some(Item::new(self.document, value.get_ref(), self.path_of(key.get_ref()), line))
    }

    /// A key that has to be there; `advice` says what it is for, or what to add.
    pub(super) fn required(&mut self, key: &'static str, advice: &str) -> Option<Item<'d>> {
        let item = self.optional(key);
        if item.is_none() {
            self.missing.push((key, advice.to_owned()));
        }
        item
    }

    /// A whole number in a range, or the default.
    pub(super) fn integer(
        &mut self,
        key: &'static str,
        range: RangeInclusive<u64>,
        default: u64,
        advice: &str,
    ) -> Option<u64> {
        self.optional(key).map_or(Some(default), |item| item.integer(range, advice))
    }

    /// `true` or `false`; false where the key is left out.
    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        self.optional(key).map_or(Some(false), |item| item.boolean())
    }

    /// Every key with its value, by name; none of them is unknown then.
    pub(super) fn into_entries(self) -> impl Iterator<Item = (&'d str, Item<'d>)> {
        self.table.iter().map(move |(key, value)| {
            let line = self.document.line_at(key.span().start);
            let path = self.path_of(key.get_ref());
            (key.get_ref().as_ref(), Item::new(self.document, value.get_ref(), path, line))
        })
    }

    /// Reports the keys that are unknown or missing.
    pub(super) fn finish(self) {
        self.finish_with("");
    }

    /// The same; `elsewhere` says where a key that no known one resembles may belong.
    pub(super) fn finish_with(mut self, elsewhere: &str) {
        for key in self.table.keys().filter(|key| !self.asked.contains(&key.get_ref().as_ref())) {
            let meant = words::nearest(key.get_ref(), self.asked.iter().copied());
            // A misspelt key is one problem, not an unknown key and a missing one.
            self.missing.retain(|(missing, _)| Some(*missing) != meant);
            let advice = match meant {
                Some(meant) => format!("; did you mean `{meant}`?"),
                None if self.document.is_root_key(key.get_ref()) => AT_THE_TOP.to_owned(),
                None => format!("; known here: {}{elsewhere}", self.asked.join(", ")),
            };
            let line = self.document.line_at(key.span().start);
            self.document.report(line, &self.path_of(key.get_ref()), format!("unknown key{advice}"));
        }
        for (key, advice) in &self.missing {
            self.document.report(self.line, &self.path_of(key), format!("missing; {advice}"));
        }
    }

    fn path_of(&self, key: &str) -> String {
        let key = words::key(key);
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }
}

/// For a key of the root that stands below a table's header, where TOML takes it for the table's.
pub(super) const AT_THE_TOP: &str = "; it belongs at the top of the file, above the first [table]";

/// The keys that readers ask for, so that a test can hold the published schemas to them.
#[cfg(test)]
pub(super) mod asked {
    use std::{cell::RefCell, collections::BTreeSet};

    thread_local!(static ASKED: RefCell<BTreeSet<String>> = RefCell::default());

    pub(super) fn note(path: &str, key: &str) {
        let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        ASKED.with_borrow_mut(|asked| asked.insert(path));
    }

    /// Those that were asked for on this thread meanwhile.
    pub(in crate::config) fn during(read: impl FnOnce()) -> BTreeSet<String> {
        ASKED.take();
        read();
        ASKED.take()
    }
}
