//! API keys in Secrets Manager.

use async_trait::async_trait;
use aws_sdk_secretsmanager::{Client, config::retry::RetryConfig};
use omnisend::{ApiKey, Freshness};

use super::{
    cache::KeyCache,
    port::{SecretError, Secrets},
    text::parse,
};
use crate::ports::aws::{failure::Failure, retry::retried};

/// API keys in Secrets Manager. A key is read once and then cached in memory.
#[derive(Debug)]
pub struct SecretsManager {
    client: Client,
    cache: KeyCache,
}

/// A failure, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{failure}; {advice}")]
struct Advised {
    advice: &'static str,
    #[source]
    failure: Failure,
}

/// A secret whose value is bytes.
#[derive(Debug, thiserror::Error)]
#[error("it is binary; store the key as text, with `--secret-string` or in the console")]
struct Binary;

impl SecretsManager {
    /// Opens the secrets that a client can read. The client's own retries are off: this adapter retries.
    pub fn new(client: &Client) -> Self {
        let config = client.config().to_builder().retry_config(RetryConfig::disabled()).build();
        Self { client: Client::from_conf(config), cache: KeyCache::default() }
    }
}

#[async_trait]
impl Secrets for SecretsManager {
    async fn api_key(&self, name: &str, freshness: Freshness) -> Result<ApiKey, SecretError> {
        if let Some(key) = self.cache.get(name, freshness) {
            return Ok(key);
        }
        let value = retried(|| self.client.get_secret_value().secret_id(name).send()).await;
        let value = value.map_err(|failure| secret_error(name, failure))?;
        let text = value
            .secret_string()
            .ok_or_else(|| SecretError::Service { name: name.to_owned(), source: Binary.into() })?;
        let key = parse(text).map_err(|source| SecretError::Invalid { name: name.to_owned(), source })?;
        self.cache.insert(name, &key);
        Ok(key)
    }
}

/// Maps a failed call to an error. The codes are those of `GetSecretValue` in the API reference.
fn secret_error(name: &str, failure: Failure) -> SecretError {
    let code = failure.code().unwrap_or_default();
    if code == "ResourceNotFoundException" {
        return SecretError::NotFound { name: name.to_owned(), advice: how_to_create(name) };
    }
    if failure.is_temporary() {
        return SecretError::Unavailable { name: name.to_owned(), source: failure.into() };
    }
    let advice = if failure.is_denied() {
        "the role or user needs secretsmanager:GetSecretValue on it, and kms:Decrypt if it has a KMS key of its own"
    } else if code == "DecryptionFailure" {
        "the secret's KMS key must be enabled, and the role or user needs kms:Decrypt on it"
    } else if code == "InvalidRequestException" && failure.text().contains("delet") {
        "restore it with `aws secretsmanager restore-secret`, or change `secret` in the connection"
    } else {
        return SecretError::Service { name: name.to_owned(), source: failure.into() };
    };
    SecretError::Service { name: name.to_owned(), source: Advised { advice, failure }.into() }
}

/// The command reads the key from a file, so that the key does not end up in the shell's history.
fn how_to_create(name: &str) -> String {
    if name.starts_with("arn:") {
        return "check the ARN in the connection's `secret`: its region, its account, and the six characters at its \
                end"
        .to_owned();
    }
    format!(
        "write the API key to a file and run `aws secretsmanager create-secret --name {name} --secret-string \
         file://<file>`, in this region"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(status: u16, code: &str, text: &str) -> String {
        secret_error("omnisend/acme", Failure::answered(status, Some(code), text)).to_string()
    }

    #[test]
    fn each_refusal_has_its_advice() {
        for (code, text, advice) in [
            (
                "AccessDeniedException",
                "not authorized",
                "needs secretsmanager:GetSecretValue on it, and kms:Decrypt if",
            ),
            ("DecryptionFailure", "cannot decrypt", "the role or user needs kms:Decrypt on it"),
            ("InvalidRequestException", "it was marked for deletion.", "`aws secretsmanager restore-secret`"),
        ] {
            let message = message(400, code, text);
            let begins = format!("secret `omnisend/acme` could not be read: {code}: {text} (status 400); ");
            assert!(message.starts_with(&begins) && message.contains(advice), "{message}");
        }
        let passing = message(400, "ThrottlingException", "Rate exceeded");
        assert_eq!(
            passing,
            "secret `omnisend/acme` could not be read just now: ThrottlingException: Rate exceeded (status 400)"
        );
        let other = message(400, "InvalidRequestException", "something else");
        assert!(other.ends_with("InvalidRequestException: something else (status 400)"), "{other}");
    }

    #[test]
    fn the_advice_for_a_missing_secret_is_the_command_that_creates_it() {
        let message = message(400, "ResourceNotFoundException", "");
        let command = "`aws secretsmanager create-secret --name omnisend/acme --secret-string file://<file>`";
        assert!(
            message.starts_with("secret `omnisend/acme` was not found; ") && message.contains(command),
            "{message}"
        );
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:omnisend/acme-AbCdEf";
        let missing = Failure::answered(400, Some("ResourceNotFoundException"), "");
        assert!(secret_error(arn, missing).to_string().contains("check the ARN"));
    }
}
