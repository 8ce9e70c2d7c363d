//! Whether a filter is true or false of a row. A cell is text: in the template language every text but the empty one
//! counts as true, `false` and `0` too, which nobody means who writes `where = "Active"`.

use std::{collections::HashSet, sync::Arc};

use minijinja::{Expression, Value, value::ValueKind};

use super::{
    Context, ProgramError,
    columns::{ROW, Token},
};

/// Filters that make a number.
const COUNTING: [&str; 7] = ["abs", "count", "float", "int", "length", "round", "sum"];

/// A cell in a program, with the filters behind it.
struct Term {
    /// The cell alone.
    cell: String,
    /// The cell and its filters.
    text: String,
    /// The last filter.
    filter: Option<String>,
    /// Where it stands.
    start: usize,
    end: usize,
}

/// Refuses a cell that stands where something true or false has to: alone, or beside `and`, `or` and `not`.
pub(super) fn check(tokens: &[Token<'_>], variables: &HashSet<String>) -> Result<(), ProgramError> {
    let terms = (0..tokens.len()).filter_map(|at| term(tokens, at, variables));
    match terms.into_iter().find(|term| is_asked(tokens, term.start, term.end)) {
        None => Ok(()),
        Some(Term { cell, text, filter: Some(filter), .. }) if filter == "bool" => {
            Err(ProgramError::Bool { cell, text })
        }
        Some(Term { cell, text, filter, .. }) => {
            let counts = filter.is_some_and(|filter| COUNTING.contains(&filter.as_str()));
            Err(ProgramError::NoCondition { cell, text, compared: if counts { "> 0" } else { "== 'yes'" } })
        }
    }
}

/// Refuses what makes something else of cells than true or false: tried on some that are all alike.
pub(super) fn try_out(expression: &Expression<'_, '_>, columns: &[String]) -> Result<(), ProgramError> {
    let names: Arc<[_]> = columns.iter().cloned().zip(0..).collect();
    for cell in ["", "1", "a"] {
        let values = vec![Value::from(cell); columns.len()];
        let cells = Value::from_object(Context { names: names.clone(), values });
        match expression.eval(cells).map(|value| value.kind()) {
            // What fails on such cells, or knows only others, may be meant.
            Err(_) | Ok(ValueKind::Bool | ValueKind::Undefined) => {}
            Ok(kind) => return Err(ProgramError::NotTrueOrFalse(kind.to_string())),
        }
    }
    Ok(())
}

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

/// Whether these tokens are asked for whether they are true: `A` is in `not A` and `A and B == 'x'`, and is not in
/// `(A or B) == 'x'`, which takes the first of the two that is filled.
fn is_asked(tokens: &[Token<'_>], start: usize, end: usize) -> bool {
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
        // Outside of all brackets.
        return true;
    };
    let is_group = tokens.get(open) == Some(&Token::Sign("(")) && !is_list(tokens, open, close);
    let is_call = match open.checked_sub(1).and_then(|at| tokens.get(at)) {
        Some(Token::Name(name)) => !["and", "or", "not", "in", "if", "else"].contains(name),
        Some(Token::Sign(sign)) => [")", "]"].contains(sign),
        _ => false,
    };
    is_group && !is_call && is_asked(tokens, open, close + 1)
}

/// Whether a comma stands between two brackets, and not inside of others.
fn is_list(tokens: &[Token<'_>], open: usize, close: usize) -> bool {
    (open + 1..close).any(|at| tokens.get(at) == Some(&Token::Sign(",")) && opening(tokens, at) == Some(open))
}

const OPEN: [&str; 3] = ["(", "[", "{"];
const CLOSE: [&str; 3] = [")", "]", "}"];

/// Where the bracket closes that is open before `from`.
fn closing(tokens: &[Token<'_>], from: usize) -> Option<usize> {
    unmatched(tokens, from..tokens.len(), CLOSE, OPEN)
}

/// Where the bracket opens that is not closed before `to`.
fn opening(tokens: &[Token<'_>], to: usize) -> Option<usize> {
    unmatched(tokens, (0..to).rev(), OPEN, CLOSE)
}

/// The first of these brackets that does not belong to one of the others before it.
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
            let is_it = depth == 0;
            depth = depth.saturating_sub(1);
            is_it
        }
        _ => false,
    })
}
