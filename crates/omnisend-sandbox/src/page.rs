//! The page for people: what a brand holds, and how close it is to its rate limit. It refreshes itself every second.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tokio::time::Instant;

use crate::contract::Problem;
use crate::control::{ControlQuery, Parameters, SharedState};
use crate::faults::ActiveFault;
use crate::shared::Shared;
use crate::state::{Batch, BatchStatus, BatchView, Brand, Contact};

/// How many contacts and batches the page shows.
const MAX_CONTACTS: usize = 50;
const MAX_BATCHES: usize = 15;

/// Forbids loading anything from elsewhere, and running scripts from a contact's data.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "sandbox.html")]
struct Page<'a> {
    brand: &'a Brand,
    /// The index of the brand, and the names of all brands.
    index: usize,
    brands: Vec<&'a str>,
    /// The text that the email addresses must contain.
    q: &'a str,
    /// The requests of this client and of others in the last 60 s, and their limit.
    own: usize,
    others: usize,
    limit: u32,
    bars: Vec<Bar>,
    contacts: Vec<&'a Contact>,
    /// The number of batches by status, and of errors.
    totals: Vec<(&'static str, usize)>,
    batches: Vec<BatchView<'a>>,
    faults: Vec<&'a ActiveFault>,
}

/// The requests of one second, as heights in percent of the busiest second.
struct Bar {
    own: u32,
    others: u32,
    title: String,
}

pub(crate) fn routes<S: Clone + Send + Sync + 'static>(shared: Arc<Shared>) -> Router<S> {
    Router::new().route("/", get(show)).with_state(shared)
}

async fn show(State(shared): SharedState, Query(query): Parameters) -> Result<Response, Problem> {
    let html = render(&shared, &query)?;
    Ok(([(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)], Html(html)).into_response())
}

fn render(shared: &Shared, query: &ControlQuery) -> Result<String, Problem> {
    let now = Instant::now();
    let state = &mut *shared.lock();
    let index = query.brand(state)?;
    let window = &mut state.brand(index)?.windows.all;
    let (own, all) = window.in_window(now);
    let bars = bars(&window.seconds(now));
    let brands = state.brands.iter().map(|brand| brand.name.as_str()).collect();
    let brand = state.brands.get(index).ok_or_else(|| Problem::not_found("brand"))?;
    let q = query.q.as_str();
    let matches = |contact: &&Contact| {
        q.is_empty() || contact.email.id.as_deref().is_some_and(|email| email.contains(q))
    };
    let contacts = brand.contacts.records.iter().rev().map(|(_, contact)| contact).filter(matches);
    let batches = brand.batches.iter().rev().take(MAX_BATCHES);
    let page = Page {
        brand,
        index,
        brands,
        q,
        own,
        others: all - own,
        limit: shared.options.requests_per_minute,
        bars,
        contacts: contacts.take(MAX_CONTACTS).collect(),
        totals: totals(brand, now),
        batches: batches.map(|(i, batch)| BatchView::new(batch, brand.batches.id(i), now)).collect(),
        faults: state.faults.iter().collect(),
    };
    page.render().map_err(|error| Problem::internal(&error))
}

impl Page<'_> {
    /// Returns the share of the rate limit, in percent.
    fn percent(&self, requests: usize) -> usize {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX).max(1);
        (requests.saturating_mul(100) / limit).min(100)
    }
}

fn bars(seconds: &[(u32, u32)]) -> Vec<Bar> {
    let busiest = seconds.iter().map(|(own, others)| own + others).max().unwrap_or(0).max(1);
    let bar = |(i, &(own, others)): (usize, &(u32, u32))| Bar {
        own: own * 100 / busiest,
        others: others * 100 / busiest,
        title: format!(
            "{} s ago: {own} requests of this client, {others} of other integrations",
            59_usize.saturating_sub(i)
        ),
    };
    seconds.iter().enumerate().map(bar).collect()
}

fn totals(brand: &Brand, now: Instant) -> Vec<(&'static str, usize)> {
    let batches = || brand.batches.iter().map(|(_, batch)| batch);
    let count = |status| batches().filter(|batch| batch.status(now) == status).count();
    let statuses = BatchStatus::ALL.map(|status| (status.as_str(), count(status)));
    let errors = batches().filter_map(Batch::errors_count).sum();
    statuses.into_iter().chain([("errors", errors)]).filter(|(_, count)| *count > 0).collect()
}

/// Returns a number with a comma between thousands.
fn with_separators(number: usize) -> String {
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
    fn separates_thousands_with_commas() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(with_separators), ["0", "999", "1,000", "1,234,567"]);
    }
}
