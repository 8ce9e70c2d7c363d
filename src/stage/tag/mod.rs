//! Tag: changes tags through `/contacts/tags`, after the run's batches are settled. It adds the tags that were not sent
//! inside the batches, and removes tags from leavers.
//!
//! The requests of a part are sent in a fixed order, and its receipt is written every few requests. After a kill, few
//! requests are repeated, and a repeated request changes nothing.

mod request;

use tokio::time::Instant;

use self::request::{Request, TaggedContact, requests};
use super::{
    RecordError, StageContext, StageError,
    chunk::{ChunkContacts, parse_line},
    field_path::item_path,
};
use crate::{
    contact::Tag,
    keys::Key,
    kill_point, retry_policies,
    run::{ChunkRef, Manifest, RemovalLine, TagPart, TagReceipt, TagWay, lines},
    test_scale,
};
use omnisend::{CallError, KeyError, Refusal, RefusalKind};

/// How many requests are sent between two writes of a part's receipt: 15 s at their pace.
const WRITE_EVERY: u32 = 15;

/// How a run's tag changes ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tagged {
    Done,
    /// The stage was stopped or reached its deadline. The receipts hold its progress.
    HandedBack,
    Canceled,
    /// Omnisend refuses the changes for this reason: the run must be parked.
    Refused(String),
}

/// Adds the tags of every accepted contact whose chunk was sent without tags.
pub async fn add_tags(context: &StageContext<'_>, manifest: &Manifest) -> Result<Tagged, StageError> {
    let (run, records) = (&manifest.run, context.records());
    for chunk in manifest.chunks_to_send() {
        let receipt = records.receipt(run, chunk).await?;
        let Some(receipt) = receipt.filter(|receipt| receipt.tags == TagWay::Endpoint) else { continue };
        let part = Part::open(context, manifest, TagPart::Additions(ChunkRef::of(run, chunk))).await?;
        let (Some(part), Some(outcome)) = (part, records.outcome(run, chunk).await?) else { continue };
        let resent = records.resent_of(run, chunk).await?;
        let key = manifest.chunk_key(chunk);
        let unpacked = records.lines(&key).await?;
        let stored = ChunkContacts::new(&key, &unpacked);
        let mut contacts = Vec::new();
        for place in outcome.accepted_of(&[&receipt, &resent]) {
            let stored = stored.at(place)?;
            contacts.push(TaggedContact { place, tags: stored.origin.tags, email: stored.email() });
        }
        match part.change(contacts).await? {
            Tagged::Done => {}
            ended => return Ok(ended),
        }
    }
    Ok(Tagged::Done)
}

/// Removes tags from leavers.
pub async fn remove_tags(context: &StageContext<'_>, manifest: &Manifest) -> Result<Tagged, StageError> {
    let run = &manifest.run;
    for n in manifest.removals_to_do() {
        let part = Part::open(context, manifest, TagPart::Removals(run.clone(), n)).await?;
        let Some(part) = part else { continue };
        let key = Key::Removals(run.clone(), n);
        let unpacked = context.records().lines(&key).await?;
        let mut contacts = Vec::new();
        for (place, line) in (0..).zip(lines(&unpacked)) {
            let RemovalLine { email, tags } = parse_line(&key, line)?;
            contacts.push(TaggedContact { place, tags, email: email.into_owned() });
        }
        match part.change(contacts).await? {
            Tagged::Done => {}
            ended => return Ok(ended),
        }
    }
    Ok(Tagged::Done)
}

/// A part of the tag changes: the additions of a chunk, or one part of the removals.
struct Part<'a> {
    context: &'a StageContext<'a>,
    manifest: &'a Manifest,
    all_tags: Vec<Tag>,
    id: TagPart,
    receipt: TagReceipt,
}

/// Why a request was not accepted.
enum Failed {
    HandedBack,
    Later(CallError),
    Refused(String),
}

impl From<CallError> for Failed {
    fn from(error: CallError) -> Self {
        match error {
            CallError::OutOfTime => Self::HandedBack,
            CallError::Key(KeyError::Temporary(_)) => Self::Later(error),
            refused => Self::Refused(refused.to_string()),
        }
    }
}

impl<'a> Part<'a> {
    /// Reads the part's receipt. Returns `None` if the part is done.
    async fn open(
        context: &'a StageContext<'a>,
        manifest: &'a Manifest,
        id: TagPart,
    ) -> Result<Option<Self>, RecordError> {
        let receipt: Option<TagReceipt> = context.records().read(&id).await?;
        if receipt.as_ref().is_some_and(TagReceipt::is_complete) {
            return Ok(None);
        }
        let receipt = receipt.unwrap_or_default();
        Ok(Some(Self { context, manifest, all_tags: manifest.all_tags(), id, receipt }))
    }

