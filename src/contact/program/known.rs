//! What a program names that is not there. The template language finds it out on the first row only, and where a
//! filter fails on every row, every row is invalid.

use std::collections::HashSet;

use minijinja::Environment;

use super::{
    ProgramError,
    columns::{BUILT_IN, ROW, Token},
};

/// Words of the language that may stand before a parenthesis or an attribute.
const KEYWORDS: [&str; 12] =
    ["and", "or", "not", "in", "is", "if", "elif", "else", "for", "set", "loop", "recursive"];

/// Refuses filters, tests and functions that there are not, and what a cell does not have.
pub(super) fn check(
    environment: &Environment<'_>,
    tokens: &[Token<'_>],
    variables: &HashSet<String>,
) -> Result<(), ProgramError> {
    let is_there = |what: &str, name: &str| {
        let asked =
            environment.compile_expression(if what == "filter" { "x is filter" } else { "x is test" });
        let answer = asked.and_then(|asked| asked.eval(minijinja::context! { x => name }));
        answer.is_ok_and(|answer| answer.is_true())
    };
    for (at, token) in tokens.iter().enumerate() {
        let Token::Name(name) = token else { continue };
        let (before, after) = tokens.split_at(at);
        let after = after.get(1..).unwrap_or_default();
        let is_called = after.first() == Some(&Token::Sign("("));
        match before {
            [.., Token::Sign("|")] if !is_there("filter", name) => {
                return Err(ProgramError::Filter((*name).to_owned()));
            }
            [.., Token::Name("is")] if *name == "not" => {}
            [.., Token::Name("is")] | [.., Token::Name("is"), Token::Name("not")]
                if !is_there("test", name) =>
            {
                return Err(ProgramError::Test((*name).to_owned()));
            }
            [.., Token::Sign("." | "|") | Token::Name("is")]
            | [.., Token::Name("is"), Token::Name("not")] => {}
            _ if KEYWORDS.contains(name) => {}
            _ if is_called && !BUILT_IN.contains(name) => {
                let is_filter = is_there("filter", name);
                return Err(ProgramError::Function { name: (*name).to_owned(), is_filter });
            }
            _ if variables.contains(*name) => attributes(name, after)?,
            _ => {}
        }
    }
    Ok(())
}

/// A cell is a text or a list, and has nothing inside. `row` has columns.
fn attributes(name: &str, after: &[Token<'_>]) -> Result<(), ProgramError> {
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

/// What other languages write where this one does not.
pub(super) fn hint(text: &str) -> &'static str {
    let mut outside = String::new();
    let mut quote = None;
    for c in text.chars() {
        match quote {
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None => outside.push(c),
            Some(open) if c == open => quote = None,
            Some(_) => {}
        }
    }
    let without = ["==", "!=", "<=", ">="].iter().fold(outside, |text, sign| text.replace(sign, ""));
    match () {
        () if without.contains("&&") => "; write `and` for `&&`",
        () if without.contains("||") => "; write `or` for `||`",
        () if without.contains("<>") => "; write `!=` for `<>`",
        () if without.contains('=') && !without.contains('%') => "; two values are compared with `==`",
        () => "",
    }
}
