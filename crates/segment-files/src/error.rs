//! Why a segment file is refused.

use crate::{
    charset::Charset,
    header::ColumnProblem,
    reading::Compression,
    row::{BadRow, MAX_ROW_BYTES},
};

/// Why a segment file cannot be trusted, as a whole. Nothing of it is sent.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Its first bytes are those of a format that is not read.
    #[error("this is {format}, which is not read; {advice}")]
    Foreign {
        /// What it looks like.
        format: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// It is packed in another way than the export says.
    #[error(
        "the export says `compression = \"{}\"`, but {}; correct it, or leave it out: it is found out then",
        .declared.as_str(),
        not_packed(*.found)
    )]
    OtherCompression {
        /// What the export says.
        declared: Compression,
        /// What the first bytes say.
        found: Compression,
    },
    /// It is packed, and what was packed is packed too.
    #[error("the file was packed twice; pack it once, or not at all")]
    PackedTwice,
    /// It is a Parquet file that was packed as a whole.
    #[error("this is a Parquet file that was packed as a whole; unpack it: Parquet packs its own columns")]
    PackedParquet,
    /// It is no Parquet file where the export says that it is.
    #[error(
        "the export says `format = \"parquet\"`, but the file does not begin so; correct it, or leave it out"
    )]
    NotParquet,
    /// A Parquet file that is damaged, or holds what is not read.
    #[error("{}: {reason}; write the file again, and drop it again", in_parquet(*.row, .column.as_deref()))]
    Parquet {
        /// The row from which on it cannot be read, counted from 1; 0: its footer.
        row: u64,
        /// The column.
        column: Option<String>,
        /// What is wrong.
        reason: String,
    },
    /// A column of Parquet that no cell can be.
    #[error(
        "column `{column}` is of a type that no field takes; write it as text, a number, a date or a list of those, \
         or leave it out of the mapping"
    )]
    ParquetColumn {
        /// The column.
        column: String,
    },
    /// Packed bytes cannot be unpacked.
    #[error("line {line}: {}", packed(*.compression, *.flaw, *.bytes))]
    Packed {
        /// Where the row begins that was being read.
        line: u64,
        /// How the file is packed.
        compression: Compression,
        /// What is wrong.
        flaw: Flaw,
        /// How many bytes of the file were read.
        bytes: u64,
    },
    /// Bytes that are not UTF-8, in a file that is not certain to be in any other encoding.
    #[error("line {line}: these bytes are not UTF-8{}", unknown(.likely.as_ref()))]
    UnknownEncoding {
        /// Where they stand.
        line: u64,
        /// What they may be.
        likely: Option<Charset>,
    },
    /// A line that is not UTF-8 in a file that is.
    #[error("line {line}: not UTF-8, which the lines before it are; {}", not_utf8(.likely.as_ref()))]
    NotUtf8 {
        /// Where it stands.
        line: u64,
        /// What it looks like.
        likely: Option<Charset>,
    },
    /// A line that is UTF-8 in a file that is not.
    #[error(
        "line {line}: UTF-8 in a file that is {charset} up to there; write the whole file in one encoding, or, \
         if all of it is {charset}, say `encoding = \"{charset}\"` under [source]"
    )]
    Utf8Within {
        /// Where it stands.
        line: u64,
        /// What the file is.
        charset: Charset,
    },
    /// Bytes that the file's encoding does not have.
    #[error(
        "line {line}: bytes that {charset} does not have, so the rows cannot be told apart; write the file again, \
         or correct `encoding` under [source]"
    )]
    Undecodable {
        /// Where they stand.
        line: u64,
        /// The encoding.
        charset: Charset,
    },
    /// It holds no header.
    #[error("the file is empty; a header line with the column names was expected")]
    Empty,
    /// Columns of the mapping are not in the file, or are there twice.
    #[error("the columns do not fit the mapping:{}", list(.0))]
    Columns(Vec<ColumnProblem>),
    /// A quote was opened and never closed.
    #[error(
        "line {line}: a quote opened in this row is never closed, so the rows after it cannot be told apart; close it, or double the quotes inside the value"
    )]
    UnclosedQuote {
        /// Where the row begins.
        line: u64,
    },
    /// A backslash stands before quotes within a value.
    #[error(
        "line {line}: a backslash stands before a quote inside a value, as Spark, MySQL and others write it; say \
         `escape = \"\\\\\"` under [csv], or have the quotes doubled: in Spark by `.option(\"escape\", \"\\\"\")`"
    )]
    Escaped {
        /// Where the row begins.
        line: u64,
    },
    /// A backslash stands before a line break, and what follows is no row.
    #[error(
        "line {line}: a backslash stands before the line break, and no whole row follows it; if that is to keep it in its \
         cell, as Redshift, MySQL and others write it, say `escape = \"\\\\\"` under [csv]"
    )]
    EscapedBreak {
        /// Where the row begins.
        line: u64,
    },
    /// In the header, something stands behind a closing quote.
    #[error("line {line}: {}", BadRow::AfterQuote)]
    AfterQuote {
        /// Where the header begins.
        line: u64,
    },
    /// Something stands behind the closing quote of a value that goes over several lines.
    #[error(
        "line {line}: a quote opened in this row is closed in a later line, and text stands behind it, so that rows may \
         have become part of a value; close it where the value ends, or double the quotes inside the value"
    )]
    AfterQuoteLines {
        /// Where the row begins.
        line: u64,
    },
    /// A row is larger than any contact can be.
    #[error(
        "line {line}: this row is larger than {} MiB, which no contact can be; a quote may be open, or the delimiter or line ends may not be what they seem",
        MAX_ROW_BYTES >> 20
    )]
    RowTooLong {
        /// Where the row begins.
        line: u64,
    },
    /// The bytes stopped coming.
    #[error("line {line}: {source}")]
    Read {
        /// Where the row begins that was being read.
        line: u64,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
}

