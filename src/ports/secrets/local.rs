//! API keys on this machine: one file each, or one variable for all.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use omnisend::{ApiKey, Freshness};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::spawn_blocking;

use super::{
    cache::KeyCache,
    port::{SecretError, Secrets},
    text::{InvalidSecret, parse},
};
use crate::ports::relative::relative;

/// The variable that holds the override, for messages.
const VARIABLE: &str = "OMNISEND_API_KEY";

/// API keys in files below one directory, named like the secrets; or one key from a variable, which then is the key of
/// every secret.
#[derive(Debug)]
pub struct LocalSecrets {
    dir: PathBuf,
    /// An invalid override fails only when a key is needed: many commands need none.
    override_key: Option<Result<ApiKey, InvalidSecret>>,
    cache: KeyCache,
}

impl LocalSecrets {
    /// Uses the keys in `dir`, or `override_key` (`OMNISEND_API_KEY`) for all secrets. A blank override counts as none, for
    /// `OMNISEND_API_KEY= command` in a shell.
    pub fn new(dir: PathBuf, override_key: Option<String>) -> Self {
        let text = override_key.map(SecretString::from);
        let text = text.as_ref().map(ExposeSecret::expose_secret).filter(|text| !text.trim().is_empty());
        Self { dir, override_key: text.map(parse), cache: KeyCache::default() }
    }
}

#[async_trait]
impl Secrets for LocalSecrets {
    async fn api_key(&self, name: &str, freshness: Freshness) -> Result<ApiKey, SecretError> {
        if let Some(key) = &self.override_key {
            return key.clone().map_err(|source| SecretError::Invalid { name: VARIABLE.to_owned(), source });
        }
        if let Some(key) = self.cache.get(name, freshness) {
            return Ok(key);
        }
        let below = relative(name).map_err(|reason| SecretError::NotFound {
            name: name.to_owned(),
            advice: format!("{reason}, so no file can have that name: change `secret` in the connection, or set {VARIABLE}"),
        })?;
        let (path, named) = (self.dir.join(below), name.to_owned());
        let read = spawn_blocking(move || read(&path, &named)).await;
        let key = read.unwrap_or_else(|stopped| Err(service(name, stopped.into())))?;
        self.cache.insert(name, &key);
        Ok(key)
    }
}

/// Reads a secret's file, unless other users can read it too.
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
    let parsed = text.ok_or(InvalidSecret::Characters).and_then(|text| parse(text.expose_secret()));
    parsed.map_err(|source| SecretError::Invalid { name: name.to_owned(), source })
}

/// Opens a file and returns its mode: the mode of the very file that is read, even if its name changes meanwhile.
fn open(path: &Path) -> io::Result<(File, u32)> {
    // Checked first, because opening a pipe would wait for its other end.
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    Ok((file, mode))
}

/// Reads the whole file. `None` if it is not UTF-8.
fn text(mut file: File) -> io::Result<Option<SecretString>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8(bytes).ok().map(SecretString::from))
}

fn service(name: &str, error: io::Error) -> SecretError {
    SecretError::Service { name: name.to_owned(), source: error.into() }
}
