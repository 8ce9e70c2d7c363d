//! The rules for every request: keys, version, media type, problems, limits.

use omnisend_sandbox::Options;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, batch, contact, options, start, with};

#[tokio::test]
async fn shows_the_brand_of_a_key() {
    let sandbox = start().await;
    let answer = sandbox.get("/brands/current").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let brand = answer.json();
    assert_eq!(brand["name"], "Sandbox store");
    assert_eq!(brand["brandID"].as_str().unwrap().len(), 24);
    sandbox.running.stop().await;
}

#[tokio::test]
async fn refuses_a_request_without_a_key_in_the_right_header() {
    let sandbox = with(Options { api_key: Some("secret".to_owned()), ..options() }).await;
    let url = format!("{}/brands/current", sandbox.running.url());
    for (name, value) in [
        ("accept", "application/json"),
        ("authorization", "Omnisend-API-Key wrong"),
        ("authorization", "Omnisend-API-Key "),
        ("authorization", "Bearer secret"),
        ("authorization", "secret"),
        ("x-api-key", "secret"),
    ] {
        let request = sandbox.client.get(&url).header("Omnisend-Version", "2026-03-15").header(name, value);
        let answer = Answer::read(request.send().await.unwrap()).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (401, "application/problem+json"),
            "{name}: {value}"
        );
        let problem = answer.json();
        assert_eq!(problem["type"], "https://problems.omnisend.com/unauthorized");
        assert_eq!(problem["title"], "Unauthorized");
        assert_eq!(problem["status"], 401);
    }
    assert_eq!(sandbox.call_as("secret", Method::GET, "/brands/current", None).await.status, 200);
    assert_eq!(sandbox.state().await["answers"], json!({ "200": 1, "401": 6 }));
}

#[tokio::test]
async fn requires_a_version_that_is_not_retired() {
    let sandbox = start().await;
    let url = format!("{}/brands/current", sandbox.running.url());
    let mut seen = Vec::new();
    for version in ["", "v3", "v5", "2025-01-01", "2027-01-01", "latest", "2026-03-15"] {
        let mut request = sandbox.client.get(&url).header("Authorization", "Omnisend-API-Key key");
        if !version.is_empty() {
            request = request.header("Omnisend-Version", version);
        }
        let answer = Answer::read(request.send().await.unwrap()).await;
        if answer.status == 400 {
            let code = if version.is_empty() { "required" } else { "invalidValue" };
            assert_eq!(answer.errors(), [format!("Omnisend-Version {code}")]);
        }
        seen.push(answer.status);
    }
    assert_eq!(seen, [400, 410, 410, 410, 400, 400, 200]);

    let retired = format!("http://{}/v5/contacts", sandbox.running.addr);
    let request = sandbox.client.get(retired).header("Authorization", "Omnisend-API-Key key");
    assert_eq!(request.send().await.unwrap().status(), 410);
}

#[tokio::test]
async fn a_problem_has_every_member_and_its_own_trace_id() {
    let sandbox = start().await;
    let answer = sandbox
        .post("/contacts", json!({ "identifiers": [], "gender": "x", "tags": "VIP", "shoeSize": 9 }))
        .await;
    assert_eq!((answer.status, answer.header("content-type")), (400, "application/problem+json"));
    let problem = answer.json();
    assert_eq!(problem["type"], "https://problems.omnisend.com/bad-request");
    assert_eq!(problem["title"], "Bad Request");
    assert_eq!(problem["status"], 400);
    assert_eq!(problem["detail"], "The request has 4 invalid fields.");
    assert_eq!(
        answer.errors(),
        ["gender invalidFormat", "identifiers required", "shoeSize unknownField", "tags invalidType"]
    );
    let trace = |problem: &serde_json::Value| problem["instance"].as_str().unwrap().to_owned();
    let uuid = trace(&problem).strip_prefix("urn:omnisend:request:").unwrap().to_owned();
    assert!(uuid::Uuid::parse_str(&uuid).is_ok(), "{uuid}");
    assert_ne!(trace(&problem), trace(&sandbox.get("/nowhere").await.json()));
}

#[tokio::test]
async fn refuses_unknown_resources_methods_and_parameters() {
    let sandbox = start().await;
    for path in ["/nowhere", "/contacts/nobody", "/batches/6100", "/batches/x/items", "/segments/x", ""] {
        let answer = sandbox.get(path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (404, "application/problem+json"),
            "{path}"
        );
    }
    let answer = sandbox.call(Method::DELETE, "/batches", None).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, POST"));
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(sandbox.call(Method::GET, "/contacts/tags", None).await.status, 405);
    let answer = sandbox.get("/contacts?emial=a@example.com").await;
    assert_eq!((answer.status, answer.errors()), (400, vec!["emial unknownParameter".to_owned()]));
}

