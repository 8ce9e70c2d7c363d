//! The world of one test: a sandbox, a state directory, and the binary between them.

mod call;
mod check;
mod requests;
mod segment;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use omnisend_sandbox::{self, Options, Sandbox};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) use self::{
    call::{Call, Ran},
    segment::{CANARY, Segment, address, quoted},
};

/// The API key of every world. It must never be printed.
pub(crate) const KEY: &str = "canary-key-0f1e2d3c";

/// Requests a minute: enough that no test waits for the pacer.
pub(crate) const FAST: u32 = 60_000;

/// The user agent of requests that the product did not send.
const OTHER_CLIENT: &str = "other client";

/// The first export of every world.
pub(crate) const EXPORT: &str = r#"
display_name = "VIP customers"
mode = "full"
[[segments]]
name = "VIP"
path = "segments/vip/"
[fields]
email = "EMail"
first_name = "FirstName"
"#;

pub(crate) struct World {
    dir: TempDir,
    sandbox: Sandbox,
    http: reqwest::Client,
    limit: u32,
    /// The newest segment file; its counts are known.
    segment: RefCell<Option<Segment>>,
    /// Keys that requests may carry.
    keys: RefCell<Vec<String>>,
    /// The tags of all exports so far.
    tags: RefCell<BTreeSet<String>>,
    /// Whether the test set up answers with 429, so that they are not an error of the client.
    throttling_ordered: Cell<bool>,
}

/// Returns the options of a sandbox that processes batches immediately.
pub(crate) fn options() -> Options {
    Options { requests_per_minute: FAST, batch_delay: Duration::ZERO, ..Options::default() }
}

/// Fails unless the sandbox has exactly these addresses.
#[track_caller]
pub(crate) fn holds(contacts: &BTreeMap<String, Value>, expected: impl IntoIterator<Item = String>) {
    let expected: BTreeSet<String> = expected.into_iter().collect();
    let found: BTreeSet<String> = contacts.keys().cloned().collect();
    let missing: Vec<_> = expected.difference(&found).take(3).collect();
    let unexpected: Vec<_> = found.difference(&expected).take(3).collect();
    assert!(
        expected == found,
        "the sandbox has {} contacts instead of {}; missing {missing:?}, unexpected {unexpected:?}",
        found.len(),
        expected.len()
    );
}

impl World {
    /// Returns a world without faults, with a segment of `n` people, each with an address.
    pub(crate) async fn of_people(n: u64) -> Self {
        Self::with(options(), Segment::people(n)).await
    }

