//! The adapters of one account and region.

use std::time::Duration;

use aws_config::{
    BehaviorVersion, SdkConfig,
    environment::{EnvironmentVariableCredentialsProvider, region::EnvironmentVariableRegionProvider},
    meta::region::ProvideRegion,
    timeout::TimeoutConfig,
};
use aws_sdk_s3::config::SharedCredentialsProvider;

use crate::{
    ports::{objects::S3Objects, queue::SqsQueue, secrets::SecretsManager},
    retry_policies::{AWS_BULK_TIMEOUT, AWS_CALL_TIMEOUT},
};

/// An account, a region and credentials.
#[derive(Debug, Clone)]
pub struct Aws(SdkConfig);

impl Aws {
    /// Reads the region and the credentials from the variables `AWS_*` that Lambda sets. `endpoint_url` is the address
    /// of a stand-in for AWS. A missing or wrong variable fails the first call that needs it.
    ///
    /// It does not use the SDK's default chain of providers: a function has no profile and no other role, and the code
    /// for those would add half a megabyte to the artifact.
    pub async fn from_environment(endpoint_url: Option<String>) -> Self {
        let region = EnvironmentVariableRegionProvider::new().region().await;
        let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
        let mut config = SdkConfig::builder()
            // A fixed version, so that changes of the SDK's defaults are reviewed first.
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(region)
            .credentials_provider(credentials);
        config.set_endpoint_url(endpoint_url);
        Self(config.build())
    }

    /// Uses a configuration as it is.
    pub fn new(config: SdkConfig) -> Self {
        Self(config)
    }

    /// Returns the objects in the state bucket, and in the buckets that exports name.
    pub fn objects(&self, state_bucket: &str) -> S3Objects {
        let config = aws_sdk_s3::config::Builder::from(&self.0)
            .timeout_config(self.timeouts(AWS_BULK_TIMEOUT))
            // A stand-in or a private endpoint has one host name, not one for each bucket.
            .force_path_style(self.0.endpoint_url().is_some())
            .build();
        S3Objects::new(&aws_sdk_s3::Client::from_conf(config), state_bucket)
    }

    /// Returns the queue at a URL.
    pub fn queue(&self, url: &str) -> SqsQueue {
        let config = aws_sdk_sqs::config::Builder::from(&self.0);
        let config = config.timeout_config(self.timeouts(AWS_CALL_TIMEOUT)).build();
        SqsQueue::new(&aws_sdk_sqs::Client::from_conf(config), url)
    }

    /// Returns the secrets of the account and region.
    pub fn secrets(&self) -> SecretsManager {
        let config = aws_sdk_secretsmanager::config::Builder::from(&self.0);
        let config = config.timeout_config(self.timeouts(AWS_CALL_TIMEOUT)).build();
        SecretsManager::new(&aws_sdk_secretsmanager::Client::from_conf(config))
    }

    /// Returns the configuration's timeouts, with `answer` as its read timeout if it has none. The SDK's default is to
    /// wait forever.
    fn timeouts(&self, answer: Duration) -> TimeoutConfig {
        let mut timeouts =
            self.0.timeout_config().map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder);
        let own = self.0.timeout_config().and_then(TimeoutConfig::read_timeout);
        timeouts.set_read_timeout(Some(own.unwrap_or(answer)));
        timeouts.build()
    }
}
