//! Contacts: the rules of their fields, upserts, listings and tags.

use omnisend_sandbox::{Options, StatusMode, TagMode};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{contact, contact_with, options, start, with};

#[tokio::test]
async fn creates_a_contact_then_updates_it() {
    let sandbox = start().await;
    let created =
        sandbox.post("/contacts", contact_with("ada@example.com", &json!({ "firstName": "Ada" }))).await;
    assert_eq!(created.status, 201);
    let id = created.json()["id"].clone();
    assert_eq!(created.json(), json!({ "id": id, "email": "ada@example.com", "phone": [] }));
    let updated =
        sandbox.post("/contacts", contact_with("ada@example.com", &json!({ "lastName": "Lovelace" }))).await;
    assert_eq!((updated.status, &updated.json()["id"]), (200, &id));

    let shown = sandbox.get(&format!("/contacts/{}", id.as_str().unwrap())).await.json();
    assert_eq!((&shown["firstName"], &shown["lastName"]), (&json!("Ada"), &json!("Lovelace")));
    assert_eq!(
        shown["identifiers"],
        json!([{ "type": "email", "id": "ada@example.com", "channels": { "email": { "status": "nonSubscribed" } } }])
    );
    // An address in another case is another contact.
    assert_eq!(sandbox.post("/contacts", contact("Ada@example.com")).await.status, 201);
}

#[tokio::test]
async fn stores_every_field_as_sent() {
    let sandbox = start().await;
    let fields = json!({
        "firstName": "Ada", "lastName": "Lovelace", "address": "12 St James's Square", "city": "London", "state": "",
        "postalCode": "SW1Y 4JH", "country": "England", "countryCode": "GB", "birthdate": "1815-12-10", "gender": "f",
        "tags": ["VIP", "source: shop", "Žiema"],
        "customProperties": { "tier": "gold", "ltv": 12.5, "active": true, "list": ["a", "b"], "none": [] },
        "createdAt": "2020-02-29T10:07:28+02:00",
    });
    assert_eq!(sandbox.post("/contacts", contact_with("ada@example.com", &fields)).await.status, 201);
    let held = sandbox.contact("ada@example.com").await.unwrap();
    for (name, value) in fields.as_object().unwrap() {
        let expected = match name.as_str() {
            // The country code overrides the country.
            "country" => json!("United Kingdom of Great Britain and Northern Ireland"),
            // The answer's `createdAt` is the sandbox's own; the one that was sent is a custom property.
            "createdAt" => continue,
            "customProperties" => {
                let mut properties = value.clone();
                properties["externalCreated"] = json!("2020-02-29T08:07:28Z");
                properties
            }
            _ => value.clone(),
        };
        assert_eq!(held[name], expected, "{name}");
    }
    assert_ne!(held["createdAt"], "2020-02-29T08:07:28Z");
}

#[tokio::test]
async fn an_empty_text_or_null_removes_a_custom_property() {
    let sandbox = start().await;
    let update = async |properties: Value| {
        let more = json!({ "customProperties": properties });
        let answer = sandbox.post("/contacts", contact_with("ada@example.com", &more)).await;
        assert!([200, 201].contains(&answer.status), "{answer:?}");
        sandbox.contact("ada@example.com").await.unwrap()["customProperties"].clone()
    };
    // Names are case-sensitive, and removing what is not there changes nothing.
    let first = json!({ "tier": "gold", "Tier": "silver", "points": 3, "none": null });
    assert_eq!(update(first).await, json!({ "tier": "gold", "Tier": "silver", "points": 3 }));
    assert_eq!(update(json!({ "tier": "", "other": "" })).await, json!({ "Tier": "silver", "points": 3 }));
    assert_eq!(update(json!({ "points": null })).await, json!({ "Tier": "silver" }));
}

#[tokio::test]
async fn takes_custom_text_of_2048_characters() {
    let sandbox = start().await;
    let send = async |length: usize| {
        let more = json!({ "customProperties": { "note": "é".repeat(length) } });
        let answer = sandbox.post("/contacts", contact_with("ada@example.com", &more)).await;
        (answer.status, if answer.status == 400 { answer.errors() } else { Vec::new() })
    };
    assert_eq!(send(2_048).await, (201, vec![]));
    assert_eq!(send(2_049).await, (400, vec!["customProperties.note tooLong".to_owned()]));
}

