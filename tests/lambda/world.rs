//! The world of one test: a cloud with a brand, and the checks at the end of every test.

use std::{ops::Deref, path::Path};

use serde_json::{Value, json};

use crate::{
    cloud::{Cloud, Options, environment::Outcome, function::Function, omnisend::KEY},
    moto::moto,
    proxy::Proxy,
};

/// The requests per minute of a connection: enough that few tests wait for the pacer.
pub(crate) const FAST: u32 = 60_000;

/// Contacts in a chunk, in tests that need several chunks.
pub(crate) const CHUNK: u64 = 500;

/// Puts a proxy between the function's next environment and AWS, which records requests and can spoil them.
pub(crate) async fn watched(function: &Function) -> Proxy {
    let proxy = Proxy::start(moto().address(), &[]).await;
    function.start_with("AWS_ENDPOINT_URL", &format!("http://{}", proxy.address()));
    proxy
}

#[derive(Debug)]
pub(crate) struct World(Cloud);

impl Deref for World {
    type Target = Cloud;

    fn deref(&self) -> &Cloud {
        &self.0
    }
}

impl World {
    /// Returns a world with the connection `acme` and the export `vip`, without a segment.
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    /// Returns the same world with small chunks.
    pub(crate) async fn of_small_chunks() -> Self {
        let scale = ("OMNISEND_EXPORT_SCALE", format!("chunk:{CHUNK}"));
        Self::with(Options { variables: vec![scale], ..Options::default() }).await
    }

    pub(crate) async fn with(options: Options<'_>) -> Self {
        let limit = if options.requests_per_minute == 0 { FAST } else { options.requests_per_minute };
        let world = Self::empty(Options { requests_per_minute: limit, ..options }).await;
        world.connection("acme", limit, KEY).await;
        world.export("acme", "vip", "").await;
        world
    }

    /// Returns a world without connections and exports.
    pub(crate) async fn empty(options: Options<'_>) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_bootstrap"));
        Self(Cloud::set_up(moto().config(), program, options).await)
    }

    /// Returns the answer of the function that the event is for.
    pub(crate) async fn answer(&self, event: &Value) -> Value {
        match self.invoke(event).await {
            Outcome::Answer(answer) => answer,
            failed => panic!("{event}: {failed:?}"),
        }
    }

    /// Returns the error of the function that the event is for: its kind and its message.
    pub(crate) async fn error(&self, event: &Value) -> (String, String) {
        match self.invoke(event).await {
            Outcome::Error(failure) => (failure.kind, failure.message),
            other => panic!("{event}: {other:?}"),
        }
    }

    /// Starts a run of the export `vip` over its newest segment file, and returns the run's ID.
    pub(crate) async fn start_vip(&self) -> String {
        let started = self.answer(&json!({"action": "run", "export": "vip"})).await;
        started["run"].as_str().unwrap().to_owned()
    }

    /// Returns the runs of an export, oldest first.
    pub(crate) async fn runs(&self, export: &str) -> Vec<String> {
        let keys = self.account.keys(&format!("runs/{export}/")).await;
        let mut runs: Vec<String> = keys
            .iter()
            .filter_map(|key| {
                Some(key.split_once(&format!("runs/{export}/"))?.1.split_once('/')?.0.to_owned())
            })
            .collect();
        runs.dedup();
        runs
    }

    pub(crate) async fn report(&self, export: &str, run: &str) -> Value {
        let report = self.account.get(&format!("runs/{export}/{run}/report.json")).await;
        serde_json::from_slice(&report).unwrap()
    }

    /// Returns the report of an export's only run.
    pub(crate) async fn only_report(&self, export: &str) -> Value {
        let runs = self.runs(export).await;
        assert_eq!(runs.len(), 1, "{runs:?}");
        self.report(export, &runs[0]).await
    }

    /// Returns the log lines of all functions that contain this text.
    pub(crate) fn logged(&self, part: &str) -> Vec<String> {
        let functions = [&self.planner, &self.uploader, &self.settler];
        let lines = functions.into_iter().flat_map(Function::lines);
        lines.filter(|line| line.contains(part)).collect()
    }

    /// Checks the invariants at the end of every test: the brand has exactly these people, with the export's tag; the
    /// queue and the dead-letter queue are empty; the brand's limit was kept; no welcome message was sent; and the
    /// counts of every report add up.
    pub(crate) async fn holds(&self, people: impl IntoIterator<Item = u64>) {
        self.brand_holds(KEY, "vip", people).await;
        assert_eq!(
            self.account.messages().await,
            (0, 0),
            "messages in the queue and in the dead-letter queue"
        );
    }

    /// Checks the same for one of several brands, except the queues.
    pub(crate) async fn brand_holds(&self, key: &str, export: &str, people: impl IntoIterator<Item = u64>) {
        let contacts = self.omnisend.contacts(key).await;
        let expected: Vec<u64> = people.into_iter().collect();
        assert_eq!(contacts.len(), expected.len(), "contacts");
        for n in expected {
            let contact = &contacts[&format!("person.{n}@example.com")];
            let shown =
                json!([contact["firstName"], contact["tags"], contact["welcomed"], contact["status"]]);
            let tag = format!("segment: {export}");
            assert_eq!(shown, json!([format!("Ada {n}"), [tag], false, "nonSubscribed"]), "{contact}");
        }
        let state = self.omnisend.state(key).await;
        let brand = state["brands"].as_array().unwrap().iter().find(|brand| brand["key"] == key);
        if let Some(brand) = brand {
            let number = |name: &str| brand[name].as_u64().unwrap();
            assert_eq!(
                (number("welcome_mails"), number("rate_limited")),
                (0, 0),
                "welcome messages, answers with 429"
            );
            assert!(number("peak_in_window") <= state["requests_per_minute"].as_u64().unwrap());
        }
        for run in self.runs(export).await {
            let counts = self.report(export, &run).await["counts"].clone();
            let sum = |names: &[&str]| names.iter().map(|name| counts[name].as_u64().unwrap()).sum::<u64>();
            assert_eq!(
                sum(&["read"]),
                sum(&["invalid", "duplicate", "unchanged", "filtered", "sent"]),
                "{counts}"
            );
            assert_eq!(sum(&["sent"]), sum(&["accepted", "rejected", "unknown"]), "{counts}");
        }
    }
}
