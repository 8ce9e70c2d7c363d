//! `/segments`.

use super::call::{Client, Request, parse};
use crate::{
    error::CallError,
    limits::Limit,
    published::MAX_LISTED_SEGMENTS,
    refusal::RefusalKind,
    retry::{CallOptions, RetryPolicy},
    wire::{Segment, SegmentList, SegmentPage, new_segment},
};

impl Client {
    /// Returns a page of up to 50 of the brand's segments: the first page, or the one after a cursor
    /// ([`SegmentPage::next`]).
    pub async fn segments(
        &self,
        after: Option<&str>,
        options: CallOptions,
    ) -> Result<SegmentPage, CallError> {
        let mut url = self.url(&["segments"]);
        url.query_pairs_mut().append_pair("limit", &MAX_LISTED_SEGMENTS.to_string());
        if let Some(after) = after {
            url.query_pairs_mut().append_pair("after", after);
        }
        let body = self.call(Request::get(Limit::SegmentReads, url), None, options).await?;
        parse::<SegmentList>(&body).map(SegmentPage::from)
    }

    /// Returns a segment, if it exists.
    pub async fn segment(&self, id: &str, options: CallOptions) -> Result<Option<Segment>, CallError> {
        let request = Request::get(Limit::SegmentReads, self.url(&["segments", id]));
        match self.call(request, None, options).await {
            Ok(body) => parse(&body).map(Some),
            Err(CallError::Refused(refusal)) if refusal.kind == RefusalKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates a segment of the contacts that have a tag.
    ///
    /// The request is not retried, because a retry could create a second segment. After
    /// [`Unavailable`](CallError::Unavailable), look for the segment by its name before you call again.
    pub async fn create_segment(
        &self,
        name: &str,
        tag: &str,
        options: CallOptions,
    ) -> Result<Segment, CallError> {
        let request = Request::post(Limit::SegmentWrites, self.url(&["segments"]), new_segment(name, tag));
        parse(&self.call(request, None, RetryPolicy::NEVER.until(options.deadline)).await?)
    }
}