#[tokio::test]
async fn shows_phone_numbers_as_a_list() {
    let sandbox = start().await;
    let both = json!({ "identifiers": [
        { "type": "email", "id": "ada@example.com", "sendWelcomeMessage": false },
        { "type": "phone", "id": "+442071838750", "sendWelcomeMessage": false },
    ] });
    let created = sandbox.post("/contacts", both).await.json();
    assert_eq!(created["phone"], json!(["+442071838750"]));
    let found = sandbox.get("/contacts?email=ada%40example.com").await.json();
    assert_eq!(found["contacts"][0]["phone"], json!(["+442071838750"]));
    assert_eq!(found["contacts"][0]["id"], created["id"]);
    assert_eq!(found["contacts"][0].get("contactID"), None);
}

/// The contact with one status, and a date if there is one.
fn with_status(status: &str, date: Option<&str>) -> Value {
    let mut channel = json!({ "status": status });
    if let Some(date) = date {
        channel["statusChangedAt"] = json!(date);
    }
    json!({ "identifiers": [{
        "type": "email", "id": "ada@example.com", "sendWelcomeMessage": false, "channels": { "email": channel },
    }] })
}

#[tokio::test]
async fn ignores_an_older_status_with_success_if_statuses_are_compared() {
    let (old, new) = (Some("2024-01-01T00:00:00Z"), Some("2025-01-01T00:00:00Z"));
    for (mode, expected) in [
        (StatusMode::Newest, ["subscribed", "subscribed", "unsubscribed", "unsubscribed"]),
        (StatusMode::Last, ["subscribed", "unsubscribed", "unsubscribed", "subscribed"]),
    ] {
        let sandbox = with(Options { status_mode: mode, ..options() }).await;
        let mut seen = Vec::new();
        for (status, date) in
            [("subscribed", new), ("unsubscribed", old), ("unsubscribed", new), ("subscribed", old)]
        {
            let answer = sandbox.post("/contacts", with_status(status, date)).await;
            assert!([200, 201].contains(&answer.status), "{answer:?}");
            seen.push(sandbox.contact("ada@example.com").await.unwrap()["status"].clone());
        }
        assert_eq!(seen, expected, "{mode:?}");
    }
}

#[tokio::test]
async fn a_status_without_a_date_gets_the_current_time() {
    let sandbox = start().await;
    let status = async || {
        let found = sandbox.get("/contacts?email=ada%40example.com").await.json();
        found["contacts"][0]["identifiers"][0]["channels"]["email"].clone()
    };
    sandbox.post("/contacts", with_status("subscribed", Some("2025-01-01T00:00:00Z"))).await;
    // An opt-out that is sent again overrides the newer opt-in, because it counts as new.
    sandbox.post("/contacts", with_status("unsubscribed", None)).await;
    assert_eq!(status().await["status"], "unsubscribed");
    assert!(status().await["statusChangedAt"].as_str().unwrap() > "2026", "{}", status().await);
    sandbox.post("/contacts", with_status("subscribed", Some("2025-06-01T00:00:00Z"))).await;
    assert_eq!(status().await["status"], "unsubscribed");
}

#[tokio::test]
async fn refuses_invalid_fields() {
    let sandbox = start().await;
    let many: Vec<String> = (0..101).map(|i| format!("t{i}")).collect();
    for (field, value, error) in [
        ("firstName", json!(1), "firstName invalidType"),
        ("lastName", json!(null), "lastName invalidType"),
        ("countryCode", json!("UK"), "countryCode invalidFormat"),
        ("countryCode", json!("lt"), "countryCode invalidFormat"),
        ("birthdate", json!("2023-02-29"), "birthdate invalidFormat"),
        ("birthdate", json!("10.12.1815"), "birthdate invalidFormat"),
        ("gender", json!("female"), "gender invalidFormat"),
        ("gender", json!(""), "gender invalidFormat"),
        ("birthdate", json!(""), "birthdate invalidFormat"),
        ("tags", json!("VIP"), "tags invalidType"),
        ("tags", json!(["a,b"]), "tags[0] invalidFormat"),
        ("tags", json!(["ok", ""]), "tags[1] invalidFormat"),
        ("tags", json!([1]), "tags[0] invalidType"),
        ("tags", json!(many), "tags tooMany"),
        ("customProperties", json!([]), "customProperties invalidType"),
        ("customProperties", json!({ "a-b": 1 }), "customProperties.a-b invalidName"),
        ("customProperties", json!({ "a": { "b": 1 } }), "customProperties.a invalidType"),
        ("customProperties", json!({ "a": ["x", 1] }), "customProperties.a invalidType"),
        ("createdAt", json!("2020-02-29 10:07:28"), "createdAt invalidFormat"),
        ("createdAt", json!(1_582_970_848), "createdAt invalidType"),
        ("email", json!("ada@example.com"), "email unknownField"),
        ("status", json!("subscribed"), "status unknownField"),
    ] {
        let answer =
            sandbox.post("/contacts", contact_with("ada@example.com", &json!({ field: value }))).await;
        assert_eq!((answer.status, answer.errors()), (400, vec![error.to_owned()]), "{field}");
    }
    assert_eq!(sandbox.state().await["contacts"], json!([]));
}