    /// Sends the requests that have not been sent yet. `contacts` are all contacts of the part.
    async fn change(mut self, contacts: Vec<TaggedContact>) -> Result<Tagged, StageError> {
        let requests = requests(contacts);
        let total = u32::try_from(requests.len()).unwrap_or(u32::MAX);
        if self.receipt.total != total {
            // A receipt for another number of requests does not show which of these were sent.
            self.receipt = TagReceipt { total, ..TagReceipt::default() };
        }
        let mut check_at = Instant::now();
        for request in requests.into_iter().skip(self.receipt.done as usize) {
            if self.context.stop.is_cancelled() {
                return self.end(Tagged::HandedBack).await;
            }
            if Instant::now() >= check_at {
                check_at = Instant::now() + test_scale::wait(retry_policies::CANCEL_CHECK);
                if self.context.records().is_canceled(&self.manifest.run).await? {
                    return self.end(Tagged::Canceled).await;
                }
            }
            match self.send(request).await {
                Ok(()) => {}
                Err(Failed::HandedBack) => return self.end(Tagged::HandedBack).await,
                Err(Failed::Refused(reason)) => return self.end(Tagged::Refused(reason)).await,
                Err(Failed::Later(error)) => {
                    self.write().await?;
                    return Err(StageError::Call(error));
                }
            }
            kill_point::reach(if self.adds() { "tag.added" } else { "tag.removed" });
            if self.receipt.done.is_multiple_of(WRITE_EVERY) {
                self.write().await?;
            }
        }
        self.end(Tagged::Done).await
    }

    /// Sends one request. If Omnisend's refusal names some of the addresses, sends the request again without them.
    async fn send(&mut self, request: Request) -> Result<(), Failed> {
        let Request { tags, mut contacts } = request;
        let tags: Vec<Tag> = tags.among(&self.all_tags).cloned().collect();
        while !contacts.is_empty() && !tags.is_empty() {
            let before = self.context.client.usage();
            let answer = self.call(&tags, &contacts).await;
            let usage = self.context.client.usage();
            self.receipt.requests += usage.requests - before.requests;
            self.receipt.throttled += usage.throttled - before.throttled;
            match answer {
                Ok(()) => break,
                Err(CallError::Refused(refusal)) => {
                    let named = named(&refusal);
                    let (refused, others): (Vec<_>, Vec<_>) =
                        contacts.into_iter().enumerate().partition(|(n, _)| named.contains(n));
                    if refused.is_empty() {
                        return Err(Failed::Refused(refusal.to_string()));
                    }
                    self.receipt.refused.extend(refused.into_iter().map(|(_, contact)| contact.place));
                    contacts = others.into_iter().map(|(_, contact)| contact).collect();
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.receipt.done += 1;
        self.receipt.contacts += contacts.len() as u64;
        self.receipt.tags += (contacts.len() * tags.len()) as u64;
        Ok(())
    }

    async fn call(&self, tags: &[Tag], contacts: &[TaggedContact]) -> Result<(), CallError> {
        let tags: Vec<&str> = tags.iter().map(Tag::as_str).collect();
        let emails: Vec<&str> = contacts.iter().map(|contact| contact.email.as_str()).collect();
        let options = retry_policies::TAG.until(self.context.deadline);
        if self.adds() {
            self.context.client.add_tags(&tags, &emails, options).await
        } else {
            self.context.client.remove_tags(&tags, &emails, options).await
        }
    }

    fn adds(&self) -> bool {
        matches!(self.id, TagPart::Additions(_))
    }

    async fn end(&self, ended: Tagged) -> Result<Tagged, StageError> {
        self.write().await?;
        Ok(ended)
    }

    async fn write(&self) -> Result<(), RecordError> {
        self.context.records().write(&self.id, &self.receipt).await
    }
}

/// Returns the places of the addresses in the request that a refusal names.
fn named(refusal: &Refusal) -> Vec<usize> {
    if refusal.kind != RefusalKind::Invalid {
        return Vec::new();
    }
    let place = |field: &str| item_path(field, "emails").map(|path| path.item);
    refusal.problem.errors.iter().filter_map(|error| place(error.field.as_deref()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_addresses_that_a_refusal_names() {
        let body =
            br#"{"errors": [{"field": "emails[3]"}, {"field": "emails.0"}, {"field": "emails"}, {"field": "tags[1]"}]}"#;
        assert_eq!(named(&Refusal::from_answer(400, body)), [3, 0]);
        assert_eq!(named(&Refusal::from_answer(403, body)), [0_usize; 0]);
    }
}
