//! Why a file is refused as a whole.

use std::io;

use crate::{
    charset::Charset,
    header::ColumnProblem,
    options::{Compression, Setting},
    row::{MAX_ROW_BYTES, UnreadableRow},
};

/// The most columns that a message lists.
const MAX_PROBLEMS: usize = 20;

/// Why a file is refused as a whole. The rows that were read before the error must not be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The first bytes are those of an unsupported format.
    #[error("this is {format}, which is not supported; {advice}")]
    Unsupported {
        /// The name of the format, with its article.
        format: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// The declared compression differs from the one that the first bytes show.
    #[error(
        "`compression` is set to \"{}\", but the file {}; correct it, or leave it out to detect it",
        .declared.as_str(),
        begins_like(*.declared, *.found)
    )]
    OtherCompression {
        /// What [`ReadOptions`](crate::ReadOptions) declares.
        declared: Compression,
        /// What the first bytes show.
        found: Compression,
    },
    /// The decompressed file is compressed too.
    #[error("the file is compressed twice; compress it once, or not at all")]
    CompressedTwice,
    /// A Parquet file was compressed as a whole.
    #[error(
        "this is a Parquet file that was compressed as a whole; decompress it: Parquet compresses its own columns"
    )]
    CompressedParquet,
    /// The file is declared to be Parquet, but is not.
    #[error(
        "`format` is set to \"parquet\", but this is not a Parquet file; correct it, or leave it out to detect it"
    )]
    NotParquet,
    /// A Parquet file is damaged, or uses an unsupported feature.
    #[error("{}: {reason}; write the file again and drop it again", in_parquet(*.row, .column.as_deref()))]
    Parquet {
        /// The first row that cannot be read, counted from 1. `None`: the footer cannot be read.
        row: Option<u64>,
        /// The column, if the defect is in one.
        column: Option<String>,
        /// What is wrong.
        reason: String,
    },
    /// A wanted column of a Parquet file has an unsupported type.
    #[error(
        "column `{column}` has a type that is not supported; write it as text, a number, a date or a list of those, or \
         leave it out of the mapping"
    )]
    ParquetColumn {
        /// The name of the column.
        column: String,
    },
    /// The file has no header.
    #[error("the file is empty; a header line with the column names was expected")]
    Empty,
    /// The wanted columns are in a later line than the first one.
    #[error("line {line} looks like the header; remove the lines above it")]
    LinesAboveHeader {
        /// That line, counted from 1.
        line: u64,
    },
    /// The first line has none of the wanted columns, and seems to be data.
    #[error(
        "the first line seems to be a row of data, not column names; write the file with a header, or name its columns in \
         order: `columns = [\"…\", \"…\"]`"
    )]
    NoHeader,
    /// The rows of a JSON file are in a list inside of one object.
    #[error(
        "this is one JSON object, and the rows are in its list `{path}`; write each on a line of its own (JSON Lines); \
         `jq -c '{}'` converts it",
        jq_list(path)
    )]
    ObjectsInside {
        /// The names that lead to the list, with dots between them.
        path: String,
    },
    /// Wanted columns are missing, or their names are not unique.
    #[error("the columns do not fit the mapping:{}", list(.0))]
    Columns(Vec<ColumnProblem>),
    /// The file cannot be read from this line on.
    #[error("line {line}: {defect}")]
    Line {
        /// The line on which the row begins, counted from 1; the number of the row in a Parquet file.
        line: u64,
        /// What is wrong.
        #[source]
        defect: Defect,
    },
}

/// Why a file cannot be read from one of its lines on.
#[derive(Debug, thiserror::Error)]
pub enum Defect {
    /// The file cannot be decompressed.
    #[error("{}", not_decompressed(*.compression, *.failure, *.bytes))]
    Decompress {
        /// The compression of the file.
        compression: Compression,
        /// Why it failed.
        failure: DecompressionFailure,
        /// How many bytes of the compressed file were read.
        bytes: u64,
    },
    /// The text is not UTF-8, and no other encoding is certain. Another encoding may be likely.
    #[error("these bytes are not UTF-8{}", unknown_encoding(*.0))]
    UnknownEncoding(Option<Charset>),
    /// The line is not UTF-8, unlike the lines before it, but looks like another encoding.
    #[error(
        "not UTF-8, unlike the lines before it, and looks like {0}; if the whole file is, set `encoding = \"{0}\"`, else \
         write the file again, or set `encoding = \"utf-8\"` to reject only such rows"
    )]
    NotUtf8(Charset),
    /// The line is UTF-8 in a file that is in another encoding.
    #[error(
        "UTF-8, but the lines before it are {0}; write the whole file in one encoding, or set `encoding = \"{0}\"` if all \
         of it is"
    )]
    Utf8Within(Charset),
    /// The line has bytes that are invalid in the encoding of the file.
    #[error(
        "bytes that are not valid {0}, so the rows cannot be told apart; write the file again, or correct `encoding`"
    )]
    Undecodable(Charset),
    /// A quote is never closed.
    #[error(
        "a quote opened in this row is never closed, so the rows after it cannot be told apart; close it, or double the \
         quotes inside the value"
    )]
    UnclosedQuote,
    /// A backslash precedes a quote inside a value, and no escape is declared.
    #[error(
        "a backslash precedes a quote inside a value, as Spark, MySQL and others write it; set `escape = \"\\\\\"`, or \
         double the quotes (in Spark: `.option(\"escape\", \"\\\"\")`)"
    )]
    BackslashQuote,
    /// A backslash precedes the line break, the next line is not a whole row, and no escape is declared.
    #[error(
        "a backslash precedes the line break, and the next line is not a whole row; if the line break belongs to the cell, \
         as Redshift, MySQL and others write it, set `escape = \"\\\\\"`"
    )]
    BackslashLineBreak,
    /// Text follows a closing quote in the header.
    #[error("{}", UnreadableRow::AfterQuote)]
    HeaderAfterQuote,
    /// Text follows the closing quote of a value that spans several lines.
    #[error(
        "a quote opened in this row is closed in a later line and followed by text, so rows may have become part of a \
         value; close it where the value ends, or double the quotes inside the value"
    )]
    AfterQuoteLines,
    /// A line of JSON has several objects.
    #[error(
        "several objects are on this line; write each on a line of its own (JSON Lines); `jq -c .` converts the file"
    )]
    SeveralObjects,
    /// The row is larger than [`MAX_ROW_BYTES`].
    #[error(
        "this row is larger than {} MiB, more than any contact; a quote may be open, or the file may use another delimiter \
         or other line ends",
        MAX_ROW_BYTES >> 20
    )]
    RowTooLong,
    /// Reading from the file failed.
    #[error("{0}")]
    Io(#[source] io::Error),
}

