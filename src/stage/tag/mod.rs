//! Tag: changes tags through `/contacts/tags`, after the run's batches are settled. It adds the tags that were not sent
//! inside the batches, and removes tags from leavers.
//!
//! The requests of a part are sent in a fixed order, and its receipt is written every few requests. A killed process
//! repeats few requests, and repeating one changes nothing.

mod request;

use tokio::time::Instant;

use self::request::{Request, requests};
use super::{
    RecordError, Records, StageContext, StageError,
    chunk::{ChunkContacts, parse_line},
    field_path::item_path,
};
use crate::{
    contact::Tag,
    keys::Key,
    kill_point,
    omnisend::{CallError, KeyError, Refusal, RefusalKind},
    retry,
    run::{ChunkRef, Manifest, RemovalLine, TagPart, TagReceipt, TagWay, lines},
    scale,
};

/// How many requests are sent between two writes of a part's receipt: 15 s at their pace.
const WRITE_EVERY: u32 = 15;

/// How a run's changes of tags ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tagged {
    Done,
    /// The stage was stopped or its deadline came. The receipts show how far it got.
    HandedBack,
    Canceled,
    /// Omnisend refuses the changes for this reason: the run has to be parked.
    Refused(String),
}

/// Adds the tags of every accepted contact whose chunk was sent without tags.
pub async fn add_tags(context: &StageContext<'_>, manifest: &Manifest) -> Result<Tagged, StageError> {
    let (run, records) = (&manifest.run, context.records());
    for chunk in manifest.chunks_to_send() {
        let Some(receipt) =
            records.receipt(run, chunk).await?.filter(|receipt| receipt.tags == TagWay::Endpoint)
        else {
            continue;
        };
        let id = TagPart::Additions(ChunkRef::of(run, chunk));
        let before = records.read::<TagReceipt>(&id).await?;
        if before.as_ref().is_some_and(TagReceipt::is_complete) {
            continue;
        }
        let (Some(outcome), resent) =
            (records.outcome(run, chunk).await?, records.resent_of(run, chunk).await?)
        else {
            continue;
        };
        let key = manifest.chunk_key(chunk);
        let unpacked = records.lines(&key).await?;
        let stored = ChunkContacts::new(&key, &unpacked);
        let mut contacts = Vec::new();
        for place in outcome.accepted_of(&[&receipt, &resent]) {
            contacts.push((place, stored.at(place)?.of.tags));
        }
        let emails = |request: &Request| -> Result<Vec<String>, RecordError> {
            request.places.iter().map(|place| Ok(stored.at(*place)?.email())).collect()
        };
        let part = Part { context, manifest, all_tags: manifest.all_tags(), records: &records, id };
        match part.change(requests(contacts), before, emails).await? {
            Tagged::Done => {}
            ended => return Ok(ended),
        }
    }
    Ok(Tagged::Done)
}

/// Removes tags from leavers.
pub async fn remove_tags(context: &StageContext<'_>, manifest: &Manifest) -> Result<Tagged, StageError> {
    let (run, records) = (&manifest.run, context.records());
    for part in manifest.removals_to_do() {
        let id = TagPart::Removals(run.clone(), part);
        let before = records.read::<TagReceipt>(&id).await?;
        if before.as_ref().is_some_and(TagReceipt::is_complete) {
            continue;
        }
        let key = Key::Removals(run.clone(), part);
        let unpacked = records.lines(&key).await?;
        let mut contacts: Vec<RemovalLine<'_>> = Vec::new();
        for line in lines(&unpacked) {
            contacts.push(parse_line(&key, line)?);
        }
        let tags = (0..).zip(contacts.iter().map(|contact| contact.tags));
        let emails = |request: &Request| -> Result<Vec<String>, RecordError> {
            let of = |place: &u32| contacts.get(*place as usize).map(|contact| contact.email.to_string());
            Ok(request.places.iter().filter_map(of).collect())
        };
        let requests = requests(tags);
        let part = Part { context, manifest, all_tags: manifest.all_tags(), records: &records, id };
        match part.change(requests, before, emails).await? {
            Tagged::Done => {}
            ended => return Ok(ended),
        }
    }
    Ok(Tagged::Done)
}

/// A part of the changes: the additions of a chunk, or one part of the removals.
struct Part<'a> {
    context: &'a StageContext<'a>,
    manifest: &'a Manifest,
    all_tags: Vec<Tag>,
    records: &'a Records,
    id: TagPart,
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

