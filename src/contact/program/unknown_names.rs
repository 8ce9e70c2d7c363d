//! Rejects unknown filters, tests and functions. The template language reports them only when it runs on a row, and a
//! filter that fails on every row makes every row invalid.

use std::collections::HashSet;

use minijinja::Environment;

use super::{
    error::ProgramError,
    tokens::{BUILT_IN, ROW, Token},
};

/// Keywords, which a parenthesis or an attribute may follow.
const KEYWORDS: [&str; 12] =
    ["and", "or", "not", "in", "is", "if", "elif", "else", "for", "set", "loop", "recursive"];

/// Rejects unknown filters, tests and functions, and attributes and methods of cells.
pub(super) fn check(
    environment: &Environment<'_>,
    tokens: &[Token<'_>],
    variables: &HashSet<String>,
) -> Result<(), ProgramError> {
    let holds = |test: &str, name: &str| {
        let test = environment.compile_expression(test);
        let result = test.and_then(|test| test.eval(minijinja::context! { x => name }));
        result.is_ok_and(|result| result.is_true())
    };
    let is_filter = |name: &str| holds("x is filter", name);
    let is_test = |name: &str| holds("x is test", name);
    for (at, token) in tokens.iter().enumerate() {
        let Token::Name(name) = token else { continue };
        let (before, after) = tokens.split_at(at);
        let after = after.get(1..).unwrap_or_default();
        let is_called = after.first() == Some(&Token::Sign("("));
        match before {
            [.., Token::Sign("|")] if !is_filter(name) => {
                return Err(ProgramError::Filter((*name).to_owned()));
            }
            [.., Token::Name("is")] if *name == "not" => {}
            [.., Token::Name("is")] | [.., Token::Name("is"), Token::Name("not")] if !is_test(name) => {
                return Err(ProgramError::Test((*name).to_owned()));
            }
            [.., Token::Sign("." | "|") | Token::Name("is")]
            | [.., Token::Name("is"), Token::Name("not")] => {}
            _ if KEYWORDS.contains(name) => {}
            _ if is_called && !BUILT_IN.contains(name) => {
                return Err(ProgramError::Function { name: (*name).to_owned(), is_filter: is_filter(name) });
            }
            _ if variables.contains(*name) => check_attributes(name, after)?,
            _ => {}
        }
    }
    Ok(())
}

/// Rejects attributes and methods of a cell, which is a text or a list. `row` has columns.
fn check_attributes(name: &str, after: &[Token<'_>]) -> Result<(), ProgramError> {
    let mut path = vec![name];
    let mut rest = after;
    while let [Token::Sign("."), Token::Name(next), more @ ..] = rest {
        path.push(next);
        rest = more;
    }
    let column = if name == ROW { path.get(1..).unwrap_or_default() } else { path.as_slice() };
    match column {
        [] | [_] => Ok(()),
        [column @ .., method] if rest.first() == Some(&Token::Sign("(")) => {
            Err(ProgramError::Method { column: column.join("."), name: (*method).to_owned() })
        }
        column => Err(ProgramError::Path(column.join("."))),
    }
}
