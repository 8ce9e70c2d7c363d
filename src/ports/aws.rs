//! AWS: the adapters made from one configuration, and what they share.

mod failure;
mod retry;

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, timeout::TimeoutConfig};

pub(in crate::ports) use self::{
    failure::{Failure, deepest},
    retry::{Patience, patiently},
};
use super::{objects::S3Objects, queue::SqsQueue, secrets::SecretsManager};

/// How long a call may be without its answer's first byte. It has to cover the upload of a part of 8 MiB over a
/// slow line.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// The account, region and credentials that the environment names, from which each adapter is made.
#[derive(Debug, Clone)]
pub struct Aws(SdkConfig);

impl Aws {
    /// Takes what the SDK finds: the variables `AWS_*`, the profile, the role of the function or machine. No
    /// credentials are asked for yet; what is missing or wrong is an error of the first call that needs it.
    pub async fn load() -> Self {
        // A version, not the latest: what changes with it is read before it is taken.
        let loader = aws_config::defaults(BehaviorVersion::v2026_01_12());
        let timeouts = TimeoutConfig::builder().read_timeout(ANSWER_TIMEOUT).build();
        Self(loader.timeout_config(timeouts).load().await)
    }

    /// Takes a configuration as it is.
    pub fn new(config: SdkConfig) -> Self {
        Self(config)
    }

    /// The objects of a state bucket, and of the buckets that exports name.
    pub fn objects(&self, state_bucket: &str) -> S3Objects {
        let config = aws_sdk_s3::config::Builder::from(&self.0)
            // A stand-in or an endpoint of one's own answers to one name, not to one for each bucket.
            .force_path_style(self.0.endpoint_url().is_some())
            .build();
        S3Objects::new(&aws_sdk_s3::Client::from_conf(config), state_bucket)
    }

    /// The queue at a URL.
    pub fn queue(&self, url: &str) -> SqsQueue {
        SqsQueue::new(&aws_sdk_sqs::Client::new(&self.0), url)
    }

    /// The secrets of the account and region.
    pub fn secrets(&self) -> SecretsManager {
        SecretsManager::new(&aws_sdk_secretsmanager::Client::new(&self.0))
    }
}
