//! What a run would ask of Omnisend, for people.

use super::words::{count, counted};
use crate::run::Forecast;

/// Requests by what they are for, those that there would be any of: `93 batches`, `2 to settle`.
pub(super) fn parts(forecast: &Forecast) -> Vec<String> {
    let asked = forecast.requests;
    let others = [
        (asked.settle, "to settle them"),
        (asked.tag, "to add tags"),
        (asked.untag, "to take tags away"),
        (asked.segment, "for segments"),
    ];
    let batches = (asked.upload > 0).then(|| counted(asked.upload, "batch", "batches"));
    let others = others.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", count(n)));
    let canary = asked.upload > 0 && forecast.tag_way.is_none();
    let canary = canary.then(|| "a few to find out how tags are added".to_owned());
    batches.into_iter().chain(others).chain(canary).collect()
}

/// What stands above the first contacts.
pub(super) fn contacts_title(forecast: &Forecast) -> &'static str {
    if forecast.masked {
        "The first contacts, as they would be sent; values are masked"
    } else {
        "The first contacts, as they would be sent"
    }
}
