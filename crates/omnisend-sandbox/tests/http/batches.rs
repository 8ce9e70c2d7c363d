//! Batches: accepted, processed later, listed and shown.

use std::collections::HashSet;
use std::time::Duration;

use omnisend_sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{batch, contact, contact_with, options, start, with};

#[tokio::test]
async fn accepts_a_batch_and_shows_the_outcome_of_every_item() {
    let sandbox = start().await;
    sandbox.post("/contacts", contact("old@example.com")).await;
    let items = vec![
        contact("new@example.com"),
        contact_with("bad@example.com", &json!({ "gender": "x", "birthdate": "1815" })),
        contact("old@example.com"),
    ];
    let mut body = batch(&items);
    body["origin"] = json!("omnisend-export");
    let answer = sandbox.post("/batches", body).await;
    assert_eq!(answer.status, 201);
    let accepted = answer.json();
    assert_eq!(accepted["totalCount"], 3);
    assert_eq!(accepted.as_object().unwrap().len(), 2);

    let path = format!("/batches/{}", accepted["batchID"].as_str().unwrap());
    let mut shown = sandbox.get(&path).await.json();
    for name in ["createdAt", "startedAt", "endedAt"] {
        let at = shown.as_object_mut().unwrap().remove(name).unwrap();
        assert!(at.as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{name}: {at}");
    }
    assert_eq!(
        shown,
        json!({
            "batchID": accepted["batchID"], "endpoint": "contacts", "method": "POST", "origin": "omnisend-export",
            "status": "finished", "totalCount": 3, "finishedCount": 3, "errorsCount": 1,
        })
    );

    let detail = sandbox.get(&format!("{path}/items")).await.json();
    assert_eq!((&detail["batchID"], &detail["status"]), (&accepted["batchID"], &json!("finished")));
    let [created, updated] = detail["responses"].as_array().unwrap().as_slice() else { panic!("{detail}") };
    let [refused] = detail["errors"].as_array().unwrap().as_slice() else { panic!("{detail}") };
    for (item, sent, code, status) in [
        (created, &items[0], 201, "finished"),
        (updated, &items[2], 200, "finished"),
        (refused, &items[1], 400, "error"),
    ] {
        assert_eq!(
            (&item["request"], &item["responseCode"], &item["status"]),
            (sent, &json!(code), &json!(status))
        );
    }
    assert_eq!(created["response"]["email"], "new@example.com");
    assert_eq!(refused["response"]["detail"], "The request has 2 invalid fields.");
    assert_eq!(refused["response"]["errors"][0]["field"], "birthdate");
    let ids: HashSet<_> =
        [created, updated, refused].iter().map(|item| item["itemID"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 3);
    assert!(sandbox.contact("bad@example.com").await.is_none());
}

#[tokio::test]
async fn a_batch_is_pending_then_in_progress_then_finished() {
    let sandbox = with(Options { batch_delay: Duration::from_millis(200), ..options() }).await;
    let id = sandbox.batch(vec![contact("ada@example.com")]).await;
    let mut seen: Vec<String> = Vec::new();
    loop {
        let shown = sandbox.get(&format!("/batches/{id}")).await.json();
        let status = shown["status"].as_str().unwrap().to_owned();
        assert_eq!(shown.get("startedAt").is_some(), status != "pending");
        assert_eq!(shown.get("endedAt").is_some(), status == "finished");
        assert_eq!(shown["finishedCount"], usize::from(status == "finished"));
        let done = status == "finished";
        if seen.last() != Some(&status) {
            seen.push(status);
        }
        if done {
            break;
        }
    }
    // A slow machine may miss the first statuses, but their order stays.
    let order = ["pending", "inProgress", "finished"];
    assert!(order.ends_with(&seen.iter().map(String::as_str).collect::<Vec<_>>()), "{seen:?}");
    assert!(sandbox.contact("ada@example.com").await.is_some());
}

#[tokio::test]
async fn applies_batches_and_tags_after_the_delay() {
    let slow = with(Options { batch_delay: Duration::MAX, ..options() }).await;
    let id = slow.batch(vec![contact("ada@example.com")]).await;
    let detail = slow.get(&format!("/batches/{id}/items")).await.json();
    assert_eq!((&detail["responses"], &detail["errors"]), (&json!([]), &json!([])));
    let state = slow.state().await;
    assert_eq!((&state["contacts_count"], &state["pending_jobs"]), (&json!(0), &json!(1)));
    slow.running.stop().await;

    let quick = with(Options { batch_delay: Duration::from_millis(20), ..options() }).await;
    quick.batch(vec![contact("ada@example.com")]).await;
    quick.post("/contacts/tags", json!({ "tags": ["late"], "emails": ["ada@example.com"] })).await;
    assert_eq!(quick.control(Method::GET, "/idle", None).await.status, 204);
    assert_eq!(quick.contact("ada@example.com").await.unwrap()["tags"], json!(["late"]));
}

#[tokio::test]
async fn refuses_an_invalid_batch() {
    let sandbox = start().await;
    let items = |n: usize| (0..n).map(|i| contact(&format!("c{i}@example.com"))).collect::<Vec<_>>();
    let with = |name: &str, value: Value| {
        let mut body = batch(&items(1));
        body[name] = value;
        body
    };
    for (body, errors) in [
        (json!({}), vec!["endpoint required", "items required", "method required"]),
        (json!([]), vec![" invalidJson"]),
        (batch(&[]), vec!["items required"]),
        (batch(&items(101)), vec!["items tooMany"]),
        (with("items", json!({})), vec!["items invalidType"]),
        (with("endpoint", json!("products")), vec!["endpoint invalidValue"]),
        (with("method", json!("PUT")), vec!["method invalidValue"]),
        (with("origin", json!(1)), vec!["origin invalidType"]),
        (with("note", json!("x")), vec!["note unknownField"]),
    ] {
        let answer = sandbox.post("/batches", body).await;
        assert_eq!((answer.status, answer.errors()), (400, errors.into_iter().map(str::to_owned).collect()));
    }
    assert_eq!(sandbox.post("/batches", batch(&items(100))).await.status, 201);
    // An invalid item fails by itself.
    let id = sandbox.batch(vec![json!("ada@example.com"), json!({})]).await;
    assert_eq!(sandbox.get(&format!("/batches/{id}")).await.json()["errorsCount"], 2);
}

#[tokio::test]
async fn refuses_a_batch_with_an_invalid_item_if_it_validates_synchronously() {
    let sandbox = with(Options { validate_batches_synchronously: true, ..options() }).await;
    let items = vec![
        contact("ada@example.com"),
        contact("nobody"),
        contact_with("b@example.com", &json!({ "tags": [1] })),
    ];
    let answer = sandbox.post("/batches", batch(&items)).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.errors(), ["items[1].identifiers[0].id invalidFormat", "items[2].tags[0] invalidType"]);
    assert_eq!(sandbox.state().await["contacts_count"], 0);
    sandbox.batch(vec![contact("ada@example.com")]).await;
}

#[tokio::test]
async fn a_repeated_batch_is_a_second_batch_with_the_same_contacts() {
    let sandbox = start().await;
    let first = sandbox.batch(vec![contact("ada@example.com")]).await;
    let second = sandbox.batch(vec![contact("ada@example.com")]).await;
    assert_ne!(first, second);
    let state = sandbox.state().await;
    assert_eq!((&state["contacts_count"], &state["batches_count"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn refuses_the_items_beyond_the_plan_limit() {
    let sandbox = with(Options { plan_limit: Some(2), ..options() }).await;
    let id = sandbox.batch((0..3).map(|i| contact(&format!("c{i}@example.com"))).collect()).await;
    let detail = sandbox.get(&format!("/batches/{id}/items")).await.json();
    assert_eq!((detail["responses"].as_array().unwrap().len(), &detail["errorsCount"]), (2, &json!(1)));
    assert_eq!(detail["errors"][0]["responseCode"], 402);
}

#[tokio::test]
async fn lists_batches_by_page_and_filter_with_the_newest_first() {
    let sandbox = start().await;
    let mut ids = Vec::new();
    for i in 0..5 {
        ids.insert(0, sandbox.batch(vec![contact(&format!("c{i}@example.com"))]).await);
    }
    let list = async |query: &str| {
        let page = sandbox.get(&format!("/batches{query}")).await.json();
        let ids: Vec<_> = page["batches"]
            .as_array()
            .unwrap()
            .iter()
            .map(|b| b["batchID"].as_str().unwrap().to_owned())
            .collect();
        (ids, page["paging"].clone())
    };
    let paging = |offset: usize, limit: usize, more: bool| json!({ "offset": offset, "limit": limit, "hasMore": more });
    assert_eq!(list("").await, (ids.clone(), paging(0, 100, false)));
    assert_eq!(list("?endpoint=contacts&limit=2").await, (ids[..2].to_vec(), paging(0, 2, true)));
    assert_eq!(list("?limit=2&offset=4").await, (ids[4..].to_vec(), paging(4, 2, false)));
    assert_eq!(list("?limit=250&offset=9").await, (Vec::new(), paging(9, 250, false)));
    assert_eq!(list("?endpoint=products").await.0, Vec::<String>::new());
    assert_eq!(list("?status=pending").await.0, Vec::<String>::new());
    assert_eq!(list("?status=finished").await.0, ids);
    assert_eq!(list("?dateFrom=2020-01-01&dateTo=2099-12-31").await.0, ids);
    assert_eq!(list("?dateTo=2020-01-01").await.0, Vec::<String>::new());
    assert_eq!(list("?dateFrom=2099-12-31").await.0, Vec::<String>::new());

    for (query, error) in [
        ("limit=0", "limit invalidValue"),
        ("limit=251", "limit invalidValue"),
        ("offset=-1", "offset invalidValue"),
        ("endpoint=orders", "endpoint invalidValue"),
        ("status=done", "status invalidValue"),
        ("dateFrom=2020-01-01T00:00:00Z", "dateFrom invalidFormat"),
        ("page=2", "page unknownParameter"),
    ] {
        let answer = sandbox.get(&format!("/batches?{query}")).await;
        assert_eq!((answer.status, answer.errors()), (400, vec![error.to_owned()]));
    }
}
