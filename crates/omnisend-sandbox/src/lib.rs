//! An Omnisend stand-in over real HTTP, as strict as the real service, with faults to order.
//!
//! It keeps the rules that Omnisend publishes for version 2026-03-15 and, where those are silent, the strictest
//! reading; each module says which is which. It listens on the loopback interface only, and holds everything in
//! memory.
//!
//! - `/api/…`: the API: [`Options`] sets its limits and what is undocumented about it
//! - `/_sandbox/…`: what a test needs: state, requests received, faults, another integration's traffic. Not counted
//!   against any limit
//! - `/`: a page that shows all of it
//!
//! Every distinct API key is a brand of its own, with its own contacts and limits, unless [`Options::api_key`] names
//! the only one.

mod batch_api;
mod batches;
mod book;
mod contact_api;
mod contacts;
mod control;
mod faults;
mod fields;
mod findings;
mod ids;
mod input;
mod limits;
mod page;
mod problem;
mod route;
mod rules;
mod segments;
mod server;
mod shared;
mod state;
mod tags;
mod wire;
mod worker;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub use faults::{Fault, FaultKind, InvalidFault, When};

use shared::Shared;
use wire::{Lines, Reset};

/// How a sandbox behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// The only key that is accepted. `None`: any key, and each is a brand of its own.
    pub api_key: Option<String>,
    /// Requests a minute and brand (published: 400).
    pub requests_per_minute: u32,
    /// Requests a minute and brand to `/contacts/tags` (published: 60).
    pub tags_per_minute: u32,
    /// Whether a 429 says `retryAfter` in its body (published: on some endpoints only).
    pub retry_after_in_body: bool,
    /// What an upsert's `tags` do (undocumented; the official plugin's use suggests [`TagMode::Add`]).
    pub tag_mode: TagMode,
    /// From a batch's creation to its end, and from a change of tags or a segment to its effect. Zero has it done
    /// before the request is answered. (Published examples show minutes.)
    pub batch_delay: Duration,
    /// How much later than at once every request is answered.
    pub latency: Duration,
    /// The most contacts that a brand's plan holds; new ones beyond it are refused with 402 (undocumented: a guess).
    pub plan_limit: Option<usize>,
    /// The most items of a batch (published: 100; other pages and the official plugin say 1,000).
    pub max_batch_items: usize,
    /// Refuses a batch with an invalid item whole, with 400, instead of that item when it is processed
    /// (undocumented).
    pub validate_batches_synchronously: bool,
    /// Faults in force from the start.
    pub faults: Vec<Fault>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            api_key: None,
            requests_per_minute: 400,
            tags_per_minute: 60,
            retry_after_in_body: true,
            tag_mode: TagMode::default(),
            batch_delay: Duration::from_millis(500),
            latency: Duration::ZERO,
            plan_limit: None,
            max_batch_items: 100,
            validate_batches_synchronously: false,
            faults: Vec::new(),
        }
    }
}

/// What the tags of an upsert do to those that a contact has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TagMode {
    /// They join them.
    #[default]
    Add,
    /// They take their place.
    Replace,
}

/// A sandbox that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    stop: watch::Sender<()>,
    server: JoinHandle<io::Result<()>>,
    worker: JoinHandle<()>,
}

/// The longest delay of a batch: for good, and still a time that can be reckoned with.
const LONGEST_DELAY: Duration = Duration::from_hours(24 * 365);

/// How long a stopping sandbox waits for requests that are being answered.
const GRACE: Duration = Duration::from_secs(2);

/// Starts a sandbox on 127.0.0.1, within the current tokio runtime. Fails where the port is taken.
pub async fn start(mut options: Options) -> io::Result<Running> {
    options.batch_delay = options.batch_delay.min(LONGEST_DELAY);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let addr = listener.local_addr()?;
    let (stop, stopping) = watch::channel(());
    let (jobs, queue) = mpsc::unbounded_channel();
    let shared = Arc::new(Shared::new(options, jobs, stopping.clone()));
    let app = Router::new()
        .merge(control::routes())
        .merge(page::routes())
        .fallback(server::api)
        .with_state(Arc::clone(&shared))
        .into_make_service_with_connect_info::<Reset>();
    let serve = axum::serve(Lines(listener), app).with_graceful_shutdown(shared::stopped(stopping));
    let server = tokio::spawn(async { serve.await });
    Ok(Running { addr, stop, server, worker: tokio::spawn(worker::work(shared, queue)) })
}

impl Running {
    /// The API's base address, for `OMNISEND_API_URL`.
    pub fn url(&self) -> String {
        format!("http://{}/api", self.addr)
    }

    /// The address of the page for people; `_sandbox/…` is below it.
    pub fn page(&self) -> String {
        format!("http://{}/", self.addr)
    }

    /// Stops it: requests under way are answered, what hangs is cut off, batches that are not finished never are.
    pub async fn stop(self) {
        self.stop.send_replace(());
        let abort = self.server.abort_handle();
        if tokio::time::timeout(GRACE, self.server).await.is_err() {
            abort.abort();
        }
        // It ends by the same signal, and by nothing else.
        _ = self.worker.await;
    }
}
