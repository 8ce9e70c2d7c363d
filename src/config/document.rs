//! A TOML file as it is read: its tables with their lines, and the problems found so far.

use std::cell::RefCell;

use toml::de::{DeTable, Error};

use super::{
    problem::{ConfigError, Problem},
    section::Section,
    words,
};

/// What the parser says of a key that is there twice: the one syntax error after which the rest still stands.
const DUPLICATE: &str = "duplicate key";

/// A file that parsed.
#[derive(Debug)]
pub(super) struct Document<'t> {
    file: &'t str,
    text: &'t str,
    table: DeTable<'t>,
    problems: RefCell<Vec<Problem>>,
    /// The keys that the root takes, so that one which slipped into a table can be told where it belongs.
    root_keys: RefCell<Vec<&'static str>>,
}

impl<'t> Document<'t> {
    /// Parses a file. Where it is not TOML, its values are not looked at: they could mean anything.
    pub(super) fn parse(file: &'t str, bytes: &'t [u8]) -> Result<Self, ConfigError> {
        let problem = |line, message| Problem { file: file.to_owned(), line, key: String::new(), message };
        let text = str::from_utf8(bytes).map_err(|error| {
            let (before, after) = bytes.split_at(error.valid_up_to());
            let message = format!(
                "not UTF-8{}; save the file as UTF-8",
                after.first().map(|byte| format!(" (byte 0x{byte:02X})")).unwrap_or_default()
            );
            ConfigError::new(vec![problem(line_at(before, before.len()), message)])
        })?;

        let (table, errors) = DeTable::parse_recoverable(text);
        let start = |error: &Error| error.span().map_or(0, |span| span.start);
        if let Some(error) = errors.iter().find(|error| error.message() != DUPLICATE) {
            // Only the first: what follows one is mostly its echo.
            // What the parser says of `full`, whose first letter it takes for the beginning of `false`.
            let text = if error.message().starts_with("invalid boolean") {
                "; put texts in double quotes"
            } else {
                ""
            };
            let message = format!("not TOML: {}{text}", error.message());
            return Err(ConfigError::new(vec![problem(line_at(bytes, start(error)), message)]));
        }
        let problems = errors.iter().map(|error| {
            let key = error.span().and_then(|span| text.get(span)).unwrap_or_default();
            let message = format!("`{}` is there twice; keep one of the two", words::shown(key));
            problem(line_at(bytes, start(error)), message)
        });
        let problems = RefCell::new(problems.collect());
        Ok(Self { file, text, table: table.into_inner(), problems, root_keys: RefCell::default() })
    }

    /// The file's root table.
    pub(super) fn root(&self) -> Section<'_> {
        Section::new(self, &self.table, String::new(), 1)
    }

    pub(super) fn report(&self, line: usize, key: &str, message: String) {
        let problem = Problem { file: self.file.to_owned(), line, key: key.to_owned(), message };
        self.problems.borrow_mut().push(problem);
    }

    pub(super) fn line_at(&self, offset: usize) -> usize {
        line_at(self.text.as_bytes(), offset)
    }

    pub(super) fn add_root_key(&self, key: &'static str) {
        self.root_keys.borrow_mut().push(key);
    }

    pub(super) fn is_root_key(&self, key: &str) -> bool {
        self.root_keys.borrow().contains(&key)
    }

    /// What was built from the file, if nothing was wrong with it.
    pub(super) fn finish<T>(self, built: Option<T>) -> Result<T, ConfigError> {
        let problems = self.problems.into_inner();
        match built {
            Some(built) if problems.is_empty() => Ok(built),
            _ => {
                debug_assert!(!problems.is_empty(), "a value is missing and nobody said why");
                Err(ConfigError::new(problems))
            }
        }
    }
}

fn line_at(text: &[u8], offset: usize) -> usize {
    1 + text.iter().take(offset).filter(|byte| **byte == b'\n').count()
}
