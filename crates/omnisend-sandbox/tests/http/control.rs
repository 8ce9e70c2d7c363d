//! The control endpoints and the page for people.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, contact, start};

#[tokio::test]
async fn counts_requests_by_resource_without_counting_control_requests() {
    let sandbox = start().await;
    let id = sandbox.batch(vec![contact("ada@example.com")]).await;
    sandbox.get(&format!("/batches/{id}")).await;
    sandbox.get(&format!("/batches/{id}/items")).await;
    sandbox.get("/batches?limit=250").await;
    sandbox.get("/nowhere").await;
    let state = sandbox.state().await;
    assert_eq!(
        state["requests"],
        json!({
            "POST /batches": 1, "GET /batches": 1, "GET /batches/{id}": 1, "GET /batches/{id}/items": 1,
            "GET elsewhere": 1,
        })
    );
    assert_eq!(state["answers"], json!({ "200": 3, "201": 1, "404": 1 }));
    assert_eq!((&state["in_window"], &state["peak_in_window"]), (&json!(5), &json!(5)));
    assert_eq!(state["batches"][0]["batchID"], *id);
    assert_eq!(state["key"], "key-1");
    let brief = sandbox.control(Method::GET, "/state?contacts=false", None).await.json();
    assert_eq!((&brief["contacts"], &brief["contacts_count"]), (&json!([]), &json!(1)));
}

#[tokio::test]
async fn every_key_has_a_brand_of_its_own() {
    let sandbox = start().await;
    for key in ["one", "two"] {
        for i in 0..=usize::from(key == "two") {
            sandbox
                .call_as(key, Method::POST, "/contacts", Some(contact(&format!("c{i}@example.com"))))
                .await;
        }
    }
    let state = sandbox.control(Method::GET, "/state?key=two", None).await.json();
    assert_eq!((&state["name"], &state["contacts_count"]), (&json!("Sandbox store 2"), &json!(2)));
    let brands: Vec<_> = state["brands"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| (b["key"].clone(), b["peak_in_window"].clone()))
        .collect();
    assert_eq!(brands, [(json!("one"), json!(1)), (json!("two"), json!(2))]);
    assert_ne!(state["brands"][0]["brandID"], state["brands"][1]["brandID"]);
    assert_eq!(sandbox.state().await["contacts_count"], 1);
    assert_eq!(sandbox.control(Method::GET, "/state?brand=7", None).await.status, 404);
    assert_eq!(sandbox.control(Method::GET, "/stat", None).await.status, 404);
}

#[tokio::test]
async fn a_deleted_contact_gets_a_new_id_when_it_is_created_again() {
    let sandbox = start().await;
    for name in ["a", "b", "c"] {
        sandbox.post("/contacts", contact(&format!("{name}@example.com"))).await;
    }
    let before = sandbox.contact("b@example.com").await.unwrap();
    let answer = sandbox.control(Method::DELETE, "/contacts?email=b@example.com", None).await;
    assert_eq!(answer.status, 204);
    assert_eq!(sandbox.control(Method::DELETE, "/contacts?email=b@example.com", None).await.status, 204);
    assert_eq!(sandbox.control(Method::DELETE, "/contacts", None).await.status, 400);
    assert_eq!(sandbox.get("/contacts?email=b@example.com").await.json()["contacts"], json!([]));
    let id = before["contactID"].as_str().unwrap();
    assert_eq!(sandbox.get(&format!("/contacts/{id}")).await.status, 404);
    let page = sandbox.get("/contacts?limit=1").await.json();
    let after = page["paging"]["cursors"]["after"].as_str().unwrap();
    let rest = sandbox.get(&format!("/contacts?limit=1&after={after}")).await.json();
    assert_eq!(rest["contacts"][0]["identifiers"][0]["id"], "c@example.com");
    assert_eq!(rest["paging"]["hasMore"], false);
    assert_eq!(sandbox.state().await["contacts_count"], 2);
    sandbox.post("/contacts", contact("b@example.com")).await;
    assert_ne!(sandbox.contact("b@example.com").await.unwrap()["contactID"], before["contactID"]);
}

