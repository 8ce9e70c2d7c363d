//! What is worth a sentence about a run, besides its counts.

use super::words::counted;
use crate::run::{Report, SendsAll};

/// Sentences, without their end.
pub(super) fn remarks(report: &Report) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(why) = report.sends_all.filter(|why| *why == SendsAll::MappingChanged) {
        remarks.push(why.to_string());
    }
    if let Some(run) = &report.undoes {
        remarks.push(format!(
            "the tags that run {run} added are taken away; the fields and consent that it sent, and the contacts that it \
             made, stay in Omnisend"
        ));
    }
    if let Some(run) = &report.corrects {
        remarks.push(format!("sends corrected rejects of run {run}, and nothing else"));
    }
    if let Some(run) = &report.replays {
        remarks.push(format!("sends again what did not arrive in run {run}, as it was"));
    }
    if report.rejects_without_cells {
        let gone = "the segment's file was not there any more when the report was made: of contacts that Omnisend did not \
                    take, rejects.csv has the e-mail alone";
        remarks.push(gone.to_owned());
    }
    if report.overlapping > 0 {
        let contacts = counted(report.overlapping, "contact", "contacts");
        let differ = match report.conflicting {
            0 => String::new(),
            n => format!(
                "; {} there, and the first segment's values count",
                counted(n, "of them differs", "of them differ")
            ),
        };
        remarks.push(format!("{contacts} in several segments, each with the tags of all{differ}"));
    }
    remarks
}
