//! A cloud for one test, and what must hold at the end of every test.

use std::{ops::Deref, path::Path};

use serde_json::{Value, json};

use crate::{
    cloud::{Cloud, Options, environment::Outcome, function::Function, omnisend::KEY},
    moto::moto,
    proxy::Proxy,
};

/// Requests a minute of a connection: so many that few tests wait for its pace.
pub(crate) const FAST: u32 = 60_000;

/// Contacts in a chunk, where a test wants several.
pub(crate) const CHUNK: u64 = 500;

/// A function whose calls to AWS are seen, and can be spoiled, by its next environment.
pub(crate) async fn watched(function: &Function) -> Proxy {
    let proxy = Proxy::start(moto().address(), &[]).await;
    function.start_with("AWS_ENDPOINT_URL", &format!("http://{}", proxy.address()));
    proxy
}

/// A cloud with a brand.
#[derive(Debug)]
pub(crate) struct World(Cloud);

impl Deref for World {
    type Target = Cloud;

    fn deref(&self) -> &Cloud {
        &self.0
    }
}

impl World {
    /// The connection `acme` with the export `vip`, and no segment yet.
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    /// The same, where chunks are small.
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

    /// No connection and no export.
    pub(crate) async fn empty(options: Options<'_>) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_bootstrap"));
        Self(Cloud::set_up(moto().config(), program, options).await)
    }

    /// The answer of the function that an event is for.
    pub(crate) async fn answer(&self, event: &Value) -> Value {
        match self.invoke(event).await {
            Outcome::Answer(answer) => answer,
            failed => panic!("{event}: {failed:?}"),
        }
    }

    /// The error of the function that an event is for: its kind and message.
    pub(crate) async fn error(&self, event: &Value) -> (String, String) {
        match self.invoke(event).await {
            Outcome::Error(failure) => (failure.kind, failure.message),
            other => panic!("{event}: {other:?}"),
        }
    }

    /// Runs the export `vip` over what is there, and answers with the run's id.
    pub(crate) async fn start_vip(&self) -> String {
        let started = self.answer(&json!({"action": "run", "export": "vip"})).await;
        started["run"].as_str().unwrap().to_owned()
    }

    /// The runs of an export, oldest first.
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

    /// A run's report.
    pub(crate) async fn report(&self, export: &str, run: &str) -> Value {
        let report = self.account.get(&format!("runs/{export}/{run}/report.json")).await;
        serde_json::from_slice(&report).unwrap()
    }

    /// The report of the one run that an export has.
    pub(crate) async fn only_report(&self, export: &str) -> Value {
        let runs = self.runs(export).await;
        assert_eq!(runs.len(), 1, "{runs:?}");
        self.report(export, &runs[0]).await
    }

    /// The lines that any function logged, those of one kind.
    pub(crate) fn logged(&self, part: &str) -> Vec<String> {
        let functions = [&self.planner, &self.uploader, &self.settler];
        let lines = functions.into_iter().flat_map(Function::lines);
        lines.filter(|line| line.contains(part)).collect()
    }

    /// What holds at the end of every test: a brand has exactly these people, by the tag of the export; nothing is
    /// left in the queue or among the dead letters; the brand's limit was kept, nobody was welcomed, and every report
    /// adds up.
    pub(crate) async fn holds(&self, people: impl IntoIterator<Item = u64>) {
        self.brand_holds(KEY, "vip", people).await;
        assert_eq!(self.account.messages().await, (0, 0), "left in the queue, dead letters");
    }

    /// The same of one brand of several, the queue apart.
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
                "welcomed, answered with 429"
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
