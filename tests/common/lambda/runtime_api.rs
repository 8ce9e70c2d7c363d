//! Lambda's runtime API: delivers events to one process and receives its answers.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
    task::JoinHandle,
};

/// An event for the process.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) request_id: String,
    /// When the process is killed, in milliseconds since 1970.
    pub(crate) deadline_ms: i64,
    pub(crate) arn: String,
    pub(crate) event: Value,
}

/// A call that the process makes to the API.
#[derive(Debug)]
pub(crate) enum Call {
    /// The process asks for the next event.
    Ready,
    Answered(String, Value),
    Failed(String, Failure),
    NotStarted(Failure),
}

/// An error that the runtime reports.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failure {
    #[serde(rename = "errorType")]
    pub(crate) kind: String,
    #[serde(rename = "errorMessage")]
    pub(crate) message: String,
}

#[derive(Debug)]
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    work: mpsc::UnboundedSender<Work>,
    calls: mpsc::UnboundedReceiver<Call>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    work: Mutex<mpsc::UnboundedReceiver<Work>>,
    calls: mpsc::UnboundedSender<Call>,
}

impl RuntimeApi {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (work, queued) = mpsc::unbounded_channel();
        let (sender, calls) = mpsc::unbounded_channel();
        let app = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
            .route("/2018-06-01/runtime/init/error", post(not_started))
            .with_state(Arc::new(Shared { work: Mutex::new(queued), calls: sender }));
        let server = tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        Self { address, work, calls, server }
    }

    /// Delivers an event to the process.
    pub(crate) fn give(&self, work: Work) {
        self.work.send(work).unwrap();
    }

    /// Waits for the process's next call and returns it.
    pub(crate) async fn next_call(&mut self) -> Call {
        self.calls.recv().await.unwrap()
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Answers when an event is available.
async fn next(State(shared): State<Arc<Shared>>) -> Response {
    // Fails if the receiver is gone, because the process is about to be stopped.
    let _ = shared.calls.send(Call::Ready);
    let Some(work) = shared.work.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let trace = format!("Root=1-{:08x}-{};Sampled=0", work.deadline_ms / 1_000, "0123456789abcdef01234567");
    let headers = [
        ("Lambda-Runtime-Aws-Request-Id", work.request_id),
        ("Lambda-Runtime-Deadline-Ms", work.deadline_ms.to_string()),
        ("Lambda-Runtime-Invoked-Function-Arn", work.arn),
        ("Lambda-Runtime-Trace-Id", trace),
        ("Content-Type", "application/json".to_owned()),
    ];
    (headers, work.event.to_string()).into_response()
}

async fn answered(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    let _ = shared.calls.send(Call::Answered(id, serde_json::from_slice(&body).unwrap()));
    StatusCode::ACCEPTED
}

async fn failed(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    let _ = shared.calls.send(Call::Failed(id, serde_json::from_slice(&body).unwrap()));
    StatusCode::ACCEPTED
}

async fn not_started(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    let _ = shared.calls.send(Call::NotStarted(serde_json::from_slice(&body).unwrap()));
    StatusCode::ACCEPTED
}
