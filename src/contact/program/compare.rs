//! Rejects `LTV > 100`: a cell is text, so it does not compare with a number as a person expects.

use super::{
    error::ProgramError,
    tokens::{ROW, Token},
};

/// Rejects comparisons of cells with numbers.
pub(super) fn check(tokens: &[Token<'_>]) -> Result<(), ProgramError> {
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
