//! Checks the version and the size of a request, and passes it to the handler of its resource and method.

use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::api::admission::Admitted;
use crate::api::request::ApiRequest;
use crate::api::{batches, contacts, segments, tags};
use crate::contract::{Problem, Route, TagAction, formats};

/// The only version that is supported (published).
const VERSION: &str = "2026-03-15";

/// Carries a request out.
pub(crate) fn dispatch(admitted: &Admitted<'_>) -> Result<Response, Problem> {
    let request = admitted.request;
    if request.path().is_none() {
        let path = request.uri.path();
        if ["/v3/", "/v4/", "/v5/"].iter().any(|retired| path.starts_with(retired)) {
            return Err(Problem::new(StatusCode::GONE, "Versions in the path are retired; use `/api`."));
        }
        return Err(Problem::not_found("resource"));
    }
    check_version(request)?;
    request.check_size()?;
    let (route, method) = (request.route(), &request.method);
    if route != Route::Unknown && !route.allowed().split(", ").any(|allowed| allowed == method.as_str()) {
        let detail = format!("This resource does not support {method}; use {}.", route.allowed());
        let mut response = Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail).into_response();
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(route.allowed()));
        return Ok(response);
    }
    match (route, method) {
        (Route::Contacts, &Method::GET) => return contacts::list(admitted),
        (Route::Batches, &Method::GET) => return batches::list(admitted),
        (Route::Segments, &Method::GET) => return segments::list(admitted),
        (Route::Unknown, _) => return Err(Problem::not_found("resource")),
        // Only listings have parameters.
        _ => request.parameters().finish()?,
    }
    // The methods are limited to the allowed ones by now.
    match (route, method) {
        (Route::Contacts, _) => contacts::upsert(admitted),
        (Route::Contact(id), _) => contacts::show(admitted, id),
        (Route::ContactTags, &Method::DELETE) => tags::change(admitted, TagAction::Remove),
        (Route::ContactTags, _) => tags::change(admitted, TagAction::Add),
        (Route::Batches, _) => batches::create(admitted),
        (Route::Batch(id), _) => batches::show(admitted, id),
        (Route::BatchItems(id), _) => batches::show_items(admitted, id),
        (Route::CurrentBrand, _) => contacts::current_brand(admitted),
        (Route::Segments, _) => segments::create(admitted),
        (Route::Segment(id), &Method::PUT) => segments::replace(admitted, id),
        (Route::Segment(id), &Method::DELETE) => segments::delete(admitted, id),
        (Route::Segment(id), _) => segments::show(admitted, id),
        (Route::SegmentStatistics(id), _) => segments::statistics(admitted, id),
        (Route::Unknown, _) => Err(Problem::not_found("resource")),
    }
}

fn check_version(request: &ApiRequest) -> Result<(), Problem> {
    let is_old = |version| formats::date(version).is_ok() && version < VERSION;
    match request.header("omnisend-version") {
        Some(VERSION) => Ok(()),
        Some(version) if version.starts_with('v') || is_old(version) => {
            let detail = format!("Version {version} is retired; use {VERSION}.");
            Err(Problem::new(StatusCode::GONE, detail))
        }
        Some(version) => {
            let message = format!("`{version}` is not a supported version; use `{VERSION}`");
            Err(Problem::field("Omnisend-Version", "invalidValue", message))
        }
        None => Err(Problem::field("Omnisend-Version", "required", format!("is required; send `{VERSION}`"))),
    }
}
