//! The records of one kind of a brand, by the index that their ids contain.

use crate::contract::Problem;
use crate::state::ids::{self, Kind};

/// Records that keep their index: a removed one leaves its place empty.
#[derive(Debug)]
pub(crate) struct Records<T> {
    kind: Kind,
    brand: usize,
    list: Vec<Option<T>>,
    removed: usize,
}

impl<T> Records<T> {
    pub(crate) fn new(kind: Kind, brand: usize) -> Self {
        Self { kind, brand, list: Vec::new(), removed: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len() - self.removed
    }

    /// Adds a record and returns its index.
    pub(crate) fn push(&mut self, record: T) -> usize {
        self.list.push(Some(record));
        self.list.len() - 1
    }

    /// Returns the id of the record that is added next.
    pub(crate) fn next_id(&self) -> String {
        self.id(self.list.len())
    }

    pub(crate) fn replace(&mut self, index: usize, record: T) {
        if let Some(old) = self.get_mut(index) {
            *old = record;
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.list.get(index)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.list.get_mut(index)?.as_mut()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.list.iter_mut().flatten()
    }

    pub(crate) fn remove(&mut self, index: usize) -> Option<T> {
        let record = self.list.get_mut(index).and_then(Option::take);
        self.removed += usize::from(record.is_some());
        record
    }

    /// Returns the records with their indexes, the oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (usize, &T)> {
        self.iter_from(0)
    }

    /// Returns the records from an index on.
    pub(crate) fn iter_from(&self, first: usize) -> impl DoubleEndedIterator<Item = (usize, &T)> {
        let list = self.list.iter().enumerate().skip(first);
        list.filter_map(|(index, record)| Some((index, record.as_ref()?)))
    }

    pub(crate) fn id(&self, index: usize) -> String {
        ids::id(self.kind, self.brand, index)
    }

    /// Returns the index that an id contains. The record may have been removed since.
    pub(crate) fn index(&self, id: &str) -> Option<usize> {
        ids::index(self.kind, self.brand, id).filter(|&index| index < self.list.len())
    }

    /// Returns the record with an id, and its index.
    pub(crate) fn find(&self, id: &str) -> Result<(usize, &T), Problem> {
        let found = self.index(id).and_then(|index| Some((index, self.get(index)?)));
        found.ok_or_else(|| Problem::not_found(self.kind.name()))
    }
}
