//! Why a text is not a template or a filter.

/// Why a text is not a template or a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// With the parser's message and advice.
    #[error("not a valid template: {0}")]
    Template(String),
    /// With the parser's message and advice.
    #[error("not a valid expression: {0}")]
    Expression(String),
    /// `row` without a column.
    #[error("`row` needs a column name in quotes, such as row[\"First name\"]")]
    Row,
    /// It uses no column.
    #[error("it uses no column, so the result is the same for every row")]
    Constant,
    /// `Name|uper`.
    #[error(
        "unknown filter `{0}`; common filters are float, int, lower, upper, title, trim, replace, default, length, split and join"
    )]
    Filter(String),
    /// `Name is filled`.
    #[error("unknown test `{0}`; compare a cell with ==, !=, in or not in, such as Name != ''")]
    Test(String),
    /// `float(LTV)`.
    #[error("unknown function `{name}`{}", if *.is_filter { format!("; `{name}` is a filter: write it after the value, `…|{name}`") } else { String::new() })]
    Function {
        name: String,
        /// Whether a filter has this name.
        is_filter: bool,
    },
    /// `Name.upper()`.
    #[error(
        "cells have no methods; instead of `{column}.{name}(…)` write `{column}|{name}` if such a filter exists"
    )]
    Method { column: String, name: String },
    /// `address.city`.
    #[error("a column name with a dot needs quotes: row[\"{0}\"]")]
    Path(String),
    /// A cell, which is text, compared with a number.
    #[error(
        "`{column} {operator} {number}` compares text with a number, since every cell is text; write `{column}|float \
         {operator} {number}`"
    )]
    TextAndNumber { column: String, operator: String, number: String },
    /// `where = "Country"`.
    #[error(
        "`{text}` alone is not a condition; write a comparison, such as {text} {comparison}, or {cell} != '' to keep the \
         rows in which it is not empty"
    )]
    NoCondition {
        cell: String,
        /// The cell with its filters.
        text: String,
        /// A comparison that suits it.
        comparison: &'static str,
    },
    /// `Active|bool`.
    #[error(
        "`{text}` is true for every text except an empty one, even for `false` and `0`; write {cell} == 'true' (or the \
         value in your file), or {cell} != '' to keep the rows in which it is not empty"
    )]
    Bool {
        cell: String,
        /// The cell with its filters.
        text: String,
    },
    /// `A|int + 1`.
    #[error("the result is a {0} instead of true or false; compare it with ==, !=, <, > or in")]
    NotTrueOrFalse(String),
}
