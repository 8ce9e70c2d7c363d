//! AWS: the adapters made from one configuration, and what they share.

mod failure;
mod retry;

use std::time::Duration;

use aws_config::{
    BehaviorVersion, SdkConfig,
    environment::{EnvironmentVariableCredentialsProvider, region::EnvironmentVariableRegionProvider},
    meta::region::ProvideRegion,
    timeout::TimeoutConfig,
};
use aws_sdk_s3::config::SharedCredentialsProvider;

pub(in crate::ports) use self::{
    failure::{Failure, deepest},
    retry::{Patience, patiently},
};
use crate::environment::aws_endpoint_url;

use super::{objects::S3Objects, queue::SqsQueue, secrets::SecretsManager};

/// How long a call to S3 may be without its answer's first byte: as long as a part of 8 MiB may take to be sent over
/// a slow line.
const BULK_TIMEOUT: Duration = Duration::from_mins(1);

/// How long any other call may be. With every retry, a message is then sent again within two minutes, well within the
/// five in which SQS knows it by its deduplication id.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// The account, region and credentials that the environment names, from which each adapter is made.
#[derive(Debug, Clone)]
pub struct Aws(SdkConfig);

impl Aws {
    /// Takes what Lambda gives a function: region and credentials from the variables `AWS_*`, and the endpoint of a
    /// stand-in if one is named. No credentials are asked for yet; what is missing or wrong is an error of the first
    /// call that needs it.
    ///
    /// Not the SDK's own chain: a function has no profile, no container's or machine's role and no one who signs in,
    /// and what looks for those is half a megabyte of the artifact.
    pub async fn from_environment() -> Self {
        let region = EnvironmentVariableRegionProvider::new().region().await;
        let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
        let mut config = SdkConfig::builder()
            // A version, not the latest: what changes with it is read before it is taken.
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(region)
            .credentials_provider(credentials);
        config.set_endpoint_url(aws_endpoint_url());
        Self(config.build())
    }

    /// Takes a configuration as it is.
    pub fn new(config: SdkConfig) -> Self {
        Self(config)
    }

    /// The objects of a state bucket, and of the buckets that exports name.
    pub fn objects(&self, state_bucket: &str) -> S3Objects {
        let config = aws_sdk_s3::config::Builder::from(&self.0)
            .timeout_config(self.timeouts(BULK_TIMEOUT))
            // A stand-in or an endpoint of one's own answers to one name, not to one for each bucket.
            .force_path_style(self.0.endpoint_url().is_some())
            .build();
        S3Objects::new(&aws_sdk_s3::Client::from_conf(config), state_bucket)
    }

    /// The queue at a URL.
    pub fn queue(&self, url: &str) -> SqsQueue {
        let config = aws_sdk_sqs::config::Builder::from(&self.0);
        let config = config.timeout_config(self.timeouts(CALL_TIMEOUT)).build();
        SqsQueue::new(&aws_sdk_sqs::Client::from_conf(config), url)
    }

    /// The secrets of the account and region.
    pub fn secrets(&self) -> SecretsManager {
        let config = aws_sdk_secretsmanager::config::Builder::from(&self.0);
        let config = config.timeout_config(self.timeouts(CALL_TIMEOUT)).build();
        SecretsManager::new(&aws_sdk_secretsmanager::Client::from_conf(config))
    }

    /// The configuration's timeouts, with one for the answer where it has none: by itself the SDK waits for ever.
    fn timeouts(&self, answer: Duration) -> TimeoutConfig {
        let mut timeouts =
            self.0.timeout_config().map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder);
        let own = self.0.timeout_config().and_then(TimeoutConfig::read_timeout);
        timeouts.set_read_timeout(Some(own.unwrap_or(answer)));
        timeouts.build()
    }
}
