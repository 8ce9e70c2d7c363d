//! Admits a request: finds its brand, counts it against the rate limits, and selects the faults that fire on it.

use axum::http::StatusCode;
use tokio::time::Instant;

use crate::api::request::ApiRequest;
use crate::contract::Problem;
use crate::faults::SelectedFault;
use crate::jobs::Jobs;
use crate::shared::{Shared, now};
use crate::state::LoggedRequest;

/// An admitted request, and what its handler needs.
#[derive(Debug)]
pub(crate) struct Admitted<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) jobs: &'a Jobs,
    pub(crate) request: &'a ApiRequest,
    /// The index of the brand.
    pub(crate) brand: usize,
    pub(crate) faults: Vec<SelectedFault>,
}

impl<'a> Admitted<'a> {
    /// Logs a request and admits it, or returns why it is refused.
    pub(crate) fn admit(jobs: &'a Jobs, request: &'a ApiRequest) -> Result<Self, Problem> {
        let shared = &*jobs.shared;
        let route = request.route();
        let state = &mut *shared.lock();
        state.log.add(logged(request));
        let resource = format!("{} {}", request.method, route.pattern());
        *state.log.requests.entry(resource).or_default() += 1;

        let Some(index) = api_key(request)?.and_then(|key| state.brand_of(key)) else {
            let detail = "The API key is missing or not valid.";
            return Err(Problem::new(StatusCode::UNAUTHORIZED, detail));
        };
        let brand = state.brand(index)?;
        if let Err(wait) = brand.windows.admit(route.limit(&request.method), Instant::now()) {
            brand.rate_limited += 1;
            let seconds = u64::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX);
            let detail = "The brand has sent too many requests in the last 60 seconds.";
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, detail);
            return Err(problem.retry_after(shared.options.retry_after_in_body.then_some(seconds)));
        }
        let path = request.path().unwrap_or_default();
        let faults = state.faults.select(&request.method, path, route);
        Ok(Self { shared, jobs, request, brand: index, faults })
    }
}

fn logged(request: &ApiRequest) -> LoggedRequest {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = request.headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes())));
    LoggedRequest {
        at: now(),
        method: request.method.to_string(),
        path: request.uri.path().to_owned(),
        query: request.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: request.body.clone().unwrap_or_default(),
    }
}

/// Returns the API key of a request, if it has one in the right form.
fn api_key(request: &ApiRequest) -> Result<Option<&str>, Problem> {
    let Some(text) = request.header("authorization") else {
        let detail = "`X-API-KEY` belongs to retired versions; send `Authorization: Omnisend-API-Key <key>`.";
        let retired = || Err(Problem::new(StatusCode::UNAUTHORIZED, detail));
        return request.header("x-api-key").map_or(Ok(None), |_| retired());
    };
    let parts = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Omnisend-API-Key"));
    Ok(parts.map(|(_, key)| key.trim()).filter(|key| !key.is_empty()))
}
