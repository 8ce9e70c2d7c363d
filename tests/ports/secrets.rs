//! The contract of every store of secrets, and the behaviour of the local one.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use async_trait::async_trait;
use omnisend::{ApiKey, Freshness};
use omnisend_export::ports::secrets::{InvalidSecret, LocalSecrets, SecretError, Secrets};
use tempfile::TempDir;

/// A store under test, and what differs between stores.
#[async_trait]
pub(crate) trait Harness: Sync {
    fn secrets(&self) -> &dyn Secrets;

    /// Creates a secret, or changes its value.
    async fn write_secret(&self, name: &str, text: &str);
}

/// One test for each case of the contract, against the store that `$harness` creates.
macro_rules! contract {
    ($harness:expr) => {
        crate::secrets::contract! { @ $harness;
            accepts_the_raw_key_and_json
            caches_a_key_until_a_fresh_one_is_requested
            each_secret_has_its_own_key
            the_error_for_a_missing_secret_names_it_and_has_advice
            rejects_a_secret_that_is_not_a_key
            never_prints_a_value
        }
    };
    (@ $harness:expr; $($case:ident)*) => {
        $(#[tokio::test]
        async fn $case() {
            crate::secrets::$case(&$harness).await;
        })*
    };
}
pub(crate) use contract;

pub(crate) fn api_key(text: &str) -> ApiKey {
    ApiKey::new(text).unwrap()
}

async fn key(h: &dyn Harness, name: &str, freshness: Freshness) -> ApiKey {
    h.secrets().api_key(name, freshness).await.unwrap()
}

