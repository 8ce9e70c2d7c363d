//! Starts and stops a sandbox.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::api;
use crate::connection::{Reset, ResettableListener};
use crate::jobs::Jobs;
use crate::options::Options;
use crate::shared::Shared;
use crate::{control, page};

/// The longest batch delay: effectively forever, but still safe to add to a time.
const MAX_BATCH_DELAY: Duration = Duration::from_hours(24 * 365);

/// How long a stopping sandbox waits for requests in flight.
const GRACE_PERIOD: Duration = Duration::from_secs(2);

/// A sandbox that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Sandbox {
    /// The address on which it listens.
    pub addr: SocketAddr,
    stop: watch::Sender<()>,
    server: JoinHandle<io::Result<()>>,
    worker: JoinHandle<()>,
}

/// Starts a sandbox on 127.0.0.1, on the current tokio runtime. Fails if the port is taken.
pub async fn start(mut options: Options) -> io::Result<Sandbox> {
    options.batch_delay = options.batch_delay.min(MAX_BATCH_DELAY);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let addr = listener.local_addr()?;
    let (stop, stopping) = watch::channel(());
    let shared = Arc::new(Shared::new(options, stopping));
    let (jobs, worker) = Jobs::new(Arc::clone(&shared));
    let router = Router::new()
        .merge(control::routes(Arc::clone(&shared)))
        .merge(page::routes(Arc::clone(&shared)))
        .fallback(api::answer)
        .with_state(Arc::new(jobs))
        .into_make_service_with_connect_info::<Reset>();
    let stopped = async move { shared.stopped().await };
    let serve = axum::serve(ResettableListener(listener), router).with_graceful_shutdown(stopped);
    let server = tokio::spawn(async { serve.await });
    Ok(Sandbox { addr, stop, server, worker: tokio::spawn(worker.work()) })
}

impl Sandbox {
    /// Returns the base URL of the API, such as `http://127.0.0.1:8080/api`.
    pub fn url(&self) -> String {
        format!("http://{}/api", self.addr)
    }

    /// Returns the URL of the page for people, such as `http://127.0.0.1:8080/`. The control endpoints are at
    /// `_sandbox/…` below it.
    pub fn page(&self) -> String {
        format!("http://{}/", self.addr)
    }

    /// Stops the sandbox. Requests in flight are answered for up to 2 s; connections that are still open are then closed.
    /// Unfinished batches stay unfinished.
    pub async fn stop(self) {
        self.stop.send_replace(());
        let abort = self.server.abort_handle();
        if tokio::time::timeout(GRACE_PERIOD, self.server).await.is_err() {
            abort.abort();
        }
        // The worker ends on the same signal, and has no other way to fail.
        _ = self.worker.await;
    }
}
