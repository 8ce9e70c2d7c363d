//! A request's way through the sandbox: noted, recognised, counted against the limits, met by faults, answered.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request, State as Extracted};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use tokio::time::{Instant, sleep};

use crate::book::{self, Chosen};
use crate::faults::{FaultKind, When};
use crate::input::{Call, MAX_BODY};
use crate::problem::Problem;
use crate::route::Route;
use crate::shared::Shared;
use crate::wire::Reset;
use crate::{batch_api, contact_api, segments, tags};

/// The one version that is spoken (published).
const VERSION: &str = "2026-03-15";
/// How much of a body that is too large is still read, so that its client gets to read the answer.
const DRAIN: usize = MAX_BODY * 16;

/// Answers every request that is not to the sandbox itself.
pub(crate) async fn api(
    Extracted(shared): Extracted<Arc<Shared>>,
    ConnectInfo(reset): ConnectInfo<Reset>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, DRAIN).await.ok();
    let call = Call { method: head.method, uri: head.uri, headers: head.headers, body };
    let response = answer(&shared, &reset, &call).await;
    *shared.lock().counters.answers.entry(response.status().as_u16()).or_default() += 1;
    response
}

async fn answer(shared: &Shared, reset: &Reset, call: &Call) -> Response {
    let path = call.path().unwrap_or_default();
    let route = Route::of(path);
    let (brand, chosen) = match admit(shared, call, path, route) {
        Ok(admitted) => admitted,
        Err(problem) => return problem.into_response(),
    };
    for chosen in chosen.iter().filter(|chosen| matches!(chosen.kind, FaultKind::Delay { .. })) {
        shared.fire(chosen.index);
    }
    sleep(book::delay(&chosen)).await;
    let last = chosen.last().filter(|chosen| chosen.kind.is_last());
    if let Some(Chosen { index, kind }) = last.filter(|chosen| when(&chosen.kind) == When::Before) {
        shared.fire(*index);
        return fall(shared, reset, kind).await;
    }
    let response = serve(shared, brand, call, route, &chosen).unwrap_or_else(Problem::into_response);
    for chosen in chosen.iter().filter(|chosen| !matches!(chosen.kind, FaultKind::Delay { .. })) {
        shared.fire(chosen.index);
    }
    if let Some(Chosen { kind, .. }) = last {
        return fall(shared, reset, kind).await;
    }
    sleep(shared.options.latency).await;
    response
}

/// Notes a request, recognises its brand, counts it against the limits and picks the faults that fall on it.
fn admit(
    shared: &Shared,
    call: &Call,
    path: &str,
    route: Route<'_>,
) -> Result<(usize, Vec<Chosen>), Problem> {
    let state = &mut *shared.lock();
    state.log.add(call, shared.now());
    let pattern = if call.path().is_some() { route.pattern() } else { "elsewhere" };
    *state.counters.requests.entry(format!("{} {pattern}", call.method)).or_default() += 1;

    let Some(index) = key(call)?.and_then(|key| state.brand_of(key)) else {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "The API key is missing or not valid."));
    };
    let brand = state.brand(index)?;
    if let Err(wait) = brand.windows.admit(route.limit(&call.method), Instant::now()) {
        brand.rate_limited += 1;
        let seconds = wait.as_millis().div_ceil(1_000);
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        let detail = "The brand has sent too many requests in the last 60 seconds.";
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, detail);
        return Err(problem.retry_after(shared.options.retry_after_in_body.then_some(seconds)));
    }
    Ok((index, state.faults.choose(&call.method, path, route)))
}

/// The key of a request that has one.
fn key(call: &Call) -> Result<Option<&str>, Problem> {
    let Some(text) = call.header(header::AUTHORIZATION.as_str()) else {
        return match call.header("x-api-key") {
            Some(_) => {
                let detail =
                    "`X-API-KEY` belongs to retired versions; send `Authorization: Omnisend-API-Key <key>`.";
                Err(Problem::new(StatusCode::UNAUTHORIZED, detail))
            }
            None => Ok(None),
        };
    };
    let parts = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Omnisend-API-Key"));
    Ok(parts.map(|(_, key)| key.trim()).filter(|key| !key.is_empty()))
}

