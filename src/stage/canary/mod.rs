//! Canary: finds out, on one contact of the segment, whether the tags of an upsert join those that a contact has, or
//! take their place. Omnisend does not document it.
//!
//! The contact is read, sent as it was prepared with tags of ours, and read again. What it had is written down
//! before, and put back where it was lost: whatever ends the canary, the next upload of the connection tidies up.
//! What stays doubtful is decided for `/contacts/tags`, which is documented to add.

mod decide;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use bytes::Bytes;
use serde_json::value::RawValue;
use tokio::time::Instant;

pub use self::decide::NOBODY_HAS;
use self::decide::{Probe, Shown, TEMPORARY, holds, probe, seen};
use super::{RecordError, Records, upload::Context};
use crate::{
    contact::Tag,
    keys::Key,
    kill_point,
    omnisend::{CallError, CallOptions, KeyError, RefusalKind},
    ports::objects::{ObjectError, Put},
    retry,
    run::{
        CanaryIntent, Findings, InlineTags, Manifest, StoredContact, TagEvidence, TagFinding, TagSet, TagWay,
        flaw, lines,
    },
    scale,
};

/// How many contacts are tried where Omnisend refuses them.
const CANDIDATES: usize = 3;

/// Why a canary could not come to its end. What it has to tidy up is written down.
#[derive(Debug, thiserror::Error)]
pub enum CanaryError {
    /// A run's or a connection's object.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Omnisend, and it may pass: no time is left, or the key cannot be read just now.
    #[error(transparent)]
    Call(CallError),
}

/// What ended a canary before it knew.
enum Stop {
    /// Nobody can tell.
    Doubt(String),
    /// A request.
    Call(CallError),
    /// An object.
    Record(RecordError),
}

impl From<CallError> for Stop {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<RecordError> for Stop {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

/// Finds out how the connection's contacts get their tags, on the first contact of a chunk that Omnisend takes, and
/// writes it down with its evidence. Answers with the way to go now.
pub async fn canary(
    context: &Context<'_>,
    manifest: &Manifest,
    chunk: u32,
    findings: &mut Findings,
) -> Result<TagWay, CanaryError> {
    let records = Records::new(context.ports.objects.clone());
    let unpacked = match records.lines(&manifest.chunk_key(chunk)).await {
        // The upload says it.
        Err(RecordError::Object(ObjectError::NotFound { .. })) => return Ok(TagWay::Endpoint),
        lines => lines?,
    };
    let mut candidates = lines(&unpacked).take(CANDIDATES).peekable();
    let (shown, doubt, mut evidence) = loop {
        let Some(line) = candidates.next() else { return Ok(TagWay::Endpoint) };
        let stored: StoredContact<'_> = serde_json::from_slice(line).map_err(|error| {
            RecordError::Damaged { key: manifest.chunk_key(chunk).to_string(), reason: flaw(&error) }
        })?;
        let mut canary = Canary {
            at: Place { context, records: &records, manifest, email: stored.email() },
            contact: stored.contact,
            ours: stored.of.tags.among(&manifest.tags).map(|tag| tag.as_str().to_owned()).collect(),
            evidence: TagEvidence::default(),
        };
        let (shown, doubt) = match canary.look(findings).await {
            Ok(shown) => (shown, None),
            Err(Stop::Record(error)) => return Err(error.into()),
            Err(Stop::Call(error @ (CallError::OutOfTime | CallError::Key(KeyError::Temporary(_))))) => {
                return Err(CanaryError::Call(error));
            }
            // The upload meets the same, and says what to do; nothing is learnt from it.
            Err(Stop::Call(error)) if is_of_the_key(&error) => return Ok(TagWay::Endpoint),
            Err(Stop::Call(error)) if is_of_the_contact(&error) && candidates.peek().is_some() => {
                tidy_up(context, manifest, findings).await?;
                if findings.canary.is_none() {
                    continue;
                }
                (Shown::Nothing, Some(error.to_string()))
            }
            Err(Stop::Call(error)) => (Shown::Nothing, Some(error.to_string())),
            Err(Stop::Doubt(reason)) => (Shown::Nothing, Some(reason)),
        };
        break (shown, doubt, canary.evidence);
    };
    evidence.says = doubt.unwrap_or_else(|| shown.says().to_owned());
    let (way, certain) = (shown.way(), shown != Shown::Nothing);
    tracing::info!(
        connection = %manifest.connection,
        tags = way.as_str(),
        certain,
        reason = evidence.says,
        "found out how contacts get their tags"
    );
    let (at, run) = (context.ports.clock.now(), manifest.run.clone());
    findings.tags = Some(TagFinding { way, certain, evidence, at, run });
    kill_point::reach("canary.before-finding");
    write(&records, manifest, findings).await?;
    if findings.canary.is_some() {
        // What ended it early may not be over; the next upload tries again.
        tidy_up(context, manifest, findings).await?;
    }
    Ok(way)
}

