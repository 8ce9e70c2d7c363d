//! Sends messages in batches, each message after all earlier ones of its group.
//!
//! SQS accepts or refuses each entry of a batch on its own, and may accept a later one after it refused an earlier one
//! (`SendMessageBatch` in the API reference). If the earlier one were then sent again, it would be behind the later one:
//! an upload behind its run's settle message. So a batch holds at most one message of each group, and the group's next
//! message is sent after SQS accepted the one before. This costs a run one request for each chunk, and a chunk is about
//! a minute of uploads.

use std::collections::{HashMap, VecDeque};

use aws_sdk_sqs::{
    Client, operation::send_message_batch::SendMessageBatchOutput,
    types::SendMessageBatchRequestEntry as Entry,
};

use crate::ports::{
    aws::{failure::Failure, retry::Retries},
    queue::port::Message,
};

/// The most messages in one request ("Amazon SQS message quotas" in the developer guide).
pub(super) const MAX_BATCH: usize = 10;

/// The most bytes of bodies in a batch of several messages. SQS allows 1 MiB; this is also below the 256 KiB that it
/// allowed until 2025, which stand-ins may still enforce.
const MAX_BATCH_BYTES: usize = 240 << 10;

/// Why not all messages are in the queue.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    #[error(transparent)]
    Request(Failure),
    /// SQS refused a message.
    #[error("message {id} was not accepted: {failure}")]
    Entry {
        /// The message's deduplication id.
        id: String,
        #[source]
        failure: Failure,
    },
}

/// The messages of one group that are not sent yet, in order.
type Group<'a> = VecDeque<&'a Message>;

/// Sends messages. If an answer is lost, the request is repeated with the same deduplication ids. SQS remembers them for
/// 5 minutes, longer than all retries take.
pub(super) async fn send(client: &Client, url: &str, messages: &[Message]) -> Result<(), SendError> {
    let mut groups = by_group(messages);
    let mut retries = Retries::new();
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
                retries.wait(error.into()).await.map_err(SendError::Request)?;
                continue;
            }
        };
        // The batch holds the first message of each of the first groups, in the same order.
        for (place, group) in groups.iter_mut().take(batch.len()).enumerate() {
            if answer.successful.iter().any(|accepted| accepted.id == place.to_string()) {
                group.pop_front();
            }
        }
        match first_failure(&batch, &answer) {
            Some((id, failure)) => {
                retries.wait(failure).await.map_err(|failure| SendError::Entry { id, failure })?;
            }
            None => retries = Retries::new(),
        }
    }
}

/// Returns the messages of each group, in the order in which the groups first occur.
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

/// Returns the first message of each of the first groups, as many as fit into one request.
fn next_batch<'a>(groups: &[Group<'a>]) -> Vec<&'a Message> {
    let mut bytes = 0_usize;
    let fits = |message: &&Message| {
        let first = bytes == 0;
        bytes = bytes.saturating_add(message.body.len());
        first || bytes <= MAX_BATCH_BYTES
    };
    groups.iter().filter_map(|group| group.front().copied()).take(MAX_BATCH).take_while(fits).collect()
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

/// Returns why SQS did not accept all of a batch, and the message's id: the first permanent failure, or else the first
/// temporary one.
fn first_failure(batch: &[&Message], answer: &SendMessageBatchOutput) -> Option<(String, Failure)> {
    let mut failures = batch.iter().enumerate().filter_map(|(place, message)| {
        let place = place.to_string();
        if answer.successful.iter().any(|accepted| accepted.id == place) {
            return None;
        }
        let failure = match answer.failed.iter().find(|failed| failed.id == place) {
            Some(entry) => Failure::of_entry(&entry.code, entry.message(), entry.sender_fault),
            None => Failure::of_entry("InternalError", Some("the answer does not mention it"), false),
        };
        Some((message.deduplication_id.clone(), failure))
    });
    let first = failures.next()?;
    if !first.1.is_temporary() {
        return Some(first);
    }
    Some(failures.find(|(_, failure)| !failure.is_temporary()).unwrap_or(first))
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::{BatchResultErrorEntry as Failed, SendMessageBatchResultEntry as Accepted};

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
    fn a_batch_holds_one_message_of_each_group() {
        let messages = messages(&["a1", "a2", "b1", "a3", "c1", "b2"]);
        let mut groups = by_group(&messages);
        assert_eq!(ids(&next_batch(&groups)), ["a1", "b1", "c1"]);
        // SQS did not accept a1: no later message of its group comes next.
        for group in &mut groups[1..] {
            group.pop_front();
        }
        groups.retain(|group| !group.is_empty());
        assert_eq!(ids(&next_batch(&groups)), ["a1", "b2"]);
    }

    #[test]
    fn a_batch_is_limited_to_10_messages_and_to_its_bytes() {
        let bodies: Vec<String> = ('a'..='z').map(|group| format!("{group}1")).collect();
        let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
        assert_eq!(next_batch(&by_group(&messages(&bodies))).len(), 10);

        let large = |group: char, kib: usize| group.to_string().repeat(kib << 10);
        let bodies = [large('a', 100), large('b', 140), large('c', 1)];
        let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
        assert_eq!(next_batch(&by_group(&messages(&bodies))).len(), 2);
        // Whether a single larger message is allowed is up to SQS.
        assert_eq!(next_batch(&by_group(&messages(&[&large('a', 500), "b1"]))).len(), 1);
        assert_eq!(ids(&next_batch(&[])), [""; 0]);
    }

    fn answer(accepted: &[&str], failed: &[(&str, bool)]) -> SendMessageBatchOutput {
        let accepted = accepted
            .iter()
            .map(|id| Accepted::builder().id(*id).message_id("m").md5_of_message_body("d").build().unwrap());
        let failed = failed.iter().map(|(id, sender_fault)| {
            Failed::builder().id(*id).code("Code").sender_fault(*sender_fault).build().unwrap()
        });
        SendMessageBatchOutput::builder()
            .set_successful(Some(accepted.collect()))
            .set_failed(Some(failed.collect()))
            .build()
            .unwrap()
    }

    #[test]
    fn a_message_that_the_answer_does_not_list_was_not_accepted() {
        let messages = messages(&["a1", "b1", "c1"]);
        let batch: Vec<&Message> = messages.iter().collect();
        assert_eq!(first_failure(&batch, &answer(&["2", "0", "1"], &[])), None);
        let (id, failure) = first_failure(&batch, &answer(&["0"], &[("2", false)])).unwrap();
        assert_eq!((id.as_str(), failure.is_temporary()), ("b1", true));
        let (id, failure) = first_failure(&batch, &answer(&["0"], &[("1", false), ("2", true)])).unwrap();
        assert_eq!((id.as_str(), failure.is_temporary()), ("c1", false));
    }
}
