//! The report as one page, with its styles inside and nothing loaded from elsewhere.

use askama::Template;

use crate::run::Report;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    report: &'a Report,
}

/// The page.
pub fn html(report: &Report) -> Result<String, askama::Error> {
    Page { report }.render()
}
