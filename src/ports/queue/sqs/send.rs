//! Sending: in batches, each message after all earlier ones of its group.
//!
//! SQS says of each entry of a batch whether it was taken, and may take a later one where it did not take an earlier
//! (`SendMessageBatch` in the API reference). Sent again, the earlier one would stand behind the later one: an upload
//! behind its own settling. So no batch holds two messages of one group, and a group's next message is sent once the
//! one before it was taken. That costs a run as many requests as it has chunks, each of which is about a minute of
//! uploads.

use std::collections::{HashMap, VecDeque};

use aws_sdk_sqs::{
    Client, operation::send_message_batch::SendMessageBatchOutput,
    types::SendMessageBatchRequestEntry as Entry,
};

use super::{super::Message, BATCH};
use crate::ports::aws::{Failure, Patience};

/// The most bytes of bodies in one batch of several. SQS takes 1 MiB in all; this is also within the 256 KiB that it
/// took until 2025, and that stand-ins may still keep to.
const BATCH_BYTES: usize = 240 << 10;

/// Why not all messages are in the queue.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// A request failed.
    #[error(transparent)]
    Request(Failure),
    /// A message was not taken.
    #[error("message {id} was not taken: {failure}")]
    Entry {
        /// The message's deduplication id.
        id: String,
        /// What SQS said of it.
        #[source]
        failure: Failure,
    },
}

/// The messages of one group that are still to be sent, in order.
type Group<'a> = VecDeque<&'a Message>;

/// Sends messages. An attempt whose answer was lost is made again with the same deduplication ids, which SQS knows
/// for five minutes, longer than any patience here.
pub(super) async fn send(client: &Client, url: &str, messages: &[Message]) -> Result<(), SendError> {
    let mut groups = by_group(messages);
    let mut patience = Patience::new();
    loop {
        groups.retain(|group| !group.is_empty());
        let batch = next_batch(&groups);
        if batch.is_empty() {
            return Ok(());
        }
        let entries = batch.iter().enumerate().map(|(place, message)| entry(place, message));
        let entries = entries.collect::<Result<Vec<_>, _>>().map_err(SendError::Request)?;
        let request = client.send_message_batch().queue_url(url).set_entries(Some(entries));
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => {
                patience.wait(error.into()).await.map_err(SendError::Request)?;
                continue;
            }
        };
        // The batch's messages are the first of the first groups, in that order.
        for (place, group) in groups.iter_mut().take(batch.len()).enumerate() {
            if answer.successful.iter().any(|taken| taken.id == place.to_string()) {
                group.pop_front();
            }
        }
        match why_not_all(&batch, &answer) {
            Some((id, failure)) => {
                patience.wait(failure).await.map_err(|failure| SendError::Entry { id, failure })?;
            }
            None => patience = Patience::new(),
        }
    }
}

/// The messages of each group, in the order in which the groups first come up.
fn by_group(messages: &[Message]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for message in messages {
        let place = *places.entry(&message.group).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push_back(message),
            None => groups.push(VecDeque::from([message])),
        }
    }
    groups
}

/// The first message of each of the first groups, as many as one request takes.
fn next_batch<'a>(groups: &[Group<'a>]) -> Vec<&'a Message> {
    let mut bytes = 0_usize;
    let fits = |message: &&Message| {
        let first = bytes == 0;
        bytes = bytes.saturating_add(message.body.len());
        first || bytes <= BATCH_BYTES
    };
    groups.iter().filter_map(|group| group.front().copied()).take(BATCH).take_while(fits).collect()
}

fn entry(place: usize, message: &Message) -> Result<Entry, Failure> {
    let entry = Entry::builder()
        .id(place.to_string())
        .message_group_id(&message.group)
        .message_deduplication_id(&message.deduplication_id)
        .message_body(&message.body)
        .build();
    entry.map_err(|error| Failure::unsent(&error))
}

