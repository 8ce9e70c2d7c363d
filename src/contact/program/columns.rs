//! The columns that a program uses.

use std::collections::{BTreeSet, HashSet};

use super::{
    error::ProgramError,
    tokens::{BUILT_IN, ROW, Token},
};

/// Returns the columns that a program uses, sorted by name.
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