impl Part<'_> {
    /// Sends the requests that were not sent yet. `emails` returns the addresses of a request's contacts.
    async fn change(
        &self,
        requests: Vec<Request>,
        before: Option<TagReceipt>,
        emails: impl Fn(&Request) -> Result<Vec<String>, RecordError>,
    ) -> Result<Tagged, StageError> {
        let of = u32::try_from(requests.len()).unwrap_or(u32::MAX);
        // A receipt for another number of requests does not show which of these were sent.
        let mut receipt = before.filter(|before| before.of == of).unwrap_or_default();
        receipt.of = of;
        let mut check_at = Instant::now();
        for request in requests.iter().skip(receipt.done as usize) {
            if self.context.stop.is_cancelled() {
                return self.end(&receipt, Tagged::HandedBack).await;
            }
            if Instant::now() >= check_at {
                check_at = Instant::now() + scale::wait(retry::CANCEL_CHECK);
                if self.records.is_canceled(&self.manifest.run).await? {
                    return self.end(&receipt, Tagged::Canceled).await;
                }
            }
            match self.send(request, emails(request)?, &mut receipt).await {
                Ok(()) => {}
                Err(Failed::HandedBack) => return self.end(&receipt, Tagged::HandedBack).await,
                Err(Failed::Refused(reason)) => return self.end(&receipt, Tagged::Refused(reason)).await,
                Err(Failed::Later(error)) => {
                    self.write(&receipt).await?;
                    return Err(StageError::Call(error));
                }
            }
            kill_point::reach(if self.adds() { "tag.added" } else { "tag.removed" });
            if receipt.done.is_multiple_of(WRITE_EVERY) {
                self.write(&receipt).await?;
            }
        }
        self.end(&receipt, Tagged::Done).await
    }

    /// Sends one request. If Omnisend refuses some addresses by name, it sends the request again without them.
    async fn send(
        &self,
        request: &Request,
        emails: Vec<String>,
        receipt: &mut TagReceipt,
    ) -> Result<(), Failed> {
        let tags: Vec<&str> = request.tags.among(&self.all_tags).map(Tag::as_str).collect();
        let mut contacts: Vec<(u32, &str)> =
            request.places.iter().copied().zip(emails.iter().map(String::as_str)).collect();
        while !contacts.is_empty() && !tags.is_empty() {
            let before = self.context.client.usage();
            let addresses: Vec<&str> = contacts.iter().map(|(_, email)| *email).collect();
            let answer = self.call(&tags, &addresses).await;
            let usage = self.context.client.usage();
            receipt.requests += usage.requests - before.requests;
            receipt.throttled += usage.throttled - before.throttled;
            match answer {
                Ok(()) => break,
                Err(CallError::Refused(refusal)) => {
                    let named = named(&refusal);
                    let (refused, others): (Vec<_>, Vec<_>) =
                        contacts.iter().enumerate().partition(|(n, _)| named.contains(n));
                    if refused.is_empty() {
                        return Err(Failed::Refused(refusal.to_string()));
                    }
                    receipt.refused.extend(refused.into_iter().map(|(_, (place, _))| *place));
                    contacts = others.into_iter().map(|(_, contact)| *contact).collect();
                }
                Err(error) => return Err(error.into()),
            }
        }
        receipt.done += 1;
        receipt.contacts += contacts.len() as u64;
        receipt.tags += (contacts.len() * tags.len()) as u64;
        Ok(())
    }

    async fn call(&self, tags: &[&str], emails: &[&str]) -> Result<(), CallError> {
        let options = retry::TAG.until(self.context.deadline);
        if self.adds() {
            self.context.client.add_tags(tags, emails, options).await
        } else {
            self.context.client.remove_tags(tags, emails, options).await
        }
    }

    fn adds(&self) -> bool {
        matches!(self.id, TagPart::Additions(_))
    }

    async fn end(&self, receipt: &TagReceipt, ended: Tagged) -> Result<Tagged, StageError> {
        self.write(receipt).await?;
        Ok(ended)
    }

    async fn write(&self, receipt: &TagReceipt) -> Result<(), RecordError> {
        self.records.write(&self.id, receipt).await
    }
}

/// The places in the request of the addresses that a refusal names.
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
