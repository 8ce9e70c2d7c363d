//! The sandbox of one world: its state, its faults, and the requests of other clients.

use std::{collections::BTreeSet, time::Duration};

use omnisend_sandbox::{self, Options, Sandbox, StatusMode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    brand::{Brand, Contact, Fields, address},
    gate::Moment,
    operations::{Edit, Setup},
};

/// The brand's API key.
pub(crate) const KEY: &str = "model-key-0f1e2d3c";

pub(crate) struct Omnisend {
    running: Sandbox,
    http: reqwest::Client,
}

/// The sandbox's state.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub brand: Brand,
    /// Contacts in all accepted batches so far.
    pub contacts_sent: u64,
    pub welcome_mails: u64,
    pub throttled: u64,
    /// The names of the segments.
    pub segments: Vec<String>,
    /// Requests so far.
    pub requests: u64,
}

impl Omnisend {
    pub(crate) async fn start(setup: &Setup, http: reqwest::Client) -> Self {
        let options = Options {
            requests_per_minute: 1_000_000,
            tags_per_minute: 1_000_000,
            batch_delay: Duration::ZERO,
            tag_mode: setup.tag_mode,
            // Every status counts: the product does not read opt-outs back yet, so it cannot tell that one was ignored.
            status_mode: StatusMode::Last,
            ..Options::default()
        };
        Self { running: omnisend_sandbox::start(options).await.unwrap(), http }
    }

    pub(crate) fn url(&self) -> String {
        self.running.url()
    }

    pub(crate) async fn state(&self) -> Seen {
        #[derive(Deserialize)]
        struct State {
            contacts: Vec<Map<String, Value>>,
            batches: Vec<Value>,
            segments: Vec<Value>,
            welcome_mails: Option<u64>,
            requests: Value,
            brands: Vec<Value>,
        }
        let state: State = serde_json::from_str(&self.get(&format!("state?key={KEY}")).await).unwrap();
        let of_brand = |name: &str| state.brands[0][name].as_u64().unwrap_or_default();
        Seen {
            brand: state.contacts.into_iter().map(contact).collect(),
            contacts_sent: state.batches.iter().map(|batch| batch["totalCount"].as_u64().unwrap()).sum(),
            welcome_mails: state.welcome_mails.unwrap_or_else(|| of_brand("welcome_mails")),
            throttled: of_brand("rate_limited"),
            segments: state.segments.iter().map(|s| s["name"].as_str().unwrap().to_owned()).collect(),
            requests: state.requests.as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum(),
        }
    }

    /// Rejects these people from now on.
    pub(crate) async fn refuse(&self, people: &BTreeSet<usize>) {
        self.clear_faults().await;
        let faults: Vec<_> =
            people.iter().map(|person| format!("refuse_item={}", address(*person))).collect();
        if !faults.is_empty() {
            self.post("faults", &json!(faults)).await;
        }
    }

    /// Makes the sandbox leave the `request`-th request from now unanswered. Returns the fault's index.
    pub(crate) async fn hang(&self, request: u32, moment: Moment) -> u64 {
        let when = if moment == Moment::Before { "before" } else { "after" };
        let ordered = self.post("faults", &json!([format!("hang,when={when},skip={request},count=1")])).await;
        ordered["indexes"][0].as_u64().unwrap()
    }

    /// Waits until that request has arrived.
    pub(crate) async fn hung(&self, fault: u64) {
        self.get(&format!("faults/wait?index={fault}")).await;
    }

    /// Sends another client's edit.
    pub(crate) async fn edit(&self, person: usize, edit: Edit) {
        let email = address(person);
        match edit {
            Edit::Field(name, value) => {
                self.post(&format!("contacts?key={KEY}"), &json!([{ "email": email, name: value }])).await;
            }
            Edit::Status(status) => {
                let contact = json!([{ "email": email, "status": status }]);
                self.post(&format!("contacts?key={KEY}"), &contact).await;
            }
            Edit::AddTag(tag) => self.change_tags(reqwest::Method::POST, &email, &tag.name()).await,
            Edit::RemoveTag(tag) => self.change_tags(reqwest::Method::DELETE, &email, &tag.name()).await,
            Edit::Delete => {
                let url = format!("{}_sandbox/contacts?key={KEY}&email={email}", self.running.page());
                self.http.delete(url).send().await.unwrap().error_for_status().unwrap();
            }
        }
    }

    async fn change_tags(&self, method: reqwest::Method, email: &str, tag: &str) {
        let body = json!({ "tags": [tag], "emails": [email] });
        let request = self
            .http
            .request(method, format!("{}/contacts/tags", self.running.url()))
            .header("Authorization", format!("Omnisend-API-Key {KEY}"))
            .header("Omnisend-Version", "2026-03-15")
            .header("Content-Type", "application/json")
            .body(body.to_string());
        request.send().await.unwrap().error_for_status().unwrap();
    }

    async fn clear_faults(&self) {
        let url = format!("{}_sandbox/faults", self.running.page());
        self.http.delete(url).send().await.unwrap().error_for_status().unwrap();
    }

    async fn get(&self, path: &str) -> String {
        let url = format!("{}_sandbox/{path}", self.running.page());
        self.http.get(url).send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}_sandbox/{path}", self.running.page());
        let answer = self.http.post(url).body(body.to_string()).send().await.unwrap();
        serde_json::from_str(&answer.error_for_status().unwrap().text().await.unwrap()).unwrap_or_default()
    }
}

/// Returns a contact of the sandbox, without the fields that the sandbox generates.
fn contact(mut shown: Map<String, Value>) -> (String, Contact) {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let email = shown.remove("email").map(text).unwrap();
    for generated in ["contactID", "createdAt", "consent"] {
        shown.remove(generated);
    }
    assert_eq!(shown.remove("welcomed"), Some(Value::Bool(false)), "{email} got a welcome message");
    let tags = shown.remove("tags").unwrap();
    let tags = tags.as_array().unwrap().iter().map(|tag| tag.as_str().unwrap().to_owned()).collect();
    let properties = shown.remove("customProperties").unwrap();
    shown.extend(properties.as_object().unwrap().clone());
    let fields: Fields = shown.into_iter().map(|(name, value)| (name, text(value))).collect();
    (email, Contact { fields, tags })
}
