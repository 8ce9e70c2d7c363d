//! Everything that the sandbox stores: brands, active faults, and the log of requests.

mod batch;
mod batch_view;
mod brand;
mod contact;
mod contacts;
mod ids;
mod limits;
mod records;
mod request_log;
mod segment;
mod window;

use std::collections::HashMap;

use crate::contract::Problem;
use crate::faults::ActiveFaults;
use crate::options::Options;
use limits::Windows;
use request_log::RequestLog;

pub(crate) use batch::{Batch, BatchFaults, BatchStatus, PreparedItems};
pub(crate) use batch_view::BatchView;
pub(crate) use brand::Brand;
pub(crate) use contact::Contact;
pub(crate) use contacts::UpsertPolicy;
pub(crate) use records::Records;
pub(crate) use request_log::LoggedRequest;
pub(crate) use segment::Segment;

/// The state of a sandbox. Its lock is never held across an `await`.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) brands: Vec<Brand>,
    /// The index of each key's brand; `None` for a key that was replaced.
    keys: HashMap<String, Option<usize>>,
    pub(crate) faults: ActiveFaults,
    pub(crate) log: RequestLog,
    /// The number of jobs that are not done.
    pub(crate) pending: usize,
    has_only_key: bool,
    requests_per_minute: u32,
    tags_per_minute: u32,
}

impl State {
    pub(crate) fn new(options: &Options) -> Self {
        let mut state = Self {
            brands: Vec::new(),
            keys: HashMap::new(),
            faults: ActiveFaults::new(options.faults.clone()),
            log: RequestLog::default(),
            pending: 0,
            has_only_key: options.api_key.is_some(),
            requests_per_minute: options.requests_per_minute,
            tags_per_minute: options.tags_per_minute,
        };
        // The first brand exists before its key is known, so that a test can fill it and read it.
        state.add_brand(options.api_key.clone().unwrap_or_default());
        state.keys.extend(options.api_key.iter().map(|key| (key.clone(), Some(0))));
        state
    }

    fn add_brand(&mut self, key: String) -> usize {
        let index = self.brands.len();
        let windows = Windows::new(self.requests_per_minute, self.tags_per_minute);
        self.brands.push(Brand::new(index, key, windows));
        index
    }

    /// Returns the index of a key's brand. A new key gets a brand of its own, unless only one key is accepted.
    pub(crate) fn brand_of(&mut self, key: &str) -> Option<usize> {
        if let Some(known) = self.keys.get(key) {
            return *known;
        }
        if self.has_only_key || key.is_empty() {
            return None;
        }
        let index = match self.brands.first_mut().filter(|brand| brand.key.is_empty()) {
            Some(first) => {
                key.clone_into(&mut first.key);
                0
            }
            None => self.add_brand(key.to_owned()),
        };
        self.keys.insert(key.to_owned(), Some(index));
        Some(index)
    }

    /// Replaces the key of a brand, and returns the brand's index. The old key is refused from now on.
    pub(crate) fn replace_key(&mut self, old: &str, new: &str) -> Option<usize> {
        let index = self.brand_of(old)?;
        self.keys.insert(old.to_owned(), None);
        self.keys.insert(new.to_owned(), Some(index));
        new.clone_into(&mut self.brands.get_mut(index)?.key);
        Some(index)
    }

    pub(crate) fn brand(&mut self, index: usize) -> Result<&mut Brand, Problem> {
        self.brands.get_mut(index).ok_or_else(|| Problem::not_found("brand"))
    }
}
