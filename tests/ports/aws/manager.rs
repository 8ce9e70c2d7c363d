//! Secrets Manager: its contract on moto, and its errors.

use async_trait::async_trait;
use aws_sdk_secretsmanager::{Client, primitives::Blob};
use omnisend::Freshness;
use omnisend_export::ports::{
    Aws,
    secrets::{SecretError, Secrets, SecretsManager},
};
use uuid::Uuid;

use super::answers::Answers;
use crate::{
    common::{
        moto::{config_for, moto},
        proxy::{Effect, Exchange, Proxy},
    },
    secrets::{Harness, api_key},
};

/// The secrets of an account that belongs to one test, behind a proxy.
struct Manager {
    secrets: SecretsManager,
    client: Client,
    proxy: Proxy,
}

impl Manager {
    async fn new() -> Self {
        // The contract decides the names of the secrets, so each test has its own account on moto.
        let account = format!("{:012}", Uuid::new_v4().as_u128() % 1_000_000_000_000);
        let proxy = Proxy::start(moto().address(), &[("x-moto-account-id", &account)]).await;
        let config = config_for(proxy.address());
        Self { secrets: Aws::new(config.clone()).secrets(), client: Client::new(&config), proxy }
    }

    async fn error(&self, name: &str) -> String {
        self.secrets.api_key(name, Freshness::Fresh).await.unwrap_err().to_string()
    }
}

#[async_trait]
impl Harness for Manager {
    fn secrets(&self) -> &dyn Secrets {
        &self.secrets
    }

    async fn write_secret(&self, name: &str, text: &str) {
        let created = self.client.create_secret().name(name).secret_string(text).send().await;
        if created.is_err() {
            self.client.put_secret_value().secret_id(name).secret_string(text).send().await.unwrap();
        }
    }
}

mod contract {
    crate::secrets::contract!(super::Manager::new().await);
}

fn is_get(request: &Exchange) -> bool {
    request.operation() == "GetSecretValue"
}

#[tokio::test]
async fn waits_out_throttling() {
    let manager = Manager::new().await;
    manager.write_secret("acme", "key-1").await;
    for code in ["ThrottlingException", "KMS.ThrottlingException"] {
        manager.proxy.spoil(1, is_get, Effect::Answer(Exchange::json_error(400, code)));
    }
    manager.proxy.spoil(1, is_get, Effect::Answer(Exchange::json_error(500, "InternalServiceError")));
    manager.proxy.spoil(1, is_get, Effect::Drop);
    let key = manager.secrets.api_key("acme", Freshness::Cached).await.unwrap();
    assert_eq!(key, api_key("key-1"));
    assert_eq!(manager.proxy.seen(is_get).len(), 5);
    manager.secrets.api_key("acme", Freshness::Cached).await.unwrap();
    assert_eq!(manager.proxy.seen(is_get).len(), 5, "the key was not cached");
}

#[tokio::test(start_paused = true)]
async fn reports_throttling_that_does_not_end() {
    let answers = Answers::always(Some(Exchange::json_error(400, "ThrottlingException")));
    let error = Aws::new(answers.config()).secrets().api_key("acme", Freshness::Cached).await.unwrap_err();
    let message = "secret `acme` could not be read just now: ThrottlingException: spoiled (status 400)";
    assert_eq!(error.to_string(), message);
    assert_eq!(answers.request_count(), 8);
}

#[tokio::test]
async fn does_not_retry_a_refusal_and_gives_advice() {
    let manager = Manager::new().await;
    manager.write_secret("acme", "key-1").await;
    for (code, advice) in [
        ("AccessDeniedException", "secretsmanager:GetSecretValue"),
        ("DecryptionFailure", "the secret's KMS key must be enabled"),
    ] {
        manager.proxy.spoil(1, is_get, Effect::Answer(Exchange::json_error(400, code)));
        let error = manager.error("acme").await;
        assert!(error.contains(code) && error.contains(advice), "{error}");
    }
    assert_eq!(manager.proxy.seen(is_get).len(), 2);
    // The refused call removed the cached key, so it is read again.
    assert_eq!(manager.secrets.api_key("acme", Freshness::Cached).await.unwrap(), api_key("key-1"));
}

#[tokio::test]
async fn the_advice_for_a_missing_secret_is_the_command_that_creates_it() {
    let manager = Manager::new().await;
    let error = manager.error("omnisend/acme").await;
    let command = "`aws secretsmanager create-secret --name omnisend/acme --secret-string file://<file>`";
    assert!(
        error.starts_with("secret `omnisend/acme` was not found; ") && error.contains(command),
        "{error}"
    );
}

#[tokio::test]
async fn the_advice_for_a_secret_that_is_being_deleted_is_to_restore_it() {
    let manager = Manager::new().await;
    manager.write_secret("acme", "canary").await;
    manager.client.delete_secret().secret_id("acme").send().await.unwrap();
    let error = manager.error("acme").await;
    assert!(
        error.ends_with("`aws secretsmanager restore-secret`, or change `secret` in the connection"),
        "{error}"
    );
}

#[tokio::test]
async fn rejects_a_binary_secret() {
    let manager = Manager::new().await;
    let binary = manager.client.create_secret().name("acme").secret_binary(Blob::new(*b"canary"));
    binary.send().await.unwrap();
    let error = manager.secrets.api_key("acme", Freshness::Cached).await.unwrap_err();
    assert!(matches!(error, SecretError::Service { .. }));
    let message = "secret `acme` could not be read: it is binary; store the key as text, with `--secret-string` or in the \
                console";
    assert_eq!(error.to_string(), message);
}

/// The log as text.
#[cfg(feature = "cli")]
#[derive(Clone, Default)]
struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

#[cfg(feature = "cli")]
impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(feature = "cli")]
#[tokio::test]
async fn no_log_line_holds_a_value() {
    use tracing::{level_filters::LevelFilter, subscriber::set_default};

    let (manager, log) = (Manager::new().await, Log::default());
    manager.write_secret("good", "canary-1").await;
    manager.write_secret("bad", "canary 2").await;
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(move || writer.clone());
    let logging = set_default(subscriber.finish());
    assert_eq!(manager.secrets.api_key("good", Freshness::Fresh).await.unwrap(), api_key("canary-1"));
    assert!(manager.error("bad").await.contains("it holds a space"));
    drop(logging);
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("GetSecretValue"), "nothing was logged");
    for form in ["canary", "Y2FuYXJ5", "63616e617279"] {
        assert!(!logged.to_lowercase().contains(&form.to_lowercase()), "{form} is in the log");
    }
}
