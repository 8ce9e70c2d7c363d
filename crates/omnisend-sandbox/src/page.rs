//! The page for people: what the brand holds and how near its limit it is. Reads itself again every second.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State as Extracted};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tokio::time::Instant;

use crate::contacts::Contact;
use crate::control::Choice;
use crate::problem::Problem;
use crate::rules::Status;
use crate::shared::Shared;
use crate::state::Brand;

/// How many contacts and batches are shown.
const CONTACTS: usize = 50;
const BATCHES: usize = 15;

/// Nothing is loaded from anywhere, and nothing of a contact's can run.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "sandbox.html")]
struct Page {
    name: String,
    key: String,
    brands: Vec<Tab>,
    brand: usize,
    q: String,
    limit: u32,
    own: usize,
    others: usize,
    /// The share of the limit that is used, in percent.
    used: usize,
    others_used: usize,
    peak: usize,
    bars: Vec<Bar>,
    rate_limited: usize,
    welcome_mails: usize,
    contacts_count: String,
    shown: usize,
    contacts: Vec<Row>,
    batches_count: String,
    totals: Vec<Total>,
    batches: Vec<BatchRow>,
    faults: Vec<(String, u32, bool)>,
}

struct Tab {
    index: usize,
    name: String,
}

/// A second's requests, as heights in percent of the busiest.
struct Bar {
    own: u32,
    others: u32,
    title: String,
}

struct Row {
    who: String,
    status: &'static str,
    tags: Vec<String>,
}

/// How many batches are in a state, and their errors.
struct Total {
    kind: &'static str,
    text: String,
}

struct BatchRow {
    id: String,
    status: &'static str,
    total: usize,
    errors: usize,
    origin: String,
    created: String,
}

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/", get(show))
}

async fn show(
    Extracted(shared): Extracted<Arc<Shared>>,
    Query(choice): Query<Choice>,
) -> Result<Response, Problem> {
    let page = {
        let state = &mut *shared.lock();
        let index = choice.pick(state)?;
        let names =
            state.brands.iter().enumerate().map(|(index, brand)| Tab { index, name: brand.name.clone() });
        let brands = names.collect();
        let faults = state.faults.lines();
        page(state.brand(index)?, index, choice.q, shared.options.requests_per_minute, brands, faults)
    };
    let html =
        page.render().map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(html)).into_response())
}

fn page(
    brand: &mut Brand,
    index: usize,
    q: String,
    limit: u32,
    brands: Vec<Tab>,
    faults: Vec<(String, u32, bool)>,
) -> Page {
    let now = Instant::now();
    let (own, all) = brand.windows.all.in_window(now);
    let most = usize::try_from(limit).unwrap_or(usize::MAX).max(1);
    let percent = |part: usize| part.saturating_mul(100).checked_div(most).unwrap_or(0).min(100);
    let contacts: Vec<Row> = brand
        .contacts
        .iter()
        .rev()
        .filter(|(_, contact)| {
            q.is_empty() || contact.email.as_deref().is_some_and(|email| email.contains(&q))
        })
        .take(CONTACTS)
        .map(|(_, contact)| row(contact))
        .collect();
    let batches = brand.batches.iter().enumerate().rev().take(BATCHES).map(|(i, batch)| BatchRow {
        id: crate::ids::id(crate::ids::Kind::Batch, index, i),
        status: batch.status(now),
        total: batch.total,
        errors: batch.errors_count().unwrap_or(0),
        origin: batch.origin.clone().unwrap_or_default(),
        created: crate::contacts::time(batch.created_at),
    });
    Page {
        name: brand.name.clone(),
        key: brand.key.clone(),
        brands,
        brand: index,
        q,
        limit,
        own,
        others: all - own,
        used: percent(own),
        others_used: percent(all - own),
        peak: brand.windows.all.peaks().0,
        bars: bars(&brand.windows.all.seconds(now)),
        rate_limited: brand.rate_limited,
        welcome_mails: brand.contacts.welcome_mails,
        contacts_count: grouped(brand.contacts.len()),
        shown: contacts.len(),
        contacts,
        batches_count: grouped(brand.batches.len()),
        totals: totals(brand, now),
        batches: batches.collect(),
        faults,
    }
}

fn bars(seconds: &[(u32, u32)]) -> Vec<Bar> {
    let busiest = seconds.iter().map(|(own, others)| own + others).max().unwrap_or(0).max(1);
    let bar = |(i, &(own, others)): (usize, &(u32, u32))| Bar {
        own: own * 100 / busiest,
        others: others * 100 / busiest,
        title: format!(
            "{} s ago: {own} requests, {others} of other integrations",
            59_usize.saturating_sub(i)
        ),
    };
    seconds.iter().enumerate().map(bar).collect()
}

fn totals(brand: &Brand, now: Instant) -> Vec<Total> {
    let mut states = [("pending", 0), ("inProgress", 0), ("finished", 0), ("stopped", 0), ("errors", 0)];
    for batch in &brand.batches {
        for (kind, count) in &mut states {
            *count += if *kind == "errors" {
                batch.errors_count().unwrap_or(0)
            } else {
                usize::from(*kind == batch.status(now))
            };
        }
    }
    let known = states.into_iter().filter(|(_, count)| *count > 0);
    known.map(|(kind, count)| Total { kind, text: format!("{} {kind}", grouped(count)) }).collect()
}

fn row(contact: &Contact) -> Row {
    Row {
        who: contact.email.as_deref().or(contact.phone.as_deref()).unwrap_or_default().to_owned(),
        status: match contact.email_channel.status {
            Status::Subscribed => "subscribed",
            Status::NonSubscribed => "nonSubscribed",
            Status::Unsubscribed => "unsubscribed",
        },
        tags: contact.tags.iter().map(|tag| (**tag).to_owned()).collect(),
    }
}

/// A number with its thousands apart.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