#[tokio::test]
async fn exports_contacts_by_address_in_a_form_that_can_be_added_again() {
    let sandbox = start().await;
    let seeds = json!([
        { "email": "b@example.com", "status": "subscribed", "tags": ["VIP"], "customProperties": { "n": 1 } },
        { "email": "a@example.com", "phone": "+442071838750", "smsStatus": "unsubscribed", "countryCode": "LT" },
    ]);
    let answer = sandbox.control(Method::POST, "/contacts", Some(seeds)).await;
    assert_eq!((answer.status, answer.json()), (201, json!({ "contacts_count": 2 })));
    let shown = sandbox.control(Method::GET, "/contacts", None).await;
    assert_eq!(shown.header("content-type"), "application/x-ndjson");
    let lines: Vec<Value> = shown.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let emails: Vec<_> = lines.iter().map(|line| line["email"].as_str().unwrap()).collect();
    assert_eq!(emails, ["a@example.com", "b@example.com"]);
    assert_eq!((&lines[0]["smsStatus"], &lines[1]["status"]), (&json!("unsubscribed"), &json!("subscribed")));
    // Adding them counts as no request, and sends no welcome message.
    let state = sandbox.state().await;
    assert_eq!((&state["welcome_mails"], &state["requests"]), (&json!(0), &json!({})));

    let other = start().await;
    assert_eq!(other.control(Method::POST, "/contacts", Some(json!(lines))).await.status, 201);
    let copied: Vec<Value> = other.state().await["contacts"].as_array().unwrap().clone();
    for (line, copy) in lines.iter().zip(&copied) {
        assert_eq!(
            (&line["email"], &line["tags"], &line["status"]),
            (&copy["email"], &copy["tags"], &copy["status"])
        );
    }
    let answer = other.control(Method::POST, "/contacts", Some(json!([{ "email": "x" }]))).await;
    assert_eq!(
        (answer.status, answer.errors()),
        (400, vec!["[0].identifiers[0].id invalidFormat".to_owned()])
    );
}

#[tokio::test]
async fn keeps_the_last_thousand_requests_as_received() {
    let sandbox = start().await;
    sandbox.post("/contacts?x=1", contact("ada@example.com")).await;
    for _ in 0..1_000 {
        sandbox.get("/brands/current").await;
    }
    let log = sandbox.control(Method::GET, "/requests", None).await.json();
    assert_eq!(log.as_array().unwrap().len(), 1_000);
    assert_eq!(log[0]["path"], "/api/brands/current");

    sandbox.post("/contacts?x=1", contact("ada@example.com")).await;
    let log = sandbox.control(Method::GET, "/requests", None).await.json();
    let last = &log[999];
    assert_eq!(
        (&last["method"], &last["path"], &last["query"]),
        (&json!("POST"), &json!("/api/contacts"), &json!("x=1"))
    );
    assert_eq!(last["headers"]["authorization"], "Omnisend-API-Key key-1");
    assert_eq!(last["headers"]["omnisend-version"], "2026-03-15");
    assert_eq!(last["body"], contact("ada@example.com").to_string());
}

#[tokio::test]
async fn the_page_shows_the_state_and_escapes_it() {
    let sandbox = start().await;
    sandbox
        .control(
            Method::POST,
            "/contacts",
            Some(json!([{ "email": "a'b&c@example.com" }, { "email": "other@example.com" }])),
        )
        .await;
    sandbox.faults(&["refuse_item=x@y.io,message=<script>alert(1)</script>"]).await;
    let mut body = crate::harness::batch(&[contact("ada@example.com")]);
    body["origin"] = json!("<img src=x>");
    sandbox.post("/batches", body).await;
    let page = async |query: &str| {
        let request = sandbox.client.get(format!("{}{query}", sandbox.running.page()));
        Answer::read(request.send().await.unwrap()).await
    };
    let whole = page("").await;
    assert_eq!(whole.status, 200);
    assert!(whole.header("content-security-policy").starts_with("default-src 'none'"));
    for part in
        ["Sandbox store", "a&#39;b&#38;c@example.com", "&#60;img src=x&#62;", "&#60;script&#62;alert(1)"]
    {
        assert!(whole.text.contains(part), "{part}\n{}", whole.text);
    }
    for part in ["<img", "<script>alert", "a'b&c"] {
        assert!(!whole.text.contains(part), "{part}");
    }
    let found = page("?q=other").await.text;
    assert!(found.contains("other@example.com") && !found.contains("ada@example.com"));
    assert!(page("?q=%22%3E%3Cscript%3E").await.text.contains("value=\"&#34;&#62;&#60;script&#62;\""));
    assert_eq!(sandbox.state().await["in_window"], 1);
}

#[tokio::test]
async fn stops_when_it_is_dropped() {
    let sandbox = start().await;
    sandbox.faults(&["hang"]).await;
    let (client, page) = (sandbox.client.clone(), sandbox.running.page());
    let wait = || client.get(format!("{page}_sandbox/faults/wait?index=0")).send();
    // The first request is answered when the sandbox stops, the following ones until its socket is closed.
    let waiting = tokio::spawn(wait());
    while sandbox.control(Method::GET, "/idle", None).await.status != 204 {}
    drop(sandbox);
    assert!(waiting.await.unwrap().is_ok_and(|answer| answer.status() == 503));
    while wait().await.is_ok() {}
}
