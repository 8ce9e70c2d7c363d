//! Changes answers into the shapes that older versions of the API had, and that this one may have too.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::api::request::ApiRequest;
use crate::contract::Route;
use crate::options::Options;

/// The longest answer that is changed, in bytes: far above any that the sandbox gives.
const MAX_ANSWER: usize = 100_000_000;

/// Changes an answer as the options say.
pub(crate) async fn shape(options: &Options, request: &ApiRequest, response: Response) -> Response {
    if !options.empty_as_null && !options.older_errors {
        return response;
    }
    let is_error = response.status().as_u16() >= 400;
    let (mut head, body) = response.into_parts();
    let bytes = to_bytes(body, MAX_ANSWER).await.unwrap_or_default();
    // Some answers have no body, and a proxy's error is HTML.
    let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(head, Body::from(bytes));
    };
    if options.older_errors {
        if is_error {
            value = older_error(&value);
            head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        } else if let Route::BatchItems(_) = request.route() {
            older_items(&mut value);
        }
    }
    if options.empty_as_null && !is_error {
        empty_to_null(&mut value);
    }
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(value.to_string()))
}

/// A problem in the shape of version 3: `{"error": "…", "fields": {"0": ["…"]}}`.
fn older_error(problem: &Value) -> Value {
    let mut older = Map::from_iter([("error".to_owned(), problem["detail"].clone())]);
    let errors = problem["errors"].as_array().into_iter().flatten();
    let fields = errors.enumerate().map(|(i, error)| {
        let text = |name: &str| error[name].as_str().unwrap_or_default();
        (i.to_string(), json!([format!("{} {}", text("field"), text("message"))]))
    });
    let fields: Map<_, _> = fields.collect();
    if !fields.is_empty() {
        older.insert("fields".to_owned(), Value::Object(fields));
    }
    Value::Object(older)
}

/// Gives the errors of a batch's items the older shape.
fn older_items(batch: &mut Value) {
    for item in batch["errors"].as_array_mut().into_iter().flatten() {
        item["response"] = older_error(&item["response"]);
    }
}

/// Replaces the empty lists and objects inside a value by null.
fn empty_to_null(value: &mut Value) {
    let inner: Vec<&mut Value> = match value {
        Value::Array(values) => values.iter_mut().collect(),
        Value::Object(values) => values.values_mut().collect(),
        _ => return,
    };
    for value in inner {
        empty_to_null(value);
        let is_empty = match value {
            Value::Array(values) => values.is_empty(),
            Value::Object(values) => values.is_empty(),
            _ => false,
        };
        if is_empty {
            *value = Value::Null;
        }
    }
}
