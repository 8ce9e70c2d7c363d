//! The report for people: a page that needs nothing else, and lines for a terminal.
//!
//! What is said, and of what, is decided in Rust: [`html()`] and [`text()`] only lay it out.

mod aside;
mod consent;
#[cfg(test)]
mod examples;
mod flow;
mod forecast;
mod guards;
mod headline;
mod html;
mod left_out;
mod plain;
mod remarks;
mod text;
mod words;

pub use html::html;
pub use text::text;
pub use words::duration;
