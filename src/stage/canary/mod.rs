//! Canary: uses one contact to find out whether an upsert adds its tags to the contact's tags or replaces them.
//! Omnisend does not document this.
//!
//! It reads the contact, sends it with the run's tags, and reads it again. The contact's former tags are stored before
//! it is sent, and restored if they were lost. If the process dies, the connection's next upload restores them. If the
//! result is inconclusive, tags are sent through `/contacts/tags`, which is documented to add them.

mod contact;
mod probe;
mod stop;
mod trial;

pub use self::probe::UNUSED_TAG;
use self::{contact::CanaryContact, probe::Shown, stop::Stop, trial::Trial};
use super::{RecordError, StageContext, StageError, chunk::parse_line};
use crate::{
    kill_point,
    ports::objects::ObjectError,
    run::{Findings, Manifest, StoredContact, TagEvidence, TagFinding, TagWay, lines},
};
use omnisend::{CallError, KeyError, RefusalKind};

/// The most contacts that are tried, if Omnisend refuses them.
const CANDIDATES: usize = 3;

/// Finds out how the connection's contacts get their tags, with the first contact of a chunk that Omnisend accepts.
/// Writes the finding with its evidence, and returns the way to use now.
pub async fn canary(
    context: &StageContext<'_>,
    manifest: &Manifest,
    chunk: u32,
    findings: &mut Findings,
) -> Result<TagWay, StageError> {
    let records = context.records();
    let key = manifest.chunk_key(chunk);
    let unpacked = match records.lines(&key).await {
        // The upload reports it.
        Err(RecordError::Object(ObjectError::NotFound { .. })) => return Ok(TagWay::Endpoint),
        lines => lines?,
    };
    let mut candidates = lines(&unpacked).take(CANDIDATES).peekable();
    let (shown, doubt, mut evidence) = loop {
        let Some(line) = candidates.next() else { return Ok(TagWay::Endpoint) };
        let stored: StoredContact<'_> = parse_line(&key, line)?;
        let mut trial = Trial {
            contact: CanaryContact { context, email: stored.email() },
            manifest,
            prepared: stored.contact,
            ours: stored.origin.tags.among(&manifest.tags).map(|tag| tag.as_str().to_owned()).collect(),
            evidence: TagEvidence::default(),
        };
        let (shown, doubt) = match trial.run(findings).await {
            Ok(shown) => (shown, None),
            Err(Stop::Record(error)) => return Err(error.into()),
            Err(Stop::Call(error)) if is_temporary(&error) => return Err(StageError::Call(error)),
            // The upload meets the same error and reports it. The error says nothing about tags.
            Err(Stop::Call(error)) if refuses_the_key(&error) => return Ok(TagWay::Endpoint),
            Err(Stop::Call(error)) if may_refuse_the_contact(&error) && candidates.peek().is_some() => {
                restore_tags(context, manifest, findings).await?;
                if findings.canary.is_none() {
                    continue;
                }
                (Shown::Nothing, Some(error.to_string()))
            }
            Err(Stop::Call(error)) => (Shown::Nothing, Some(error.to_string())),
            Err(Stop::Inconclusive(reason)) => (Shown::Nothing, Some(reason)),
        };
        break (shown, doubt, trial.evidence);
    };
    evidence.conclusion = doubt.unwrap_or_else(|| shown.conclusion().to_owned());
    let (way, certain) = (shown.way(), shown != Shown::Nothing);
    tracing::info!(
        connection = %manifest.connection,
        tags = way.as_str(),
        certain,
        reason = evidence.conclusion,
        "found out how contacts get their tags"
    );
    let (at, run) = (context.ports.clock.now(), manifest.run.clone());
    findings.tags = Some(TagFinding { way, certain, evidence, at, run });
    kill_point::reach("canary.before-finding");
    records.write(&manifest.connection, findings).await?;
    if findings.canary.is_some() {
        // The cause may last. If so, the next upload tries again.
        restore_tags(context, manifest, findings).await?;
    }
    Ok(way)
}

/// Restores the tags of the contact of an unfinished canary, and removes the temporary tag. If Omnisend refuses that,
/// the next upload tries again.
pub async fn restore_tags(
    context: &StageContext<'_>,
    manifest: &Manifest,
    findings: &mut Findings,
) -> Result<(), StageError> {
    let Some(intent) = findings.canary.clone() else { return Ok(()) };
    let contact = CanaryContact { context, email: intent.email };
    // Adds all former tags, not only missing ones: an upsert that was in flight may take effect later.
    match contact.restore(&intent.had, true, &intent.had).await {
        Ok(true) => {
            findings.canary = None;
            Ok(context.records().write(&manifest.connection, findings).await?)
        }
        Ok(false) => Ok(()),
        Err(error) if is_temporary(&error) => Err(StageError::Call(error)),
        Err(error) => {
            tracing::error!(
                connection = %manifest.connection,
                run = %intent.run,
                %error,
                "the tags of a canary's contact could not be restored; the next upload tries again"
            );
            Ok(())
        }
    }
}

fn is_temporary(error: &CallError) -> bool {
    matches!(error, CallError::OutOfTime | CallError::Key(KeyError::Temporary(_)))
}

/// Whether the key is refused, so that no request can succeed.
fn refuses_the_key(error: &CallError) -> bool {
    match error {
        CallError::Key(_) => true,
        CallError::Refused(refusal) => {
            matches!(refusal.kind, RefusalKind::InvalidKey | RefusalKind::RetiredVersion)
        }
        _ => false,
    }
}

/// Whether Omnisend may refuse this contact and accept another one.
fn may_refuse_the_contact(error: &CallError) -> bool {
    let kind = error.refusal().map(|refusal| refusal.kind);
    matches!(kind, Some(RefusalKind::Invalid | RefusalKind::SubscriptionLimit | RefusalKind::Conflict))
}
