//! Faults: what each one does, and on which requests it fires.

use std::time::Duration;

use omnisend_sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Sandbox, batch, contact, contact_with, options, start, with};

async fn items(sandbox: &Sandbox, id: &str) -> Value {
    sandbox.get(&format!("/batches/{id}/items")).await.json()
}

/// Sends a request that will not be answered, without waiting.
fn unanswered(
    sandbox: &Sandbox,
    path: &str,
    body: &Value,
) -> tokio::task::JoinHandle<reqwest::Result<reqwest::Response>> {
    let request = sandbox
        .client
        .post(format!("{}{path}", sandbox.running.url()))
        .header("Authorization", "Omnisend-API-Key key-1")
        .header("Omnisend-Version", "2026-03-15")
        .header("Content-Type", "application/json")
        .body(body.to_string());
    tokio::spawn(request.send())
}

#[tokio::test]
async fn answers_with_a_status_as_often_as_asked_without_carrying_out_the_request() {
    let faults = vec!["status=503,count=2,skip=1,method=POST,path=/contacts".parse().unwrap()];
    let sandbox = with(Options { faults, ..options() }).await;
    let mut seen = Vec::new();
    for i in 0..4 {
        let answer = sandbox.post("/contacts", contact(&format!("c{i}@example.com"))).await;
        if answer.status == 503 {
            assert_eq!(answer.header("content-type"), "application/problem+json");
            assert_eq!(answer.json()["type"], "https://problems.omnisend.com/service-unavailable");
        }
        seen.push(answer.status);
    }
    assert_eq!(seen, [201, 503, 503, 201]);
    let state = sandbox.state().await;
    assert_eq!(state["contacts_count"], 2);
    // A request that a fault answers counts against the limit.
    assert_eq!(state["peak_in_window"], 4);
    let faults = sandbox.control(Method::GET, "/faults", None).await.json();
    assert_eq!(
        faults,
        json!([{
            "index": 0, "seen": 4, "fired": 2,
            "fault": "status", "status": 503, "count": 2, "skip": 1, "method": "POST", "path": "/contacts",
        }])
    );
}

#[tokio::test]
async fn sends_a_429_with_a_wait_in_the_body_or_in_a_header_or_as_html() {
    let sandbox = start().await;
    sandbox
        .faults(&["status=429,retry_after=7,count=1", "status=429,retry_after_header=9,html,count=1"])
        .await;
    let answer = sandbox.get("/brands/current").await;
    assert_eq!(
        (answer.status, &answer.json()["retryAfter"], answer.header("retry-after")),
        (429, &json!(7), "")
    );
    let answer = sandbox.get("/brands/current").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "9"));
    assert!(answer.header("content-type").starts_with("text/html"), "{answer:?}");
    assert!(answer.text.contains("<h1>429 Too Many Requests</h1>"));
    assert_eq!(sandbox.get("/brands/current").await.status, 200);
}

