//! Notes about a run that its counts do not show.

use super::headline::is_forecast;
use crate::{
    contact::Channel,
    run::{FullSendReason, Report, cautions},
    wording::{counted, plural},
};

/// Returns the notes, without a capital letter and a full stop.
pub(super) fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    if is_forecast(report) && report.counts.planned().sent > 0 && report.corrects.is_none() {
        let maps_email_consent = report.consent.contains_key(&Channel::Email);
        notes.extend(cautions(maps_email_consent).into_iter().map(str::to_owned));
    }
    if let Some(reason @ FullSendReason::MappingChanged) = report.sends_all {
        notes.push(reason.to_string());
    }
    if let Some(run) = &report.undoes {
        notes.push(format!(
            "the tags that run {run} added are removed; the contacts, fields and consent that it sent stay in Omnisend"
        ));
    }
    if let Some(run) = &report.corrects {
        notes.push(format!("sends only the corrected rejects of run {run}"));
    }
    if let Some(run) = &report.replays {
        notes.push(format!("sends what did not arrive in run {run} again, without changes"));
    }
    if report.rejects_without_cells {
        notes.push(
            "the source no longer existed when the report was made, so rejects.csv has only the email address of \
             contacts that did not arrive"
                .to_owned(),
        );
    }
    if report.overlapping > 0 {
        let differing = match report.conflicting {
            0 => String::new(),
            n => format!(
                "; {} between segments, and the first segment's values are sent",
                counted(n, "of them differs", "of them differ")
            ),
        };
        notes.push(format!(
            "{} in several segments and {} the tags of all of them{differing}",
            counted(report.overlapping, "contact is", "contacts are"),
            plural(report.overlapping, "gets", "get")
        ));
    }
    notes
}
