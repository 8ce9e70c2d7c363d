//! The adapter for S3.

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use aws_sdk_s3::{Client, config::retry::RetryConfig, types::ChecksumMode};
use bytes::Bytes;

use super::{
    error, list, multipart,
    pin::Pin,
    place::{Place, size, timestamp},
    read::{self, Reading},
    write,
};
use crate::{
    keys::{Bucket, Location, Pinned, Prefix},
    ports::{
        aws::{
            failure::Failure,
            retry::{Retries, retried},
        },
        objects::{
            error::{Action, ObjectError},
            port::{ByteStream, Listed, Objects, Put},
        },
    },
};

/// Objects in the state bucket, and in the buckets that exports name.
///
/// The role also needs `s3:ListBucket` on each bucket. Without it, S3 answers 403 for an object that does not exist
/// (`HeadObject` in the S3 API reference), which looks like a missing permission.
#[derive(Debug, Clone)]
pub struct S3Objects {
    client: Client,
    state_bucket: Arc<str>,
}

impl S3Objects {
    /// Opens the state in a bucket. The client's own retries are off: this adapter retries.
    pub fn new(client: &Client, state_bucket: &str) -> Self {
        let config = client.config().to_builder().retry_config(RetryConfig::disabled()).build();
        Self { client: Client::from_conf(config), state_bucket: state_bucket.into() }
    }

    fn bucket(&self, at: &Location) -> String {
        match &at.bucket {
            Bucket::State => self.state_bucket.as_ref().to_owned(),
            Bucket::Named(name) => name.clone(),
        }
    }

    fn place(&self, at: &Location) -> Result<Place, ObjectError> {
        if at.key.is_empty() {
            return Err(ObjectError::InvalidKey { at: at.clone(), reason: "it is empty" });
        }
        Ok(Place { at: at.clone(), bucket: self.bucket(at) })
    }
}

#[async_trait]
impl Objects for S3Objects {
    async fn head(&self, at: &Location) -> Result<Pinned, ObjectError> {
        let place = self.place(at)?;
        let head = retried(|| self.client.head_object().bucket(&place.bucket).key(place.key()).send()).await;
        let head = head.map_err(|failure| place.error(Action::Read, failure))?;
        let pin = Pin::new(head.version_id(), head.e_tag());
        match (pin, size(head.content_length()), head.last_modified().and_then(timestamp)) {
            (Some(pin), Some(size), Some(modified)) => {
                Ok(Pinned { location: at.clone(), version: pin.to_string(), size, modified })
            }
            _ => Err(error::incomplete(at, Action::Read)),
        }
    }

    async fn get(&self, at: &Location) -> Result<Bytes, ObjectError> {
        let place = self.place(at)?;
        let mut retries = Retries::new();
        loop {
            let get = self.client.get_object().bucket(&place.bucket).key(place.key());
            let failure = match get.checksum_mode(ChecksumMode::Enabled).send().await {
                Ok(found) => match found.body.collect().await {
                    Ok(body) => return Ok(body.into_bytes()),
                    Err(broken) => Failure::broken_off(&broken),
                },
                Err(error) => error.into(),
            };
            retries.wait(failure).await.map_err(|failure| place.error(Action::Read, failure))?;
        }
    }

    async fn open(&self, object: &Pinned) -> Result<ByteStream, ObjectError> {
        let place = self.place(&object.location)?;
        Ok(Reading::start(self.client.clone(), place, object).await?.into_stream())
    }

    async fn range(&self, object: &Pinned, range: Range<u64>) -> Result<Bytes, ObjectError> {
        read::range(&self.client, &self.place(&object.location)?, object, &range).await
    }

    async fn put(&self, at: &Location, body: Bytes, mode: Put) -> Result<(), ObjectError> {
        let place = self.place(at)?;
        match mode {
            Put::IfAbsent => write::if_absent(&self.client, &place, body).await,
            Put::Replace => write::replace(&self.client, &place, body).await,
        }
    }

    async fn put_stream(&self, at: &Location, body: ByteStream) -> Result<(), ObjectError> {
        multipart::put_stream(self.client.clone(), self.place(at)?, body).await
    }

    async fn list(&self, prefix: &Prefix) -> Result<Vec<Listed>, ObjectError> {
        let at = prefix.location();
        let bucket = self.bucket(&at);
        list::list(&self.client, &Place { at, bucket }).await
    }

    async fn delete(&self, at: &Location) -> Result<(), ObjectError> {
        let place = self.place(at)?;
        let gone =
            retried(|| self.client.delete_object().bucket(&place.bucket).key(place.key()).send()).await;
        match gone.map_err(|failure| place.error(Action::Delete, failure)) {
            // S3 does not answer this, but some stores that imitate it do.
            Ok(_) | Err(ObjectError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn state_bucket(&self) -> Option<&str> {
        Some(&self.state_bucket)
    }
}
