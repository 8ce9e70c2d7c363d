//! Why a list of files cannot be used.

use crate::{delimiter::InvalidDelimiter, options::Setting};

/// Why a list of files cannot be used. None of its files may be read.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The list is not UTF-8.
    #[error("it is not UTF-8 text")]
    NotUtf8,
    /// The list begins like a Redshift manifest, but is not one.
    #[error("it is not a Redshift manifest: {0}")]
    NotRedshift(#[source] serde_json::Error),
    /// A manifest has an entry that is not the URL of an S3 object.
    #[error("an entry is not s3://bucket/key; is this file a manifest?")]
    NotS3Url,
    /// The list is not a `model.json`.
    #[error("it is not a model.json: {0}")]
    NotModel(#[source] serde_json::Error),
    /// A `model.json` has no tables.
    #[error("it has neither `entities` nor `tables`")]
    NoTables,
    /// A `model.json` does not say where a file is.
    #[error("a partition of table `{table}` has no `location`")]
    NoLocation {
        /// The name of the table.
        table: String,
    },
    /// The cells of a file are not quoted, so its rows cannot be told apart.
    #[error(
        "the files of table `{table}` are written without quotes (`QuoteStyle.None`), which is not supported; write them \
         with `QuoteStyle.Csv`"
    )]
    NoQuotes {
        /// The name of the table.
        table: String,
    },
    /// The quote style of a file is unknown.
    #[error(
        "the `quoteStyle` of table `{table}` is `{}`, which is not supported; write its files with `QuoteStyle.Csv`",
        .style.escape_debug()
    )]
    UnknownQuoteStyle {
        /// The name of the table.
        table: String,
        /// The `quoteStyle`.
        style: String,
    },
    /// The delimiter of a file is not supported.
    #[error("the `delimiter` of table `{table}` is not supported: {source}")]
    Delimiter {
        /// The name of the table.
        table: String,
        /// Why it is not.
        #[source]
        source: InvalidDelimiter,
    },
    /// The encoding of a file is not known.
    #[error(
        "the `encoding` of table `{table}` is `{}`, which is not known; set the `encoding` of its files, such as \
         `encoding = \"utf-8\"`, or write them as UTF-8",
        .encoding.escape_debug()
    )]
    Encoding {
        /// The name of the table.
        table: String,
        /// The `encoding`.
        encoding: String,
    },
}

impl ListError {
    /// Returns the option that the message asks to set, if it asks for one.
    pub fn setting(&self) -> Option<Setting> {
        matches!(self, Self::Encoding { .. }).then_some(Setting::Encoding)
    }
}