#[tokio::test]
async fn refuses_invalid_identifiers() {
    let sandbox = start().await;
    let email = |more: Value| {
        let mut identifier = json!({ "type": "email", "id": "ada@example.com" });
        identifier.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([identifier])
    };
    let status = |status: Value| email(json!({ "channels": { "email": status } }));
    for (identifiers, error) in [
        (json!({}), " invalidType"),
        (json!([]), " required"),
        (json!(["ada@example.com"]), "[0] invalidType"),
        (json!([{ "id": "ada@example.com" }]), "[0].type required"),
        (json!([{ "type": "post", "id": "x" }]), "[0].type invalidValue"),
        (json!([{ "type": "email" }]), "[0].id required"),
        (json!([{ "type": "email", "id": 5 }]), "[0].id invalidType"),
        (json!([{ "type": "email", "id": "ada@localhost" }]), "[0].id invalidFormat"),
        (json!([{ "type": "email", "id": "Ada <ada@example.com>" }]), "[0].id invalidFormat"),
        (json!([{ "type": "email", "id": "\"a b\"@example.com" }]), "[0].id invalidFormat"),
        (json!([{ "type": "phone", "id": "020 7183 8750" }]), "[0].id invalidFormat"),
        (json!([{ "type": "email", "id": "a@x.io" }, { "type": "email", "id": "b@x.io" }]), "[1] duplicate"),
        (email(json!({ "shoe": 1 })), "[0].shoe unknownField"),
        (email(json!({ "sendWelcomeMessage": "false" })), "[0].sendWelcomeMessage invalidType"),
        (email(json!({ "source": 1 })), "[0].source invalidType"),
        (
            email(json!({ "channels": { "sms": { "status": "subscribed" } } })),
            "[0].channels.sms unknownField",
        ),
        (status(json!({})), "[0].channels.email.status required"),
        (status(json!({ "status": "Subscribed" })), "[0].channels.email.status invalidValue"),
        (
            status(json!({ "status": "subscribed", "statusDate": "2020-02-29T10:07:28Z" })),
            "[0].channels.email.statusDate unknownField",
        ),
        (
            status(json!({ "status": "subscribed", "statusChangedAt": "yesterday" })),
            "[0].channels.email.statusChangedAt invalidFormat",
        ),
        (email(json!({ "consent": { "ip": "here" } })), "[0].consent.ip invalidFormat"),
        (email(json!({ "consent": { "createdAt": "2020" } })), "[0].consent.createdAt invalidFormat"),
        (email(json!({ "consent": { "userAgent": [] } })), "[0].consent.userAgent invalidType"),
        (email(json!({ "consent": { "by": "x" } })), "[0].consent.by unknownField"),
    ] {
        let answer = sandbox.post("/contacts", json!({ "identifiers": identifiers })).await;
        assert_eq!(
            (answer.status, answer.errors()),
            (400, vec![format!("identifiers{error}")]),
            "{identifiers}"
        );
    }
}

#[tokio::test]
async fn welcomes_new_contacts_unless_the_request_declines() {
    let sandbox = start().await;
    let welcome = |id: &str, send: Value| json!({ "identifiers": [{ "type": "email", "id": id, "sendWelcomeMessage": send }] });
    let silent = json!({ "identifiers": [{ "type": "email", "id": "default@example.com" }] });
    sandbox.post("/contacts", silent.clone()).await;
    sandbox.post("/contacts", welcome("yes@example.com", json!(true))).await;
    sandbox.post("/contacts", welcome("no@example.com", json!(false))).await;
    // Only new contacts are welcomed.
    assert_eq!(sandbox.post("/contacts", silent).await.status, 200);
    assert_eq!(sandbox.post("/contacts", welcome("no@example.com", json!(true))).await.status, 200);
    let state = sandbox.state().await;
    assert_eq!(state["welcome_mails"], 2);
    let welcomed: Vec<_> =
        state["contacts"].as_array().unwrap().iter().map(|c| c["welcomed"].clone()).collect();
    assert_eq!(welcomed, [true, true, false]);
}

