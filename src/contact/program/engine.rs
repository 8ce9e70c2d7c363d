//! The template engine, set up for cells.

use minijinja::{Environment, UndefinedBehavior};

/// The most work that a program may do on one row, in MiniJinja's units. It stops endless loops; real programs need
/// much less.
const FUEL: u64 = 20_000;

pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment
}

/// Returns the parser's message, with advice on operators of other languages.
pub(super) fn syntax_error(text: &str, error: &minijinja::Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned) + hint(text)
}

/// Returns advice on operators that other languages have and this one does not.
fn hint(text: &str) -> &'static str {
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
        () if without.contains("&&") => "; write `and` instead of `&&`",
        () if without.contains("||") => "; write `or` instead of `||`",
        () if without.contains("<>") => "; write `!=` instead of `<>`",
        () if without.contains('=') && !without.contains('%') => "; compare two values with `==`",
        () => "",
    }
}