fn check_version(call: &Call) -> Result<(), Problem> {
    let gone = |version: &str| {
        let detail = format!("Version {version} is retired; use {VERSION}.");
        Err(Problem::new(StatusCode::GONE, detail))
    };
    match call.header("omnisend-version") {
        Some(VERSION) => Ok(()),
        Some(version) if version.starts_with('v') => gone(version),
        Some(version) if crate::fields::date(version).is_some() && version < VERSION => gone(version),
        Some(version) => {
            let message = format!("`{version}` is not a version; `{VERSION}` is");
            Err(Problem::field("Omnisend-Version", "invalidValue", message))
        }
        None => Err(Problem::field("Omnisend-Version", "required", format!("is required; send `{VERSION}`"))),
    }
}

/// Carries a request out.
fn serve(
    shared: &Shared,
    brand: usize,
    call: &Call,
    route: Route<'_>,
    chosen: &[Chosen],
) -> Result<Response, Problem> {
    if call.path().is_none() {
        let path = call.uri.path();
        if ["/v3/", "/v4/", "/v5/"].iter().any(|retired| path.starts_with(retired)) {
            return Err(Problem::new(StatusCode::GONE, "Versions in the path are retired; use `/api`."));
        }
        return Err(Problem::not_found("resource"));
    }
    check_version(call)?;
    call.check_size()?;
    match (route, &call.method) {
        (Route::Contacts, &Method::POST) => contact_api::upsert(shared, brand, call),
        (Route::Contacts, &Method::GET) => contact_api::list(shared, brand, call),
        (Route::Contact(id), &Method::GET) => contact_api::show(shared, brand, call, id),
        (Route::ContactTags, &Method::POST) => tags::change(shared, brand, call, false),
        (Route::ContactTags, &Method::DELETE) => tags::change(shared, brand, call, true),
        (Route::Batches, &Method::POST) => batch_api::create(shared, brand, call, chosen),
        (Route::Batches, &Method::GET) => batch_api::list(shared, brand, call, chosen),
        (Route::Batch(id), &Method::GET) => batch_api::show(shared, brand, call, id),
        (Route::BatchItems(id), &Method::GET) => batch_api::items(shared, brand, call, id),
        (Route::CurrentBrand, &Method::GET) => contact_api::current_brand(shared, brand, call),
        (Route::Segments, &Method::POST) => segments::create(shared, brand, call),
        (Route::Segments, &Method::GET) => segments::list(shared, brand, call),
        (Route::Segment(id), &Method::GET) => segments::show(shared, brand, call, id),
        (Route::Segment(id), &Method::PUT) => segments::replace(shared, brand, call, id),
        (Route::Segment(id), &Method::DELETE) => segments::delete(shared, brand, call, id),
        (Route::SegmentStatistics(id), &Method::GET) => segments::statistics(shared, brand, call, id),
        (Route::Unknown, _) => Err(Problem::not_found("resource")),
        (route, method) => {
            let detail = format!("{method} is not for this resource; {} are.", route.allowed());
            let mut response = Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail).into_response();
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(route.allowed()));
            Ok(response)
        }
    }
}

fn when(kind: &FaultKind) -> When {
    match kind {
        FaultKind::Status { when, .. } | FaultKind::Reset { when } | FaultKind::Hang { when } => *when,
        _ => When::Before,
    }
}

/// Answers as a fault demands, or never.
async fn fall(shared: &Shared, reset: &Reset, kind: &FaultKind) -> Response {
    match kind {
        FaultKind::Status { status, retry_after, retry_after_header, html, .. } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = if *html {
                let page = format!(
                    "<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
                );
                (status, Html(page)).into_response()
            } else {
                let problem = Problem::new(status, "A fault of the sandbox's.");
                problem.retry_after(*retry_after).into_response()
            };
            if let Some(seconds) = retry_after_header {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            response
        }
        FaultKind::Hang { .. } => {
            shared.stopped().await;
            reset.pull();
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        _ => {
            reset.pull();
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
