//! The template's resources in an account on moto: a bucket, a queue with its dead-letter queue, and secrets.

use std::{collections::BTreeMap, sync::Arc};

use aws_config::SdkConfig;
use aws_sdk_s3::types::{BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration};
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName as Attribute};
use jiff::Timestamp;
use omnisend_export::ports::{Aws, Ports, clock::Clock};
use uuid::Uuid;

use super::{environment::REGION, template::number};

#[derive(Debug)]
pub(crate) struct Account {
    config: SdkConfig,
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    secrets: aws_sdk_secretsmanager::Client,
    pub(crate) bucket: String,
    pub(crate) queue: String,
    pub(crate) queue_arn: String,
    pub(crate) dead_letters: String,
}

/// An object that was written to the bucket.
#[derive(Debug, Clone)]
pub(crate) struct Dropped {
    pub(crate) key: String,
    pub(crate) version: String,
    pub(crate) etag: String,
    pub(crate) size: usize,
    pub(crate) at: Timestamp,
}

/// A received message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) handle: String,
    pub(crate) body: String,
    pub(crate) md5: String,
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Account {
    /// Sets up the resources. The bucket has this name, or a unique one.
    pub(crate) async fn set_up(config: SdkConfig, bucket: Option<&str>) -> Self {
        let own = Uuid::new_v4().simple().to_string();
        let bucket = bucket.map_or_else(|| format!("state-{own}"), str::to_owned);
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        let s3 = aws_sdk_s3::Client::from_conf(s3);
        let region = CreateBucketConfiguration::builder().location_constraint(REGION.into()).build();
        s3.create_bucket().bucket(&bucket).create_bucket_configuration(region).send().await.unwrap();
        let versioning = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        s3.put_bucket_versioning().bucket(&bucket).versioning_configuration(versioning).send().await.unwrap();

        let sqs = aws_sdk_sqs::Client::new(&config);
        let fifo = (Attribute::FifoQueue, "true".to_owned());
        let dead_letters = create_queue(&sqs, &format!("dead-{own}"), vec![fifo.clone()]).await;
        let redrive = serde_json::json!({
            "deadLetterTargetArn": arn(&sqs, &dead_letters).await,
            "maxReceiveCount": number("UploadQueue", "maxReceiveCount"),
        });
        let attributes = vec![
            fifo,
            (Attribute::VisibilityTimeout, number("UploadQueue", "VisibilityTimeout").to_string()),
            (Attribute::RedrivePolicy, redrive.to_string()),
        ];
        let queue = create_queue(&sqs, &format!("uploads-{own}"), attributes).await;
        let queue_arn = arn(&sqs, &queue).await;
        let secrets = aws_sdk_secretsmanager::Client::new(&config);
        Self { config, s3, sqs, secrets, bucket, queue, queue_arn, dead_letters }
    }

    /// Returns the product's ports on this account, with the test's clock.
    pub(crate) fn ports(&self, clock: Arc<dyn Clock>) -> Ports {
        let aws = Aws::new(self.config.clone());
        Ports {
            objects: Arc::new(aws.objects(&self.bucket)),
            queue: Arc::new(aws.queue(&self.queue)),
            secrets: Arc::new(aws.secrets()),
            clock,
        }
    }

    /// Creates another bucket, without versions, and returns its name.
    pub(crate) async fn other_bucket(&self) -> String {
        let bucket = format!("lake-{}", Uuid::new_v4().simple());
        let region = CreateBucketConfiguration::builder().location_constraint(REGION.into()).build();
        self.s3.create_bucket().bucket(&bucket).create_bucket_configuration(region).send().await.unwrap();
        bucket
    }

    /// Writes an object to the state's bucket.
    pub(crate) async fn put(&self, key: &str, body: impl Into<Vec<u8>>) -> Dropped {
        self.put_into(&self.bucket, key, body).await
    }

    /// Writes an object to a bucket.
    pub(crate) async fn put_into(&self, bucket: &str, key: &str, body: impl Into<Vec<u8>>) -> Dropped {
        let body = body.into();
        let size = body.len();
        let put = self.s3.put_object().bucket(bucket).key(key).body(body.into()).send().await.unwrap();
        Dropped {
            key: key.to_owned(),
            version: put.version_id.unwrap_or_default(),
            etag: put.e_tag.unwrap().trim_matches('"').to_owned(),
            size,
            at: self.at_in(bucket, key).await,
        }
    }

    /// Returns when an object was written, in S3's whole seconds.
    pub(crate) async fn at(&self, key: &str) -> Timestamp {
        self.at_in(&self.bucket, key).await
    }

    async fn at_in(&self, bucket: &str, key: &str) -> Timestamp {
        let head = self.s3.head_object().bucket(bucket).key(key).send().await.unwrap();
        Timestamp::from_second(head.last_modified.unwrap().secs()).unwrap()
    }

    pub(crate) async fn get(&self, key: &str) -> Vec<u8> {
        let found = self.s3.get_object().bucket(&self.bucket).key(key).send().await;
        let found = found.unwrap_or_else(|error| panic!("{key}: {error:?}"));
        found.body.collect().await.unwrap().to_vec()
    }

    pub(crate) async fn delete(&self, key: &str) {
        self.s3.delete_object().bucket(&self.bucket).key(key).send().await.unwrap();
    }

    /// Returns the keys below a prefix, in order.
    pub(crate) async fn keys(&self, prefix: &str) -> Vec<String> {
        let mut pages = self.s3.list_objects_v2().bucket(&self.bucket).prefix(prefix).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            keys.extend(page.unwrap().contents.unwrap_or_default().into_iter().map(|o| o.key.unwrap()));
        }
        keys
    }

    /// Creates a secret, or replaces its value.
    pub(crate) async fn secret(&self, name: &str, value: &str) {
        if self.secrets.create_secret().name(name).secret_string(value).send().await.is_err() {
            self.secrets.put_secret_value().secret_id(name).secret_string(value).send().await.unwrap();
        }
    }

    /// Sends a message that the product would never send.
    pub(crate) async fn send(&self, group: &str, body: &str) {
        let send = self.sqs.send_message().queue_url(&self.queue).message_group_id(group).message_body(body);
        send.message_deduplication_id(Uuid::new_v4().to_string()).send().await.unwrap();
    }

    /// Receives messages as the event source mapping does.
    pub(crate) async fn receive(&self, most: u64) -> Vec<Message> {
        let receive = self.sqs.receive_message().queue_url(&self.queue).wait_time_seconds(0);
        let receive = receive.max_number_of_messages(i32::try_from(most).unwrap());
        let received =
            receive.message_system_attribute_names(MessageSystemAttributeName::All).send().await.unwrap();
        let message = |message: aws_sdk_sqs::types::Message| Message {
            id: message.message_id.unwrap(),
            handle: message.receipt_handle.unwrap(),
            body: message.body.unwrap(),
            md5: message.md5_of_body.unwrap(),
            attributes: message
                .attributes
                .unwrap()
                .into_iter()
                .map(|(name, value)| (name.as_str().to_owned(), value))
                .collect(),
        };
        received.messages.unwrap_or_default().into_iter().map(message).collect()
    }

    pub(crate) async fn delete_message(&self, message: &Message) {
        let delete = self.sqs.delete_message().queue_url(&self.queue);
        delete.receipt_handle(&message.handle).send().await.unwrap();
    }

    /// Ends a message's visibility timeout now.
    pub(crate) async fn expire(&self, message: &Message) {
        let expire = self.sqs.change_message_visibility().queue_url(&self.queue).visibility_timeout(0);
        expire.receipt_handle(&message.handle).send().await.unwrap();
    }

    /// Returns the number of messages in the queue, those in flight included, and in the dead-letter queue.
    pub(crate) async fn messages(&self) -> (u64, u64) {
        let count = async |url: &str| {
            let names =
                [Attribute::ApproximateNumberOfMessages, Attribute::ApproximateNumberOfMessagesNotVisible];
            let look = self.sqs.get_queue_attributes().queue_url(url);
            let found = look.set_attribute_names(Some(names.to_vec())).send().await.unwrap();
            found.attributes.unwrap().values().map(|value| value.parse::<u64>().unwrap()).sum()
        };
        (count(&self.queue).await, count(&self.dead_letters).await)
    }
}

async fn create_queue(sqs: &aws_sdk_sqs::Client, name: &str, attributes: Vec<(Attribute, String)>) -> String {
    let create = sqs.create_queue().queue_name(format!("{name}.fifo"));
    let created = create.set_attributes(Some(attributes.into_iter().collect())).send().await.unwrap();
    created.queue_url.unwrap()
}

async fn arn(sqs: &aws_sdk_sqs::Client, url: &str) -> String {
    let look = sqs.get_queue_attributes().queue_url(url).attribute_names(Attribute::QueueArn);
    look.send().await.unwrap().attributes.unwrap().remove(&Attribute::QueueArn).unwrap()
}
