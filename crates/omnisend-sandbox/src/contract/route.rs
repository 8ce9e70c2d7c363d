//! The API's resources, and the rate limit that each counts against.

use axum::http::Method;

/// A resource below `/api`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    Contacts,
    Contact(&'a str),
    ContactTags,
    Batches,
    Batch(&'a str),
    BatchItems(&'a str),
    CurrentBrand,
    Segments,
    Segment(&'a str),
    SegmentStatistics(&'a str),
    Unknown,
}

/// The limit that a request counts against; [`Limit::Brand`] alone, or a narrower one on top of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    Brand,
    Tags,
    SegmentReads,
    SegmentWrites,
}

impl<'a> Route<'a> {
    /// Returns the resource at a path below `/api`, such as `/batches`.
    pub(crate) fn of(path: &'a str) -> Self {
        let mut parts = path.strip_prefix('/').unwrap_or(path).split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("contacts"), None, ..) => Self::Contacts,
            (Some("contacts"), Some("tags"), None, _) => Self::ContactTags,
            (Some("contacts"), Some(id), None, _) => Self::Contact(id),
            (Some("batches"), None, ..) => Self::Batches,
            (Some("batches"), Some(id), None, _) => Self::Batch(id),
            (Some("batches"), Some(id), Some("items"), None) => Self::BatchItems(id),
            (Some("brands"), Some("current"), None, _) => Self::CurrentBrand,
            (Some("segments"), None, ..) => Self::Segments,
            (Some("segments"), Some(id), None, _) => Self::Segment(id),
            (Some("segments"), Some(id), Some("statistics"), None) => Self::SegmentStatistics(id),
            _ => Self::Unknown,
        }
    }

    /// Returns the path without its ids, under which requests are counted.
    pub(crate) fn pattern(self) -> &'static str {
        match self {
            Self::Contacts => "/contacts",
            Self::Contact(_) => "/contacts/{id}",
            Self::ContactTags => "/contacts/tags",
            Self::Batches => "/batches",
            Self::Batch(_) => "/batches/{id}",
            Self::BatchItems(_) => "/batches/{id}/items",
            Self::CurrentBrand => "/brands/current",
            Self::Segments => "/segments",
            Self::Segment(_) => "/segments/{id}",
            Self::SegmentStatistics(_) => "/segments/{id}/statistics",
            Self::Unknown => "elsewhere",
        }
    }

    /// Returns the methods that the sandbox supports, as an `Allow` header lists them.
    pub(crate) fn allowed(self) -> &'static str {
        match self {
            Self::Contacts | Self::Batches | Self::Segments => "GET, POST",
            Self::ContactTags => "POST, DELETE",
            Self::Segment(_) => "GET, PUT, DELETE",
            _ => "GET",
        }
    }

    pub(crate) fn limit(self, method: &Method) -> Limit {
        match self {
            Self::ContactTags => Limit::Tags,
            Self::Segments | Self::Segment(_) | Self::SegmentStatistics(_) => {
                if *method == Method::POST || *method == Method::PUT {
                    Limit::SegmentWrites
                } else {
                    Limit::SegmentReads
                }
            }
            _ => Limit::Brand,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_resource_of_a_path() {
        for (path, route) in [
            ("/contacts", Route::Contacts),
            ("/contacts/tags", Route::ContactTags),
            ("/contacts/6f01", Route::Contact("6f01")),
            ("/contacts/6f01/more", Route::Unknown),
            ("/batches/1/items", Route::BatchItems("1")),
            ("/batches/1/items/2", Route::Unknown),
            ("/brands/current", Route::CurrentBrand),
            ("/segments/s/statistics", Route::SegmentStatistics("s")),
            ("", Route::Unknown),
            ("/", Route::Unknown),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }
}