/// Why not all of a batch was taken, and the message that it is about: what is for good, if anything is.
fn why_not_all(batch: &[&Message], answer: &SendMessageBatchOutput) -> Option<(String, Failure)> {
    let mut reasons = batch.iter().enumerate().filter_map(|(place, message)| {
        let place = place.to_string();
        if answer.successful.iter().any(|taken| taken.id == place) {
            return None;
        }
        let failure = match answer.failed.iter().find(|failed| failed.id == place) {
            Some(told) => Failure::of_entry(&told.code, told.message(), told.sender_fault),
            None => Failure::of_entry("InternalError", Some("the answer does not mention it"), false),
        };
        Some((message.deduplication_id.clone(), failure))
    });
    let first = reasons.next()?;
    if !first.1.is_passing() {
        return Some(first);
    }
    Some(reasons.find(|(_, failure)| !failure.is_passing()).unwrap_or(first))
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::{BatchResultErrorEntry as Failed, SendMessageBatchResultEntry as Taken};

    use super::*;

    fn messages(bodies: &[&str]) -> Vec<Message> {
        let message = |body: &&str| Message {
            group: body[..1].to_owned(),
            deduplication_id: (*body).to_owned(),
            body: (*body).to_owned(),
        };
        bodies.iter().map(message).collect()
    }

    fn ids<'a>(batch: &[&'a Message]) -> Vec<&'a str> {
        batch.iter().map(|message| message.deduplication_id.as_str()).collect()
    }

    #[test]
    fn a_batch_holds_one_message_of_a_group() {
        let messages = messages(&["a1", "a2", "b1", "a3", "c1", "b2"]);
        let mut groups = by_group(&messages);
        assert_eq!(ids(&next_batch(&groups)), ["a1", "b1", "c1"]);
        // a1 was not taken: no later one of its group is next.
        for group in &mut groups[1..] {
            group.pop_front();
        }
        groups.retain(|group| !group.is_empty());
        assert_eq!(ids(&next_batch(&groups)), ["a1", "b2"]);
    }

    #[test]
    fn a_batch_holds_ten_messages_and_no_more_bytes_than_it_may() {
        let bodies: Vec<String> = ('a'..='z').map(|group| format!("{group}1")).collect();
        let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
        assert_eq!(next_batch(&by_group(&messages(&bodies))).len(), 10);

        let large = |group: char, kib: usize| group.to_string().repeat(kib << 10);
        let bodies = [large('a', 100), large('b', 140), large('c', 1)];
        let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
        assert_eq!(next_batch(&by_group(&messages(&bodies))).len(), 2);
        // One that is larger than a batch is for SQS to judge.
        assert_eq!(next_batch(&by_group(&messages(&[&large('a', 500), "b1"]))).len(), 1);
        assert_eq!(ids(&next_batch(&[])), [""; 0]);
    }

    fn answer(taken: &[&str], failed: &[(&str, bool)]) -> SendMessageBatchOutput {
        let taken = taken
            .iter()
            .map(|id| Taken::builder().id(*id).message_id("m").md5_of_message_body("d").build().unwrap());
        let failed = failed.iter().map(|(id, sender_fault)| {
            Failed::builder().id(*id).code("Code").sender_fault(*sender_fault).build().unwrap()
        });
        SendMessageBatchOutput::builder()
            .set_successful(Some(taken.collect()))
            .set_failed(Some(failed.collect()))
            .build()
            .unwrap()
    }

    #[test]
    fn what_is_not_said_to_be_taken_is_not() {
        let messages = messages(&["a1", "b1", "c1"]);
        let batch: Vec<&Message> = messages.iter().collect();
        assert_eq!(why_not_all(&batch, &answer(&["2", "0", "1"], &[])), None);
        let (id, failure) = why_not_all(&batch, &answer(&["0"], &[("2", false)])).unwrap();
        assert_eq!((id.as_str(), failure.is_passing()), ("b1", true));
        let (id, failure) = why_not_all(&batch, &answer(&["0"], &[("1", false), ("2", true)])).unwrap();
        assert_eq!((id.as_str(), failure.is_passing()), ("c1", false));
    }
}
