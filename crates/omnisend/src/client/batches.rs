//! `/batches` and `/brands/current`.

use std::ops::RangeInclusive;

use bytes::Bytes;
use jiff::civil::Date;

use super::call::{Client, Request, parse};
use crate::{
    error::CallError,
    limits::Limit,
    pacer::Slot,
    published::MAX_LISTED,
    retry::CallOptions,
    wire::{BatchItems, BatchList, BatchStatus, Brand, Posted},
};

impl Client {
    /// Posts a batch of contacts ([`batch_body`](crate::batch_body)). The first attempt uses `slot`, for which the
    /// caller has waited ([`Pacer::slot`](crate::Pacer::slot)).
    ///
    /// A batch is retried: each item is an upsert by email address, so a batch can safely be sent again if its answer
    /// was lost.
    pub async fn post_batch(
        &self,
        slot: Slot,
        body: Bytes,
        options: CallOptions,
    ) -> Result<Posted, CallError> {
        let request = Request::post(Limit::Brand, self.url(&["batches"]), body);
        parse(&self.call(request, Some(slot), options).await?)
    }

    /// Returns one page of the contact batches that were created in a range of days: up to [`MAX_LISTED`] batches,
    /// starting at `offset`. Pages shift while new batches are created. The time zone of the days is not documented.
    pub async fn list_batches(
        &self,
        created: RangeInclusive<Date>,
        offset: usize,
        options: CallOptions,
    ) -> Result<Vec<BatchStatus>, CallError> {
        let mut url = self.url(&["batches"]);
        url.query_pairs_mut()
            .append_pair("endpoint", "contacts")
            .append_pair("limit", &MAX_LISTED.to_string())
            .append_pair("offset", &offset.to_string())
            .append_pair("dateFrom", &created.start().to_string())
            .append_pair("dateTo", &created.end().to_string());
        let body = self.call(Request::get(Limit::Brand, url), None, options).await?;
        parse::<BatchList>(&body).map(|list| list.batches)
    }

    /// Returns a batch's status. Omnisend keeps batches for 7 days; later it refuses with
    /// [`NotFound`](crate::RefusalKind::NotFound).
    pub async fn batch(&self, id: &str, options: CallOptions) -> Result<BatchStatus, CallError> {
        let request = Request::get(Limit::Brand, self.url(&["batches", id]));
        parse(&self.call(request, None, options).await?)
    }

    /// Returns the outcome of each item of a batch.
    pub async fn batch_items(&self, id: &str, options: CallOptions) -> Result<BatchItems, CallError> {
        let request = Request::get(Limit::Brand, self.url(&["batches", id, "items"]));
        parse(&self.call(request, None, options).await?)
    }

    /// Returns the brand that the API key belongs to. The key needs the scope `brands.read`.
    pub async fn brand(&self, options: CallOptions) -> Result<Brand, CallError> {
        let request = Request::get(Limit::Brand, self.url(&["brands", "current"]));
        parse(&self.call(request, None, options).await?)
    }
}
