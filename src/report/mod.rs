//! The report for people: a page that needs nothing else, and lines for a terminal.

mod html;
mod text;

pub use html::html;
pub use text::{count, duration, text};
