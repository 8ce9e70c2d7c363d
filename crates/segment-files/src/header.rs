//! A file's columns, and whether those of a mapping are among them.

use std::fmt;

/// The names of a file's columns, in order, without white space around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    names: Vec<String>,
}

/// A column of the mapping that the header does not give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnProblem {
    /// No column has this name.
    Missing {
        /// The name in the mapping.
        wanted: String,
        /// What the header has that is most like it, best first.
        nearest: Vec<String>,
    },
    /// No row of the file has it: the file has no header that could.
    Absent {
        /// The name in the mapping.
        wanted: String,
        /// What the rows have that is most like it, best first.
        nearest: Vec<String>,
    },
    /// Several columns have this name, and nobody can tell which is meant.
    Ambiguous {
        /// The name in the mapping.
        wanted: String,
        /// Where they stand, counted from 1.
        positions: Vec<usize>,
    },
}

impl ColumnProblem {
    /// The column's name in the mapping.
    pub fn wanted(&self) -> &str {
        match self {
            Self::Missing { wanted, .. } | Self::Absent { wanted, .. } | Self::Ambiguous { wanted, .. } => {
                wanted
            }
        }
    }
}

/// Where two files' columns differ first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadersDiffer {
    /// The column, counted from 1.
    column: usize,
    /// Its name in the first file, and in the other; `None`: that file has fewer.
    names: [Option<String>; 2],
    /// That they may be no names: one of the files seems to begin with its first row, which is of a person.
    are_people: bool,
}

/// How alike two names must be, by Jaro-Winkler, for one to be offered for the other.
const ALIKE: f64 = 0.7;

impl Header {
    /// Takes the cells of a header line.
    pub fn new<'a>(cells: impl IntoIterator<Item = &'a str>) -> Self {
        Self { names: cells.into_iter().map(|cell| cell.trim().to_owned()).collect() }
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The columns' names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Where the columns of another file differ from these, if they do.
    pub fn differs_from(&self, first: &Self) -> Option<HeadersDiffer> {
        let name = |header: &Self, column: usize| header.names.get(column).cloned();
        let column = (0..self.len().max(first.len())).find(|n| name(self, *n) != name(first, *n))?;
        Some(HeadersDiffer {
            column: column + 1,
            names: [name(first, column), name(self, column)],
            are_people: self.is_a_row() || first.is_a_row(),
        })
    }

    /// Whether the file seems to begin with its first row: those are not names of columns but of people.
    fn is_a_row(&self) -> bool {
        self.names.iter().any(|name| name.contains('@'))
    }

    /// Where a column stands, counted from 0.
    pub fn find(&self, wanted: &str) -> Result<usize, ColumnProblem> {
        let wanted = wanted.trim();
        let mut positions = (0..).zip(&self.names).filter(|(_, name)| *name == wanted).map(|(at, _)| at);
        match (positions.next(), positions.next()) {
            (Some(at), None) => Ok(at),
            (Some(first), Some(second)) => Err(ColumnProblem::Ambiguous {
                wanted: wanted.to_owned(),
                positions: [first, second].into_iter().chain(positions).map(|at: usize| at + 1).collect(),
            }),
            (None, _) => {
                Err(ColumnProblem::Missing { wanted: wanted.to_owned(), nearest: self.nearest(wanted) })
            }
        }
    }

    /// What is to be said of a column that no row has; these are columns that some have.
    pub(super) fn absent(&self, wanted: &str) -> ColumnProblem {
        ColumnProblem::Absent { wanted: wanted.to_owned(), nearest: self.nearest(wanted) }
    }

    /// The names that are most like one. None where they are no names.
    fn nearest(&self, wanted: &str) -> Vec<String> {
        if self.is_a_row() {
            return Vec::new();
        }
        let plain = |name: &str| -> String {
            name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        let wanted = plain(wanted);
        let mut scored: Vec<(f64, &String)> = self
            .names
            .iter()
            .map(|name| (strsim::jaro_winkler(&wanted, &plain(name)), name))
            .filter(|(score, name)| *score >= ALIKE && !name.is_empty())
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        scored.dedup_by(|a, b| a.1 == b.1);
        scored.into_iter().take(3).map(|(_, name)| name.clone()).collect()
    }
}

impl fmt::Display for HeadersDiffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.are_people {
            return write!(f, "column {}; is the header missing?", self.column);
        }
        let [first, other] = self.names.each_ref().map(|name| match name {
            Some(name) => format!("`{name}`"),
            None => "not there".to_owned(),
        });
        write!(f, "column {} is {other}, and {first} in the first", self.column)
    }
}

fn near(f: &mut fmt::Formatter<'_>, names: &[String]) -> fmt::Result {
    if names.is_empty() {
        return f.write_str(", and nothing there is like it");
    }
    f.write_str("; nearest: ")?;
    for (n, name) in names.iter().enumerate() {
        write!(f, "{}`{name}`", if n == 0 { "" } else { ", " })?;
    }
    Ok(())
}

impl fmt::Display for ColumnProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { wanted, nearest } => {
                write!(f, "column `{wanted}` is not in the header")?;
                near(f, nearest)
            }
            Self::Absent { wanted, nearest } => {
                write!(f, "column `{wanted}` is in no row of the file")?;
                near(f, nearest)
            }
            Self::Ambiguous { wanted, positions } => {
                let positions: Vec<String> = positions.iter().map(usize::to_string).collect();
                write!(
                    f,
                    "column `{wanted}` is in the header {} times (columns {}); rename all but one",
                    positions.len(),
                    positions.join(", ")
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_column_names_the_nearest() {
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
            "column `郵便番号` is not in the header, and nothing there is like it"
        );
    }

    #[test]
    fn two_headers_differ_in_their_first_other_column() {
        let first = Header::new(["EMail", "FirstName"]);
        let differs = |cells: &[&str]| {
            Header::new(cells.iter().copied()).differs_from(&first).map(|differs| differs.to_string())
        };
        assert_eq!(differs(&[" EMail", "FirstName "]), None);
        assert_eq!(
            differs(&["FirstName", "EMail"]).as_deref(),
            Some("column 1 is `FirstName`, and `EMail` in the first")
        );
        assert_eq!(
            differs(&["EMail"]).as_deref(),
            Some("column 2 is not there, and `FirstName` in the first")
        );
        let longer = differs(&["EMail", "FirstName", "City"]);
        assert_eq!(longer.as_deref(), Some("column 3 is `City`, and not there in the first"));
        let row = differs(&["ada@example.com", "Ada"]);
        assert_eq!(row.as_deref(), Some("column 1; is the header missing?"));
    }

    #[test]
    fn a_row_in_place_of_the_header_is_not_quoted() {
        let header = Header::new(["email@example.com", "Emilia"]);
        let missing = header.find("email").unwrap_err().to_string();
        assert_eq!(missing, "column `email` is not in the header, and nothing there is like it");
    }

    #[test]
    fn a_column_that_is_there_twice_is_not_guessed() {
        let header = Header::new(["Email", "Name", "Email"]);
        assert_eq!(
            header.find("Email").unwrap_err().to_string(),
            "column `Email` is in the header 2 times (columns 1, 3); rename all but one"
        );
        assert_eq!(header.find("Name"), Ok(1), "a doubled column that nothing maps does no harm");
    }
}
