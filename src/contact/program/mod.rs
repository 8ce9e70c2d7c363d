//! Templates and filters: small programs over a row's cells, in MiniJinja's language.

mod check;
mod columns;
mod compare;
mod condition;
mod context;
mod engine;
mod error;
mod names;
mod programs;
mod tokens;

pub(super) use self::programs::Program;
pub use self::{
    check::{check_expression, check_template},
    error::ProgramError,
    programs::Programs,
};

#[cfg(test)]
mod tests;
