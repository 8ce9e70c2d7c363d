//! The columns of a file, and how to find the wanted ones.

use std::{borrow::Cow, collections::HashMap, fmt, sync::Arc};

/// The names of a file's columns, in order, without surrounding white space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    names: Arc<[String]>,
    /// Where each name is, counted from 0.
    positions: HashMap<String, Vec<usize>>,
}

/// Why a wanted column cannot be found. It displays the most similar names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnProblem {
    wanted: String,
    kind: Problem,
    /// The names that the file has. Similar ones are only searched for if the problem is displayed.
    names: Arc<[String]>,
}

impl ColumnProblem {
    /// Returns the name of the wanted column.
    pub fn wanted(&self) -> &str {
        &self.wanted
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    /// The header does not have it.
    Missing,
    /// No row has it, in a format without headers.
    Absent,
    /// Several columns have this name, at these positions, counted from 1.
    Ambiguous(Vec<usize>),
}

/// The first difference between the columns of two files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadersDiffer {
    /// The position, counted from 1.
    column: usize,
    /// The column's name in the first file and in the other one. `None`: that file has fewer columns.
    names: [Option<String>; 2],
    /// Whether the header of one of the files may be missing. Its first row has personal data, which is not shown.
    is_data: bool,
}

/// The lowest Jaro-Winkler similarity at which a name is suggested.
const SIMILAR: f64 = 0.7;

impl Header {
    /// Creates a header from the cells of its line.
    pub fn new<'a>(cells: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Arc<[String]> = cells.into_iter().map(|cell| cell.trim().to_owned()).collect();
        let mut positions: HashMap<String, Vec<usize>> = HashMap::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            positions.entry(name.clone()).or_default().push(at);
        }
        Self { names, positions }
    }

    /// Returns the number of columns.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns whether there are no columns.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Returns the names of the columns, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the first column that differs from the header of the first file, if there is one.
    pub fn differs_from(&self, first: &Self) -> Option<HeadersDiffer> {
        let name = |header: &Self, column: usize| header.names.get(column).cloned();
        let column = (0..self.len().max(first.len())).find(|n| name(self, *n) != name(first, *n))?;
        Some(HeadersDiffer {
            column: column + 1,
            names: [name(first, column), name(self, column)],
            is_data: self.is_data() || first.is_data() || !self.shares_a_name_with(first),
        })
    }

    /// Whether this seems to be a row of data and not a header.
    pub(crate) fn is_data(&self) -> bool {
        are_data(&self.names)
    }

    /// Whether any column has the same name in both.
    fn shares_a_name_with(&self, other: &Self) -> bool {
        other.names.iter().any(|name| !name.is_empty() && self.positions.contains_key(name))
    }

    /// Returns the position of a column, counted from 0.
    pub fn find(&self, wanted: &str) -> Result<usize, ColumnProblem> {
        let wanted = wanted.trim();
        match self.positions.get(wanted).map(Vec::as_slice) {
            None | Some([]) => Err(self.problem(wanted, Problem::Missing)),
            Some([at]) => Ok(*at),
            Some(several) => {
                let positions = several.iter().map(|at| at + 1).collect();
                Err(self.problem(wanted, Problem::Ambiguous(positions)))
            }
        }
    }

    /// Returns the problem of a column that no row has. `self` holds the columns of the first rows.
    pub(crate) fn absent(&self, wanted: &str) -> ColumnProblem {
        self.problem(wanted, Problem::Absent)
    }

    fn problem(&self, wanted: &str, kind: Problem) -> ColumnProblem {
        ColumnProblem { wanted: wanted.to_owned(), kind, names: self.names.clone() }
    }
}

/// Whether names seem to be a row of data and not a header: there is an email address, or a number or a date of five or more
/// digits.
fn are_data(names: &[String]) -> bool {
    let is_number = |name: &str| {
        let digits = name.bytes().filter(u8::is_ascii_digit).count();
        digits >= 5 && !name.contains(char::is_alphabetic)
    };
    names.iter().any(|name| name.contains('@') || is_number(name))
}

/// Returns the names that are most similar to one, the best first. Data is never suggested.
fn nearest<'n>(wanted: &str, names: &'n [String]) -> Vec<&'n str> {
    if are_data(names) {
        return Vec::new();
    }
    let plain = |name: &str| -> String {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let wanted = plain(wanted);
    let mut scored: Vec<(f64, &str)> = names
        .iter()
        .map(|name| (strsim::jaro_winkler(&wanted, &plain(name)), name.as_str()))
        .filter(|(score, name)| *score >= SIMILAR && !name.is_empty())
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

impl fmt::Display for HeadersDiffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_data {
            return write!(f, "column {} differs; is the header missing?", self.column);
        }
        let [first, other] = self.names.each_ref().map(|name| match name {
            Some(name) => format!("`{}`", visible(name)),
            None => "missing".to_owned(),
        });
        write!(f, "column {} is {other}, but {first} in the first file", self.column)
    }
}

