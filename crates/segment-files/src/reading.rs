//! How a segment's files are to be read: what an export says of them. What it does not say is found out from each
//! file.

use serde::{Deserialize, Serialize};

use crate::{charset::Charset, delimiter::Delimiter};

/// How files are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reading {
    /// What they are; `None`: found out.
    pub format: Option<Format>,
    /// How they are packed; `None`: found out.
    pub compression: Option<Compression>,
    /// How their text is encoded; `None`: found out, and whatever does not fit it refuses the file.
    pub encoding: Option<Charset>,
    /// What stands between two cells of a CSV file; `None`: found out.
    pub delimiter: Option<Delimiter>,
    /// What keeps a delimiter, a quote or a line break of a CSV file in its cell besides quotes.
    pub escape: Option<Escape>,
    /// The columns, of CSV files that may have no header: a first row that repeats them is one. `None`: the first row
    /// of each names them.
    pub columns: Option<Vec<String>>,
    /// Cells of a CSV file that mean "no value", each exactly so.
    pub nulls: Vec<String>,
    /// Whether cells of a CSV file that would begin a formula stand behind a `'`, as in files of rejects.
    pub is_neutral: bool,
}

impl Reading {
    /// How a file of rejects is read that somebody has corrected: as such files are written, and as spreadsheets save
    /// them, whatever an export says of its own files.
    pub fn of_rejects() -> Self {
        Self { format: Some(Format::Csv), nulls: Vec::new(), is_neutral: true, ..Self::default() }
    }
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            format: None,
            compression: None,
            encoding: None,
            delimiter: None,
            escape: None,
            columns: None,
            // As Snowflake, Redshift, MySQL and PostgreSQL write it; no person is called so.
            nulls: vec!["\\N".to_owned()],
            is_neutral: false,
        }
    }
}

/// What stands before a character of a CSV file that is to stay in its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Escape {
    /// `\`, and nothing else: no producer has another by itself.
    #[serde(rename = "\\")]
    Backslash,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Rows of cells between delimiters.
    Csv,
    /// A JSON object on each line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Ndjson, Self::Parquet];

    /// Its name in an export's file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }
}

/// How a file is packed, as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, of one member or several.
    Gzip,
    /// Zstandard, of one frame or several.
    Zstd,
    /// bzip2, of one stream or several.
    Bzip2,
}

impl Compression {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::None, Self::Gzip, Self::Zstd, Self::Bzip2];

    /// Its name in an export's file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
        }
    }
}
