//! Templates and filters: small programs over a row's cells, in MiniJinja's language.

mod check;
mod columns;
mod compare;
mod condition;
mod context;
mod engine;
mod error;
mod programs;
mod tokens;
mod unknown_names;

pub(super) use self::programs::Program;
pub use self::{
    check::{check_expression, check_template},
    error::ProgramError,
    programs::Programs,
};

#[cfg(test)]
mod tests;
