//! Every request that the product may make, and what it may say.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// Fields that a contact may have.
const FIELDS: [&str; 14] = [
    "identifiers",
    "firstName",
    "lastName",
    "address",
    "city",
    "state",
    "postalCode",
    "country",
    "countryCode",
    "birthdate",
    "gender",
    "tags",
    "customProperties",
    "createdAt",
];

/// The tags that a canary has for itself.
const CANARY_TAGS: [&str; 2] = ["omnisend-export canary", "omnisend-export check"];

/// What the files of a world allow requests to say.
pub(super) struct May {
    pub consent: bool,
    pub welcome: bool,
    /// The exports' tags.
    pub tags: BTreeSet<String>,
}

pub(super) fn is_asked_for(request: &Value, may: &May) {
    let [method, path, query, body] =
        ["method", "path", "query", "body"].map(|part| request[part].as_str().unwrap());
    assert!(body.len() < 1_000_000, "a body of {} bytes", body.len());
    let json = || serde_json::from_str::<Value>(body).expect("a body of JSON");
    let parameters: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    let of = path.strip_prefix("/api/").unwrap_or_else(|| panic!("{method} {path}"));
    if method == "GET" {
        assert_eq!(body, "", "{method} {path}");
        let allowed: &[&str] = match of.split('/').collect::<Vec<_>>()[..] {
            ["batches"] => &["endpoint", "limit", "offset", "dateFrom", "dateTo"],
            ["contacts"] => &["email"],
            ["segments"] => &["limit", "after"],
            ["batches" | "segments", _] | ["batches", _, "items"] | ["brands", "current"] => &[],
            _ => panic!("{method} {path}"),
        };
        let known = parameters.iter().all(|name| name.is_empty() || allowed.contains(name));
        assert!(known, "{method} {path}?{query}");
        assert!(
            of != "contacts" || parameters == ["email"],
            "contacts are asked for by address only: {query}"
        );
        return;
    }
    assert_eq!(query, "", "{method} {path}");
    match (method, of) {
        ("POST", "batches") => is_a_batch(&json(), may),
        ("POST", "contacts") => is_of_a_canary(&json(), may),
        ("POST" | "DELETE", "contacts/tags") => is_a_change_of_tags(&json(), method == "DELETE", may),
        ("POST", "segments") => is_a_segment(&json(), may),
        _ => panic!("{method} {path}"),
    }
}

fn names(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

fn is_a_batch(body: &Value, may: &May) {
    assert_eq!(names(body), ["endpoint", "items", "method"]);
    assert_eq!((&body["endpoint"], &body["method"]), (&"contacts".into(), &"POST".into()));
    let items = body["items"].as_array().unwrap();
    assert!((1..=100).contains(&items.len()), "{} items", items.len());
    for item in items {
        is_a_contact(item, may);
        for tag in item["tags"].as_array().into_iter().flatten() {
            assert!(may.tags.contains(tag.as_str().unwrap()), "a tag of nobody's: {tag}");
        }
    }
}

fn is_a_contact(contact: &Value, may: &May) {
    for (name, value) in contact.as_object().unwrap() {
        assert!(FIELDS.contains(&name.as_str()), "an unknown field {name}: {contact}");
        assert!(*value != "", "{name} is sent empty: {contact}");
    }
    for identifier in contact["identifiers"].as_array().unwrap() {
        is_an_identifier(identifier, may);
    }
}

/// One contact is sent alone by nobody but a canary, which has tags of ours to watch.
fn is_of_a_canary(contact: &Value, may: &May) {
    is_a_contact(contact, may);
    let tags = contact["tags"].as_array().unwrap();
    assert!(!tags.is_empty(), "{contact}");
    for tag in tags.iter().map(|tag| tag.as_str().unwrap()) {
        assert!(may.tags.contains(tag) || tag == CANARY_TAGS[0], "a canary with somebody's tag: {tag}");
    }
}

fn is_a_change_of_tags(body: &Value, removes: bool, may: &May) {
    assert_eq!(names(body), ["emails", "tags"]);
    let (tags, emails) = (body["tags"].as_array().unwrap(), body["emails"].as_array().unwrap());
    assert!((1..=100).contains(&tags.len()) && (1..=250).contains(&emails.len()), "{body}");
    let ours = |tag: &Value| may.tags.contains(tag.as_str().unwrap());
    if removes {
        let of_a_canary = |tag: &Value| CANARY_TAGS.contains(&tag.as_str().unwrap());
        assert!(tags.iter().all(|tag| ours(tag) || of_a_canary(tag)), "somebody's tag is taken: {body}");
    } else {
        // Somebody's tags are put back to the one contact that lost them.
        assert!(tags.iter().all(ours) || emails.len() == 1, "somebody's tags are given away: {body}");
    }
}

fn is_a_segment(body: &Value, may: &May) {
    assert_eq!(names(body), ["conditionGroups", "name"]);
    assert!((1..=256).contains(&body["name"].as_str().unwrap().chars().count()));
    let tag = &body["conditionGroups"][0]["conditions"][0]["filters"][0]["value"][0];
    assert!(may.tags.contains(tag.as_str().unwrap()), "{body}");
    let filter = json!({"property": "tags", "operator": "anyOf", "value": [tag]});
    let condition = json!({"entity": "contact", "junction": "and", "filters": [filter]});
    assert_eq!(body["conditionGroups"], json!([{"conditions": [condition]}]));
}

/// Consent and the welcome message are spoken of only where an export says so.
fn is_an_identifier(identifier: &Value, may: &May) {
    let names: Vec<&str> = identifier.as_object().unwrap().keys().map(String::as_str).collect();
    let known = |name: &&str| match *name {
        "channels" | "consent" => may.consent,
        name => ["id", "sendWelcomeMessage", "type"].contains(&name),
    };
    assert!(names.iter().all(known) && names.len() >= 3, "an identifier says more or less: {names:?}");
    if !may.welcome {
        assert_eq!(identifier["sendWelcomeMessage"], false, "a welcome message is asked for");
    }
    let channels = identifier["channels"].as_object().into_iter().flatten();
    for (_, channel) in channels.filter(|(_, channel)| channel["status"] != "unsubscribed") {
        assert!(channel["statusChangedAt"].is_string(), "an opt-in without its date: {channel}");
    }
}