/// Puts back what a canary that did not come to its end may have left: the tags that the contact had, and not the
/// temporary one. Where Omnisend refuses that, it stays written down for the next time.
pub async fn tidy_up(
    context: &Context<'_>,
    manifest: &Manifest,
    findings: &mut Findings,
) -> Result<(), CanaryError> {
    let Some(intent) = findings.canary.clone() else { return Ok(()) };
    let records = Records::new(context.ports.objects.clone());
    let at = Place { context, records: &records, manifest, email: intent.email.clone() };
    // All of them: an upsert that was on its way may be seen only later.
    match at.tidy(&intent.had, true, &intent.had).await {
        Ok(true) => {
            findings.canary = None;
            Ok(write(&records, manifest, findings).await?)
        }
        Ok(false) => Ok(()),
        Err(error @ (CallError::OutOfTime | CallError::Key(KeyError::Temporary(_)))) => {
            Err(CanaryError::Call(error))
        }
        Err(error) => {
            tracing::error!(
                connection = %manifest.connection,
                run = %intent.run,
                %error,
                "a canary's contact could not be given its tags back; the next upload tries again"
            );
            Ok(())
        }
    }
}

async fn write(records: &Records, manifest: &Manifest, findings: &Findings) -> Result<(), RecordError> {
    records.write(&Key::Findings(manifest.connection.clone()), findings, Put::Replace).await
}

/// Whether it is the key that is refused, so that no request can work.
fn is_of_the_key(error: &CallError) -> bool {
    match error {
        CallError::Key(_) => true,
        CallError::Refused(refusal) => {
            matches!(refusal.kind, RefusalKind::InvalidKey | RefusalKind::RetiredVersion)
        }
        _ => false,
    }
}

/// Whether it may be this contact that is refused, and another would not be.
fn is_of_the_contact(error: &CallError) -> bool {
    let kind = error.refusal().map(|refusal| refusal.kind);
    matches!(kind, Some(RefusalKind::Invalid | RefusalKind::SubscriptionLimit | RefusalKind::Conflict))
}

/// A contact's place in the world.
struct Place<'a> {
    context: &'a Context<'a>,
    records: &'a Records,
    manifest: &'a Manifest,
    email: String,
}

/// The canary's contact.
struct Canary<'a> {
    at: Place<'a>,
    contact: &'a RawValue,
    ours: Vec<String>,
    evidence: TagEvidence,
}

