//! How a run ended, in the words that stand above all else.

use super::{
    plain::clip_middle,
    words::{and, count, counted, duration, sentence},
};
use crate::run::{GuardName, Report, State};

/// How much of a message is shown, in characters.
const MESSAGE_CHARS: usize = 2000;

/// How an end is to be felt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Mixed,
    Bad,
    Quiet,
}

impl Tone {
    /// The class of the page's styles.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Mixed => "mixed",
            Self::Bad => "bad",
            Self::Quiet => "quiet",
        }
    }

    /// The sign that says it without a colour.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Mixed => "!",
            Self::Bad => "✕",
            Self::Quiet => "–",
        }
    }
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Headline {
    pub tone: Tone,
    pub badge: &'static str,
    /// What it comes to, in a sentence or two.
    pub lede: String,
    /// Why, and what to do.
    pub message: Option<String>,
}

/// Whether a run was a dry run that read everything. Of what was not read, nothing can be foretold.
pub(super) fn is_forecast(report: &Report) -> bool {
    report.dry_run.is_some() && !is_cut_short(report)
}

/// Whether a guard stopped the run before it had read everything.
pub(super) fn is_cut_short(report: &Report) -> bool {
    report.stopped.iter().any(|guard| guard.name() == GuardName::MaxProfiles)
}

/// Whether a run was to send anything, and not only to read.
pub(super) fn sends(report: &Report) -> bool {
    report.dry_run.is_none() && report.state != State::Stopped
}

/// What the contacts of the chunks are called: nothing is called sent that was not.
pub(super) fn sent_or_to_send(report: &Report) -> &'static str {
    if report.dry_run.is_some() || report.not_sent > 0 { "to send" } else { "sent" }
}

impl Headline {
    pub(super) fn of(report: &Report) -> Self {
        let (tone, badge, lede) = match report.state {
            _ if is_forecast(report) && !report.stopped.is_empty() => {
                (Tone::Bad, "Dry run", forecast(report))
            }
            _ if is_forecast(report) => (Tone::Quiet, "Dry run", forecast(report)),
            State::Succeeded => (Tone::Good, "Succeeded", arrived(report, "contacts")),
            State::Partial => (Tone::Mixed, "Partial", partial(report)),
            State::Failed => (Tone::Bad, "Failed", format!("The run could not go on. {}", so_far(report))),
            State::Canceled => (Tone::Mixed, "Canceled", so_far(report)),
            State::Skipped => (Tone::Quiet, "Skipped", skipped(report)),
            State::Stopped => {
                let lede = match report.stopped.as_slice() {
                    [] | [_] => "A guard stopped the run before its first request. Nothing was sent.",
                    [..] => "Guards stopped the run before its first request. Nothing was sent.",
                };
                (Tone::Bad, "Stopped", lede.to_owned())
            }
        };
        let message = report.message.as_deref().map(|message| sentence(&clip_middle(message, MESSAGE_CHARS)));
        Self { tone, badge, lede, message }
    }
}

fn forecast(report: &Report) -> String {
    let planned = report.counts.planned();
    let mut said = vec!["Nothing was sent.".to_owned()];
    let if_let_through = match report.stopped.as_slice() {
        [] => "A run now",
        [_] => "A guard would stop a run now. Let through, it",
        [..] => "Guards would stop a run now. Let through, it",
    };
    said.push(match &report.dry_run {
        Some(forecast) if planned.sent > 0 => format!(
            "{if_let_through} would send {} in {}, which takes about {}.",
            counted(planned.sent, "contact", "contacts"),
            counted(forecast.batches, "batch", "batches"),
            duration(i64::try_from(forecast.seconds).unwrap_or(i64::MAX)),
        ),
        _ => format!("{if_let_through} would have nothing to send."),
    });
    said.extend(invalid(report));
    said.join(" ")
}

