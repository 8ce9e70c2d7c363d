//! The files of a report that people open.

use crate::{
    keys::{Key, Location},
    run::Report,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFiles {
    pub html: Location,
    /// `None` if every row and contact arrived.
    pub rejects: Option<Location>,
}

impl ReportFiles {
    pub fn of(report: &Report) -> Self {
        let rejects = || Location::from(&Key::RejectsCsv(report.run.clone()));
        Self {
            html: Location::from(&Key::ReportHtml(report.run.clone())),
            rejects: (!report.reasons.is_empty()).then(rejects),
        }
    }
}
