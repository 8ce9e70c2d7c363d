//! Which columns a program uses, and what of it can never be meant.

use std::collections::{BTreeSet, HashSet};

use super::ProgramError;

/// The variable that has every column as an item, for names that are no identifiers.
pub(super) const ROW: &str = "row";

/// Names that the template language has itself.
pub(super) const BUILT_IN: [&str; 6] = ["range", "dict", "namespace", "debug", "true", "false"];

/// A word of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Name(&'t str),
    Number(&'t str),
    Text(&'t str),
    Sign(&'t str),
}

/// The words of a template's programs.
pub(super) fn of_template(text: &str) -> Vec<Token<'_>> {
    let mut all = Vec::new();
    let mut rest = text;
    // Only what stands in braces is a program.
    while let Some(open) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let code = rest.get(open..).unwrap_or_default();
        let end = if code.starts_with("{{") { "}}" } else { "%}" };
        let code = code.get(2..).unwrap_or_default();
        let (code, after) = code.split_once(end).unwrap_or((code, ""));
        all.extend(tokens(code));
        rest = after;
    }
    all
}

/// The columns of a program, in order of their names.
pub(super) fn used(tokens: &[Token<'_>], variables: &HashSet<String>) -> Result<Vec<String>, ProgramError> {
    let named = variables.iter().filter(|name| *name != ROW && !BUILT_IN.contains(&name.as_str()));
    let mut columns: BTreeSet<String> = named.cloned().collect();
    if variables.contains(ROW) {
        for (at, token) in tokens.iter().enumerate() {
            if *token != Token::Name(ROW)
                || at.checked_sub(1).and_then(|at| tokens.get(at)) == Some(&Token::Sign("."))
            {
                continue;
            }
            match (tokens.get(at + 1), tokens.get(at + 2), tokens.get(at + 3)) {
                (Some(Token::Sign("[")), Some(Token::Text(column)), Some(Token::Sign("]")))
                | (Some(Token::Sign(".")), Some(Token::Name(column)), _) => {
                    columns.insert((*column).to_owned());
                }
                _ => return Err(ProgramError::Row),
            }
        }
    }
    Ok(columns.into_iter().collect())
}

/// Refuses `LTV > 100`: a cell is text, and text beside a number is neither more nor less in any way that a person
/// would expect.
pub(super) fn compared_with_numbers(tokens: &[Token<'_>]) -> Result<(), ProgramError> {
    for (at, token) in tokens.iter().enumerate() {
        let Token::Sign(operator @ ("==" | "!=" | "<" | "<=" | ">" | ">=")) = token else { continue };
        let (before, after) = tokens.split_at(at);
        let after = after.get(1..).unwrap_or_default();
        let column = match (before, after) {
            ([.., Token::Number(number)], _) => cell_at_start(after).map(|column| (column, number)),
            (_, [Token::Number(number), ..]) => cell_at_end(before).map(|column| (column, number)),
            _ => None,
        };
        if let Some((column, number)) = column {
            return Err(ProgramError::TextAndNumber {
                column,
                operator: (*operator).to_owned(),
                number: (*number).to_owned(),
            });
        }
    }
    Ok(())
}

fn cell_at_end(tokens: &[Token<'_>]) -> Option<String> {
    match tokens {
        [.., Token::Name(ROW), Token::Sign("["), Token::Text(column), Token::Sign("]")] => {
            Some(format!("row[\"{column}\"]"))
        }
        [.., Token::Sign("|" | ".") | Token::Name("is"), Token::Name(_)] => None,
        [.., Token::Name(name)] => Some((*name).to_owned()),
        _ => None,
    }
}

fn cell_at_start(tokens: &[Token<'_>]) -> Option<String> {
    match tokens {
        [Token::Name(ROW), Token::Sign("["), Token::Text(column), Token::Sign("]"), rest @ ..] => {
            (rest.first() != Some(&Token::Sign("|"))).then(|| format!("row[\"{column}\"]"))
        }
        [Token::Name(_), Token::Sign("|" | "." | "("), ..] => None,
        [Token::Name(name), ..] => Some((*name).to_owned()),
        _ => None,
    }
}

/// The words of a program that is known to be one.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let end = |fits: fn(char) -> bool| rest.find(|c: char| !fits(c)).unwrap_or(rest.len());
        let length = match next {
            c if c.is_whitespace() => c.len_utf8(),
            '"' | '\'' => {
                let inside = rest.get(1..).unwrap_or_default();
                let close = inside.find(next).unwrap_or(inside.len());
                tokens.push(Token::Text(inside.get(..close).unwrap_or_default()));
                (close + 2).min(rest.len())
            }
            c if c.is_ascii_digit() => {
                let length = end(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_');
                tokens.push(Token::Number(rest.get(..length).unwrap_or_default()));
                length
            }
            c if c.is_alphanumeric() || c == '_' => {
                let length = end(|c| c.is_alphanumeric() || c == '_');
                tokens.push(Token::Name(rest.get(..length).unwrap_or_default()));
                length
            }
            c => {
                let two = rest.get(..2).filter(|two| ["==", "!=", "<=", ">="].contains(two));
                let length = two.map_or(c.len_utf8(), str::len);
                tokens.push(Token::Sign(rest.get(..length).unwrap_or_default()));
                length
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    tokens
}
