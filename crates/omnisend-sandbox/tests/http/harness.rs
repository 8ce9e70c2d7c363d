//! Starts a sandbox, and sends it requests.

use std::time::Duration;

use omnisend_sandbox::Options;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// A running sandbox, and a client that sends what every request needs.
pub(crate) struct Sandbox {
    pub(crate) running: omnisend_sandbox::Sandbox,
    pub(crate) client: Client,
    key: &'static str,
}

/// A response with its whole body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// Limits that no test reaches; all work is done before its request is answered.
pub(crate) fn options() -> Options {
    Options {
        requests_per_minute: 1_000_000,
        tags_per_minute: 1_000_000,
        batch_delay: Duration::ZERO,
        ..Options::default()
    }
}

pub(crate) async fn start() -> Sandbox {
    with(options()).await
}

pub(crate) async fn with(options: Options) -> Sandbox {
    let running = omnisend_sandbox::start(options).await.unwrap();
    let client = Client::builder().no_proxy().build().unwrap();
    Sandbox { running, client, key: "key-1" }
}

impl Sandbox {
    /// Sends a request with another API key.
    pub(crate) async fn call_as(&self, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.running.url()))
            .header("Authorization", format!("Omnisend-API-Key {key}"))
            .header("Omnisend-Version", "2026-03-15");
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        Answer::read(request.send().await.unwrap()).await
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.call_as(self.key, method, path, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Posts a batch that must be accepted, and returns its id.
    pub(crate) async fn batch(&self, items: Vec<Value>) -> String {
        let answer = self.post("/batches", batch(&items)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["batchID"].as_str().unwrap().to_owned()
    }

    /// Sends a control request.
    pub(crate) async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request =
            self.client.request(method, format!("{}_sandbox{path}", self.running.page())).body(body);
        Answer::read(request.send().await.unwrap()).await
    }

    pub(crate) async fn state(&self) -> Value {
        self.control(Method::GET, "/state", None).await.json()
    }

    /// Returns the contact with an email address, as the sandbox stores it.
    pub(crate) async fn contact(&self, email: &str) -> Option<Value> {
        let state = self.state().await;
        state["contacts"].as_array().unwrap().iter().find(|contact| contact["email"] == email).cloned()
    }

    /// Adds faults in their text form.
    pub(crate) async fn faults(&self, faults: &[&str]) {
        let answer = self.control(Method::POST, "/faults", Some(json!(faults))).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Returns the invalid fields of a problem as `field code`, sorted.
    pub(crate) fn errors(&self) -> Vec<String> {
        let body = self.json();
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        let text = |error: &Value| {
            format!("{} {}", error["field"].as_str().unwrap(), error["code"].as_str().unwrap())
        };
        let mut errors: Vec<_> = errors.iter().map(text).collect();
        errors.sort();
        errors
    }
}

/// Returns a contact with an email address only, and without a welcome message.
pub(crate) fn contact(email: &str) -> Value {
    json!({ "identifiers": [{ "type": "email", "id": email, "sendWelcomeMessage": false }] })
}

/// Returns a contact with an email address and more fields.
pub(crate) fn contact_with(email: &str, more: &Value) -> Value {
    let mut contact = contact(email);
    contact.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    contact
}

pub(crate) fn batch(items: &[Value]) -> Value {
    json!({ "endpoint": "contacts", "method": "POST", "items": items })
}
