//! Counts what happened in all stories, so that stories in which nothing happens do not go unnoticed.

use std::{collections::BTreeMap, fmt, sync::Mutex};

#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<BTreeMap<&'static str, u64>>);

/// Everything that must happen in 1,000 stories.
const WANTED: [&str; 13] = [
    "runs",
    "runs that sent everyone",
    "runs that a guard stopped",
    "processes killed",
    "runs that were killed twice",
    "runs canceled",
    "contacts sent",
    "contacts unchanged",
    "contacts rejected",
    "contacts sent twice after a kill",
    "tags removed",
    "contacts deleted by other clients",
    "runs planned before another was settled",
];

impl Tally {
    pub(crate) fn add(&self, what: &'static str, n: u64) {
        assert!(WANTED.contains(&what), "{what}");
        *self.0.lock().unwrap().entry(what).or_default() += n;
    }

    /// Returns what never happened.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let happened = self.0.lock().unwrap();
        WANTED.into_iter().filter(|what| happened.get(what).is_none_or(|n| *n == 0)).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let happened = self.0.lock().unwrap();
        WANTED.iter().try_for_each(|what| writeln!(f, "{:>8} {what}", happened.get(what).unwrap_or(&0)))
    }
}