#[tokio::test]
async fn changes_consent_only_if_channels_are_sent() {
    let sandbox = start().await;
    let seed = json!([{ "email": "ada@example.com", "status": "unsubscribed", "statusChangedAt": "2020-02-29T10:07:28Z" }]);
    assert_eq!(sandbox.control(Method::POST, "/contacts", Some(seed)).await.status, 201);
    sandbox.post("/contacts", contact("ada@example.com")).await;
    sandbox.post("/contacts", contact("bob@example.com")).await;
    let status = async |email: &str| {
        let contact = sandbox.contact(email).await.unwrap();
        (contact["status"].as_str().unwrap().to_owned(), contact["statusChangedAt"].clone())
    };
    assert_eq!(status("ada@example.com").await, ("unsubscribed".to_owned(), json!("2020-02-29T10:07:28Z")));
    assert_eq!(status("bob@example.com").await, ("nonSubscribed".to_owned(), Value::Null));

    let opt_in = json!({ "identifiers": [{
        "type": "email", "id": "bob@example.com", "source": "shop", "sendWelcomeMessage": false,
        "channels": { "email": { "status": "subscribed", "statusChangedAt": "2021-01-01T00:00:00+01:00" } },
        "consent": { "source": "form", "createdAt": "2021-01-01T00:00:00Z", "ip": "203.0.113.7", "userAgent": "Mozilla" },
    }] });
    assert_eq!(sandbox.post("/contacts", opt_in).await.status, 200);
    assert_eq!(status("bob@example.com").await, ("subscribed".to_owned(), json!("2020-12-31T23:00:00Z")));
    assert_eq!(sandbox.contact("bob@example.com").await.unwrap()["consent"]["ip"], "203.0.113.7");
}

#[tokio::test]
async fn two_contacts_cannot_share_a_phone_number() {
    let sandbox = start().await;
    let phone = |id: &str| json!({ "type": "phone", "id": id, "sendWelcomeMessage": false });
    let both = |email: &str, number: &str| json!({ "identifiers": [{ "type": "email", "id": email, "sendWelcomeMessage": false }, phone(number)] });
    assert_eq!(sandbox.post("/contacts", both("ada@example.com", "+442071838750")).await.status, 201);
    // The phone number of another contact is silently ignored.
    assert_eq!(sandbox.post("/contacts", both("bob@example.com", "+442071838750")).await.status, 201);
    assert_eq!(sandbox.contact("bob@example.com").await.unwrap().get("phone"), None);
    // A contact is not created if its only identifier belongs to another one.
    let alone = sandbox.post("/contacts", json!({ "identifiers": [phone("+442071838750")] })).await;
    assert_eq!(
        (alone.status, alone.json()["type"].as_str()),
        (409, Some("https://problems.omnisend.com/conflict"))
    );
    assert_eq!(
        sandbox.post("/contacts", json!({ "identifiers": [phone("+37061234567")] })).await.status,
        201
    );
    // A contact keeps its own number, and a new number replaces the old one.
    assert_eq!(sandbox.post("/contacts", both("ada@example.com", "+442071838750")).await.status, 200);
    assert_eq!(sandbox.post("/contacts", both("ada@example.com", "+442071838751")).await.status, 200);
    assert_eq!(sandbox.contact("ada@example.com").await.unwrap()["phone"], "+442071838751");
    assert_eq!(sandbox.post("/contacts", both("bob@example.com", "+442071838750")).await.status, 200);
    assert_eq!(sandbox.contact("bob@example.com").await.unwrap()["phone"], "+442071838750");
    assert_eq!(sandbox.state().await["contacts_count"], 3);
}

#[tokio::test]
async fn merges_properties_and_adds_or_replaces_tags() {
    for (tag_mode, tags) in [(TagMode::Add, json!(["a", "b", "c"])), (TagMode::Replace, json!(["b", "c"]))] {
        let sandbox = with(Options { tag_mode, ..options() }).await;
        let first = json!({ "tags": ["a", "b"], "customProperties": { "x": 1, "y": 2 } });
        let second = json!({ "tags": ["b", "c"], "customProperties": { "y": 3 } });
        for more in [first, second, json!({})] {
            sandbox.post("/contacts", contact_with("ada@example.com", &more)).await;
        }
        let held = sandbox.contact("ada@example.com").await.unwrap();
        assert_eq!((&held["tags"], &held["customProperties"]), (&tags, &json!({ "x": 1, "y": 3 })));
    }
}

