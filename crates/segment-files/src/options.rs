//! How to read files. What is not declared is detected in each file.

use serde::{Deserialize, Serialize};

use crate::{charset::Charset, delimiter::Delimiter};

/// How to read files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadOptions {
    /// `None`: detected.
    pub format: Option<Format>,
    /// `None`: detected.
    pub compression: Option<Compression>,
    /// The encoding of text files. `None`: detected, and a file with text in any other encoding is refused. If UTF-8 is
    /// declared, only the rows that are not UTF-8 are invalid.
    pub encoding: Option<Charset>,
    /// The delimiter of CSV files. `None`: detected.
    pub delimiter: Option<Delimiter>,
    /// The character that escapes a delimiter, a quote or a line break within a cell of a CSV file. `None`: cells are
    /// only quoted.
    pub escape: Option<Escape>,
    /// The names of the columns of CSV files without a header. A first row that repeats them is skipped. `None`: the first
    /// row of each file is its header.
    pub columns: Option<Vec<String>>,
    /// Cells of a CSV file that mean "no value". A cell must be exactly this text.
    pub nulls: Vec<String>,
    /// Whether the cells of a CSV file were written by [`escape_formula`](crate::escape_formula).
    #[serde(rename = "is_neutral")]
    pub has_escaped_formulas: bool,
}

impl ReadOptions {
    /// Returns options for CSV files whose cells were written by [`escape_formula`](crate::escape_formula), and perhaps
    /// saved again by a spreadsheet. No cell means "no value".
    pub fn formula_escaped_csv() -> Self {
        Self { format: Some(Format::Csv), nulls: Vec::new(), has_escaped_formulas: true, ..Self::default() }
    }
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: None,
            compression: None,
            encoding: None,
            delimiter: None,
            escape: None,
            columns: None,
            // As Snowflake, Redshift, MySQL and PostgreSQL write it; no person has this name.
            nulls: vec!["\\N".to_owned()],
            has_escaped_formulas: false,
        }
    }
}

/// An option that an error message asks to set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// [`ReadOptions::format`].
    Format,
    /// [`ReadOptions::compression`].
    Compression,
    /// [`ReadOptions::encoding`].
    Encoding,
    /// [`ReadOptions::escape`].
    Escape,
    /// [`ReadOptions::columns`].
    Columns,
}

/// The escape character of a CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Escape {
    /// `\`. No producer writes another one by default.
    #[serde(rename = "\\")]
    Backslash,
}

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Comma-separated values, or any other [`Delimiter`].
    Csv,
    /// JSON Lines: a JSON object on each line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Ndjson, Self::Parquet];

    /// Returns the name of the format in configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }
}

/// The compression of a file as a whole. Parquet files are not compressed as a whole: they compress their own columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Not compressed.
    None,
    /// gzip, with one or more members.
    Gzip,
    /// Zstandard, with one or more frames.
    Zstd,
    /// bzip2, with one or more streams.
    Bzip2,
}

impl Compression {
    /// Every compression.
    pub const ALL: [Self; 4] = [Self::None, Self::Gzip, Self::Zstd, Self::Bzip2];

    /// Returns the name of the compression in configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
        }
    }
}
