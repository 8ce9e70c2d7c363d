//! The top of the report: how the run ended.

use super::{
    format::{duration, sentence},
    sanitize::clip_middle,
};
use crate::{
    run::{GuardName, Report, State},
    wording::{counted, list, number, plural},
};

/// How much of a message is shown, in characters.
const MESSAGE_CHARS: usize = 2000;

#[derive(Debug)]
pub(super) struct Tone {
    /// The CSS class of the page.
    pub class: &'static str,
    /// For readers who do not see the colour.
    pub sign: &'static str,
}

const GOOD: Tone = Tone { class: "good", sign: "✓" };
const MIXED: Tone = Tone { class: "mixed", sign: "!" };
const BAD: Tone = Tone { class: "bad", sign: "✕" };
const QUIET: Tone = Tone { class: "quiet", sign: "–" };

#[derive(Debug)]
pub(super) struct Headline {
    pub tone: Tone,
    pub badge: &'static str,
    /// The result, in one to three sentences.
    pub lede: String,
    /// Why, and what to do.
    pub message: Option<String>,
}

/// Whether the run was a dry run that read all rows. A dry run that was cut short has no forecast.
pub(super) fn is_forecast(report: &Report) -> bool {
    report.dry_run.is_some() && !is_cut_short(report)
}

/// Whether a guard stopped the run before it had read all rows.
pub(super) fn is_cut_short(report: &Report) -> bool {
    report.stopped.iter().any(|guard| guard.name() == GuardName::MaxProfiles)
}

/// Whether the run was meant to send contacts.
pub(super) fn sends(report: &Report) -> bool {
    report.dry_run.is_none() && report.state != State::Stopped
}

/// Returns the word for the contacts of the chunks: `sent` only if all of them were sent.
pub(super) fn sent_or_to_send(report: &Report) -> &'static str {
    if report.dry_run.is_some() || report.not_sent > 0 { "to send" } else { "sent" }
}

impl Headline {
    pub(super) fn of(report: &Report) -> Self {
        let (tone, badge, lede) = match report.state {
            _ if is_forecast(report) => {
                let tone = if report.stopped.is_empty() { QUIET } else { BAD };
                (tone, "Dry run", forecast(report))
            }
            State::Succeeded => (GOOD, "Succeeded", all_arrived(report, "contacts")),
            State::Partial => (MIXED, "Partial", partial(report)),
            State::Failed => (BAD, "Failed", format!("The run could not continue. {}", so_far(report))),
            State::Canceled => (MIXED, "Canceled", so_far(report)),
            State::Skipped => (QUIET, "Skipped", skipped(report)),
            State::Stopped => {
                let guards = if report.stopped.len() > 1 { "Guards" } else { "A guard" };
                let lede = format!("{guards} stopped the run before its first request. Nothing was sent.");
                (BAD, "Stopped", lede)
            }
        };
        let message = report.message.as_deref().map(|message| sentence(&clip_middle(message, MESSAGE_CHARS)));
        Self { tone, badge, lede, message }
    }
}

fn forecast(report: &Report) -> String {
    let planned = report.counts.planned();
    let mut sentences = vec!["Nothing was sent.".to_owned()];
    let run = match report.stopped.as_slice() {
        [] => "A run now",
        [_] => "A guard would stop a run now. If allowed, it",
        [..] => "Guards would stop a run now. If allowed, it",
    };
    sentences.push(match &report.dry_run {
        Some(forecast) if planned.sent > 0 => format!(
            "{run} would send {} in {}, which takes about {}.",
            counted(planned.sent, "contact", "contacts"),
            counted(forecast.batches, "batch", "batches"),
            duration(i64::try_from(forecast.seconds).unwrap_or(i64::MAX)),
        ),
        _ => format!("{run} would have nothing to send."),
    });
    sentences.extend(invalid(report));
    sentences.join(" ")
}

/// Returns a sentence that all contacts arrived. `contacts` is the word for them.
fn all_arrived(report: &Report, contacts: &str) -> String {
    match report.counts.settled().accepted {
        0 => "Nothing had to be sent.".to_owned(),
        1 => "The one contact arrived in Omnisend.".to_owned(),
        n => format!("All {} {contacts} arrived in Omnisend.", number(n)),
    }
}

fn partial(report: &Report) -> String {
    let (sent, settled) = (report.counts.planned().sent, report.counts.settled());
    let mut sentences = match (sent, settled.accepted) {
        (0, _) => vec!["Nothing had to be sent.".to_owned()],
        (all, accepted) if all == accepted => vec![all_arrived(report, "valid contacts")],
        _ => arrived_and_lost(report),
    };
    sentences.extend(invalid(report));
    sentences.join(" ")
}

/// Returns how much a run sent that ended early.
fn so_far(report: &Report) -> String {
    if report.counts.planned().sent == report.not_sent {
        return "Nothing was sent.".to_owned();
    }
    arrived_and_lost(report).join(" ")
}

/// Returns how many contacts arrived, did not arrive, or have an unknown outcome.
fn arrived_and_lost(report: &Report) -> Vec<String> {
    let (sent, settled) = (report.counts.planned().sent, report.counts.settled());
    let unconfirmed = settled.unknown.saturating_sub(report.not_sent);
    let arrived = match (unconfirmed, settled.accepted) {
        (0, _) => "arrived",
        (_, 1) => "is known to have arrived",
        (_, _) => "are known to have arrived",
    };
    let arrived = format!("{} of {} contacts {arrived} in Omnisend.", number(settled.accepted), number(sent));
    let lost = [
        (settled.rejected, "was rejected", "were rejected"),
        (unconfirmed, "has an unknown outcome", "have an unknown outcome"),
        (report.not_sent, "was not sent", "were not sent"),
    ];
    let lost = lost.into_iter().filter(|(n, ..)| *n > 0).map(|(n, one, many)| counted(n, one, many));
    let lost: Vec<String> = lost.collect();
    let lost = (!lost.is_empty()).then(|| format!("{}.", list(&lost, "and")));
    [arrived].into_iter().chain(lost).collect()
}

fn invalid(report: &Report) -> Option<String> {
    let invalid = report.counts.planned().invalid;
    let rows = counted(invalid, "row", "rows");
    (invalid > 0).then(|| format!("{rows} of the source {} invalid.", plural(invalid, "is", "are")))
}

fn skipped(report: &Report) -> String {
    match report.counts.planned().unchanged {
        0 => "There was nothing to do.".to_owned(),
        1 => "There was nothing to do: the one contact is unchanged.".to_owned(),
        n => format!("There was nothing to do: all {} contacts are unchanged.", number(n)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        report::examples,
        run::{Counts, Planned},
    };

    #[test]
    fn describes_every_end_of_a_run() {
        let ends: Vec<String> = examples::all()
            .iter()
            .map(|(name, report)| {
                let Headline { tone, badge, lede, message } = Headline::of(report);
                format!("{name}: {} {badge}. {lede}\n  {}", tone.sign, message.unwrap_or_default())
            })
            .collect();
        insta::assert_snapshot!(ends.join("\n"));
    }

    #[test]
    fn says_that_all_valid_contacts_arrived_despite_invalid_rows() {
        let mut report = examples::succeeded();
        report.state = State::Partial;
        let planned = Planned { read: 9_705, invalid: 1, ..report.counts.planned() };
        report.counts = Counts::new(planned, report.counts.settled()).unwrap();
        assert_eq!(
            Headline::of(&report).lede,
            "All 9,285 valid contacts arrived in Omnisend. 1 row of the source is invalid."
        );
    }
}
