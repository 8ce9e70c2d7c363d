//! Compiles a mapping's templates and its filter, and runs them on rows.

use std::{collections::BTreeMap, sync::Arc};

use minijinja::{Environment, Expression, Template, Value, value::ValueKind};

use super::{
    check::{check_expression, check_template},
    context::Context,
    engine::{environment, syntax_error},
    error::ProgramError,
};
use crate::contact::{
    clean,
    invalid_cell::InvalidCell,
    mapping::{Mapping, Source},
};
use segment_files::Row;

/// A mapping's templates and its filter, compiled.
#[derive(Debug)]
pub struct Programs {
    environment: Environment<'static>,
    /// The columns of each template, by its text.
    templates: BTreeMap<String, Vec<String>>,
    /// The filter's text and its columns.
    filter: Option<(String, Vec<String>)>,
}

impl Programs {
    pub fn compile(mapping: &Mapping) -> Result<Self, ProgramError> {
        let mut programs = Self { environment: environment(), templates: BTreeMap::new(), filter: None };
        for source in mapping.sources() {
            if let Source::Template(text) = source {
                let used = check_template(text)?;
                programs
                    .environment
                    .add_template_owned(text.clone(), text.clone())
                    .map_err(|error| ProgramError::Template(syntax_error(text, &error)))?;
                programs.templates.insert(text.clone(), used);
            }
        }
        if let Some(text) = &mapping.filter {
            programs.filter = Some((text.clone(), check_expression(text)?));
        }
        Ok(programs)
    }

    /// Binds a source's template to a file's columns, if the source is one. `find` returns a column's position.
    pub(in crate::contact) fn template(
        &self,
        source: &Source,
        find: impl FnMut(&str) -> usize,
    ) -> Option<Program<'_>> {
        let Source::Template(text) = source else { return None };
        let template = self.environment.get_template(text).ok()?;
        Some(Program { code: Code::Template(template), names: bind(self.templates.get(text)?, find) })
    }

    /// Binds the filter to a file's columns, if there is one. `find` returns a column's position.
    pub(in crate::contact) fn filter(&self, find: impl FnMut(&str) -> usize) -> Option<Program<'_>> {
        let (text, used) = self.filter.as_ref()?;
        let expression = self.environment.compile_expression(text).ok()?;
        Some(Program { code: Code::Expression(expression), names: bind(used, find) })
    }
}

fn bind(columns: &[String], mut find: impl FnMut(&str) -> usize) -> Arc<[(String, usize)]> {
    columns.iter().map(|column| (column.clone(), find(column))).collect()
}

/// A program bound to a file's columns.
#[derive(Debug)]
pub(in crate::contact) struct Program<'p> {
    code: Code<'p>,
    names: Arc<[(String, usize)]>,
}

#[derive(Debug)]
enum Code<'p> {
    Template(Template<'p, 'p>),
    Expression(Expression<'p, 'p>),
}

impl Program<'_> {
    /// Renders a template for a row. The result is trimmed.
    pub(in crate::contact) fn render(&self, row: &Row) -> Result<String, InvalidCell> {
        let Code::Template(template) = &self.code else { return Err(InvalidCell::Template) };
        let text = template.render(self.context(row)).map_err(|_| InvalidCell::Template)?;
        Ok(match text.trim() {
            trimmed if trimmed.len() == text.len() => text,
            trimmed => trimmed.to_owned(),
        })
    }

    /// Returns whether a filter keeps a row, or `None` if it fails or its result is neither true nor false. Other
    /// results are not converted to true or false, since even the text `0` would be true.
    pub(in crate::contact) fn keeps(&self, row: &Row) -> Option<bool> {
        let Code::Expression(expression) = &self.code else { return None };
        let value = expression.eval(self.context(row)).ok()?;
        (value.kind() == ValueKind::Bool).then(|| value.is_true())
    }

    fn context(&self, row: &Row) -> Value {
        let value = |(_, column): &(String, usize)| match row.list(*column) {
            Some(list) => Value::from(list.to_vec()),
            None => Value::from(&*clean::cell(row, *column)),
        };
        Context::value(self.names.clone(), self.names.iter().map(value).collect())
    }
}
