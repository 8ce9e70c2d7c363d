//! What every store of secrets keeps to, and the local one's files and variable.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use async_trait::async_trait;
use omnisend_export::ports::secrets::{Freshness, InvalidSecret, LocalSecrets, SecretError, Secrets};
use tempfile::TempDir;

/// A store of secrets, and what differs between stores.
#[async_trait]
pub(crate) trait Harness: Sync {
    /// The store.
    fn secrets(&self) -> &dyn Secrets;

    /// Makes a secret, or gives it another value.
    async fn plant(&self, name: &str, text: &str);
}

/// One test for each case of the contract, against the store that `$harness` makes.
macro_rules! contract {
    ($harness:expr) => {
        crate::secrets::contract! { @ $harness;
            a_secret_is_the_raw_key_or_json
            a_key_is_cached_until_it_is_asked_for_afresh
            each_name_has_its_own_key
            a_missing_secret_is_named_with_what_to_do
            a_secret_that_is_no_key_is_refused
            no_value_is_ever_shown
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

async fn key(h: &dyn Harness, name: &str, freshness: Freshness) -> String {
    h.secrets().api_key(name, freshness).await.unwrap().expose().to_owned()
}

pub(crate) async fn a_secret_is_the_raw_key_or_json(h: &dyn Harness) {
    h.plant("omnisend/acme", "key-1\n").await;
    h.plant("globex", r#"{"api_key": "key-2"}"#).await;
    assert_eq!(key(h, "omnisend/acme", Freshness::Cached).await, "key-1");
    assert_eq!(key(h, "globex", Freshness::Fresh).await, "key-2");
}

pub(crate) async fn a_key_is_cached_until_it_is_asked_for_afresh(h: &dyn Harness) {
    h.plant("omnisend/acme", "key-1").await;
    assert_eq!(key(h, "omnisend/acme", Freshness::Cached).await, "key-1");
    h.plant("omnisend/acme", "key-2").await;
    assert_eq!(key(h, "omnisend/acme", Freshness::Cached).await, "key-1");
    assert_eq!(key(h, "omnisend/acme", Freshness::Fresh).await, "key-2");
    assert_eq!(key(h, "omnisend/acme", Freshness::Cached).await, "key-2");
}

pub(crate) async fn each_name_has_its_own_key(h: &dyn Harness) {
    h.plant("omnisend/acme", "key-1").await;
    h.plant("omnisend/globex", "key-2").await;
    for _ in 0..2 {
        assert_eq!(key(h, "omnisend/acme", Freshness::Cached).await, "key-1");
        assert_eq!(key(h, "omnisend/globex", Freshness::Cached).await, "key-2");
    }
}

pub(crate) async fn a_missing_secret_is_named_with_what_to_do(h: &dyn Harness) {
    h.plant("omnisend/acme", "key-1").await;
    for freshness in [Freshness::Cached, Freshness::Fresh] {
        let error = h.secrets().api_key("omnisend/none", freshness).await.unwrap_err();
        assert!(error.to_string().starts_with("secret `omnisend/none` was not found; "), "{error}");
        assert!(matches!(error, SecretError::NotFound { advice, .. } if !advice.is_empty()));
    }
    // It is looked for again: no failure is cached.
    h.plant("omnisend/none", "key-2").await;
    assert_eq!(key(h, "omnisend/none", Freshness::Cached).await, "key-2");
}

pub(crate) async fn a_secret_that_is_no_key_is_refused(h: &dyn Harness) {
    for (text, reason) in [
        (" \n", InvalidSecret::Empty),
        (r#"{"key": "key-1"}"#, InvalidSecret::Json),
        ("key 1", InvalidSecret::Characters),
        ("kéy-1", InvalidSecret::Characters),
    ] {
        h.plant("omnisend/acme", text).await;
        let error = h.secrets().api_key("omnisend/acme", Freshness::Fresh).await.unwrap_err();
        let (name, source) = match error {
            SecretError::Invalid { name, source } => (name, source),
            other => panic!("{other}"),
        };
        assert_eq!((name.as_str(), source), ("omnisend/acme", reason));
    }
}

pub(crate) async fn no_value_is_ever_shown(h: &dyn Harness) {
    h.plant("good", "canary-1").await;
    let good = h.secrets().api_key("good", Freshness::Cached).await.unwrap();
    let mut shown = vec![format!("{good:?} {:?}", h.secrets())];
    for bad in ["canary 2", r#"{"api_key": canary}"#, r#"{"apikey": "canary"}"#, "\u{1}canary"] {
        h.plant("bad", bad).await;
        let error = h.secrets().api_key("bad", Freshness::Fresh).await.unwrap_err();
        shown.push(format!("{error} {error:?}"));
    }
    assert!(!shown.concat().contains("canary"), "{shown:?}");
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

    async fn plant(&self, name: &str, text: &str) {
        write(&self.dir.path().join(name), text.as_bytes(), 0o600);
    }
}

mod local {
    crate::secrets::contract!(super::Local::new(None));
}

#[tokio::test]
async fn a_file_that_others_can_read_is_refused() {
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
        assert_eq!(key(&local, "acme", Freshness::Fresh).await, "key-1");
        fs::remove_file(&path).unwrap();
    }
}

#[tokio::test]
async fn the_variable_wins_over_every_file() {
    let local = Local::new(Some(" key-0\n"));
    local.plant("acme", "key-1").await;
    for name in ["acme", "none", "../none"] {
        for freshness in [Freshness::Cached, Freshness::Fresh] {
            assert_eq!(key(&local, name, freshness).await, "key-0");
        }
    }
    let blank = Local::new(Some(" "));
    blank.plant("acme", "key-1").await;
    assert_eq!(key(&blank, "acme", Freshness::Cached).await, "key-1");
}

#[tokio::test]
async fn a_variable_that_is_no_key_is_named() {
    let local = Local::new(Some("canary 0"));
    local.plant("acme", "key-1").await;
    let error = local.error("acme").await;
    assert!(error.starts_with("secret `OMNISEND_API_KEY` is not an API key: it holds a space"), "{error}");
    assert!(!format!("{error} {:?}", local.secrets).contains("canary"));
}

#[tokio::test]
async fn the_advice_names_the_file_to_write() {
    let local = Local::new(None);
    let path = local.dir.path().join("omnisend/acme");
    let path = path.display();
    let advice = format!("write the API key to {path} and run `chmod 600 {path}`, or set OMNISEND_API_KEY");
    let expected = format!("secret `omnisend/acme` was not found; {advice}");
    assert_eq!(local.error("omnisend/acme").await, expected);
    // A folder is no secret, nor is what would be below a file.
    local.plant("omnisend/acme/x", "key-1").await;
    assert_eq!(local.error("omnisend/acme").await, expected);
    assert!(local.error("omnisend/acme/x/y").await.contains("was not found; write the API key to "));
}

#[tokio::test]
async fn a_name_does_not_leave_the_folder() {
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
async fn a_file_that_is_not_text_is_no_key() {
    let local = Local::new(None);
    write(&local.dir.path().join("acme"), b"\xff\xfekey", 0o600);
    assert!(local.error("acme").await.starts_with("secret `acme` is not an API key: it holds a space"));
}

#[tokio::test]
async fn a_key_that_was_taken_away_is_not_answered_with_again() {
    let local = Local::new(None);
    local.plant("acme", "key-1").await;
    assert_eq!(key(&local, "acme", Freshness::Cached).await, "key-1");
    fs::remove_file(local.dir.path().join("acme")).unwrap();
    assert_eq!(key(&local, "acme", Freshness::Cached).await, "key-1");
    for freshness in [Freshness::Fresh, Freshness::Cached] {
        let error = local.secrets.api_key("acme", freshness).await.unwrap_err();
        assert!(matches!(error, SecretError::NotFound { .. }), "{error}");
    }
}
