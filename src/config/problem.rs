//! Problems of configuration files, for the person who edits them.

use std::{error, fmt};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file's key in the state.
    pub file: String,
    /// The line, counted from 1; 0 if the problem is the file itself, its name or its folder.
    pub line: usize,
    /// The dotted path of the key, with list elements counted from 1 (`segments[1].name`). May be empty.
    pub key: String,
    /// What is wrong, what was expected, and what to do. Lines to copy follow it, indented.
    pub message: String,
}

impl Problem {
    /// Returns a problem of a file as a whole.
    pub(super) fn of_file(file: impl fmt::Display, message: String) -> Self {
        Self { file: file.to_string(), line: 0, key: String::new(), message }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        f.write_str(": ")?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// All problems of one or more files, sorted by file and line. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    pub problems: Vec<Problem>,
}

impl ConfigError {
    pub(super) fn new(mut problems: Vec<Problem>) -> Self {
        // A stable sort keeps problems on the same line in the order in which they were found.
        problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        Self { problems }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems: Vec<String> = self.problems.iter().map(Problem::to_string).collect();
        f.write_str(&problems.join("\n"))
    }
}

impl error::Error for ConfigError {}
