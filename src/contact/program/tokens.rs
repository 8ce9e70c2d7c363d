//! Splits programs into tokens.

/// The variable that has every column as an item, for names that are not identifiers.
pub(super) const ROW: &str = "row";

/// Names that the template language defines.
pub(super) const BUILT_IN: [&str; 6] = ["range", "dict", "namespace", "debug", "true", "false"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Name(&'t str),
    Number(&'t str),
    Text(&'t str),
    Sign(&'t str),
}

/// Splits the expressions and statements of a valid template into tokens.
pub(super) fn template_tokens(text: &str) -> Vec<Token<'_>> {
    let mut all = Vec::new();
    let mut rest = text;
    // The text outside braces is not code.
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

/// Splits a valid expression into tokens.
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
