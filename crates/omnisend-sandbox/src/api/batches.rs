//! `/batches`: accepts batches, lists them, and shows one.
//!
//! Published: 201 with `batchID` and `totalCount`, and the filters of the listing, with `dateFrom` and `dateTo` as
//! `YYYY-MM-DD`. Undocumented, chosen: the newest batch is first, both days of a range are included, and the paging is
//! `{"offset", "limit", "hasMore"}`.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::{civil::Date, tz::Offset};
use serde_json::json;
use tokio::time::Instant;

use crate::api::admission::Admitted;
use crate::api::paging::PAGE_SIZES;
use crate::api::request::Parameters;
use crate::contract::{BatchBody, FieldError, Problem, formats, json_response, read_items};
use crate::faults::{ActiveFaults, FaultKind, SelectedFault};
use crate::jobs::Job;
use crate::shared::now;
use crate::state::{Batch, BatchFaults, BatchStatus, BatchView};

pub(crate) fn create(admitted: &Admitted<'_>) -> Result<Response, Problem> {
    let options = &admitted.shared.options;
    let body = BatchBody::read(admitted.request.body()?)?;
    if options.validate_batches_synchronously {
        validate_items(&body, &mut admitted.shared.lock().faults)?;
    }
    let total = body.total;
    let faults = BatchFaults::of(&admitted.faults);
    let (index, id) = {
        let state = &mut *admitted.shared.lock();
        let batches = &mut state.brand(admitted.brand)?.batches;
        let index = batches.push(Batch::new(body, faults, now(), options.batch_delay));
        (index, batches.id(index))
    };
    if !faults.stuck {
        admitted.jobs.schedule(Job::ProcessBatch { brand: admitted.brand, batch: index });
    }
    Ok(json_response(StatusCode::CREATED, &json!({ "batchID": id, "totalCount": total })))
}

/// Refuses the batch if an item is invalid, or if a fault refuses one.
fn validate_items(body: &BatchBody, faults: &mut ActiveFaults) -> Result<(), Problem> {
    let items = read_items(&body.items);
    let place = |i: usize| move |error: FieldError| error.within(&format!("items[{i}]"));
    let invalid = items.iter().enumerate().filter_map(|(i, item)| Some((i, item.as_ref().err()?)));
    let mut errors: Vec<_> = invalid.flat_map(|(i, found)| found.iter().cloned().map(place(i))).collect();
    if errors.is_empty() {
        for (i, draft) in items.iter().flatten().enumerate() {
            let refused = faults.refuse(draft).map(Problem::into_errors);
            errors.extend(refused.into_iter().flatten().map(place(i)));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
}

pub(crate) fn list(admitted: &Admitted<'_>) -> Result<Response, Problem> {
    let mut parameters = admitted.request.parameters();
    let limit = parameters.number("limit", PAGE_SIZES.allowed, PAGE_SIZES.default);
    let offset = parameters.number("offset", 0..=usize::MAX, 0);
    let filter = Filter::take(&mut parameters);
    parameters.finish()?;

    let state = &mut *admitted.shared.lock();
    let batches = &mut state.brand(admitted.brand)?.batches;
    for _ in 0..shift(&admitted.faults) {
        batches.push(Batch::foreign(now()));
    }
    let now = Instant::now();
    let mut rest = batches.iter().rev().filter(|(_, batch)| filter.matches(batch, now)).skip(offset);
    let page = rest.by_ref().take(limit);
    let page: Vec<_> = page.map(|(index, batch)| BatchView::new(batch, batches.id(index), now)).collect();
    let paging = json!({ "offset": offset, "limit": limit, "hasMore": rest.next().is_some() });
    Ok(json_response(StatusCode::OK, &json!({ "batches": page, "paging": paging })))
}

/// Returns how many batches of another integration the faults add before the listing is read.
fn shift(faults: &[SelectedFault]) -> usize {
    faults.iter().map(|fault| if let FaultKind::ShiftListing { by } = fault.kind { by } else { 0 }).sum()
}

/// The filters of the listing.
struct Filter {
    endpoint: Option<String>,
    status: Option<String>,
    from: Option<Date>,
    to: Option<Date>,
}

impl Filter {
    fn take(parameters: &mut Parameters) -> Self {
        let mut one_of = |name: &str, words: &[&str]| {
            let word = parameters.take(name)?;
            if !words.contains(&word.as_str()) {
                let message = format!("must be one of {}", words.join(", "));
                parameters.errors.add(name, "invalidValue", message);
            }
            Some(word)
        };
        let endpoint = one_of("endpoint", &["contacts", "products", "events"]);
        let status = one_of("status", &BatchStatus::ALL.map(BatchStatus::as_str));
        let mut date = |name: &str| {
            let date = formats::date(&parameters.take(name)?);
            date.map_err(|message| parameters.errors.add(name, "invalidFormat", message)).ok()
        };
        Self { endpoint, status, from: date("dateFrom"), to: date("dateTo") }
    }

    fn matches(&self, batch: &Batch, now: Instant) -> bool {
        let date = Offset::UTC.to_datetime(batch.created_at).date();
        self.endpoint.as_deref().is_none_or(|endpoint| endpoint == "contacts")
            && self.status.as_deref().is_none_or(|status| status == batch.status(now).as_str())
            && self.from.is_none_or(|from| from <= date)
            && self.to.is_none_or(|to| date <= to)
    }
}

pub(crate) fn show(admitted: &Admitted<'_>, id: &str) -> Result<Response, Problem> {
    let state = &mut *admitted.shared.lock();
    let (_, batch) = state.brand(admitted.brand)?.batches.find(id)?;
    Ok(json_response(StatusCode::OK, &BatchView::new(batch, id.to_owned(), Instant::now())))
}

pub(crate) fn show_items(admitted: &Admitted<'_>, id: &str) -> Result<Response, Problem> {
    let state = &mut *admitted.shared.lock();
    let brand = state.brand(admitted.brand)?;
    let (index, batch) = brand.batches.find(id)?;
    let items = batch.items().map_err(|error| Problem::internal(&error))?;
    let view = BatchView::new(batch, id.to_owned(), Instant::now());
    let is_older = admitted.shared.options.older_errors;
    let item_id = |i: usize| if is_older { (i + 1).to_string() } else { Batch::item_id(index, i) };
    let view = view.with_items(batch, item_id, &items, &brand.contacts);
    Ok(json_response(StatusCode::OK, &view.map_err(|error| Problem::internal(&error))?))
}
