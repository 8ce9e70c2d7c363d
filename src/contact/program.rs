//! Templates and filters: small programs over a row's cells.

mod columns;
mod known;
mod truth;

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    sync::Arc,
};

use minijinja::{
    Environment, Expression, Template, UndefinedBehavior, Value,
    value::{Enumerator, Object, ValueKind},
};

use self::columns::Token;
use super::{Flaw, Mapping, Source};
use crate::source::Row;

/// How much work one row's program may be: more than any real one takes, and an end to a loop without one.
const FUEL: u64 = 20_000;

/// Why a text is no template or filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// It cannot be read.
    #[error("not {what}: {reason}")]
    Syntax {
        /// `a template` or `an expression`.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// `row` without a column.
    #[error("`row` takes a column's name in quotes: row[\"First name\"]")]
    Row,
    /// It asks no column.
    #[error("it names no column, so that it is the same for every row")]
    Constant,
    /// `Name|uper`.
    #[error(
        "there is no filter `{0}`; usual ones are float, int, lower, upper, title, trim, replace, default, length, split and join"
    )]
    Filter(String),
    /// `Name is filled`.
    #[error("there is no test `{0}`; a cell is compared by ==, !=, in and not in, such as Name != ''")]
    Test(String),
    /// `float(LTV)`.
    #[error("there is no function `{name}`{}", if *.is_filter { format!("; it is a filter: write it behind the value, `…|{name}`") } else { String::new() })]
    Function {
        /// Its name.
        name: String,
        /// Whether a filter has this name.
        is_filter: bool,
    },
    /// `Name.upper()`.
    #[error(
        "a cell has no methods; for `{column}.{name}(…)` write `{column}|{name}`, if there is such a filter"
    )]
    Method {
        /// The column.
        column: String,
        /// The method's name.
        name: String,
    },
    /// `address.city`.
    #[error("a column with a point in its name is written in quotes: row[\"{0}\"]")]
    Path(String),
    /// A cell, which is text, beside a number.
    #[error(
        "`{column} {operator} {number}` compares a cell, which is text, with a number; write `{column}|float {operator} \
         {number}`"
    )]
    TextAndNumber {
        /// The column.
        column: String,
        /// What stands between the two.
        operator: String,
        /// The number.
        number: String,
    },
    /// `where = "Country"`.
    #[error(
        "`{text}` alone is neither true nor false; write what it has to be, such as {text} {compared}, or {cell} != '' if \
         it only has to be filled"
    )]
    NoCondition {
        /// The cell.
        cell: String,
        /// The cell with its filters.
        text: String,
        /// What it could be compared with.
        compared: &'static str,
    },
    /// `Active|bool`.
    #[error(
        "`{text}` is true of every text but an empty one, of `false` and `0` too; write {cell} == 'true' or whatever the file has, or \
         {cell} != '' if it only has to be filled"
    )]
    Bool {
        /// The cell.
        cell: String,
        /// The cell with its filters.
        text: String,
    },
    /// `A|int + 1`.
    #[error("it makes a {0} of a row, where true or false was expected; compare it by ==, !=, <, > or in")]
    NotTrueOrFalse(String),
}

/// A mapping's templates and its filter, compiled.
pub struct Programs {
    environment: Environment<'static>,
    templates: BTreeMap<String, Vec<String>>,
    filter: Option<(String, Vec<String>)>,
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment
}

/// The columns that a template uses, or what is wrong with it.
pub fn check_template(text: &str) -> Result<Vec<String>, ProgramError> {
    let environment = environment();
    let template = environment.template_from_str(text).map_err(|error| syntax("a template", text, &error))?;
    let used = used(&environment, &columns::of_template(text), &template.undeclared_variables(false))?;
    if used.is_empty() { Err(ProgramError::Constant) } else { Ok(used) }
}

/// The columns that a filter uses, or what is wrong with it.
pub fn check_expression(text: &str) -> Result<Vec<String>, ProgramError> {
    let environment = environment();
    let expression =
        environment.compile_expression(text).map_err(|error| syntax("an expression", text, &error))?;
    // MiniJinja takes an expression for whole where the next sign is none that it knows: of `A == 'x' && B == 'y'` it
    // would keep the first half. Inside of parentheses it looks on.
    environment
        .compile_expression(&format!("({text}\n)"))
        .map_err(|error| syntax("an expression", text, &error))?;
    let tokens = columns::tokens(text);
    columns::compared_with_numbers(&tokens)?;
    let variables = expression.undeclared_variables(false);
    let used = used(&environment, &tokens, &variables)?;
    if used.is_empty() {
        return Err(ProgramError::Constant);
    }
    truth::check(&tokens, &variables)?;
    truth::try_out(&expression, &used)?;
    Ok(used)
}

