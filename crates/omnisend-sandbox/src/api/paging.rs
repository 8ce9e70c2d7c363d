//! Pages of a listing by cursor: `{"contacts": […], "paging": {"cursors": {"after"}, "hasMore"}}`.

use std::ops::RangeInclusive;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::api::request::Parameters;
use crate::contract::{Problem, json_response};
use crate::state::Records;

/// The sizes that a page may have, and the size of a page if the request names none.
#[derive(Debug, Clone)]
pub(crate) struct PageSizes {
    pub(crate) allowed: RangeInclusive<usize>,
    pub(crate) default: usize,
}

/// The sizes of most pages (published; the default is undocumented).
pub(crate) const PAGE_SIZES: PageSizes = PageSizes { allowed: 1..=250, default: 100 };

/// The sizes of a page of segments (published).
pub(crate) const SEGMENT_PAGE_SIZES: PageSizes = PageSizes { allowed: 1..=50, default: 10 };

/// The page that a request asks for.
pub(crate) struct CursorPage {
    limit: usize,
    /// The id of the last record of the previous page.
    after: Option<String>,
}

impl CursorPage {
    pub(crate) fn take(parameters: &mut Parameters, sizes: PageSizes) -> Self {
        let limit = parameters.number("limit", sizes.allowed, sizes.default);
        Self { limit, after: parameters.take("after") }
    }

    /// Returns the index at which the page starts.
    pub(crate) fn first<T>(&self, records: &Records<T>) -> Result<usize, Problem> {
        let Some(cursor) = &self.after else { return Ok(0) };
        let last = records.index(cursor);
        let invalid = || Problem::field("after", "invalidValue", "is not a cursor of this listing");
        last.map(|index| index + 1).ok_or_else(invalid)
    }

    /// Returns the response: the first of these records, each given as its id and its view.
    pub(crate) fn answer(&self, name: &str, mut records: impl Iterator<Item = (String, Value)>) -> Response {
        let (ids, views): (Vec<String>, Vec<Value>) = records.by_ref().take(self.limit).unzip();
        let has_more = records.next().is_some();
        let after = ids.last().filter(|_| has_more);
        let paging = json!({ "cursors": { "after": after }, "hasMore": has_more });
        json_response(StatusCode::OK, &json!({ name: views, "paging": paging }))
    }
}
