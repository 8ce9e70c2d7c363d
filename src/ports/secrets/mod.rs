//! Secrets: the Omnisend API keys.

mod cache;
mod key_source;
mod local;
#[cfg(feature = "aws")]
mod manager;
mod port;
mod text;

#[cfg(feature = "aws")]
pub use self::manager::SecretsManager;
pub use self::{
    key_source::SecretKey,
    local::LocalSecrets,
    port::{SecretError, Secrets},
    text::InvalidSecret,
};