fn used(
    environment: &Environment<'_>,
    tokens: &[Token<'_>],
    variables: &HashSet<String>,
) -> Result<Vec<String>, ProgramError> {
    known::check(environment, tokens, variables)?;
    columns::used(tokens, variables)
}

fn syntax(what: &'static str, text: &str, error: &minijinja::Error) -> ProgramError {
    let reason = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    ProgramError::Syntax { what, reason: reason + known::hint(text) }
}

impl Source {
    /// The columns that it uses. A template that cannot be read uses none; it never comes out of a configuration.
    pub fn columns(&self) -> Vec<String> {
        match self {
            Self::Column(column) => vec![column.clone()],
            Self::FirstOf(columns) => columns.clone(),
            Self::Constant(_) => Vec::new(),
            Self::Template(text) => check_template(text).unwrap_or_default(),
        }
    }
}

impl Programs {
    /// Compiles a mapping's programs.
    pub fn compile(mapping: &Mapping) -> Result<Self, ProgramError> {
        let mut programs = Self { environment: environment(), templates: BTreeMap::new(), filter: None };
        let fields = mapping.fields.iter().map(|(_, mapped)| &mapped.from);
        let properties = mapping.properties.iter().map(|property| &property.value.from);
        for source in std::iter::once(&mapping.email).chain(fields).chain(properties) {
            if let Source::Template(text) = source {
                let used = check_template(text)?;
                // A template's text is its name: the same text is the same template.
                programs
                    .environment
                    .add_template_owned(text.clone(), text.clone())
                    .map_err(|error| syntax("a template", text, &error))?;
                programs.templates.insert(text.clone(), used);
            }
        }
        if let Some(text) = &mapping.filter {
            programs.filter = Some((text.clone(), check_expression(text)?));
        }
        Ok(programs)
    }

    /// A source's template bound to a file's columns, if it is one.
    pub(super) fn template(&self, source: &Source, find: impl FnMut(&str) -> usize) -> Option<Program<'_>> {
        let Source::Template(text) = source else { return None };
        let template = self.environment.get_template(text).ok()?;
        Some(Program { code: Code::Template(template), names: bind(self.templates.get(text)?, find) })
    }

    /// The filter bound to a file's columns, if there is one.
    pub(super) fn filter(&self, find: impl FnMut(&str) -> usize) -> Option<Program<'_>> {
        let (text, used) = self.filter.as_ref()?;
        let expression = self.environment.compile_expression(text).ok()?;
        Some(Program { code: Code::Expression(expression), names: bind(used, find) })
    }
}

fn bind(columns: &[String], mut find: impl FnMut(&str) -> usize) -> Arc<[(String, usize)]> {
    columns.iter().map(|column| (column.clone(), find(column))).collect()
}

/// A program bound to a file's columns.
pub(super) struct Program<'p> {
    code: Code<'p>,
    names: Arc<[(String, usize)]>,
}

enum Code<'p> {
    Template(Template<'p, 'p>),
    Expression(Expression<'p, 'p>),
}

impl Program<'_> {
    /// What a template makes of a row, trimmed.
    pub(super) fn render(&self, row: &Row) -> Result<String, Flaw> {
        let Code::Template(template) = &self.code else { return Err(Flaw::Template) };
        let text = template.render(self.cells(row)).map_err(|_| Flaw::Template)?;
        Ok(match text.trim() {
            trimmed if trimmed.len() == text.len() => text,
            trimmed => trimmed.to_owned(),
        })
    }

    /// Whether a filter keeps a row; `None` where it does not work on it. Only true and false are answers: the text
    /// `0` would count as true.
    pub(super) fn keeps(&self, row: &Row) -> Option<bool> {
        let Code::Expression(expression) = &self.code else { return None };
        let value = expression.eval(self.cells(row)).ok()?;
        (value.kind() == ValueKind::Bool).then(|| value.is_true())
    }

    fn cells(&self, row: &Row) -> Value {
        let value = |(_, column): &(String, usize)| match row.list(*column) {
            Some(list) => Value::from(list.to_vec()),
            None => Value::from(row.cell(*column)),
        };
        let values = self.names.iter().map(value).collect();
        Value::from_object(Context { names: self.names.clone(), values })
    }
}

impl fmt::Debug for Program<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("names", &self.names).finish_non_exhaustive()
    }
}

impl fmt::Debug for Programs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut programs = f.debug_struct("Programs");
        programs.field("templates", &self.templates).field("filter", &self.filter).finish_non_exhaustive()
    }
}

/// A row's cells by their columns' names, as variables and as `row`.
#[derive(Debug)]
struct Context {
    names: Arc<[(String, usize)]>,
    values: Vec<Value>,
}

impl Object for Context {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let at = self.names.iter().position(|(name, _)| name == key);
        match at {
            Some(at) => self.values.get(at).cloned(),
            None if key == columns::ROW => Some(Value::from_dyn_object(self.clone())),
            None => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

#[cfg(test)]
mod tests;