#[tokio::test]
async fn at_the_plan_limit_only_existing_contacts_can_be_upserted() {
    let sandbox = with(Options { plan_limit: Some(1), ..options() }).await;
    assert_eq!(sandbox.post("/contacts", contact("ada@example.com")).await.status, 201);
    let refused = sandbox.post("/contacts", contact("bob@example.com")).await;
    assert_eq!(refused.status, 402);
    assert_eq!(refused.json()["detail"], "The brand's plan holds no more contacts.");
    assert_eq!(sandbox.post("/contacts", contact("ada@example.com")).await.status, 200);
}

#[tokio::test]
async fn finds_contacts_by_email_and_lists_them_by_cursor() {
    let sandbox = start().await;
    for i in 0..5 {
        sandbox.post("/contacts", contact(&format!("c{i}@example.com"))).await;
    }
    let found = sandbox.get("/contacts?email=c3%40example.com").await.json();
    assert_eq!(found["contacts"].as_array().unwrap().len(), 1);
    assert_eq!(found["contacts"][0]["email"], "c3@example.com");
    assert_eq!(found["paging"], json!({ "cursors": { "after": null }, "hasMore": false }));
    assert_eq!(sandbox.get("/contacts?email=nobody%40example.com").await.json()["contacts"], json!([]));

    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = sandbox.get(&format!("/contacts?limit=2{cursor}")).await.json();
        seen.extend(
            page["contacts"].as_array().unwrap().iter().map(|c| c["email"].as_str().unwrap().to_owned()),
        );
        match page["paging"]["cursors"]["after"].as_str() {
            Some(after) => cursor = format!("&after={after}"),
            None => break,
        }
        assert_eq!(page["paging"]["hasMore"], true);
    }
    assert_eq!(
        seen,
        ["c0@example.com", "c1@example.com", "c2@example.com", "c3@example.com", "c4@example.com"]
    );
    for (query, error) in [
        ("limit=0", "limit invalidValue"),
        ("limit=251", "limit invalidValue"),
        ("after=x", "after invalidValue"),
    ] {
        let answer = sandbox.get(&format!("/contacts?{query}")).await;
        assert_eq!((answer.status, answer.errors()), (400, vec![error.to_owned()]));
    }
}

#[tokio::test]
async fn changes_the_tags_of_existing_contacts_only() {
    let sandbox = start().await;
    for name in ["ada", "bob", "cyd"] {
        sandbox
            .post("/contacts", contact_with(&format!("{name}@example.com"), &json!({ "tags": ["old"] })))
            .await;
    }
    let id = sandbox.contact("bob@example.com").await.unwrap()["contactID"].clone();
    let add = json!({ "tags": ["VIP"], "emails": ["ada@example.com", "nobody@example.com"], "contactIDs": [id, "x"] });
    let answer = sandbox.post("/contacts/tags", add).await;
    assert_eq!((answer.status, answer.text.as_str()), (202, ""));
    let remove = json!({ "tags": ["old", "never"], "emails": ["ada@example.com"] });
    assert_eq!(sandbox.call(Method::DELETE, "/contacts/tags", Some(remove)).await.status, 202);
    let mut tags = Vec::new();
    for name in ["ada", "bob", "cyd"] {
        tags.push(sandbox.contact(&format!("{name}@example.com")).await.unwrap()["tags"].clone());
    }
    assert_eq!(tags, [json!(["VIP"]), json!(["old", "VIP"]), json!(["old"])]);
    assert_eq!(sandbox.state().await["contacts_count"], 3);
}

#[tokio::test]
async fn refuses_an_invalid_change_of_tags() {
    let sandbox = start().await;
    let many: Vec<String> = (0..251).map(|i| format!("c{i}@example.com")).collect();
    let tags: Vec<String> = (0..101).map(|i| format!("t{i}")).collect();
    for (body, errors) in [
        (json!({}), vec![" required", "tags required"]),
        (json!({ "tags": [], "emails": [] }), vec!["tags required"]),
        (json!({ "tags": tags, "emails": [] }), vec!["tags tooMany"]),
        (json!({ "tags": ["VIP"], "emails": many }), vec!["emails tooMany"]),
        (
            json!({ "tags": ["a/b"], "emails": ["x"], "who": 1 }),
            vec!["emails[0] invalidFormat", "tags[0] invalidFormat", "who unknownField"],
        ),
        (json!({ "tags": ["VIP"], "segmentID": "x" }), vec!["segmentID notFound"]),
        (json!([]), vec![" invalidType"]),
    ] {
        let answer = sandbox.post("/contacts/tags", body).await;
        assert_eq!((answer.status, answer.errors()), (400, errors.into_iter().map(str::to_owned).collect()));
    }
}
