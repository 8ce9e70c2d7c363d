//! The shapes of answers that older versions had: `null` for what is empty, and `{"error": …}`.

use omnisend_sandbox::Options;
use serde_json::{Value, json};

use crate::harness::{batch, contact, contact_with, options, with};

#[tokio::test]
async fn shows_empty_lists_and_objects_as_null() {
    let sandbox = with(Options { empty_as_null: true, ..options() }).await;
    assert_eq!(sandbox.get("/contacts").await.json()["contacts"], Value::Null);
    assert_eq!(sandbox.get("/segments").await.json()["segments"], Value::Null);
    assert_eq!(sandbox.get("/batches").await.json()["batches"], Value::Null);
    let id = sandbox.batch(vec![contact("ada@example.com")]).await;
    let items = sandbox.get(&format!("/batches/{id}/items")).await.json();
    assert_eq!((items["responses"].as_array().unwrap().len(), &items["errors"]), (1, &Value::Null));
    let found = sandbox.get("/contacts?email=ada%40example.com").await.json();
    let shown = &found["contacts"][0];
    for name in ["tags", "phone", "customProperties"] {
        assert_eq!(shown.get(name), Some(&Value::Null), "{name}");
    }
    assert_eq!(shown["email"], "ada@example.com");
    // An error keeps its shape.
    assert_eq!(sandbox.get("/contacts?x=1").await.errors(), ["x unknownParameter"]);
}

#[tokio::test]
async fn gives_errors_the_shape_of_version_3() {
    let sandbox = with(Options { older_errors: true, plan_limit: Some(1), ..options() }).await;
    let answer = sandbox
        .post("/contacts", contact_with("ada@example.com", &json!({ "gender": "x", "tags": 1 })))
        .await;
    assert_eq!((answer.status, answer.header("content-type")), (400, "application/json"));
    let expected = json!({
        "error": "The request has 2 invalid fields.",
        "fields": { "0": ["gender must be `m` or `f`"], "1": ["tags must be an array"] },
    });
    assert_eq!(answer.json(), expected);
    let missing = sandbox.get("/segments/x").await;
    assert_eq!((missing.status, missing.json()), (404, json!({ "error": "There is no such segment." })));
    sandbox.faults(&["status=429,retry_after=7,count=1"]).await;
    let throttled = sandbox.get("/brands/current").await;
    assert_eq!(
        (throttled.status, throttled.json()),
        (429, json!({ "error": "This is a fault of the sandbox." }))
    );
}

#[tokio::test]
async fn gives_the_items_of_batches_the_shape_of_version_3() {
    let sandbox = with(Options { older_errors: true, plan_limit: Some(1), ..options() }).await;
    let items = [
        contact("ada@example.com"),
        contact("bob@example.com"),
        contact_with("cyd@example.com", &json!({ "gender": "x" })),
    ];
    let posted = sandbox.post("/batches", batch(&items)).await.json();
    let id = posted["batchID"].as_str().unwrap().to_owned();
    let shown = sandbox.get(&format!("/batches/{id}/items")).await.json();
    let part = |item: &Value| (item["itemID"].clone(), item["responseCode"].clone());
    assert_eq!(part(&shown["responses"][0]), (json!("1"), json!(201)));
    assert_eq!(part(&shown["errors"][0]), (json!("2"), json!(402)));
    assert_eq!(part(&shown["errors"][1]), (json!("3"), json!(400)));
    assert_eq!(
        shown["errors"][0]["response"],
        json!({ "error": "The brand's plan holds no more contacts." })
    );
    let invalid = json!({
        "error": "The request has 1 invalid field.",
        "fields": { "0": ["gender must be `m` or `f`"] },
    });
    assert_eq!(shown["errors"][1]["response"], invalid);
    assert_eq!(shown["errors"][1]["request"], items[2]);
}
