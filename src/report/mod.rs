//! The report for people: a self-contained HTML page, and text for a terminal.
//!
//! The modules for the parts of a report decide what it says; [`html()`] and [`text()`] only lay it out.

mod breakdown;
mod consent;
#[cfg(test)]
mod examples;
mod forecast;
mod format;
mod guards;
mod headline;
mod html;
mod notes;
mod reasons;
mod run_details;
mod sanitize;
mod tags_and_segments;
mod text;
mod warnings;

pub use format::duration;
pub use html::html;
pub use text::text;
