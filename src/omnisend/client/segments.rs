//! `/segments`: what the brand has, and a new one.

use reqwest::Method;

use super::{Client, Limit, Patience, parse};
use crate::omnisend::{
    CallError, MAX_LISTED, Segment, SegmentPage,
    wire::{SegmentList, new_segment},
};

impl Client {
    /// A page of the brand's segments: the first, or the one after another's cursor.
    pub async fn segments(&self, after: Option<&str>, patience: Patience) -> Result<SegmentPage, CallError> {
        let mut url = self.url(&["segments"]);
        url.query_pairs_mut().append_pair("limit", &MAX_LISTED.to_string());
        if let Some(after) = after {
            url.query_pairs_mut().append_pair("after", after);
        }
        let answer = self.call(Limit::SegmentReads, None, Method::GET, url, None, patience).await?;
        parse::<SegmentList>(&answer).map(SegmentPage::from)
    }

    /// One segment, if it is there.
    pub async fn segment(&self, id: &str, patience: Patience) -> Result<Option<Segment>, CallError> {
        let url = self.url(&["segments", id]);
        match self.call(Limit::SegmentReads, None, Method::GET, url, None, patience).await {
            Ok(answer) => parse(&answer).map(Some),
            Err(CallError::Permanent(refusal)) if refusal.status == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates a segment of the contacts that have a tag. It is not repeated where its answer is lost: that could
    /// make a second one. Look whether it is there, and call again.
    pub async fn create_segment(
        &self,
        name: &str,
        tag: &str,
        patience: Patience,
    ) -> Result<Segment, CallError> {
        let url = self.url(&["segments"]);
        let once = Patience { retries: 0, ..patience };
        let body = new_segment(name, tag);
        parse(&self.call(Limit::SegmentWrites, None, Method::POST, url, Some(body), once).await?)
    }
}
