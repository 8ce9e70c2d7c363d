//! Segments: created, counted, and changed after they are built.

use std::time::Duration;

use omnisend_sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{contact_with, options, start, with};

fn segment(name: &str, tag: &str) -> Value {
    let filter = json!({ "property": "tags", "operator": "anyOf", "value": [tag] });
    let condition = json!({ "entity": "contact", "junction": "and", "filters": [filter] });
    json!({ "name": name, "conditionGroups": [{ "conditions": [condition] }] })
}

#[tokio::test]
async fn a_segment_counts_the_contacts_with_its_tag() {
    let sandbox = start().await;
    for (name, tags) in [("ada", json!(["VIP"])), ("bob", json!(["VIP", "x"])), ("cyd", json!(["x"]))] {
        sandbox
            .post("/contacts", contact_with(&format!("{name}@example.com"), &json!({ "tags": tags })))
            .await;
    }
    let created = sandbox.post("/segments", segment("VIP customers", "VIP")).await;
    assert_eq!(created.status, 201);
    let id = created.json()["segmentID"].as_str().unwrap().to_owned();
    let statistics = sandbox.get(&format!("/segments/{id}/statistics")).await.json();
    assert_eq!(statistics, json!({ "contactsCount": 2 }));
    let shown = sandbox.get(&format!("/segments/{id}")).await.json();
    assert_eq!((&shown["name"], &shown["status"]), (&json!("VIP customers"), &json!("ready")));
    assert_eq!(shown["conditionGroups"], segment("", "VIP")["conditionGroups"]);

    let add = json!({ "tags": ["found"], "segmentID": id });
    assert_eq!(sandbox.post("/contacts/tags", add).await.status, 202);
    assert_eq!(sandbox.contact("bob@example.com").await.unwrap()["tags"], json!(["VIP", "x", "found"]));

    let path = format!("/segments/{id}");
    assert_eq!(sandbox.call(Method::PUT, &path, Some(segment("X", "x"))).await.json()["name"], "X");
    assert_eq!(sandbox.get(&format!("{path}/statistics")).await.json()["contactsCount"], 2);
    assert_eq!(sandbox.call(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(sandbox.get(&path).await.status, 404);
}

#[tokio::test]
async fn lists_segments_by_cursor() {
    let sandbox = start().await;
    for name in ["a", "b", "c"] {
        sandbox.post("/segments", segment(name, name)).await;
    }
    let page = sandbox.get("/segments?limit=2").await.json();
    let names = |page: &Value| {
        page["segments"].as_array().unwrap().iter().map(|s| s["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((names(&page), &page["paging"]["hasMore"]), (vec![json!("a"), json!("b")], &json!(true)));
    let after = page["paging"]["cursors"]["after"].as_str().unwrap();
    let page = sandbox.get(&format!("/segments?limit=2&after={after}")).await.json();
    assert_eq!((names(&page), &page["paging"]["hasMore"]), (vec![json!("c")], &json!(false)));
}

#[tokio::test]
async fn a_page_of_segments_holds_10_by_default_and_50_at_most() {
    let sandbox = start().await;
    let seeds: Vec<Value> = (0..60).map(|n| segment(&n.to_string(), "x")).collect();
    assert_eq!(sandbox.control(Method::POST, "/segments", Some(json!(seeds))).await.status, 201);
    for (query, count) in [("", 10), ("?limit=50", 50), ("?limit=1", 1)] {
        let page = sandbox.get(&format!("/segments{query}")).await.json();
        assert_eq!(page["segments"].as_array().unwrap().len(), count, "{query}");
    }
    for (query, error) in [
        ("limit=51", "limit invalidValue"),
        ("limit=250", "limit invalidValue"),
        ("limit=0", "limit invalidValue"),
        ("offset=10", "offset unknownParameter"),
    ] {
        let answer = sandbox.get(&format!("/segments?{query}")).await;
        assert_eq!((answer.status, answer.errors()), (400, vec![error.to_owned()]));
    }
}

#[tokio::test]
async fn shows_a_segment_that_a_person_archived() {
    let sandbox = start().await;
    for name in ["VIP", "Other"] {
        sandbox.post("/segments", segment(name, "VIP")).await;
    }
    let archive = async |name: &str| {
        sandbox.control(Method::POST, "/segments/archive", Some(json!({ "name": name }))).await.status
    };
    assert_eq!((archive("VIP").await, archive("None").await), (204, 404));
    let page = sandbox.get("/segments").await.json();
    let statuses: Vec<_> = page["segments"].as_array().unwrap().iter().map(|s| s["status"].clone()).collect();
    assert_eq!(statuses, ["archived", "ready"]);
}

#[tokio::test]
async fn refuses_to_change_a_segment_that_is_building() {
    let sandbox = with(Options { batch_delay: Duration::from_hours(1), ..options() }).await;
    let created = sandbox.post("/segments", segment("VIP", "VIP")).await.json();
    assert_eq!(created["status"], "building");
    let path = format!("/segments/{}", created["segmentID"].as_str().unwrap());
    assert_eq!(sandbox.call(Method::PUT, &path, Some(segment("X", "x"))).await.status, 409);
    assert_eq!(sandbox.call(Method::DELETE, &path, None).await.status, 409);
    assert_eq!(sandbox.get(&path).await.status, 200);
}

#[tokio::test]
async fn refuses_an_invalid_segment() {
    let sandbox = start().await;
    let with = |pointer: &str, value: Value| {
        let mut body = segment("VIP", "VIP");
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let condition = "conditionGroups[0].conditions[0]";
    for (body, errors) in [
        (
            json!({ "names": 1 }),
            vec![
                "conditionGroups required".to_owned(),
                "name required".to_owned(),
                "names unknownField".to_owned(),
            ],
        ),
        (with("/name", json!("x".repeat(257))), vec!["name invalidFormat".to_owned()]),
        (with("/conditionGroups", json!([])), vec!["conditionGroups required".to_owned()]),
        (
            with("/conditionGroups/0/conditions/0/entity", json!("order")),
            vec![format!("{condition}.entity invalidValue")],
        ),
        (
            with("/conditionGroups/0/conditions/0/junction", json!("nor")),
            vec![format!("{condition}.junction invalidValue")],
        ),
        (
            with("/conditionGroups/0/conditions/0/filters/0/operator", json!("is")),
            vec![format!("{condition}.filters[0].operator invalidValue")],
        ),
        (
            with("/conditionGroups/0/conditions/0/filters/0/value", json!("VIP")),
            vec![format!("{condition}.filters[0].value invalidType")],
        ),
    ] {
        let answer = sandbox.post("/segments", body).await;
        assert_eq!((answer.status, answer.errors()), (400, errors));
    }
    assert_eq!(sandbox.post("/segments", segment(&"é".repeat(256), "VIP")).await.status, 201);
}
