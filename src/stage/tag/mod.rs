//! Tag: changes tags through `/contacts/tags`, once it is known what became of the contacts. Adds those that could
//! not go into the contacts' batches, and takes them from those who left.
//!
//! A part's contacts are asked for in an order that is always the same, and how far it came is written down every
//! few requests: a kill repeats little, and a repetition changes nothing.

mod request;

use tokio::time::Instant;

use self::request::{Request, requests};
use super::{RecordError, Records, upload::Context};
use crate::{
    contact::Tag,
    keys::Key,
    kill_point,
    omnisend::{CallError, KeyError, Refusal, RefusalKind},
    ports::objects::Put,
    retry,
    run::{Manifest, RemovalLine, StoredContact, TagReceipt, TagWay, flaw, lines},
    scale,
};

/// After how many requests it is written down how far a part is: a quarter of a minute at their pace.
const WRITE_EVERY: u32 = 15;

/// How a run's changes of tags ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tagged {
    /// All are made.
    Done,
    /// It was asked to stop, or its time was over; how far it came is written down.
    HandedBack,
    /// The run is canceled.
    Canceled,
    /// Omnisend refuses them: the run waits for a person.
    Refused(String),
}

/// Why changes of tags could not be made. How far they came is written down.
#[derive(Debug, thiserror::Error)]
pub enum TagError {
    /// A run's object.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// What keeps them from being made may pass.
    #[error(transparent)]
    Later(CallError),
}

/// Adds the tags of every contact that Omnisend accepted, of the chunks that were sent without them.
pub async fn add_tags(context: &Context<'_>, manifest: &Manifest) -> Result<Tagged, TagError> {
    let (run, records) = (&manifest.run, Records::new(context.ports.objects.clone()));
    for chunk in manifest.chunks_to_send() {
        let Some(receipt) =
            records.receipt(run, chunk).await?.filter(|receipt| receipt.tags == TagWay::Endpoint)
        else {
            continue;
        };
        let before = records.tagged(&Key::Tagged(run.clone(), chunk)).await?;
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
        let all: Vec<&[u8]> = lines(&unpacked).collect();
        let stored = |place: u32| -> Result<StoredContact<'_>, RecordError> {
            parse(&key, all.get(place as usize).copied().unwrap_or_default())
        };
        let mut contacts = Vec::new();
        for place in outcome.accepted_of(&[&receipt, &resent]) {
            contacts.push((place, stored(place)?.of.tags));
        }
        let emails = |request: &Request| -> Result<Vec<String>, RecordError> {
            request.places.iter().map(|place| Ok(stored(*place)?.email())).collect()
        };
        let part = Part {
            context,
            manifest,
            all_tags: manifest.all_tags(),
            records: &records,
            key: Key::Tagged(run.clone(), chunk),
            adds: true,
        };
        match part.change(requests(contacts), before, emails).await? {
            Tagged::Done => {}
            ended => return Ok(ended),
        }
    }
    Ok(Tagged::Done)
}

/// Takes tags from those who left.
pub async fn remove_tags(context: &Context<'_>, manifest: &Manifest) -> Result<Tagged, TagError> {
    let (run, records) = (&manifest.run, Records::new(context.ports.objects.clone()));
    for part in manifest.removals_to_do() {
        let before = records.tagged(&Key::Untagged(run.clone(), part)).await?;
        if before.as_ref().is_some_and(TagReceipt::is_complete) {
            continue;
        }
        let key = Key::Removals(run.clone(), part);
        let unpacked = records.lines(&key).await?;
        let mut contacts: Vec<RemovalLine<'_>> = Vec::new();
        for line in lines(&unpacked) {
            contacts.push(parse(&key, line)?);
        }
        let tags = (0..).zip(contacts.iter().map(|contact| contact.tags));
        let emails = |request: &Request| -> Result<Vec<String>, RecordError> {
            let of = |place: &u32| contacts.get(*place as usize).map(|contact| contact.email.to_string());
            Ok(request.places.iter().filter_map(of).collect())
        };
        let requests = requests(tags);
        let part = Part {
            context,
            manifest,
            all_tags: manifest.all_tags(),
            records: &records,
            key: Key::Untagged(run.clone(), part),
            adds: false,
        };
        match part.change(requests, before, emails).await? {
            Tagged::Done => {}
            ended => return Ok(ended),
        }
    }
    Ok(Tagged::Done)
}

fn parse<'a, T: serde::Deserialize<'a>>(key: &Key, line: &'a [u8]) -> Result<T, RecordError> {
    serde_json::from_slice(line)
        .map_err(|error| RecordError::Damaged { key: key.to_string(), reason: flaw(&error) })
}

/// One part's changes: a chunk's tags, or some removals.
struct Part<'a> {
    context: &'a Context<'a>,
    manifest: &'a Manifest,
    all_tags: Vec<Tag>,
    records: &'a Records,
    key: Key,
    adds: bool,
}

/// How a request ended that was not taken.
enum Ended {
    HandedBack,
    Later(CallError),
    Refused(String),
}

