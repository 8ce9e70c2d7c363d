//! A TOML file while it is read: its table, the lines of its values and the problems found so far.

use std::cell::RefCell;

use toml::de::{DeTable, Error};

use super::problem::{ConfigError, Problem};
use crate::wording::quoted;

/// The parser's message for a repeated key, the only syntax error after which the rest of the file is still valid.
const DUPLICATE_KEY: &str = "duplicate key";

/// A file that was parsed.
#[derive(Debug)]
pub(super) struct Document<'t> {
    file: &'t str,
    text: &'t str,
    table: DeTable<'t>,
    problems: RefCell<Vec<Problem>>,
    /// The keys that belong at the top of the file.
    root_keys: RefCell<Vec<&'static str>>,
}

impl<'t> Document<'t> {
    /// Parses a file. Fails if the file is not TOML, because its values could then mean anything.
    pub(super) fn parse(file: &'t str, bytes: &'t [u8]) -> Result<Self, ConfigError> {
        let problem = |line, message| Problem { file: file.to_owned(), line, key: String::new(), message };
        let text = str::from_utf8(bytes).map_err(|error| {
            let (before, after) = bytes.split_at(error.valid_up_to());
            let message = format!(
                "not valid UTF-8{}; save the file as UTF-8",
                after.first().map(|byte| format!(" (byte 0x{byte:02X})")).unwrap_or_default()
            );
            ConfigError::new(vec![problem(line_at(before, before.len()), message)])
        })?;

        let (table, errors) = DeTable::parse_recoverable(text);
        let start = |error: &Error| error.span().map_or(0, |span| span.start);
        // Only the first error: those after it are mostly its consequences.
        if let Some(error) = errors.iter().find(|error| error.message() != DUPLICATE_KEY) {
            // The parser takes the `f` of `full` for the beginning of `false`.
            let is_unquoted = error.message().starts_with("invalid boolean");
            let advice = if is_unquoted { "; put text in double quotes" } else { "" };
            let message = format!("not valid TOML: {}{advice}", error.message());
            return Err(ConfigError::new(vec![problem(line_at(bytes, start(error)), message)]));
        }
        let problems = errors.iter().map(|error| {
            let key = error.span().and_then(|span| text.get(span)).unwrap_or_default();
            let message = format!("`{}` appears twice; remove one of the two", quoted(key));
            problem(line_at(bytes, start(error)), message)
        });
        let problems = RefCell::new(problems.collect());
        Ok(Self { file, text, table: table.into_inner(), problems, root_keys: RefCell::default() })
    }

    pub(super) fn table(&self) -> &DeTable<'t> {
        &self.table
    }

    pub(super) fn report(&self, line: usize, key: &str, message: String) {
        let problem = Problem { file: self.file.to_owned(), line, key: key.to_owned(), message };
        self.problems.borrow_mut().push(problem);
    }

    /// Returns the line of a byte offset, counted from 1.
    pub(super) fn line_at(&self, offset: usize) -> usize {
        line_at(self.text.as_bytes(), offset)
    }

    pub(super) fn add_root_key(&self, key: &'static str) {
        self.root_keys.borrow_mut().push(key);
    }

    pub(super) fn is_root_key(&self, key: &str) -> bool {
        self.root_keys.borrow().contains(&key)
    }

    /// Returns the value that was built from the file, or all problems of the file.
    pub(super) fn finish<T>(self, built: Option<T>) -> Result<T, ConfigError> {
        let problems = self.problems.into_inner();
        match built {
            Some(built) if problems.is_empty() => Ok(built),
            _ => {
                debug_assert!(!problems.is_empty(), "a value is missing without a reported problem");
                Err(ConfigError::new(problems))
            }
        }
    }
}

fn line_at(text: &[u8], offset: usize) -> usize {
    1 + text.iter().take(offset).filter(|byte| **byte == b'\n').count()
}