impl Defect {
    pub(crate) fn at(self, line: u64) -> ReadError {
        ReadError::Line { line, defect: self }
    }
}

impl ReadError {
    /// Returns the option that the message asks to set or to correct, if it asks for one.
    pub fn setting(&self) -> Option<Setting> {
        match self {
            Self::NotParquet => Some(Setting::Format),
            Self::OtherCompression { .. } => Some(Setting::Compression),
            Self::NoHeader => Some(Setting::Columns),
            Self::Line { defect, .. } => match defect {
                Defect::UnknownEncoding(_)
                | Defect::NotUtf8(_)
                | Defect::Utf8Within(_)
                | Defect::Undecodable(_) => Some(Setting::Encoding),
                Defect::BackslashQuote | Defect::BackslashLineBreak => Some(Setting::Escape),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Why a file cannot be decompressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecompressionFailure {
    /// The file is incomplete.
    Truncated,
    /// The file is damaged, or something else follows the compressed data.
    Damaged,
    /// The zstd window is larger than 128 MiB.
    WindowTooLarge,
}

/// Returns the first problems, a line for each. Each line takes a search through all names of the file.
fn list(problems: &[ColumnProblem]) -> String {
    let (first, more) = problems.split_at(problems.len().min(MAX_PROBLEMS));
    let mut list = first.iter().fold(String::new(), |list, problem| list + "\n  " + &problem.to_string());
    if !more.is_empty() {
        list = list + "\n  and " + &more.len().to_string() + " more";
    }
    list
}

/// Returns the `jq` program that prints the objects of a list.
fn jq_list(path: &str) -> String {
    let is_plain = |name: &str| {
        !name.starts_with(|c: char| c.is_ascii_digit())
            && !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let step = |(at, name): (usize, &str)| match (is_plain(name), at) {
        (true, _) => format!(".{name}"),
        (false, 0) => format!(".[\"{name}\"]"),
        (false, _) => format!("[\"{name}\"]"),
    };
    path.split('.').enumerate().map(step).collect::<String>() + "[]"
}

fn in_parquet(row: Option<u64>, column: Option<&str>) -> String {
    let column = column.map_or_else(String::new, |column| format!(", column `{column}`"));
    match row {
        Some(row) => format!("row {row}{column}: the Parquet file cannot be read"),
        None => format!("the Parquet file's footer cannot be read{column}"),
    }
}

fn begins_like(declared: Compression, found: Compression) -> String {
    match found {
        Compression::None => format!("does not begin like {}", declared.as_str()),
        found => format!("begins like {}", found.as_str()),
    }
}

fn not_decompressed(compression: Compression, failure: DecompressionFailure, bytes: u64) -> String {
    let name = compression.as_str();
    match failure {
        DecompressionFailure::Truncated => {
            format!(
                "the {name} file is cut off after {bytes} bytes; wait until it is complete and drop it again"
            )
        }
        DecompressionFailure::Damaged => {
            format!("the {name} file is damaged near byte {bytes}; write it again and drop it again")
        }
        DecompressionFailure::WindowTooLarge => format!(
            "decompressing this {name} file takes more than 128 MiB of memory; compress it without --long, or with \
             --long=27 at most"
        ),
    }
}

fn unknown_encoding(likely: Option<Charset>) -> String {
    match likely {
        Some(charset) => format!(
            " and may be {charset}; save the file as UTF-8, or set `encoding = \"{charset}\"` if that is right"
        ),
        None => {
            ", and their encoding is not certain; save the file as UTF-8, or set its `encoding`".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::Header;

    #[test]
    fn searches_for_the_names_of_few_columns_only() {
        let names: Vec<String> = (0..1_000).map(|n| format!("column{n}")).collect();
        let header = Header::new(names.iter().map(String::as_str));
        let problems = (0..1_000).filter_map(|n| header.find(&format!("Column {n}")).err()).collect();
        let message = ReadError::Columns(problems).to_string();
        let lines: Vec<&str> = message.lines().collect();
        assert_eq!(lines.len(), 22);
        assert!(
            lines[1].starts_with("  column `Column 0` is not in the header; nearest: `column0`"),
            "{message}"
        );
        assert_eq!(lines[21], "  and 980 more");
    }
}