/// All of them did; `contacts` is what to call them.
fn arrived(report: &Report, contacts: &str) -> String {
    match report.counts.settled().accepted {
        0 => "Nothing had to be sent.".to_owned(),
        1 => "The one contact arrived in Omnisend.".to_owned(),
        n => format!("All {} {contacts} arrived in Omnisend.", count(n)),
    }
}

fn partial(report: &Report) -> String {
    let (sent, settled) = (report.counts.planned().sent, report.counts.settled());
    let mut said = Vec::new();
    match (sent, settled.accepted) {
        (0, _) => said.push("Nothing had to be sent.".to_owned()),
        (all, accepted) if all == accepted => said.push(arrived(report, "valid contacts")),
        _ => {
            said.push(known(report));
            said.extend(lost(report).map(|lost| format!("{lost}.")));
        }
    }
    said.extend(invalid(report));
    said.join(" ")
}

/// How far a run came that ended before its end.
fn so_far(report: &Report) -> String {
    if report.counts.planned().sent == report.not_sent {
        return "Nothing was sent.".to_owned();
    }
    let lost = lost(report).map(|lost| format!(" {lost}.")).unwrap_or_default();
    format!("{}{lost}", known(report))
}

/// How many arrived, and no more than that is claimed where some may have.
fn known(report: &Report) -> String {
    let (sent, settled) = (report.counts.planned().sent, report.counts.settled());
    let arrived = match (settled.unknown > report.not_sent, settled.accepted) {
        (false, _) => "arrived",
        (true, 1) => "is known to have arrived",
        (true, _) => "are known to have arrived",
    };
    format!("{} of {} contacts {arrived} in Omnisend.", count(settled.accepted), count(sent))
}

/// Of the contacts, those that did not arrive or may not have.
fn lost(report: &Report) -> Option<String> {
    let settled = report.counts.settled();
    let silent = settled.unknown.saturating_sub(report.not_sent);
    let is = |n| if n == 1 { "is" } else { "are" };
    let was = |n| if n == 1 { "was" } else { "were" };
    let parts: Vec<String> = [
        (settled.rejected, format!("{} {} rejected", count(settled.rejected), was(settled.rejected))),
        (silent, format!("{} {} unknown", count(silent), is(silent))),
        (report.not_sent, format!("{} {} not sent", count(report.not_sent), was(report.not_sent))),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(_, part)| part)
    .collect();
    (!parts.is_empty()).then(|| and(&parts))
}

fn invalid(report: &Report) -> Option<String> {
    match report.counts.planned().invalid {
        0 => None,
        1 => Some("1 row of the source is not a valid contact.".to_owned()),
        n => Some(format!("{} rows of the source are not valid contacts.", count(n))),
    }
}

fn skipped(report: &Report) -> String {
    match report.counts.planned().unchanged {
        0 => "There was nothing to do.".to_owned(),
        1 => "There was nothing to do: Omnisend has the one contact as it is.".to_owned(),
        n => format!("There was nothing to do: Omnisend has all {} contacts as they are.", count(n)),
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
    fn every_end_is_said_in_a_sentence_or_two() {
        let said: Vec<String> = examples::all()
            .iter()
            .map(|(name, report)| {
                let Headline { tone, badge, lede, message } = Headline::of(report);
                format!("{name}: {} {badge}. {lede}\n  {}", tone.sign(), message.unwrap_or_default())
            })
            .collect();
        insta::assert_snapshot!(said.join("\n"));
    }

    #[test]
    fn rows_that_are_not_valid_do_not_hide_that_the_others_arrived() {
        let mut report = examples::succeeded();
        report.state = State::Partial;
        let planned = Planned { read: 9_705, invalid: 1, ..report.counts.planned() };
        report.counts = Counts::new(planned, report.counts.settled()).unwrap();
        assert_eq!(
            Headline::of(&report).lede,
            "All 9,285 valid contacts arrived in Omnisend. 1 row of the source is not a valid contact."
        );
    }
}