/// What is wrong with packed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// They end before their end.
    CutOff,
    /// They are damaged, or something else follows them.
    Damaged,
    /// Unpacking them takes too much memory.
    Window,
}

fn list(problems: &[ColumnProblem]) -> String {
    problems.iter().fold(String::new(), |list, problem| list + "\n  " + &problem.to_string())
}

fn in_parquet(row: u64, column: Option<&str>) -> String {
    let column = column.map_or_else(String::new, |column| format!(", column `{column}`"));
    if row == 0 {
        format!("the Parquet file's footer cannot be read{column}")
    } else {
        format!("row {row}{column}: the Parquet file cannot be read")
    }
}

fn not_packed(found: Compression) -> String {
    match found {
        Compression::None => "the file does not begin so".to_owned(),
        found => format!("the file begins like {}", found.as_str()),
    }
}

fn packed(compression: Compression, flaw: Flaw, bytes: u64) -> String {
    let name = compression.as_str();
    match flaw {
        Flaw::CutOff => format!(
            "the {name} file is cut off after {bytes} bytes, before its end; wait until it is written whole, and \
             drop it again"
        ),
        Flaw::Damaged => {
            format!("the {name} file is damaged near its byte {bytes}; write it again, and drop it again")
        }
        Flaw::Window => format!(
            "unpacking this {name} file takes more memory than there is; pack it without --long or with --long=27 at \
             most"
        ),
    }
}

fn unknown(likely: Option<&Charset>) -> String {
    match likely {
        Some(charset) => format!(
            ", and may be {charset}; save the file as UTF-8, or say `encoding = \"{charset}\"` under [source] if \
             that is right"
        ),
        None => {
            ", and nothing else for certain; save the file as UTF-8, or say its `encoding` under [source]"
                .to_owned()
        }
    }
}

fn not_utf8(likely: Option<&Charset>) -> String {
    let likely = likely.map_or_else(String::new, |charset| {
        format!(
            "it looks like {charset}. If all of the file is, say `encoding = \"{charset}\"` under [source]; else "
        )
    });
    format!("{likely}write the file again, or say `encoding = \"utf-8\"`: such rows alone are invalid then")
}
