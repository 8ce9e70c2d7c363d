//! The process environment. No other module reads it.

use std::{env, ffi::OsString, fmt, net::IpAddr, str::FromStr};

use reqwest::Url;
use secrecy::SecretString;

use crate::keys::is_bucket_name;

const API_URL: &str = "OMNISEND_API_URL";
const API_KEY: &str = "OMNISEND_API_KEY";
const STATE_BUCKET: &str = "STATE_BUCKET";
const UPLOAD_QUEUE_URL: &str = "UPLOAD_QUEUE_URL";

/// The API's address if `OMNISEND_API_URL` is not set.
const DEFAULT_API_URL: &str = "https://api.omnisend.com/api";

/// Variables that every binary reads.
#[derive(Debug, Clone)]
pub struct Environment {
    /// `OMNISEND_API_URL`.
    pub api_url: ApiUrl,
    /// `OMNISEND_API_KEY`: the key of a connection whose secret is not stored elsewhere.
    pub api_key: Option<SecretString>,
}

/// Variables that the Lambda reads; `template.yaml` sets them.
#[derive(Debug, Clone)]
pub struct LambdaEnvironment {
    /// `STATE_BUCKET`.
    pub state_bucket: String,
    /// `UPLOAD_QUEUE_URL`.
    pub upload_queue_url: String,
    /// `OMNISEND_API_URL`.
    pub api_url: ApiUrl,
}

impl Environment {
    /// Reads the process environment.
    pub fn read() -> Result<Self, EnvironmentError> {
        Self::from_lookup(process_variable)
    }

    /// Reads the variables that `lookup` returns.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, EnvironmentError> {
        let variables = Variables(lookup);
        let api_key = variables.optional(API_KEY)?.map(SecretString::from);
        Ok(Self { api_url: variables.api_url()?, api_key })
    }
}

impl LambdaEnvironment {
    /// Reads the process environment.
    pub fn read() -> Result<Self, EnvironmentError> {
        Self::from_lookup(process_variable)
    }

    /// Reads the variables that `lookup` returns.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, EnvironmentError> {
        let variables = Variables(lookup);
        let invalid = |variable, reason| EnvironmentError::Invalid { variable, reason };

        let state_bucket = variables.required(STATE_BUCKET)?;
        if !is_bucket_name(&state_bucket) {
            let reason = "it is not a bucket name; give the name alone, without `s3://` or a folder";
            return Err(invalid(STATE_BUCKET, reason));
        }
        let upload_queue_url = variables.required(UPLOAD_QUEUE_URL)?;
        let queue = Url::parse(&upload_queue_url).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
        if queue.is_none() {
            return Err(invalid(
                UPLOAD_QUEUE_URL,
                "it is not a queue URL; give the URL, not the ARN or the name",
            ));
        }
        Ok(Self { state_bucket, upload_queue_url, api_url: variables.api_url()? })
    }
}

/// `AWS_ENDPOINT_URL`: the address of a stand-in for AWS, if one is used.
#[cfg(feature = "aws")]
pub(crate) fn aws_endpoint_url() -> Option<String> {
    process_variable("AWS_ENDPOINT_URL")?.into_string().ok().filter(|url| !url.is_empty())
}

/// `AWS_LAMBDA_LOG_LEVEL`: the level from the function's logging configuration.
pub fn log_level() -> Option<String> {
    process_variable("AWS_LAMBDA_LOG_LEVEL")?.into_string().ok()
}

/// `OMNISEND_EXPORT_KILL`: where a test kills the process; only in builds with kill points.
#[cfg(feature = "kill-points")]
pub(crate) fn kill_point() -> Option<String> {
    process_variable("OMNISEND_EXPORT_KILL")?.into_string().ok()
}

/// `OMNISEND_EXPORT_SCALE`: how a test scales a run down; only in builds with `test-scale`.
#[cfg(feature = "test-scale")]
pub(crate) fn scale() -> Option<String> {
    process_variable("OMNISEND_EXPORT_SCALE")?.into_string().ok()
}

/// The API's base URL, without a trailing slash: `https`, or `http` on a loopback address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUrl(Url);

impl ApiUrl {
    pub fn url(&self) -> &Url {
        &self.0
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl fmt::Display for ApiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ApiUrl {
    type Err = InvalidApiUrl;

    fn from_str(text: &str) -> Result<Self, InvalidApiUrl> {
        let url = Url::parse(text.trim()).map_err(|_| InvalidApiUrl::NotAUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(InvalidApiUrl::InClear),
            _ => return Err(InvalidApiUrl::NotAUrl),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidApiUrl::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidApiUrl::Query);
        }
        Ok(Self(url))
    }
}

/// Why a text is rejected as the API's URL. Never quotes the text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidApiUrl {
    #[error("it is not an http or https URL; use one such as {DEFAULT_API_URL}, or leave it unset")]
    NotAUrl,
    #[error("over http the API key would cross the network in clear text; use https, or http on localhost")]
    InClear,
    #[error("it contains a user name or password; remove it, because only the API key is sent")]
    Credentials,
    #[error("it contains `?` or `#`; end it with the path")]
    Query,
}

