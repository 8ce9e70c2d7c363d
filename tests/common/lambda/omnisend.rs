//! Omnisend: the sandbox in this process.

use std::{collections::BTreeMap, time::Duration};

use omnisend_sandbox::{self, Options, Sandbox, TagMode};
use serde_json::{Value, json};

/// The API key of the first brand. It must never be printed.
pub(crate) const KEY: &str = "canary-key-0f1e2d3c";

#[derive(Debug)]
pub(crate) struct Omnisend {
    running: Sandbox,
    http: reqwest::Client,
}

impl Omnisend {
    /// Starts a sandbox that processes batches at once and limits each brand.
    pub(crate) async fn start(requests_per_minute: u32, replaces_tags: bool) -> Self {
        let options = Options {
            tag_mode: if replaces_tags { TagMode::Replace } else { TagMode::Add },
            requests_per_minute,
            tags_per_minute: requests_per_minute,
            batch_delay: Duration::ZERO,
            ..Options::default()
        };
        let running = omnisend_sandbox::start(options).await.unwrap();
        Self { running, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    pub(crate) fn url(&self) -> String {
        self.running.url()
    }

    /// Returns the sandbox's state of a brand, without contacts.
    pub(crate) async fn state(&self, key: &str) -> Value {
        serde_json::from_str(&self.get(&format!("state?contacts=false&key={key}")).await).unwrap()
    }

    /// Returns the number of requests, over all brands.
    pub(crate) async fn requests(&self) -> u64 {
        let state: Value = serde_json::from_str(&self.get("state?contacts=false").await).unwrap();
        state["requests"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum()
    }

    /// Returns a brand's contacts by address.
    pub(crate) async fn contacts(&self, key: &str) -> BTreeMap<String, Value> {
        let lines = self.get(&format!("contacts?key={key}")).await;
        let contacts = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        contacts.map(|contact| (contact["email"].as_str().unwrap().to_owned(), contact)).collect()
    }

    /// Returns the number of contacts in a brand's accepted batches.
    pub(crate) async fn contacts_sent(&self, key: &str) -> u64 {
        let state = self.state(key).await;
        state["batches"].as_array().unwrap().iter().map(|batch| batch["totalCount"].as_u64().unwrap()).sum()
    }

    /// Writes contacts to the first brand.
    pub(crate) async fn seed(&self, contacts: &Value) {
        self.post("contacts", contacts).await;
    }

    /// Sets up a fault, such as `status=503,count=3`, and returns its index.
    pub(crate) async fn fault(&self, fault: &str) -> u64 {
        let ordered = self.post("faults", &json!([fault])).await;
        ordered["indexes"][0].as_u64().unwrap_or_else(|| panic!("{fault}: {ordered}"))
    }

    /// Waits until a fault has happened.
    pub(crate) async fn happened(&self, fault: u64) {
        self.get(&format!("faults/wait?index={fault}")).await;
    }

    /// Gives a brand another API key. The old one is refused from now on.
    pub(crate) async fn rotate_key(&self, old: &str, new: &str) {
        self.post("keys", &json!({ "replace": old, "with": new })).await;
    }

    async fn get(&self, path: &str) -> String {
        let url = format!("{}_sandbox/{path}", self.running.page());
        self.http.get(url).send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}_sandbox/{path}", self.running.page());
        let answer = self.http.post(url).body(body.to_string()).send().await.unwrap();
        let text = answer.error_for_status().unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_default()
    }
}
