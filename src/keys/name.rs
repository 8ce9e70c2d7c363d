//! Names of connections, exports and runs. A parsed name is safe in an object key, a queue group and a log.

use std::{fmt, str::FromStr};

use jiff::{Timestamp, civil, tz::Offset};
use serde::{Deserialize, Serialize};

/// Longest name of a connection or an export, in bytes: names are part of object keys and of SQS group ids (≤ 128).
const MAX_NAME: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a valid name: use 1 to 64 characters of a-z, 0-9, `-` and `_`, and start with a letter or a digit"
)]
pub struct InvalidName(String);

fn is_name(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    text.len() <= MAX_NAME
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|b| word(b) || b == b'-' || b == b'_')
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                if is_name(text) { Ok(Self(text.to_owned())) } else { Err(InvalidName(text.to_owned())) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// A connection's name: the stem of `connections/<connection>.toml`, and the queue's message group.
    ConnectionName
}

name! {
    /// An export's name: the stem of `exports/<connection>/<export>.toml`, unique across all connections.
    ExportName
}

name! {
    /// A run's id: the trigger's time and a hash of the export and the trigger. Ids sort by time.
    RunId
}

impl RunId {
    /// Makes an id from a text that is known to be a valid name.
    pub(crate) fn made(text: String) -> Self {
        debug_assert!(is_name(&text), "{text}");
        Self(text)
    }

    /// Returns the trigger's time, to the second, or `None` if the id was not made from a trigger.
    pub fn time(&self) -> Option<Timestamp> {
        let (time, _) = self.0.split_once('-')?;
        let time = civil::DateTime::strptime("%Y%m%dt%H%M%Sz", time).ok()?;
        Offset::UTC.to_timestamp(time).ok()
    }
}

/// Identifies one run of one export in messages and keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RunRef {
    pub export: ExportName,
    pub run: RunId,
}

impl fmt::Display for RunRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.export, self.run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_only_names_that_are_safe_in_a_key() {
        for good in ["vip", "a", "0-day_offers", &"x".repeat(64)] {
            assert_eq!(good.parse::<ExportName>().map(String::from), Ok(good.to_owned()));
        }
        let id = |text: &str| text.parse::<RunId>().unwrap().time().map(|time| time.to_string());
        assert_eq!(id("20261123t100000z-1a2b3c4d").as_deref(), Some("2026-11-23T10:00:00Z"));
        assert_eq!((id("vip"), id("20261323t100000z-1a2b3c4d")), (None, None));
        for bad in ["", "-vip", "VIP", "a/b", "..", "a b", "é", &"x".repeat(65)] {
            assert_eq!(bad.parse::<ExportName>(), Err(InvalidName(bad.to_owned())), "{bad}");
        }
    }
}
