//! The requests that a dry run forecasts, in words.

use crate::{
    run::Forecast,
    wording::{counted, number},
};

/// Returns the number of requests for each purpose that needs any: `93 batches`, `2 to settle them`.
pub(super) fn parts(forecast: &Forecast) -> Vec<String> {
    let requests = forecast.requests;
    let others = [
        (requests.settle, "to settle them"),
        (requests.tag, "to add tags"),
        (requests.untag, "to remove tags"),
        (requests.segment, "for segments"),
    ];
    let batches = (requests.upload > 0).then(|| counted(requests.upload, "batch", "batches"));
    let others = others.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", number(n)));
    let needs_canary = requests.upload > 0 && forecast.tag_way.is_none();
    let canary = needs_canary.then(|| "a few to find out how tags are added".to_owned());
    batches.into_iter().chain(others).chain(canary).collect()
}

/// Returns the title of the first contacts.
pub(super) fn contacts_title(forecast: &Forecast) -> &'static str {
    if forecast.masked {
        "The first contacts, as they would be sent; values are masked"
    } else {
        "The first contacts, as they would be sent"
    }
}
