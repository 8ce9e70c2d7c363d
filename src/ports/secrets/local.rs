//! API keys of a local state: a file each, or one variable for all.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tokio::task::spawn_blocking;

use super::{ApiKey, Freshness, InvalidSecret, SecretError, Secrets};
use crate::ports::relative::relative;

/// The variable that the override comes from, as messages name it.
const VARIABLE: &str = "OMNISEND_API_KEY";

/// API keys as files below one directory, named as the secrets are; or one key that a variable gave, which
/// then answers for every name.
#[derive(Debug)]
pub struct LocalSecrets {
    dir: PathBuf,
    /// Parsed here, but refused where it is asked for: many a command needs no key.
    override_key: Option<Result<ApiKey, InvalidSecret>>,
    cache: Mutex<HashMap<String, ApiKey>>,
}

impl LocalSecrets {
    /// The keys in `dir`, or `override_key` (`OMNISEND_API_KEY`) for all of them. A blank override is none, as
    /// `OMNISEND_API_KEY= command` means it in a shell.
    pub fn new(dir: PathBuf, override_key: Option<String>) -> Self {
        let text = override_key.map(SecretString::from);
        let text = text.as_ref().map(ExposeSecret::expose_secret).filter(|text| !text.trim().is_empty());
        Self { dir, override_key: text.map(ApiKey::parse), cache: Mutex::default() }
    }

    fn cache(&self) -> MutexGuard<'_, HashMap<String, ApiKey>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Secrets for LocalSecrets {
    async fn api_key(&self, name: &str, freshness: Freshness) -> Result<ApiKey, SecretError> {
        if let Some(key) = &self.override_key {
            return key.clone().map_err(|source| SecretError::Invalid { name: VARIABLE.to_owned(), source });
        }
        match freshness {
            Freshness::Cached => {
                if let Some(key) = self.cache().get(name) {
                    return Ok(key.clone());
                }
            }
            // Before it is read: a key that is no longer there must not be answered with later.
            Freshness::Fresh => {
                self.cache().remove(name);
            }
        }
        let below = relative(name).map_err(|reason| SecretError::NotFound {
            name: name.to_owned(),
            advice: format!("{reason}, so no file can have that name: change `secret` in the connection, or set {VARIABLE}"),
        })?;
        let (path, named) = (self.dir.join(below), name.to_owned());
        let read = spawn_blocking(move || read(&path, &named)).await;
        let key = read.unwrap_or_else(|stopped| Err(service(name, stopped.into())))?;
        self.cache().insert(name.to_owned(), key.clone());
        Ok(key)
    }
}

/// Reads a secret's file, if nobody else can.
fn read(path: &Path, name: &str) -> Result<ApiKey, SecretError> {
    let text = match open(path) {
        Ok((_, mode)) if mode & 0o077 != 0 => {
            return Err(SecretError::Exposed {
                name: name.to_owned(),
                path: path.display().to_string(),
                mode,
            });
        }
        Ok((file, _)) => text(file).map_err(|error| service(name, error))?,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            let path = path.display();
            return Err(SecretError::NotFound {
                name: name.to_owned(),
                advice: format!("write the API key to {path} and run `chmod 600 {path}`, or set {VARIABLE}"),
            });
        }
        Err(error) => return Err(service(name, error)),
    };
    let parsed = text.ok_or(InvalidSecret::Characters).and_then(|text| ApiKey::parse(text.expose_secret()));
    parsed.map_err(|source| SecretError::Invalid { name: name.to_owned(), source })
}

/// The file and its mode: that of the file that is then read, whatever happens to its name meanwhile.
fn open(path: &Path) -> io::Result<(File, u32)> {
    // Looked at first, because to open a pipe would wait for its other end.
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    Ok((file, mode))
}

/// All of it, or nothing if it is not text.
fn text(mut file: File) -> io::Result<Option<SecretString>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8(bytes).ok().map(SecretString::from))
}

fn service(name: &str, error: io::Error) -> SecretError {
    SecretError::Service { name: name.to_owned(), source: error.into() }
}