#[tokio::test]
async fn refuses_a_key_once_or_after_it_was_replaced() {
    let sandbox = start().await;
    sandbox.faults(&["status=401,count=1"]).await;
    assert_eq!(sandbox.get("/brands/current").await.status, 401);
    assert_eq!(sandbox.get("/brands/current").await.status, 200);

    sandbox.post("/contacts", contact("ada@example.com")).await;
    let body = json!({ "replace": "key-1", "with": "key-1b" });
    assert_eq!(sandbox.control(Method::POST, "/keys", Some(body)).await.status, 204);
    assert_eq!(sandbox.get("/brands/current").await.status, 401);
    let found =
        sandbox.call_as("key-1b", Method::GET, "/contacts?email=ada%40example.com", None).await.json();
    assert_eq!(found["contacts"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn fails_a_request_after_it_was_carried_out() {
    let sandbox = start().await;
    sandbox.faults(&["status=502,when=after,count=1"]).await;
    assert_eq!(sandbox.post("/contacts", contact("ada@example.com")).await.status, 502);
    assert!(sandbox.contact("ada@example.com").await.is_some());
    assert_eq!(sandbox.post("/contacts", contact("ada@example.com")).await.status, 200);
}

#[tokio::test]
async fn resets_a_connection_before_or_after_the_request_is_carried_out() {
    for (fault, contacts) in [("reset,count=1", 0), ("reset,when=after,count=1", 1)] {
        let sandbox = start().await;
        sandbox.faults(&[fault]).await;
        let error =
            unanswered(&sandbox, "/contacts", &contact("ada@example.com")).await.unwrap().unwrap_err();
        let mut source: Option<&dyn std::error::Error> = Some(&error);
        let mut kinds = Vec::new();
        while let Some(error) = source {
            kinds.extend(error.downcast_ref::<std::io::Error>().map(std::io::Error::kind));
            source = error.source();
        }
        assert_eq!(kinds, [std::io::ErrorKind::ConnectionReset], "{error:?}");
        assert_eq!(sandbox.state().await["contacts_count"], contacts, "{fault}");
        assert_eq!(sandbox.get("/brands/current").await.status, 200);
    }
}

#[tokio::test]
async fn a_hang_can_be_waited_for_and_ends_when_the_sandbox_stops() {
    for (fault, batches) in [("hang,path=/batches", 0), ("hang,when=after,path=/batches", 1)] {
        let sandbox = start().await;
        sandbox.faults(&[fault]).await;
        let request = unanswered(&sandbox, "/batches", &batch(&[contact("ada@example.com")]));
        let waited = sandbox.control(Method::GET, "/faults/wait?index=0", None).await;
        assert_eq!((waited.status, waited.json()), (200, json!({ "index": 0, "fired": 1 })));
        assert!(!request.is_finished());
        assert_eq!(sandbox.state().await["batches_count"], batches, "{fault}");
        assert_eq!(sandbox.state().await["contacts_count"], batches, "{fault}");
        sandbox.running.stop().await;
        assert!(request.await.unwrap().is_err());
    }
}

#[tokio::test]
async fn waits_until_a_fault_has_fired_often_enough() {
    let sandbox = start().await;
    sandbox.faults(&["status=500"]).await;
    let url = format!("{}_sandbox/faults/wait?index=0&fired=3", sandbox.running.page());
    let waiting = tokio::spawn(sandbox.client.get(url).send());
    for _ in 0..3 {
        assert!(!waiting.is_finished());
        assert_eq!(sandbox.get("/brands/current").await.status, 500);
    }
    assert_eq!(waiting.await.unwrap().unwrap().status(), 200);
    assert_eq!(sandbox.control(Method::GET, "/faults/wait?index=1", None).await.status, 404);
    assert_eq!(sandbox.control(Method::DELETE, "/faults", None).await.status, 204);
    assert_eq!(sandbox.control(Method::GET, "/faults", None).await.json(), json!([]));
    assert_eq!(sandbox.get("/brands/current").await.status, 200);
}

#[tokio::test]
async fn delays_a_request() {
    let sandbox = start().await;
    sandbox.faults(&["delay=150,count=1"]).await;
    let before = std::time::Instant::now();
    assert_eq!(sandbox.get("/brands/current").await.status, 200);
    assert!(before.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn leaves_a_batch_in_progress() {
    let sandbox = start().await;
    sandbox.faults(&["stuck_batch,count=1"]).await;
    let stuck = sandbox.batch(vec![contact("ada@example.com")]).await;
    let fine = sandbox.batch(vec![contact("bob@example.com")]).await;
    let shown = items(&sandbox, &stuck).await;
    assert_eq!((&shown["status"], &shown["finishedCount"]), (&json!("inProgress"), &json!(0)));
    assert_eq!((&shown["responses"], shown.get("endedAt")), (&json!([]), None));
    assert_eq!(items(&sandbox, &fine).await["status"], "finished");
    assert!(sandbox.contact("ada@example.com").await.is_none());
    assert_eq!(sandbox.control(Method::GET, "/idle", None).await.status, 204);
}

#[tokio::test]
async fn stops_a_batch_after_some_items() {
    let sandbox = start().await;
    sandbox.faults(&["stopped_batch=2"]).await;
    let id = sandbox.batch((0..5).map(|i| contact(&format!("c{i}@example.com"))).collect()).await;
    let shown = items(&sandbox, &id).await;
    assert_eq!(
        (&shown["status"], &shown["totalCount"], &shown["finishedCount"]),
        (&json!("stopped"), &json!(5), &json!(2))
    );
    assert_eq!(shown["responses"].as_array().unwrap().len(), 2);
    assert_eq!(sandbox.state().await["contacts_count"], 2);
}

#[tokio::test]
async fn lets_the_count_of_errors_differ_from_the_items() {
    let sandbox = start().await;
    sandbox.faults(&["errors_without_items=3,count=1", "items_without_errors,count=1"]).await;
    let mixed =
        || vec![contact("ada@example.com"), contact_with("bob@example.com", &json!({ "gender": "x" }))];
    let counted = sandbox.batch(mixed()).await;
    // The second fault counted the first batch too.
    sandbox.control(Method::DELETE, "/faults", None).await;
    sandbox.faults(&["items_without_errors,count=1"]).await;
    let listed = sandbox.batch(mixed()).await;

    let shown = items(&sandbox, &counted).await;
    assert_eq!((&shown["status"], &shown["finishedCount"]), (&json!("finished"), &json!(2)));
    assert_eq!((&shown["responses"], &shown["errors"]), (&json!([]), &json!([])));
    let shown = items(&sandbox, &listed).await;
    assert_eq!((&shown["errorsCount"], shown["errors"].as_array().unwrap().len()), (&json!(null), 1));
}

#[tokio::test]
async fn shifts_a_listing_between_its_pages() {
    let sandbox = start().await;
    let mut ids = Vec::new();
    for i in 0..4 {
        ids.insert(0, sandbox.batch(vec![contact(&format!("c{i}@example.com"))]).await);
    }
    sandbox.faults(&["shift_listing=1,skip=1"]).await;
    let mut seen = Vec::new();
    for offset in [0, 2] {
        let page = sandbox.get(&format!("/batches?limit=2&offset={offset}")).await.json();
        seen.extend(
            page["batches"].as_array().unwrap().iter().map(|b| b["batchID"].as_str().unwrap().to_owned()),
        );
    }
    // The second page starts with the last batch of the first.
    assert_eq!(seen, [&*ids[0], &*ids[1], &*ids[1], &*ids[2]]);
    let newest = sandbox.get("/batches?limit=1").await.json()["batches"][0].clone();
    assert_eq!((&newest["origin"], &newest["totalCount"]), (&json!("another integration"), &json!(0)));
}

#[tokio::test]
async fn refuses_one_contact_for_a_given_reason() {
    let sandbox = start().await;
    let fault = json!([{
        "fault": "refuse_item", "email": "bob@example.com", "code": "blocked", "message": "is on the block list",
        "response_code": 422, "count": 1,
    }]);
    assert_eq!(sandbox.control(Method::POST, "/faults", Some(fault)).await.json(), json!({ "indexes": [0] }));
    let id = sandbox.batch(vec![contact("ada@example.com"), contact("bob@example.com")]).await;
    let shown = items(&sandbox, &id).await;
    let [refused] = shown["errors"].as_array().unwrap().as_slice() else { panic!("{shown}") };
    assert_eq!(
        (&refused["responseCode"], &refused["response"]["detail"]),
        (&json!(422), &json!("is on the block list"))
    );
    assert_eq!(
        refused["response"]["errors"],
        json!([{ "field": "identifiers[0].id", "code": "blocked", "message": "is on the block list" }])
    );
    assert_eq!(sandbox.post("/contacts", contact("bob@example.com")).await.status, 201);
}

#[tokio::test]
async fn refuses_an_invalid_fault_with_its_position() {
    let sandbox = start().await;
    for bad in
        [json!(["hang", "hagn"]), json!(["hang", { "fault": "status" }]), json!(["hang", { "status": 503 }])]
    {
        let answer = sandbox.control(Method::POST, "/faults", Some(bad)).await;
        assert_eq!((answer.status, answer.errors()), (400, vec!["[1] invalidFault".to_owned()]));
    }
    assert_eq!(sandbox.control(Method::POST, "/faults", Some(json!({}))).await.status, 400);
    assert_eq!(sandbox.control(Method::GET, "/faults", None).await.json(), json!([]));
}