/// Compares the host without resolving it: only loopback names and addresses are certain to stay on this machine.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// An unusable variable. Messages name the variable, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    #[error("{variable}: it is not set; `template.yaml` sets it")]
    Missing { variable: &'static str },
    #[error("{variable}: it is not UTF-8")]
    NotUtf8 { variable: &'static str },
    #[error("{variable}: {reason}")]
    Invalid {
        variable: &'static str,
        /// The defect and what to do.
        reason: &'static str,
    },
    #[error("{API_URL}: {0}")]
    ApiUrl(#[from] InvalidApiUrl),
}

#[expect(clippy::disallowed_methods, reason = "this module reads the environment for all others")]
fn process_variable(variable: &str) -> Option<OsString> {
    env::var_os(variable)
}

struct Variables<L>(L);

impl<L: Fn(&str) -> Option<OsString>> Variables<L> {
    /// Treats an empty variable as unset: a template cannot leave a variable out.
    fn optional(&self, variable: &'static str) -> Result<Option<String>, EnvironmentError> {
        let Some(value) = (self.0)(variable) else { return Ok(None) };
        let value = value.into_string().map_err(|_| EnvironmentError::NotUtf8 { variable })?;
        Ok(Some(value).filter(|value| !value.trim().is_empty()))
    }

    fn required(&self, variable: &'static str) -> Result<String, EnvironmentError> {
        self.optional(variable)?.ok_or(EnvironmentError::Missing { variable })
    }

    fn api_url(&self) -> Result<ApiUrl, EnvironmentError> {
        let url = self.optional(API_URL)?;
        Ok(url.as_deref().unwrap_or(DEFAULT_API_URL).parse::<ApiUrl>()?)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn lookup(variables: &[(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        move |name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
    }

    fn api_url(url: &str) -> Result<String, String> {
        Environment::from_lookup(lookup(&[(API_URL, url)]))
            .map(|environment| environment.api_url.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_environment_selects_the_real_api_and_no_key() {
        for variables in [&[][..], &[(API_URL, ""), (API_KEY, " ")]] {
            let environment = Environment::from_lookup(lookup(variables)).unwrap();
            assert_eq!(environment.api_url.as_str(), DEFAULT_API_URL);
            assert!(environment.api_key.is_none());
        }
    }

    #[test]
    fn reads_a_key_and_never_prints_it() {
        let environment = Environment::from_lookup(lookup(&[(API_KEY, "canary-key")])).unwrap();
        assert!(!format!("{environment:?}").contains("canary"));
        assert_eq!(environment.api_key.unwrap().expose_secret(), "canary-key");
    }

    #[test]
    fn rejects_http_except_on_loopback() {
        for (url, same) in [
            ("https://api.omnisend.com/api/", "https://api.omnisend.com/api"),
            ("https://proxy.example.com//", "https://proxy.example.com"),
            ("http://localhost:8080/api", "http://localhost:8080/api"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
        ] {
            assert_eq!(api_url(url), Ok(same.to_owned()));
        }
        for url in [
            "http://api.omnisend.com/api",
            "http://10.0.0.7/api",
            "http://0.0.0.0/api",
            "http://localhost.example.com/",
            "http://127.0.0.1.example.com/",
            "http://[::ffff:10.0.0.7]/",
        ] {
            assert!(api_url(url).unwrap_err().contains("in clear"), "{url}");
        }
    }

    #[test]
    fn names_a_rejected_variable_but_not_its_value() {
        for url in [
            "api.omnisend.com",
            "ftp://canary.example.com",
            "file:///canary",
            "https://canary:canary@example.com/",
            "https://example.com/?key=canary",
        ] {
            let message = api_url(url).unwrap_err();
            assert!(message.starts_with("OMNISEND_API_URL: it "), "{message}");
            assert!(!message.contains("canary"), "{message}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn rejects_a_value_that_is_not_utf8() {
        use std::os::unix::ffi::OsStringExt;

        let error = Environment::from_lookup(|_| Some(OsString::from_vec(vec![0xff]))).unwrap_err();
        assert_eq!(error, EnvironmentError::NotUtf8 { variable: API_KEY });
    }

    #[test]
    fn the_lambda_requires_its_bucket_and_queue() {
        let bucket = (STATE_BUCKET, "acme-exports");
        let queue = (UPLOAD_QUEUE_URL, "https://sqs.eu-west-1.amazonaws.com/123456789012/uploads.fifo");
        let read = |variables: &[_]| LambdaEnvironment::from_lookup(lookup(variables));

        let environment = read(&[bucket, queue]).unwrap();
        assert_eq!(environment.state_bucket, bucket.1);
        assert_eq!(environment.upload_queue_url, queue.1);
        assert_eq!(environment.api_url.as_str(), DEFAULT_API_URL);

        for (variables, variable) in [
            (vec![queue], STATE_BUCKET),
            (vec![(STATE_BUCKET, "s3://acme-exports"), queue], STATE_BUCKET),
            (vec![bucket], UPLOAD_QUEUE_URL),
            (vec![bucket, (UPLOAD_QUEUE_URL, "uploads.fifo")], UPLOAD_QUEUE_URL),
            (vec![bucket, queue, (API_URL, "http://example.com")], API_URL),
        ] {
            let message = read(&variables).unwrap_err().to_string();
            assert!(message.starts_with(&format!("{variable}: ")), "{message}");
        }
    }
}
