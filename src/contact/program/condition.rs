//! Rejects filters that are not conditions. A cell is text, and in the template language every text except the empty
//! one is true, even `false` and `0`. So `where = "Active"` would not do what it seems to.

use std::{collections::HashSet, sync::Arc};

use minijinja::{Expression, Value, value::ValueKind};

use super::{
    context::Context,
    error::ProgramError,
    tokens::{ROW, Token},
};

/// Filters that return a number.
const NUMERIC: [&str; 7] = ["abs", "count", "float", "int", "length", "round", "sum"];

/// A cell in a program, with its filters.
struct Term {
    /// The cell without its filters.
    cell: String,
    /// The cell with its filters.
    text: String,
    /// The last filter.
    filter: Option<String>,
    /// The position of its first token.
    start: usize,
    /// The position after its last token.
    end: usize,
}

/// Rejects a cell that is used as a condition: alone, or as an operand of `and`, `or` or `not`.
pub(super) fn check(tokens: &[Token<'_>], variables: &HashSet<String>) -> Result<(), ProgramError> {
    let terms = (0..tokens.len()).filter_map(|at| term(tokens, at, variables));
    match terms.into_iter().find(|term| is_condition(tokens, term.start, term.end)) {
        None => Ok(()),
        Some(Term { cell, text, filter: Some(filter), .. }) if filter == "bool" => {
            Err(ProgramError::Bool { cell, text })
        }
        Some(Term { cell, text, filter, .. }) => {
            let is_number = filter.is_some_and(|filter| NUMERIC.contains(&filter.as_str()));
            let comparison = if is_number { "> 0" } else { "== 'yes'" };
            Err(ProgramError::NoCondition { cell, text, comparison })
        }
    }
}

/// Rejects a filter whose result is neither true nor false, by running it on sample rows.
pub(super) fn try_out(expression: &Expression<'_, '_>, columns: &[String]) -> Result<(), ProgramError> {
    let names: Arc<[_]> = columns.iter().cloned().zip(0..).collect();
    for cell in ["", "1", "a"] {
        let values = vec![Value::from(cell); columns.len()];
        match expression.eval(Context::value(names.clone(), values)).map(|value| value.kind()) {
            // The filter may be valid for other cells.
            Err(_) | Ok(ValueKind::Bool | ValueKind::Undefined) => {}
            Ok(kind) => return Err(ProgramError::NotTrueOrFalse(kind.to_string())),
        }
    }
    Ok(())
}

/// Returns the term that starts at a token.
fn term(tokens: &[Token<'_>], start: usize, variables: &HashSet<String>) -> Option<Term> {
    let Token::Name(name) = tokens.get(start)? else { return None };
    let before = start.checked_sub(1).and_then(|at| tokens.get(at));
    if !variables.contains(*name) || matches!(before, Some(Token::Sign("." | "|") | Token::Name("is"))) {
        return None;
    }
    let (cell, mut end) = match (tokens.get(start + 1), tokens.get(start + 2)) {
        (Some(Token::Sign("[")), Some(Token::Text(column))) if *name == ROW => {
            (format!("row[\"{column}\"]"), start + 4)
        }
        (Some(Token::Sign(".")), Some(Token::Name(column))) if *name == ROW => {
            (format!("row.{column}"), start + 3)
        }
        _ => ((*name).to_owned(), start + 1),
    };
    let (mut text, mut last) = (cell.clone(), None);
    while let (Some(Token::Sign("|")), Some(Token::Name(filter))) = (tokens.get(end), tokens.get(end + 1)) {
        text = format!("{text}|{filter}");
        last = Some((*filter).to_owned());
        end += 2;
        if tokens.get(end) == Some(&Token::Sign("(")) {
            text += "(…)";
            end = closing(tokens, end + 1)? + 1;
        }
    }
    Some(Term { cell, text, filter: last, start, end })
}

/// Whether these tokens are used as a condition: `A` is one in `not A` and `A and B == 'x'`, but not in
/// `(A or B) == 'x'`, which compares the first of the two that is not empty.
fn is_condition(tokens: &[Token<'_>], start: usize, end: usize) -> bool {
    let before = start.checked_sub(1).and_then(|at| tokens.get(at));
    let after = tokens.get(end);
    let is_operand = matches!(
        (before, after),
        (
            None | Some(Token::Name("and" | "or" | "not" | "if" | "else") | Token::Sign("(")),
            None | Some(Token::Name("and" | "or" | "if" | "else") | Token::Sign(")"))
        )
    );
    if !is_operand || matches!(before, Some(Token::Name("not" | "if"))) {
        return is_operand;
    }
    let (Some(open), Some(close)) = (opening(tokens, start), closing(tokens, end)) else {
        // Outside all brackets.
        return true;
    };
    let is_group = tokens.get(open) == Some(&Token::Sign("(")) && !is_list(tokens, open, close);
    let is_call = match open.checked_sub(1).and_then(|at| tokens.get(at)) {
        Some(Token::Name(name)) => !["and", "or", "not", "in", "if", "else"].contains(name),
        Some(Token::Sign(sign)) => [")", "]"].contains(sign),
        _ => false,
    };
    is_group && !is_call && is_condition(tokens, open, close + 1)
}

/// Whether there is a comma directly inside these brackets.
fn is_list(tokens: &[Token<'_>], open: usize, close: usize) -> bool {
    (open + 1..close).any(|at| tokens.get(at) == Some(&Token::Sign(",")) && opening(tokens, at) == Some(open))
}

const OPEN: [&str; 3] = ["(", "[", "{"];
const CLOSE: [&str; 3] = [")", "]", "}"];

/// Returns the position of the bracket that closes the one open at `from`.
fn closing(tokens: &[Token<'_>], from: usize) -> Option<usize> {
    unmatched(tokens, from..tokens.len(), CLOSE, OPEN)
}

/// Returns the position of the innermost bracket that is still open at `to`.
fn opening(tokens: &[Token<'_>], to: usize) -> Option<usize> {
    unmatched(tokens, (0..to).rev(), OPEN, CLOSE)
}

/// Returns the position of the first of `brackets` that is not paired with one of `others` before it.
fn unmatched(
    tokens: &[Token<'_>],
    mut places: impl Iterator<Item = usize>,
    brackets: [&str; 3],
    others: [&str; 3],
) -> Option<usize> {
    let mut depth = 0_usize;
    places.find(|at| match tokens.get(*at) {
        Some(Token::Sign(sign)) if others.contains(sign) => {
            depth += 1;
            false
        }
        Some(Token::Sign(sign)) if brackets.contains(sign) => {
            let is_unmatched = depth == 0;
            depth = depth.saturating_sub(1);
            is_unmatched
        }
        _ => false,
    })
}
