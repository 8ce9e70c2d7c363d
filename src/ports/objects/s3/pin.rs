//! What identifies one version of an object.

use std::fmt;

use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;

/// The prefix of a pin that is an `ETag`. No version id contains a colon.
const ETAG: &str = "etag:";

/// Identifies a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pin {
    /// The version's id, in a bucket with versioning.
    Version(String),
    /// The `ETag`, which is valid until the object is replaced.
    ETag(String),
}

impl Pin {
    /// Returns the pin from an answer's headers. The version id `null` identifies no exact version, because that
    /// version is replaced in place ("Adding objects to versioning-suspended buckets" in the S3 user guide).
    pub(super) fn new(version: Option<&str>, etag: Option<&str>) -> Option<Self> {
        match version.filter(|version| !version.is_empty() && *version != "null") {
            Some(version) => Some(Self::Version(version.to_owned())),
            None => etag.map(|etag| Self::ETag(etag.to_owned())),
        }
    }

    /// Restricts a request to this version.
    pub(super) fn restrict(&self, get: GetObjectFluentBuilder) -> GetObjectFluentBuilder {
        match self {
            Self::Version(version) => get.version_id(version),
            Self::ETag(etag) => get.if_match(etag),
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        match text.strip_prefix(ETAG) {
            Some(etag) => Self::ETag(etag.to_owned()),
            None => Self::Version(text.to_owned()),
        }
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => f.write_str(version),
            Self::ETag(etag) => write!(f, "{ETAG}{etag}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_the_version_id_or_else_the_etag() {
        let etag = Some("\"9a0364b9e99bb480dd25e1f0284c8555\"");
        for (version, pinned) in [
            (Some("3sL4kqtJlcpXroDTDmJ-rmSpXd3dIbrHY-MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo"), false),
            (Some("null"), true),
            (Some(""), true),
            (None, true),
        ] {
            let pin = Pin::new(version, etag).unwrap();
            assert_eq!(matches!(pin, Pin::ETag(_)), pinned, "{version:?}");
            assert_eq!(Pin::parse(&pin.to_string()), pin);
        }
        assert_eq!(Pin::new(Some("null"), None), None);
    }
}
