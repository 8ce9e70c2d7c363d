//! A client for Omnisend's API, version 2026-03-15: contacts, batches, tags, segments and the brand.
//!
//! - Every request waits for a [`Slot`] of the [`Pacer`], so that the client stays within the brand's rate limit of
//!   400 requests a minute in any window of 60 s.
//! - A request that fails is retried according to a [`RetryPolicy`], within the caller's deadline. A request that could
//!   take effect twice ([`Client::create_segment`]) is not retried.
//! - A failed call returns a [`CallError`] that says what happened and what to do. A refusal has a [`RefusalKind`], so
//!   no caller needs to know HTTP statuses.
//! - The API key comes from a [`KeySource`], and is read again once if Omnisend refuses it.
//! - Personal data is masked in what the client logs and in every error.
//!
//! ```no_run
//! use omnisend::{ApiKey, CallOptions, Client, Url};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let key = ApiKey::new("the-api-key")?;
//! let client = Client::builder(Url::parse(omnisend::BASE_URL)?, key).build()?;
//! let contact = r#"{"identifiers": [{"type": "email", "id": "ada@example.com", "sendWelcomeMessage": false}]}"#;
//! client.upsert(contact.into(), CallOptions::default()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Sources
//!
//! Limits, fields and statuses are those of Omnisend's API reference, version 2026-03-15 (contacts, batches, brands,
//! segments), and of its migration guides from v3 and v5. The docs of an item say so if its source is another one, or
//! if the reference does not document the behaviour. In the latter case the client is safe with either behaviour.

#![warn(missing_docs)]

mod client;
mod error;
mod key;
mod limits;
mod pacer;
mod problem;
mod published;
mod refusal;
mod retry;
mod wire;

pub use self::{
    client::{BuildError, Client, ClientBuilder, Usage},
    error::{CallError, JsonDefect, UnexpectedAnswer},
    key::{ApiKey, Freshness, InvalidKey, KeyError, KeySource},
    pacer::{Pacer, Slot},
    problem::{FieldError, Problem},
    published::{
        BASE_URL, MAX_BATCH_BYTES, MAX_BATCH_ITEMS, MAX_LISTED, MAX_TAGGED, REQUESTS_PER_MINUTE, VERSION,
    },
    refusal::{Refusal, RefusalKind, is_subscription_limit},
    retry::{AttemptError, CallOptions, RetryPolicy, Timing},
    wire::{
        BatchItem, BatchItems, BatchState, BatchStatus, Brand, Contact, ItemOutcome, Posted, Segment,
        SegmentPage, batch_body, batch_body_overhead,
    },
};
pub use reqwest::Url;
