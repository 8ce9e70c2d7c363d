//! Answers API requests and applies the active faults to them.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use tokio::time::sleep;

use crate::api::admission::Admitted;
use crate::api::dispatch::dispatch;
use crate::api::request::{ApiRequest, MAX_BODY};
use crate::api::shape::shape;
use crate::connection::Reset;
use crate::contract::Problem;
use crate::faults::{FaultKind, Timing, total_delay};
use crate::jobs::Jobs;
use crate::shared::Shared;

/// How many bytes of an oversized body are read, so that its client gets to read the response.
const MAX_READ: usize = MAX_BODY * 16;

/// Answers every request outside of `/_sandbox` and the page.
pub(crate) async fn answer(
    State(jobs): State<Arc<Jobs>>,
    ConnectInfo(reset): ConnectInfo<Reset>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, MAX_READ).await.ok();
    let request = ApiRequest { method: head.method, uri: head.uri, headers: head.headers, body };
    let response = match Admitted::admit(&jobs, &request) {
        Ok(admitted) => with_faults(&admitted, &reset).await,
        Err(problem) => problem.into_response(),
    };
    let status = response.status().as_u16();
    *jobs.shared.lock().log.answers.entry(status).or_default() += 1;
    shape(&jobs.shared.options, &request, response).await
}

async fn with_faults(admitted: &Admitted<'_>, reset: &Reset) -> Response {
    let (shared, faults) = (admitted.shared, &admitted.faults);
    let (delays, others): (Vec<_>, Vec<_>) =
        faults.iter().partition(|fault| matches!(fault.kind, FaultKind::Delay { .. }));
    for fault in delays {
        shared.count_fired(fault.index);
    }
    sleep(total_delay(faults)).await;
    let last = faults.last().and_then(|fault| Some((fault, fault.kind.ends_request()?)));
    if let Some((fault, Timing::Before)) = last {
        shared.count_fired(fault.index);
        return fail(shared, reset, &fault.kind).await;
    }
    let response = dispatch(admitted).unwrap_or_else(Problem::into_response);
    for fault in others {
        shared.count_fired(fault.index);
    }
    if let Some((fault, Timing::After)) = last {
        return fail(shared, reset, &fault.kind).await;
    }
    sleep(shared.options.latency).await;
    response
}

/// Ends a request as a fault specifies.
async fn fail(shared: &Shared, reset: &Reset, kind: &FaultKind) -> Response {
    match kind {
        FaultKind::Status { status, retry_after, retry_after_header, html, .. } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = if *html {
                let page = format!(
                    "<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
                );
                (status, Html(page)).into_response()
            } else {
                let problem = Problem::new(status, "This is a fault of the sandbox.");
                problem.retry_after(*retry_after).into_response()
            };
            if let Some(seconds) = retry_after_header {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            response
        }
        FaultKind::Hang { .. } => {
            shared.stopped().await;
            reset.request();
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        _ => {
            reset.request();
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
