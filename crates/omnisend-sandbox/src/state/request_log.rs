//! The last requests, and the counts of all of them.

use std::collections::{BTreeMap, VecDeque};

use axum::body::Bytes;
use jiff::Timestamp;
use serde::Serialize;

/// How many requests are kept, and how many bytes of their bodies in total.
const MAX_REQUESTS: usize = 1_000;
const MAX_BYTES: usize = 64_000_000;

#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    /// The number of requests by method and resource, such as `POST /batches`.
    pub(crate) requests: BTreeMap<String, usize>,
    /// The number of responses by status.
    pub(crate) answers: BTreeMap<u16, usize>,
    last: VecDeque<LoggedRequest>,
    bytes: usize,
}

#[derive(Debug, Serialize)]
pub(crate) struct LoggedRequest {
    pub(crate) at: Timestamp,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(serialize_with = "as_text")]
    pub(crate) body: Bytes,
}

impl RequestLog {
    pub(crate) fn add(&mut self, request: LoggedRequest) {
        self.bytes += request.body.len();
        self.last.push_back(request);
        while self.last.len() > MAX_REQUESTS || self.bytes > MAX_BYTES {
            let Some(oldest) = self.last.pop_front() else { break };
            self.bytes -= oldest.body.len();
        }
    }

    /// Returns the last requests, the oldest first.
    pub(crate) fn last(&self) -> &VecDeque<LoggedRequest> {
        &self.last
    }
}

fn as_text<S: serde::Serializer>(body: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(body))
}