pub(crate) async fn accepts_the_raw_key_and_json(h: &dyn Harness) {
    h.write_secret("omnisend/acme", "key-1\n").await;
    h.write_secret("globex", r#"{"api_key": "key-2"}"#).await;
    assert_eq!(key(h, "omnisend/acme", Freshness::Cached).await, api_key("key-1"));
    assert_eq!(key(h, "globex", Freshness::Fresh).await, api_key("key-2"));
}

pub(crate) async fn caches_a_key_until_a_fresh_one_is_requested(h: &dyn Harness) {
    h.write_secret("omnisend/acme", "key-1").await;
    assert_eq!(key(h, "omnisend/acme", Freshness::Cached).await, api_key("key-1"));
    h.write_secret("omnisend/acme", "key-2").await;
    assert_eq!(key(h, "omnisend/acme", Freshness::Cached).await, api_key("key-1"));
    assert_eq!(key(h, "omnisend/acme", Freshness::Fresh).await, api_key("key-2"));
    assert_eq!(key(h, "omnisend/acme", Freshness::Cached).await, api_key("key-2"));
}

pub(crate) async fn each_secret_has_its_own_key(h: &dyn Harness) {
    h.write_secret("omnisend/acme", "key-1").await;
    h.write_secret("omnisend/globex", "key-2").await;
    for _ in 0..2 {
        assert_eq!(key(h, "omnisend/acme", Freshness::Cached).await, api_key("key-1"));
        assert_eq!(key(h, "omnisend/globex", Freshness::Cached).await, api_key("key-2"));
    }
}

pub(crate) async fn the_error_for_a_missing_secret_names_it_and_has_advice(h: &dyn Harness) {
    h.write_secret("omnisend/acme", "key-1").await;
    for freshness in [Freshness::Cached, Freshness::Fresh] {
        let error = h.secrets().api_key("omnisend/none", freshness).await.unwrap_err();
        assert!(error.to_string().starts_with("secret `omnisend/none` was not found; "), "{error}");
        assert!(matches!(error, SecretError::NotFound { advice, .. } if !advice.is_empty()));
    }
    // A failure is not cached.
    h.write_secret("omnisend/none", "key-2").await;
    assert_eq!(key(h, "omnisend/none", Freshness::Cached).await, api_key("key-2"));
}

pub(crate) async fn rejects_a_secret_that_is_not_a_key(h: &dyn Harness) {
    for (text, reason) in [
        (" \n", InvalidSecret::Empty),
        (r#"{"key": "key-1"}"#, InvalidSecret::Json),
        ("key 1", InvalidSecret::Characters),
        ("kéy-1", InvalidSecret::Characters),
    ] {
        h.write_secret("omnisend/acme", text).await;
        let error = h.secrets().api_key("omnisend/acme", Freshness::Fresh).await.unwrap_err();
        let (name, source) = match error {
            SecretError::Invalid { name, source } => (name, source),
            other => panic!("{other}"),
        };
        assert_eq!((name.as_str(), source), ("omnisend/acme", reason));
    }
}

pub(crate) async fn never_prints_a_value(h: &dyn Harness) {
    h.write_secret("good", "canary-1").await;
    let good = h.secrets().api_key("good", Freshness::Cached).await.unwrap();
    let mut printed = vec![format!("{good:?} {:?}", h.secrets())];
    for bad in ["canary 2", r#"{"api_key": canary}"#, r#"{"apikey": "canary"}"#, "\u{1}canary"] {
        h.write_secret("bad", bad).await;
        let error = h.secrets().api_key("bad", Freshness::Fresh).await.unwrap_err();
        printed.push(format!("{error} {error:?}"));
    }
    assert!(!printed.concat().contains("canary"), "{printed:?}");
}

struct Local {
    dir: TempDir,
    secrets: LocalSecrets,
}

impl Local {
    fn new(override_key: Option<&str>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let secrets = LocalSecrets::new(dir.path().to_owned(), override_key.map(str::to_owned));
        Self { dir, secrets }
    }

    async fn error(&self, name: &str) -> String {
        self.secrets.api_key(name, Freshness::Cached).await.unwrap_err().to_string()
    }
}

fn write(path: &Path, text: &[u8], mode: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[async_trait]
impl Harness for Local {
    fn secrets(&self) -> &dyn Secrets {
        &self.secrets
    }

    async fn write_secret(&self, name: &str, text: &str) {
        write(&self.dir.path().join(name), text.as_bytes(), 0o600);
    }
}

mod local {
    crate::secrets::contract!(super::Local::new(None));
}

#[tokio::test]
async fn rejects_a_file_that_other_users_can_read() {
    let local = Local::new(None);
    let path = local.dir.path().join("acme");
    for mode in [0o640, 0o604, 0o620, 0o601, 0o666] {
        write(&path, b"key-1", mode);
        let path = path.display();
        assert_eq!(
            local.error("acme").await,
            format!("secret `acme`: {path} can be read by others (mode {mode:o}); run `chmod 600 {path}`")
        );
    }
    for mode in [0o600, 0o400, 0o700] {
        write(&path, b"key-1", mode);
        assert_eq!(key(&local, "acme", Freshness::Fresh).await, api_key("key-1"));
        fs::remove_file(&path).unwrap();
    }
}

#[tokio::test]
async fn the_variable_overrides_every_file() {
    let local = Local::new(Some(" key-0\n"));
    local.write_secret("acme", "key-1").await;
    for name in ["acme", "none", "../none"] {
        for freshness in [Freshness::Cached, Freshness::Fresh] {
            assert_eq!(key(&local, name, freshness).await, api_key("key-0"));
        }
    }
    let blank = Local::new(Some(" "));
    blank.write_secret("acme", "key-1").await;
    assert_eq!(key(&blank, "acme", Freshness::Cached).await, api_key("key-1"));
}

#[tokio::test]
async fn the_error_for_an_invalid_variable_names_it() {
    let local = Local::new(Some("canary 0"));
    local.write_secret("acme", "key-1").await;
    let error = local.error("acme").await;
    assert!(error.starts_with("secret `OMNISEND_API_KEY` is not an API key: it holds a space"), "{error}");
    assert!(!format!("{error} {:?}", local.secrets).contains("canary"));
}

#[tokio::test]
async fn the_advice_for_a_missing_secret_names_the_file_to_write() {
    let local = Local::new(None);
    let path = local.dir.path().join("omnisend/acme");
    let path = path.display();
    let advice = format!("write the API key to {path} and run `chmod 600 {path}`, or set OMNISEND_API_KEY");
    let expected = format!("secret `omnisend/acme` was not found; {advice}");
    assert_eq!(local.error("omnisend/acme").await, expected);
    // A directory is not a secret, and no secret is below a file.
    local.write_secret("omnisend/acme/x", "key-1").await;
    assert_eq!(local.error("omnisend/acme").await, expected);
    assert!(local.error("omnisend/acme/x/y").await.contains("was not found; write the API key to "));
}

#[tokio::test]
async fn rejects_a_name_that_leaves_the_directory() {
    let local = Local::new(None);
    write(&local.dir.path().join("key"), b"key-1", 0o600);
    let inside = LocalSecrets::new(local.dir.path().join("secrets"), None);
    let absolute = local.dir.path().join("key").display().to_string();
    for name in ["../key", "a/../../key", absolute.as_str(), "", "a\0b"] {
        let error = inside.api_key(name, Freshness::Cached).await.unwrap_err();
        assert!(error.to_string().contains("so no file can have that name: change `secret`"), "{error}");
    }
}

#[tokio::test]
async fn rejects_a_file_that_is_not_text() {
    let local = Local::new(None);
    write(&local.dir.path().join("acme"), b"\xff\xfekey", 0o600);
    assert!(local.error("acme").await.starts_with("secret `acme` is not an API key: it holds a space"));
}

#[tokio::test]
async fn does_not_return_a_deleted_key_again_after_a_fresh_read() {
    let local = Local::new(None);
    local.write_secret("acme", "key-1").await;
    assert_eq!(key(&local, "acme", Freshness::Cached).await, api_key("key-1"));
    fs::remove_file(local.dir.path().join("acme")).unwrap();
    assert_eq!(key(&local, "acme", Freshness::Cached).await, api_key("key-1"));
    for freshness in [Freshness::Fresh, Freshness::Cached] {
        let error = local.secrets.api_key("acme", freshness).await.unwrap_err();
        assert!(matches!(error, SecretError::NotFound { .. }), "{error}");
    }
}