impl fmt::Display for ColumnProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = &self.wanted;
        match &self.kind {
            Problem::Missing => {
                write!(f, "column `{wanted}` is not in the header{}", suggestion(wanted, &self.names))
            }
            Problem::Absent => {
                write!(f, "column `{wanted}` is in no row of the file{}", suggestion(wanted, &self.names))
            }
            Problem::Ambiguous(positions) => {
                let columns: Vec<String> = positions.iter().map(usize::to_string).collect();
                let (count, columns) = (columns.len(), columns.join(", "));
                write!(
                    f,
                    "column `{wanted}` is in the header {count} times (columns {columns}); rename all but one"
                )
            }
        }
    }
}

fn suggestion(wanted: &str, names: &[String]) -> String {
    let nearest = nearest(wanted, names);
    if nearest.is_empty() {
        return ", and no column has a similar name".to_owned();
    }
    let shown: Vec<Cow<'_, str>> = nearest.iter().map(|name| visible(name)).collect();
    let note = if shown.iter().zip(&nearest).any(|(shown, name)| shown != name) {
        ", where `\\u{…}` is a character that looks like a space or like nothing; copy the name from the file, or rename \
         the column"
    } else {
        ""
    };
    format!("; nearest: `{}`{note}", shown.join("`, `"))
}

/// Whether a character looks like a space or like nothing, and is not a usual space.
pub fn is_hidden(c: char) -> bool {
    c != ' ' && c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Returns a name in which characters that look like a space or like nothing are shown as `\u{a0}`.
pub fn visible(name: &str) -> Cow<'_, str> {
    if !name.contains(is_hidden) {
        return Cow::Borrowed(name);
    }
    let mut shown = String::new();
    for c in name.chars() {
        if is_hidden(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_similar_names_for_a_missing_column() {
        let header = Header::new(["CustomerId", " EMail ", "E-mail consent", "LastName"]);
        assert_eq!(header.find("EMail"), Ok(1));
        let missing = header.find("email").unwrap_err();
        assert_eq!(
            missing.to_string(),
            "column `email` is not in the header; nearest: `EMail`, `E-mail consent`"
        );
        let nothing = header.find("郵便番号").unwrap_err();
        assert_eq!(
            nothing.to_string(),
            "column `郵便番号` is not in the header, and no column has a similar name"
        );
    }

    #[test]
    fn shows_characters_that_look_like_a_space_or_like_nothing() {
        let header = Header::new(["Email", "First\u{a0}Name", "Last\u{200b}Name"]);
        assert_eq!(
            header.find("First Name").unwrap_err().to_string(),
            "column `First Name` is not in the header; nearest: `First\\u{a0}Name`, `Last\\u{200b}Name`, where `\\u{…}` is a \
             character that looks like a space or like nothing; copy the name from the file, or rename the column"
        );
        assert_eq!(header.find("First\u{a0}Name"), Ok(1));
        assert_eq!(visible("名 前"), "名 前");
    }

    #[test]
    fn a_file_without_a_header_is_never_shown() {
        let first = Header::new(["EMail", "FirstName"]);
        for row in [["", "Ada"], ["Ada", ""], ["Bo", "Cy"], ["+44 20 7946", "FirstName"]] {
            let differs = Header::new(row).differs_from(&first).unwrap().to_string();
            assert_eq!(differs, "column 1 differs; is the header missing?", "{row:?}");
        }
        let missing = Header::new(["1990-02-28", "Emilia"]).find("email").unwrap_err().to_string();
        assert_eq!(missing, "column `email` is not in the header, and no column has a similar name");
    }

    #[test]
    fn reports_the_first_column_that_differs() {
        let first = Header::new(["EMail", "FirstName"]);
        let differs = |cells: &[&str]| {
            Header::new(cells.iter().copied()).differs_from(&first).map(|differs| differs.to_string())
        };
        assert_eq!(differs(&[" EMail", "FirstName "]), None);
        assert_eq!(
            differs(&["FirstName", "EMail"]).as_deref(),
            Some("column 1 is `FirstName`, but `EMail` in the first file")
        );
        assert_eq!(
            differs(&["EMail"]).as_deref(),
            Some("column 2 is missing, but `FirstName` in the first file")
        );
        let longer = differs(&["EMail", "FirstName", "City"]);
        assert_eq!(longer.as_deref(), Some("column 3 is `City`, but missing in the first file"));
        let row = differs(&["ada@example.com", "Ada"]);
        assert_eq!(row.as_deref(), Some("column 1 differs; is the header missing?"));
    }

    #[test]
    fn does_not_suggest_data() {
        let header = Header::new(["email@example.com", "Emilia"]);
        let missing = header.find("email").unwrap_err().to_string();
        assert_eq!(missing, "column `email` is not in the header, and no column has a similar name");
    }

    #[test]
    fn rejects_a_wanted_column_that_exists_twice() {
        let header = Header::new(["Email", "Name", "Email"]);
        assert_eq!(
            header.find("Email").unwrap_err().to_string(),
            "column `Email` is in the header 2 times (columns 1, 3); rename all but one"
        );
        assert_eq!(header.find("Name"), Ok(1), "a column that is not wanted may exist twice");
    }
}
