//! Everything that the sandbox holds: brands, faults in force, counters, the log of requests.

use std::collections::{BTreeMap, HashMap, VecDeque};

use axum::body::Bytes;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::Options;
use crate::batches::Batch;
use crate::book::Book;
use crate::contacts::Contacts;
use crate::ids::{self, Kind};
use crate::input::Call;
use crate::limits::Windows;
use crate::problem::Problem;
use crate::segments::Segment;

/// How many requests the log keeps, and how much of their bodies in all.
const LOG_ENTRIES: usize = 1_000;
const LOG_BYTES: usize = 64_000_000;

/// One Omnisend brand.
#[derive(Debug)]
pub(crate) struct Brand {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) windows: Windows,
    pub(crate) contacts: Contacts,
    pub(crate) batches: Vec<Batch>,
    pub(crate) segments: Vec<Option<Segment>>,
    pub(crate) rate_limited: usize,
}

/// What was received and answered, over all brands.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// By method and resource, such as `POST /batches`.
    pub(crate) requests: BTreeMap<String, usize>,
    /// By status.
    pub(crate) answers: BTreeMap<u16, usize>,
}

/// A received request.
#[derive(Debug)]
struct Received {
    at: Timestamp,
    method: String,
    path: String,
    query: String,
    headers: Value,
    body: Bytes,
}

/// The last requests.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: VecDeque<Received>,
    bytes: usize,
}

/// All of it, behind one lock that is never held over a wait.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) brands: Vec<Brand>,
    /// The brand of every key; `None` for one that was replaced.
    keys: HashMap<String, Option<usize>>,
    pub(crate) faults: Book,
    pub(crate) counters: Counters,
    pub(crate) log: Log,
    /// Jobs that were accepted and are not done.
    pub(crate) pending: usize,
    only_key: bool,
    limits: (u32, u32),
}

impl State {
    pub(crate) fn new(options: &Options) -> Self {
        let mut state = Self {
            brands: Vec::new(),
            keys: HashMap::new(),
            faults: Book::new(options.faults.clone()),
            counters: Counters::default(),
            log: Log::default(),
            pending: 0,
            only_key: options.api_key.is_some(),
            limits: (options.requests_per_minute, options.tags_per_minute),
        };
        // The first brand is there before its key is known, so that it can be filled and looked at.
        state.add_brand(options.api_key.clone().unwrap_or_default());
        state.keys.extend(options.api_key.iter().map(|key| (key.clone(), Some(0))));
        state
    }

    fn add_brand(&mut self, key: String) -> usize {
        let index = self.brands.len();
        let name =
            if index == 0 { "Sandbox store".to_owned() } else { format!("Sandbox store {}", index + 1) };
        self.brands.push(Brand {
            key,
            name,
            windows: Windows::new(self.limits.0, self.limits.1),
            contacts: Contacts::new(index),
            batches: Vec::new(),
            segments: Vec::new(),
            rate_limited: 0,
        });
        index
    }

    /// The brand of a key; a key that is new is a brand's of its own, unless there is one key only.
    pub(crate) fn brand_of(&mut self, key: &str) -> Option<usize> {
        if let Some(known) = self.keys.get(key) {
            return *known;
        }
        if self.only_key || key.is_empty() {
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

    /// Replaces a brand's key: the old one is refused from now on.
    pub(crate) fn replace_key(&mut self, old: &str, new: &str) -> Option<usize> {
        let index = self.brand_of(old)?;
        self.keys.insert(old.to_owned(), None);
        self.keys.insert(new.to_owned(), Some(index));
        new.clone_into(&mut self.brands.get_mut(index)?.key);
        Some(index)
    }

    pub(crate) fn brand(&mut self, index: usize) -> Result<&mut Brand, Problem> {
        // A brand is never taken away, so that an index of one stays good.
        let gone = || Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The brand is gone.");
        self.brands.get_mut(index).ok_or_else(gone)
    }
}

impl Brand {
    pub(crate) fn view(&self, index: usize) -> Value {
        json!({
            "brandID": ids::id(Kind::Brand, index, 0),
            "name": self.name,
            "website": "https://store.example",
            "currency": "EUR",
            "timezone": "Europe/Vilnius",
            "platform": "api",
        })
    }
}

impl Log {
    pub(crate) fn add(&mut self, call: &Call, at: Timestamp) {
        let mut headers = serde_json::Map::new();
        for (name, value) in &call.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers.insert(name.to_string(), Value::String(value));
        }
        let body = call.body.clone().unwrap_or_default();
        self.bytes += body.len();
        self.entries.push_back(Received {
            at,
            method: call.method.to_string(),
            path: call.uri.path().to_owned(),
            query: call.uri.query().unwrap_or_default().to_owned(),
            headers: Value::Object(headers),
            body,
        });
        while self.entries.len() > LOG_ENTRIES || self.bytes > LOG_BYTES {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.body.len();
        }
    }

    /// The requests, the oldest first.
    pub(crate) fn view(&self) -> Vec<Value> {
        let view = |entry: &Received| {
            json!({
                "at": entry.at,
                "method": entry.method,
                "path": entry.path,
                "query": entry.query,
                "headers": entry.headers,
                "body": String::from_utf8_lossy(&entry.body),
            })
        };
        self.entries.iter().map(view).collect()
    }
}
