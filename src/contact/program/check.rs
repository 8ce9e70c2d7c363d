//! Checks templates and filters before they run on a row.

use std::collections::HashSet;

use minijinja::{Environment, Expression};

use super::{
    columns, compare, condition,
    engine::{environment, syntax_error},
    error::ProgramError,
    tokens::{Token, template_tokens, tokens},
    unknown_names,
};

/// Returns the columns that a template uses.
pub fn check_template(text: &str) -> Result<Vec<String>, ProgramError> {
    let environment = environment();
    let template = environment
        .template_from_str(text)
        .map_err(|error| ProgramError::Template(syntax_error(text, &error)))?;
    columns_used(&environment, &template_tokens(text), &template.undeclared_variables(false))
}

/// Returns the columns that a filter uses.
pub fn check_expression(text: &str) -> Result<Vec<String>, ProgramError> {
    let environment = environment();
    let expression = compile(&environment, text)?;
    // MiniJinja ends an expression at the first unknown sign, so it would keep only the first half of `A == 'x' && B ==
    // 'y'`. Inside parentheses it reports the sign.
    compile(&environment, &format!("({text}\n)"))?;
    let tokens = tokens(text);
    compare::check(&tokens)?;
    let variables = expression.undeclared_variables(false);
    let used = columns_used(&environment, &tokens, &variables)?;
    condition::check(&tokens, &variables)?;
    condition::try_out(&expression, &used)?;
    Ok(used)
}

fn compile<'e>(environment: &'e Environment<'_>, text: &'e str) -> Result<Expression<'e, 'e>, ProgramError> {
    environment.compile_expression(text).map_err(|error| ProgramError::Expression(syntax_error(text, &error)))
}

/// Returns a program's columns, at least one. `variables` are the names that the program does not define itself.
fn columns_used(
    environment: &Environment<'_>,
    tokens: &[Token<'_>],
    variables: &HashSet<String>,
) -> Result<Vec<String>, ProgramError> {
    unknown_names::check(environment, tokens, variables)?;
    let used = columns::used(tokens, variables)?;
    if used.is_empty() { Err(ProgramError::Constant) } else { Ok(used) }
}
