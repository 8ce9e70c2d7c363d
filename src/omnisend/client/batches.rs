//! `/batches`, and the brand that a key belongs to.

use std::ops::RangeInclusive;

use bytes::Bytes;
use jiff::civil::Date;
use reqwest::Method;

use super::{Client, Limit, Patience, parse};
use crate::omnisend::{
    CallError, MAX_LISTED, Slot,
    wire::{BatchItems, BatchList, BatchStatus, Brand, Posted},
};

impl Client {
    /// Posts a batch of contacts in a slot that the caller waited for. An upsert by e-mail: where an answer is
    /// lost, sending it again does no harm.
    pub async fn post_batch(&self, slot: Slot, body: Bytes, patience: Patience) -> Result<Posted, CallError> {
        let url = self.url(&["batches"]);
        parse(&self.call(Limit::Brand, Some(slot), Method::POST, url, Some(body), patience).await?)
    }

    /// One page of the batches created on some days, for what became of many at once.
    pub async fn list_batches(
        &self,
        created: RangeInclusive<Date>,
        offset: usize,
        patience: Patience,
    ) -> Result<Vec<BatchStatus>, CallError> {
        let mut url = self.url(&["batches"]);
        url.query_pairs_mut()
            .append_pair("endpoint", "contacts")
            .append_pair("limit", &MAX_LISTED.to_string())
            .append_pair("offset", &offset.to_string())
            .append_pair("dateFrom", &created.start().to_string())
            .append_pair("dateTo", &created.end().to_string());
        let answer = self.call(Limit::Brand, None, Method::GET, url, None, patience).await?;
        parse::<BatchList>(&answer).map(|list| list.batches)
    }

    /// The brand that the key belongs to.
    pub async fn brand(&self, patience: Patience) -> Result<Brand, CallError> {
        parse(
            &self
                .call(Limit::Brand, None, Method::GET, self.url(&["brands", "current"]), None, patience)
                .await?,
        )
    }

    /// One batch.
    pub async fn batch(&self, id: &str, patience: Patience) -> Result<BatchStatus, CallError> {
        parse(&self.call(Limit::Brand, None, Method::GET, self.url(&["batches", id]), None, patience).await?)
    }

    /// What became of each item of a batch.
    pub async fn batch_items(&self, id: &str, patience: Patience) -> Result<BatchItems, CallError> {
        parse(
            &self
                .call(Limit::Brand, None, Method::GET, self.url(&["batches", id, "items"]), None, patience)
                .await?,
        )
    }
}
