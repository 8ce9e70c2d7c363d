//! Prepares a state in which every event in `events/` works unchanged.

use std::sync::Arc;

use omnisend_export::{
    app::App,
    config::load_export,
    keys::RunRef,
    ports::clock::SystemClock,
    run::{Allowed, Mode, Trigger},
    stage::{
        Quiet,
        drop::{Sources, find_sources},
        plan::{Request, plan},
        settle::Limits,
    },
};
use serde_json::Value;

use super::{Cloud, omnisend::KEY};

/// The bucket in the event files.
pub(crate) const BUCKET: &str = "omnisend-export-state";

/// The rate limit of the connection in the event files, in requests per minute.
pub(crate) const REQUESTS_PER_MINUTE: u32 = 6_000;

/// Returns the run in the event files.
pub(crate) fn run() -> RunRef {
    RunRef { export: "vip".parse().unwrap(), run: "20261123t101500z-f51274185afdd993".parse().unwrap() }
}

/// Writes the connection, the export and the segment in the event files, and plans their run.
pub(crate) async fn prepare(cloud: &Cloud, segment: &str) {
    cloud.connection("acme", REQUESTS_PER_MINUTE, KEY).await;
    cloud.export("acme", "vip", "schedule = true").await;
    for key in ["segments/vip/a b+é%.csv", "segments/vip/2026-11-23.csv"] {
        cloud.account.put(key, segment).await;
    }
    let ports = cloud.account.ports(Arc::new(SystemClock));
    let run = run();
    let now = ports.clock.now();
    let (connection, export) = load_export(&*ports.objects, &run.export, now).await.unwrap();
    let sources = Sources::of_drops(find_sources(&ports, &export).await.unwrap());
    let trigger = Trigger::Drop { objects: sources.completed_by() };
    let (connection, export) = (Arc::new(connection), Arc::new(export));
    let request = Request {
        connection,
        export,
        trigger,
        run,
        mode: Mode::Full,
        dry_run: false,
        show_values: false,
        allowed: Allowed::new(),
        sources: Some(sources),
    };
    plan(&ports, &request, &Quiet).await.unwrap();
}

/// Brings the run into the state that an event needs: parked for a replay, sent for a settlement, and over for an undo.
pub(crate) async fn prepare_for(cloud: &Cloud, event: &Value) {
    if event["action"] == "replay" {
        let ports = cloud.account.ports(Arc::new(SystemClock));
        let limits = Limits { give_up_after: jiff::SignedDuration::ZERO, poll_for: None };
        let app = App::new(ports, cloud.omnisend.url().parse().unwrap(), Arc::new(Quiet), limits);
        app.park(&run(), "the API key was refused".to_owned()).await.unwrap();
    }
    if event["action"] == "undo" {
        for file in ["sqs-upload.json", "sqs-settle.json"] {
            cloud.uploader.invoke(&super::events::of_file(file)).await;
        }
    }
    let body = event["Records"][0]["body"].as_str().unwrap_or_default();
    if body.contains("settle") {
        cloud.uploader.invoke(&super::events::of_file("sqs-upload.json")).await;
    }
}