#[tokio::test]
async fn requires_a_json_body_with_its_media_type() {
    let sandbox = start().await;
    let post = |kind: Option<&'static str>, body: &'static str| {
        let mut request = sandbox
            .client
            .post(format!("{}/contacts", sandbox.running.url()))
            .header("Authorization", "Omnisend-API-Key key")
            .header("Omnisend-Version", "2026-03-15")
            .body(body);
        if let Some(kind) = kind {
            request = request.header("Content-Type", kind);
        }
        async { Answer::read(request.send().await.unwrap()).await }
    };
    let body = r#"{"identifiers":[{"type":"email","id":"ada@example.com"}]}"#;
    assert_eq!(post(None, body).await.status, 415);
    assert_eq!(post(Some("text/plain"), body).await.status, 415);
    assert_eq!(post(Some("application/json; charset=utf-8"), body).await.status, 201);
    let broken = post(Some("application/json"), "{\"identifiers\": [").await;
    assert_eq!((broken.status, broken.errors()), (400, vec![" invalidJson".to_owned()]));
}

#[tokio::test]
async fn refuses_a_body_over_a_megabyte_with_a_readable_response() {
    let sandbox = start().await;
    for (filler, status) in [(999_000, 201), (1_000_000, 413), (20_000_000, 413)] {
        let items = vec![json!({ "x": "y".repeat(filler) })];
        let answer = sandbox.post("/batches", batch(&items)).await;
        assert_eq!(answer.status, status, "{filler}");
    }
}

#[tokio::test]
async fn applies_the_limit_of_a_brand_to_every_kind_of_request() {
    let sandbox = with(Options { requests_per_minute: 4, ..options() }).await;
    assert_eq!(sandbox.get("/brands/current").await.status, 200);
    assert_eq!(sandbox.get("/nowhere").await.status, 404);
    assert_eq!(sandbox.post("/contacts", json!({})).await.status, 400);
    assert_eq!(sandbox.post("/batches", batch(&[contact("ada@example.com")])).await.status, 201);
    for _ in 0..3 {
        let answer = sandbox.post("/contacts", contact("bob@example.com")).await;
        assert_eq!((answer.status, answer.header("content-type")), (429, "application/problem+json"));
        let problem = answer.json();
        assert_eq!(problem["type"], "https://problems.omnisend.com/rate-limit-exceeded");
        assert_eq!(problem["title"], "Rate limit exceeded");
        let seconds = problem["retryAfter"].as_u64().unwrap();
        assert!((30..=60).contains(&seconds), "{seconds}");
        assert!(!answer.headers.contains_key("retry-after"));
    }
    let state = sandbox.state().await;
    assert_eq!((&state["rate_limited"], &state["peak_in_window"]), (&json!(3), &json!(4)));
    assert!(sandbox.contact("bob@example.com").await.is_none());
    // The limit of one brand does not affect another.
    assert_eq!(sandbox.call_as("key-2", Method::GET, "/brands/current", None).await.status, 200);
}

#[tokio::test]
async fn can_omit_the_wait_from_a_429() {
    let sandbox = with(Options { requests_per_minute: 0, retry_after_in_body: false, ..options() }).await;
    let problem = sandbox.get("/brands/current").await.json();
    assert_eq!((&problem["status"], problem.get("retryAfter")), (&json!(429), None));
}

#[tokio::test]
async fn tags_and_segments_have_limits_of_their_own() {
    let sandbox = with(Options { tags_per_minute: 2, ..options() }).await;
    let change = json!({ "tags": ["VIP"], "emails": ["ada@example.com"] });
    assert_eq!(sandbox.post("/contacts/tags", change.clone()).await.status, 202);
    assert_eq!(sandbox.call(Method::DELETE, "/contacts/tags", Some(change.clone())).await.status, 202);
    assert_eq!(sandbox.post("/contacts/tags", change).await.status, 429);

    for _ in 0..15 {
        assert_eq!(sandbox.post("/segments", json!({})).await.status, 400);
    }
    assert_eq!(sandbox.post("/segments", json!({})).await.status, 429);
    for _ in 0..100 {
        assert_eq!(sandbox.get("/segments").await.status, 200);
    }
    assert_eq!(sandbox.get("/segments/x/statistics").await.status, 429);
    assert_eq!(sandbox.get("/brands/current").await.status, 200);
}

#[tokio::test]
async fn another_integration_uses_the_same_limit() {
    let sandbox = with(Options { requests_per_minute: 3, ..options() }).await;
    let body = json!({ "requests_per_minute": 6_000 });
    assert_eq!(sandbox.control(Method::POST, "/traffic", Some(body)).await.status, 204);
    // It sends one request at once and another every 10 ms, so it uses up the limit before this client sends three.
    let mut answers = Vec::new();
    while answers.last() != Some(&429) {
        answers.push(sandbox.get("/brands/current").await.status);
    }
    assert!(answers.len() <= 3, "{answers:?}");
    let state = sandbox.state().await;
    assert_eq!(state["peak_in_window_with_traffic"], 3);
    assert_eq!(state["peak_in_window"], answers.len() - 1);
    assert_eq!(sandbox.control(Method::POST, "/traffic", Some(json!({ "requests": 1 }))).await.status, 400);
}

#[tokio::test]
async fn a_port_is_taken_until_its_sandbox_stops() {
    let sandbox = start().await;
    let port = sandbox.running.addr.port();
    assert!(sandbox.running.addr.ip().is_loopback());
    let again = omnisend_sandbox::start(Options { port, ..options() }).await;
    assert_eq!(again.unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
    sandbox.running.stop().await;
    let again = omnisend_sandbox::start(Options { port, ..options() }).await.unwrap();
    assert_eq!(again.addr.port(), port);
}
