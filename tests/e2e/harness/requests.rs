//! Checks every request of the product: its path, its parameters and its body.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// The fields that a contact may have.
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

/// The tags that only a canary sends.
const CANARY_TAGS: [&str; 2] = ["omnisend-export canary", "omnisend-export check"];

/// What the configuration of a world allows in requests.
pub(super) struct Allowed {
    pub consent: bool,
    pub welcome: bool,
    /// The exports' tags.
    pub tags: BTreeSet<String>,
}

pub(super) fn check_request(request: &Value, allowed: &Allowed) {
    let [method, path, query, body] =
        ["method", "path", "query", "body"].map(|part| request[part].as_str().unwrap());
    assert!(body.len() < 1_000_000, "a body of {} bytes", body.len());
    let json = || serde_json::from_str::<Value>(body).expect("a body of JSON");
    let parameters: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    let endpoint = path.strip_prefix("/api/").unwrap_or_else(|| panic!("{method} {path}"));
    if method == "GET" {
        assert_eq!(body, "", "{method} {path}");
        let known: &[&str] = match endpoint.split('/').collect::<Vec<_>>()[..] {
            ["batches"] => &["endpoint", "limit", "offset", "dateFrom", "dateTo"],
            ["contacts"] => &["email"],
            ["segments"] => &["limit", "after"],
            ["batches" | "segments", _] | ["batches", _, "items"] | ["brands", "current"] => &[],
            _ => panic!("{method} {path}"),
        };
        let all_known = parameters.iter().all(|name| name.is_empty() || known.contains(name));
        assert!(all_known, "{method} {path}?{query}");
        assert!(
            endpoint != "contacts" || parameters == ["email"],
            "contacts are requested by other parameters than the address: {query}"
        );
        return;
    }
    assert_eq!(query, "", "{method} {path}");
    match (method, endpoint) {
        ("POST", "batches") => check_batch(&json(), allowed),
        ("POST", "contacts") => check_canary(&json(), allowed),
        ("POST" | "DELETE", "contacts/tags") => check_tag_change(&json(), method == "DELETE", allowed),
        ("POST", "segments") => check_segment(&json(), allowed),
        _ => panic!("{method} {path}"),
    }
}

fn names(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

fn check_batch(body: &Value, allowed: &Allowed) {
    assert_eq!(names(body), ["endpoint", "items", "method"]);
    assert_eq!((&body["endpoint"], &body["method"]), (&"contacts".into(), &"POST".into()));
    let items = body["items"].as_array().unwrap();
    assert!((1..=100).contains(&items.len()), "{} items", items.len());
    for item in items {
        check_contact(item, allowed);
        for tag in item["tags"].as_array().into_iter().flatten() {
            assert!(allowed.tags.contains(tag.as_str().unwrap()), "a tag of no export: {tag}");
        }
    }
}

fn check_contact(contact: &Value, allowed: &Allowed) {
    for (name, value) in contact.as_object().unwrap() {
        assert!(FIELDS.contains(&name.as_str()), "an unknown field {name}: {contact}");
        assert!(*value != "", "{name} is sent empty: {contact}");
    }
    for identifier in contact["identifiers"].as_array().unwrap() {
        check_identifier(identifier, allowed);
    }
}

/// Only a canary sends a single contact. It has the tags of an export or the canary's own tag.
fn check_canary(contact: &Value, allowed: &Allowed) {
    check_contact(contact, allowed);
    let tags = contact["tags"].as_array().unwrap();
    assert!(!tags.is_empty(), "{contact}");
    for tag in tags.iter().map(|tag| tag.as_str().unwrap()) {
        assert!(allowed.tags.contains(tag) || tag == CANARY_TAGS[0], "a canary with a foreign tag: {tag}");
    }
}

fn check_tag_change(body: &Value, removes: bool, allowed: &Allowed) {
    assert_eq!(names(body), ["emails", "tags"]);
    let (tags, emails) = (body["tags"].as_array().unwrap(), body["emails"].as_array().unwrap());
    assert!((1..=100).contains(&tags.len()) && (1..=250).contains(&emails.len()), "{body}");
    let ours = |tag: &Value| allowed.tags.contains(tag.as_str().unwrap());
    if removes {
        let of_a_canary = |tag: &Value| CANARY_TAGS.contains(&tag.as_str().unwrap());
        assert!(tags.iter().all(|tag| ours(tag) || of_a_canary(tag)), "a foreign tag is removed: {body}");
    } else {
        // A canary restores foreign tags to the one contact that lost them.
        assert!(tags.iter().all(ours) || emails.len() == 1, "foreign tags are added: {body}");
    }
}

fn check_segment(body: &Value, allowed: &Allowed) {
    assert_eq!(names(body), ["conditionGroups", "name"]);
    assert!((1..=256).contains(&body["name"].as_str().unwrap().chars().count()));
    let tag = &body["conditionGroups"][0]["conditions"][0]["filters"][0]["value"][0];
    assert!(allowed.tags.contains(tag.as_str().unwrap()), "{body}");
    let filter = json!({"property": "tags", "operator": "anyOf", "value": [tag]});
    let condition = json!({"entity": "contact", "junction": "and", "filters": [filter]});
    assert_eq!(body["conditionGroups"], json!([{"conditions": [condition]}]));
}

/// Consent and the welcome message are sent only if an export says so.
fn check_identifier(identifier: &Value, allowed: &Allowed) {
    let names: Vec<&str> = identifier.as_object().unwrap().keys().map(String::as_str).collect();
    let known = |name: &&str| match *name {
        "channels" | "consent" => allowed.consent,
        name => ["id", "sendWelcomeMessage", "type"].contains(&name),
    };
    assert!(names.iter().all(known) && names.len() >= 3, "unexpected fields of an identifier: {names:?}");
    if !allowed.welcome {
        assert_eq!(identifier["sendWelcomeMessage"], false, "a welcome message is requested");
    }
    let channels = identifier["channels"].as_object().into_iter().flatten();
    for (_, channel) in channels.filter(|(_, channel)| channel["status"] != "unsubscribed") {
        assert!(channel["statusChangedAt"].is_string(), "an opt-in without its date: {channel}");
    }
}
