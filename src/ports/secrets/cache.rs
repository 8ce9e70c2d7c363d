//! The keys that a store has read.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use omnisend::{ApiKey, Freshness};

/// API keys by the name of their secret.
#[derive(Debug, Default)]
pub(super) struct KeyCache(Mutex<HashMap<String, ApiKey>>);

impl KeyCache {
    /// Returns a cached key. A call for a fresh one removes it: a secret that was deleted must not come back from the
    /// cache.
    pub(super) fn get(&self, name: &str, freshness: Freshness) -> Option<ApiKey> {
        match freshness {
            Freshness::Cached => self.keys().get(name).cloned(),
            Freshness::Fresh => {
                self.keys().remove(name);
                None
            }
        }
    }

    pub(super) fn insert(&self, name: &str, key: &ApiKey) {
        self.keys().insert(name.to_owned(), key.clone());
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<String, ApiKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