impl Canary<'_> {
    /// Sends what shows it, and looks.
    async fn look(&mut self, findings: &mut Findings) -> Result<Shown, Stop> {
        let (context, email) = (self.at.context, self.at.email.clone());
        // Before anything is at stake: what may be lost has to be put back by the same endpoint.
        context.client.remove_tags(&[NOBODY_HAS], &[email.as_str()], self.at.options()).await?;
        let had = self.at.tags().await?;
        self.evidence.before = had.as_deref().map(|tags| seen(tags, &self.ours));
        let probe = probe(had.as_deref(), &self.ours).map_err(|reason| Stop::Doubt(reason.to_owned()))?;
        findings.canary = Some(CanaryIntent {
            run: self.at.manifest.run.clone(),
            email: email.clone(),
            had: had.clone().unwrap_or_default(),
            at: context.ports.clock.now(),
        });
        write(self.at.records, self.at.manifest, findings).await?;
        kill_point::reach("canary.intent");
        if let Some(first) = &probe.first {
            context.client.upsert(self.body(first), self.at.options()).await?;
            kill_point::reach("canary.created");
            let (_, is_there) = self.at.until(|tags| tags.is_some_and(|tags| holds(tags, first))).await?;
            if !is_there {
                return Err(Stop::Doubt("Omnisend did not show the contact that it took".to_owned()));
            }
        }
        self.evidence.sent.clone_from(&probe.sent);
        context.client.upsert(self.body(&probe.sent), self.at.options()).await?;
        kill_point::reach("canary.probed");
        let shown = |tags: Option<&[String]>| probe.shown(tags);
        let (now, _) = self.at.until(|tags| shown(tags) != Shown::Nothing).await?;
        let now = now.unwrap_or_default();
        self.evidence.after = Some(seen(&now, &self.ours));
        let shown = shown(Some(&now));
        if shown == Shown::Nothing {
            return Ok(shown);
        }
        self.tidy(&probe, &had.unwrap_or_default(), &now, findings).await?;
        Ok(shown)
    }

    /// Puts back what was seen to be lost, and takes the temporary tag away.
    async fn tidy(
        &self,
        probe: &Probe,
        had: &[String],
        now: &[String],
        findings: &mut Findings,
    ) -> Result<(), Stop> {
        let lost: Vec<String> = had.iter().filter(|tag| !now.contains(tag)).cloned().collect();
        let is_tidy = (lost.is_empty() && !probe.marks()) || self.at.tidy(&lost, probe.marks(), had).await?;
        if is_tidy {
            // Written together with what was found.
            findings.canary = None;
        }
        Ok(())
    }

    /// The contact as it was prepared, with these tags.
    fn body(&self, tags: &[String]) -> Bytes {
        let tags: Vec<Tag> = tags.iter().filter_map(|tag| Tag::try_from(tag.clone()).ok()).collect();
        let all = (0..tags.len()).fold(TagSet::default(), |all, place| all.with(TagSet::of(place)));
        let contact: Box<str> = InlineTags::of(&tags).contact(self.contact, all).into();
        contact.into_string().into()
    }
}

impl Place<'_> {
    fn options(&self) -> CallOptions {
        retry::CANARY.until(self.context.deadline)
    }

    /// The contact's tags; none where it does not exist.
    async fn tags(&self) -> Result<Option<Vec<String>>, Stop> {
        match self.context.client.contact_by_email(&self.email, self.options()).await? {
            None => Ok(None),
            Some(contact) => {
                let silent = || Stop::Doubt("Omnisend does not show the contact's tags".to_owned());
                contact.tags.ok_or_else(silent).map(Some)
            }
        }
    }

    /// Looks at the contact until its tags are as they should be, for a while. Answers with what was seen last, and
    /// whether it is that.
    async fn until(
        &self,
        is_so: impl Fn(Option<&[String]>) -> bool,
    ) -> Result<(Option<Vec<String>>, bool), Stop> {
        let mut delays = ExponentialBuilder::new()
            .with_min_delay(scale::wait(retry::CANARY_FIRST_DELAY))
            .with_max_times(retry::CANARY_LOOKS)
            .build();
        loop {
            let tags = self.tags().await?;
            if is_so(tags.as_deref()) {
                return Ok((tags, true));
            }
            let Some(delay) = delays.next() else { return Ok((tags, false)) };
            if self.context.deadline.is_some_and(|deadline| Instant::now() + delay >= deadline) {
                return Err(CallError::OutOfTime.into());
            }
            tokio::time::sleep(delay).await;
        }
    }

    /// Adds tags, takes the temporary one away, and waits a while until that is seen: the contact has `all` then.
    /// Whether it was seen.
    async fn tidy(&self, add: &[String], remove: bool, all: &[String]) -> Result<bool, CallError> {
        let (client, options, email) = (self.context.client, self.options(), [self.email.as_str()]);
        if !add.is_empty() {
            let add: Vec<&str> = add.iter().map(String::as_str).collect();
            client.add_tags(&add, &email, options).await?;
            kill_point::reach("canary.put-back");
        }
        if remove {
            client.remove_tags(&[TEMPORARY], &email, options).await?;
            kill_point::reach("canary.removed");
        }
        let is_tidy = |tags: Option<&[String]>| {
            tags.is_none_or(|tags| holds(tags, all) && !tags.iter().any(|tag| tag == TEMPORARY))
        };
        match self.until(is_tidy).await {
            Ok((_, is_so)) => Ok(is_so),
            Err(Stop::Call(error)) => Err(error),
            // Both requests were taken; what cannot be seen is looked at again.
            Err(Stop::Doubt(_) | Stop::Record(_)) => Ok(false),
        }
    }
}
