//! How a run ended, and its message for people.

use crate::{
    keys::RunRef,
    run::{Counts, Halted, Manifest, Parked, Reason, RowOutcome, Settled, State, stop_message},
    stage::{RecordError, Records},
    wording::{counted, number},
};
use omnisend::is_subscription_limit;

/// Why a run ended before everything was sent, if it did.
pub(super) struct EarlyEnd {
    pub canceled: bool,
    pub halted: Option<Halted>,
    pub parked: Option<Parked>,
}

impl EarlyEnd {
    pub(super) async fn read(records: &Records, run: &RunRef) -> Result<Self, RecordError> {
        Ok(Self {
            canceled: records.is_canceled(run).await?,
            halted: records.halted(run).await?,
            parked: records.parked(run).await?,
        })
    }
}

/// Returns how the run ended, and a message for people if the counts alone do not explain it.
pub(super) fn verdict(
    manifest: &Manifest,
    early_end: &EarlyEnd,
    counts: &Counts,
    not_sent: u64,
    reasons: &[Reason],
) -> (State, Option<String>) {
    if !manifest.stopped.is_empty() {
        let why = stop_message(&manifest.stopped, &manifest.run.export);
        let would = if manifest.dry_run.is_some() { "a run now would be stopped: " } else { "" };
        return (State::Stopped, Some(format!("{would}{why}")));
    }
    if manifest.dry_run.is_some() {
        let clean = counts.planned().invalid == 0;
        return (if clean { State::Succeeded } else { State::Partial }, None);
    }
    if let Some(parked) = &early_end.parked {
        return (State::Failed, Some(parked.reason.clone()));
    }
    if early_end.canceled {
        let message = "the run was canceled; what was sent before that stays in Omnisend".to_owned();
        return (State::Canceled, Some(message));
    }
    if let Some(halted) = &early_end.halted {
        return (State::Partial, Some(halt_message(halted, counts, not_sent)));
    }
    let state = match (counts.is_clean(), counts.planned().sent) {
        (true, 0) if manifest.removals.is_empty() => State::Skipped,
        (true, _) => State::Succeeded,
        (false, _) => State::Partial,
    };
    (state, rejection_message(counts, reasons))
}

/// Returns the message of a halted run.
fn halt_message(halted: &Halted, counts: &Counts, not_sent: u64) -> String {
    let Halted { code, reason, .. } = halted;
    let (what, advice) = if halted.is_subscription_limit() {
        (
            "contacts because of the brand's subscription",
            "Make room in the subscription, or choose a larger one, then run the export again",
        )
    } else {
        ("one contact after another for the same reason", "Resolve it, then run the export again")
    };
    let Settled { accepted, rejected, .. } = counts.settled();
    let [accepted, rejected, not_sent] = [accepted, rejected, not_sent].map(number);
    format!(
        "Omnisend refuses {what}: {} ({code}). The run was halted: {accepted} contacts were accepted, {rejected} were \
         rejected, and {not_sent} were not sent. {advice}",
        reason.trim_end_matches('.')
    )
}

/// Returns a message with the most frequent reason for which Omnisend rejected contacts, if it rejected any.
fn rejection_message(counts: &Counts, reasons: &[Reason]) -> Option<String> {
    let most = reasons.iter().find(|reason| reason.outcome == RowOutcome::Rejected)?;
    let rejected = counts.settled().rejected;
    let share = if most.count < rejected {
        format!(", {} of them for this reason", number(most.count))
    } else {
        String::new()
    };
    let advice = if is_subscription_limit(&most.code, &most.reason) {
        " Make room in the brand's subscription, or choose a larger one, then run the export again."
    } else {
        ""
    };
    let contacts = counted(rejected, "contact", "contacts");
    Some(format!("Omnisend rejected {contacts}{share}: {}{advice}", most.reason))
}