    pub(crate) async fn with(options: Options, segment: Segment) -> Self {
        let world = Self {
            dir: TempDir::new().unwrap(),
            limit: options.requests_per_minute,
            sandbox: omnisend_sandbox::start(options).await.unwrap(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            segment: RefCell::default(),
            keys: RefCell::new(vec![KEY.to_owned()]),
            tags: RefCell::default(),
            throttling_ordered: Cell::default(),
        };
        world.connection("acme", world.limit);
        world.write("exports/acme/vip.toml", EXPORT);
        world.segment(segment);
        world
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn api_url(&self) -> String {
        self.sandbox.url()
    }

    /// Writes a file of the state.
    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Writes a connection that sends tags in the batches, so that no canary sends requests of its own.
    pub(crate) fn connection(&self, name: &str, requests_per_minute: u32) {
        self.connection_with(name, requests_per_minute, "tags = \"inline\"");
    }

    /// Writes a connection with more settings.
    pub(crate) fn connection_with(&self, name: &str, requests_per_minute: u32, more: &str) {
        let text = format!(
            "display_name = \"{name}\"\nsecret = \"omnisend/{name}\"\n\
             requests_per_minute = {requests_per_minute}\n{more}\n[data_privacy]\nagreed_by = \"ada\"\n\
             agreed_at = 2026-01-01T00:00:00Z\n"
        );
        self.write(&format!("connections/{name}.toml"), text);
    }

    /// Writes a connection's API key to a file that only its owner can read.
    pub(crate) fn secret(&self, connection: &str, key: &str) {
        use std::os::unix::fs::PermissionsExt as _;

        let path = format!("secrets/omnisend/{connection}");
        self.write(&path, key);
        fs::set_permissions(self.root().join(path), fs::Permissions::from_mode(0o600)).unwrap();
        self.keys.borrow_mut().push(key.to_owned());
    }

    /// Replaces the segment file.
    pub(crate) fn segment(&self, segment: Segment) {
        self.write("segments/vip/segment.csv", &segment.bytes);
        *self.segment.borrow_mut() = Some(segment);
    }

    /// Returns a call of the binary with these arguments, on this state and sandbox.
    pub(crate) fn call(&self, arguments: &str) -> Call<'_> {
        Call::new(self, arguments)
    }

    /// Sets up a fault, such as `status=503,count=3`, and returns its index.
    pub(crate) async fn fault(&self, fault: &str) -> u64 {
        if fault.starts_with("status=429") {
            self.throttling_ordered.set(true);
        }
        let ordered = self.post("faults", &serde_json::json!([fault])).await;
        ordered["indexes"][0].as_u64().unwrap_or_else(|| panic!("{fault}: {ordered}"))
    }

    /// Waits until a fault has happened.
    pub(crate) async fn happened(&self, fault: u64) {
        self.get(&format!("faults/wait?index={fault}")).await;
    }

    pub(crate) async fn no_faults(&self) {
        let url = format!("{}_sandbox/faults", self.sandbox.page());
        self.http.delete(url).send().await.unwrap().error_for_status().unwrap();
    }

    pub(crate) async fn rotate_key(&self, old: &str, new: &str) {
        let body = serde_json::json!({ "replace": old, "with": new });
        self.post("keys", &body).await;
        self.keys.borrow_mut().extend([old, new].map(str::to_owned));
    }

    /// Waits until the sandbox has processed all batches.
    pub(crate) async fn idle(&self) {
        self.text("idle").await;
    }

    /// Writes contacts to the sandbox.
    pub(crate) async fn seed(&self, contacts: &Value) {
        self.post("contacts", contacts).await;
    }

    /// Sends a request as another client, such as a marketer's change of a segment.
    pub(crate) async fn api(&self, key: &str, method: &str, path: &str, body: &Value) {
        let method = method.parse().unwrap();
        let request = self.http.request(method, format!("{}/{path}", self.api_url()));
        let request = request
            .header("authorization", format!("Omnisend-API-Key {key}"))
            .header("omnisend-version", "2026-03-15")
            .header("content-type", "application/json")
            .header("user-agent", OTHER_CLIENT);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = request.body(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    }

    /// Returns the sandbox's state of the first brand, without contacts.
    pub(crate) async fn state(&self) -> Value {
        self.get("state?contacts=false").await
    }

    /// Returns the product's requests to the sandbox, oldest first. The sandbox keeps the last 1,000.
    pub(crate) async fn requests(&self) -> Vec<Value> {
        let mut requests = self.get("requests").await.as_array().unwrap().clone();
        requests.retain(|request| request["headers"]["user-agent"] != OTHER_CLIENT);
        requests
    }

    /// Returns every `POST /batches` that the sandbox received.
    pub(crate) async fn posts(&self) -> Vec<Value> {
        let is_batch = |request: &Value| request["method"] == "POST" && request["path"] == "/api/batches";
        self.requests().await.into_iter().filter(is_batch).collect()
    }

    /// Returns the number of contacts in all accepted batches. It exceeds the number of people if some were sent twice.
    pub(crate) async fn contacts_sent(&self) -> u64 {
        let state = self.state().await;
        state["batches"].as_array().unwrap().iter().map(|batch| batch["totalCount"].as_u64().unwrap()).sum()
    }

    /// Returns the first brand's contacts by address, without the fields that the sandbox generates.
    pub(crate) async fn contacts(&self) -> BTreeMap<String, Value> {
        self.contacts_of("brand=0").await
    }

    pub(crate) async fn contacts_of(&self, brand: &str) -> BTreeMap<String, Value> {
        let text = self.text(&format!("contacts?{brand}")).await;
        let contacts = text.lines().map(|line| {
            let mut contact: Value = serde_json::from_str(line).unwrap();
            let fields = contact.as_object_mut().unwrap();
            for generated in ["contactID", "createdAt"] {
                fields.remove(generated);
            }
            (fields["email"].as_str().unwrap().to_owned(), contact)
        });
        contacts.collect()
    }

    /// Returns the paths of all files of the state.
    pub(crate) fn files(&self) -> Vec<String> {
        fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, found) } else { found.push(path) }
            }
        }
        let mut found = Vec::new();
        walk(self.root(), &mut found);
        let below = |path: PathBuf| path.strip_prefix(self.root()).unwrap().to_str().unwrap().to_owned();
        let mut files: Vec<String> = found.into_iter().map(below).collect();
        files.sort();
        files
    }

    /// Returns the paths of all files of runs.
    pub(crate) fn run_files(&self) -> Vec<String> {
        self.files().into_iter().filter(|file| file.starts_with("runs/")).collect()
    }

    /// Returns all reports by the folders of their runs.
    pub(crate) fn reports(&self) -> BTreeMap<String, Value> {
        let reports = self.run_files().into_iter().filter_map(|file| {
            let run = file.strip_suffix("/report.json")?.to_owned();
            Some((run, serde_json::from_str(&self.read(&file)).unwrap()))
        });
        reports.collect()
    }

    async fn get(&self, path: &str) -> Value {
        let text = self.text(path).await;
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path}: {text}"))
    }

    async fn text(&self, path: &str) -> String {
        let url = format!("{}_sandbox/{path}", self.sandbox.page());
        let answer = self.http.get(url).send().await.unwrap().error_for_status().unwrap();
        String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap()
    }

    /// Sends a control request to the sandbox.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}_sandbox/{path}", self.sandbox.page());
        let answer = self.http.post(url).body(body.to_string()).send().await.unwrap();
        let (status, text) = (answer.status(), answer.bytes().await.unwrap());
        assert!(status.is_success(), "{path}: {status}: {}", String::from_utf8_lossy(&text));
        serde_json::from_slice(&text).unwrap_or_default()
    }
}