impl From<CallError> for Ended {
    fn from(error: CallError) -> Self {
        match error {
            CallError::OutOfTime => Self::HandedBack,
            CallError::Key(KeyError::Temporary(_)) => Self::Later(error),
            refused => Self::Refused(refused.to_string()),
        }
    }
}

impl Part<'_> {
    /// Makes the requests that are not made yet.
    async fn change(
        &self,
        requests: Vec<Request>,
        before: Option<TagReceipt>,
        emails: impl Fn(&Request) -> Result<Vec<String>, RecordError>,
    ) -> Result<Tagged, TagError> {
        let of = u32::try_from(requests.len()).unwrap_or(u32::MAX);
        // Of another number of requests, nobody can tell which ones were made.
        let mut receipt = before.filter(|before| before.of == of).unwrap_or_default();
        receipt.of = of;
        let mut look_at = Instant::now();
        for request in requests.iter().skip(receipt.done as usize) {
            if self.context.stop.is_cancelled() {
                return self.end(&receipt, Tagged::HandedBack).await;
            }
            if Instant::now() >= look_at {
                look_at = Instant::now() + scale::wait(retry::CANCEL_CHECK);
                if self.records.is_canceled(&self.manifest.run).await? {
                    return self.end(&receipt, Tagged::Canceled).await;
                }
            }
            match self.send(request, emails(request)?, &mut receipt).await {
                Ok(()) => {}
                Err(Ended::HandedBack) => return self.end(&receipt, Tagged::HandedBack).await,
                Err(Ended::Refused(reason)) => return self.end(&receipt, Tagged::Refused(reason)).await,
                Err(Ended::Later(error)) => {
                    self.write(&receipt).await?;
                    return Err(TagError::Later(error));
                }
            }
            kill_point::reach(if self.adds { "tag.added" } else { "tag.removed" });
            if receipt.done.is_multiple_of(WRITE_EVERY) {
                self.write(&receipt).await?;
            }
        }
        self.end(&receipt, Tagged::Done).await
    }

    /// Makes one request. Addresses that Omnisend refuses by name are left out of it.
    async fn send(
        &self,
        request: &Request,
        emails: Vec<String>,
        receipt: &mut TagReceipt,
    ) -> Result<(), Ended> {
        let tags: Vec<&str> = request.tags.among(&self.all_tags).map(Tag::as_str).collect();
        let mut left: Vec<(u32, &str)> =
            request.places.iter().copied().zip(emails.iter().map(String::as_str)).collect();
        while !left.is_empty() && !tags.is_empty() {
            let before = self.context.client.usage();
            let addresses: Vec<&str> = left.iter().map(|(_, email)| *email).collect();
            let answer = self.call(&tags, &addresses).await;
            let usage = self.context.client.usage();
            receipt.requests += usage.requests - before.requests;
            receipt.throttled += usage.throttled - before.throttled;
            match answer {
                Ok(()) => break,
                Err(CallError::Refused(refusal)) => {
                    let named = named(&refusal);
                    let (refused, others): (Vec<_>, Vec<_>) =
                        left.iter().enumerate().partition(|(n, _)| named.contains(n));
                    if refused.is_empty() {
                        return Err(Ended::Refused(refusal.to_string()));
                    }
                    receipt.refused.extend(refused.into_iter().map(|(_, (place, _))| *place));
                    left = others.into_iter().map(|(_, contact)| *contact).collect();
                }
                Err(error) => return Err(error.into()),
            }
        }
        receipt.done += 1;
        receipt.contacts += left.len() as u64;
        receipt.tags += (left.len() * tags.len()) as u64;
        Ok(())
    }

    async fn call(&self, tags: &[&str], emails: &[&str]) -> Result<(), CallError> {
        let options = retry::TAG.until(self.context.deadline);
        if self.adds {
            self.context.client.add_tags(tags, emails, options).await
        } else {
            self.context.client.remove_tags(tags, emails, options).await
        }
    }

    async fn end(&self, receipt: &TagReceipt, ended: Tagged) -> Result<Tagged, TagError> {
        self.write(receipt).await?;
        Ok(ended)
    }

    async fn write(&self, receipt: &TagReceipt) -> Result<(), RecordError> {
        self.records.write(&self.key, receipt, Put::Replace).await
    }
}

/// The addresses that a refusal names, by their place in the request: `emails[3]` or `emails.3`.
fn named(refusal: &Refusal) -> Vec<usize> {
    if refusal.kind != RefusalKind::Invalid {
        return Vec::new();
    }
    let place = |field: &str| {
        let rest = field.strip_prefix("emails")?.trim_start_matches(['[', '.']);
        rest.trim_end_matches(']').parse().ok()
    };
    refusal.problem.errors.iter().filter_map(|error| place(error.field.as_deref()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_refused_by_name_are_left_out_and_nothing_else_is() {
        let body =
            br#"{"errors": [{"field": "emails[3]"}, {"field": "emails.0"}, {"field": "emails"}, {"field": "tags[1]"}]}"#;
        assert_eq!(named(&Refusal::from_answer(400, body)), [3, 0]);
        assert_eq!(named(&Refusal::from_answer(403, body)), [0_usize; 0]);
    }
}
