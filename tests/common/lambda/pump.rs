//! The event source mapping between the queue and the uploader.
//!
//! It works as AWS documents for a FIFO queue with `ReportBatchItemFailures`: batches of the template's size, one
//! invocation at a time for a message group, several groups at once. Messages that the answer does not name as failed
//! are deleted. Failed messages, and all messages of an invocation that failed, stay until their visibility timeout.
//! The pump ends that timeout as soon as there is nothing else to do, so that tests do not wait for 10 minutes.
//! Messages that the function released come back earlier and do not count as waits.

use std::{collections::BTreeMap, sync::Mutex};

use futures_util::{StreamExt, stream::FuturesUnordered};

use super::{
    account::{Account, Message},
    environment::Outcome,
    events,
    function::Function,
    template::number,
};

#[derive(Debug, Default)]
pub(crate) struct Pump {
    /// The last receive of every unhandled message.
    left: Mutex<BTreeMap<String, Message>>,
    waits: Mutex<u64>,
}

impl Pump {
    /// Handles messages until the queue is empty and no message is in flight.
    pub(crate) async fn drain(&self, account: &Account, function: &Function) {
        let (batch_size, at_once) = (number("Uploader", "BatchSize"), number("BrandsAtOnce", "Default"));
        let mut running = FuturesUnordered::new();
        loop {
            while (running.len() as u64) < at_once {
                let messages = account.receive(batch_size).await;
                if messages.is_empty() {
                    break;
                }
                running.push(self.handle(account, function, messages));
            }
            if running.next().await.is_none() && !self.expire(account).await {
                return;
            }
        }
    }

    /// Returns how often a message came back only after its visibility timeout.
    pub(crate) fn waits(&self) -> u64 {
        *self.waits.lock().unwrap()
    }

    async fn handle(&self, account: &Account, function: &Function, messages: Vec<Message>) {
        self.left.lock().unwrap().retain(|id, _| messages.iter().all(|message| message.id != *id));
        let outcome = function.invoke(&events::messages(&account.queue_arn, &messages)).await;
        let failed: Option<Vec<String>> = match &outcome {
            Outcome::Answer(answer) => {
                let failures = answer["batchItemFailures"].as_array().unwrap();
                let id = |failure: &serde_json::Value| failure["itemIdentifier"].as_str().unwrap().to_owned();
                Some(failures.iter().map(id).collect())
            }
            Outcome::Error(_) | Outcome::Died(_) | Outcome::TimedOut => None,
        };
        for message in messages {
            if failed.as_ref().is_none_or(|failed| failed.contains(&message.id)) {
                self.left.lock().unwrap().insert(message.id.clone(), message);
            } else {
                account.delete_message(&message).await;
            }
        }
    }

    /// Ends the visibility timeouts of unhandled messages. Returns false if there are none.
    async fn expire(&self, account: &Account) -> bool {
        let left = std::mem::take(&mut *self.left.lock().unwrap());
        let (in_queue, _) = account.messages().await;
        if left.is_empty() || in_queue == 0 {
            return false;
        }
        *self.waits.lock().unwrap() += left.len() as u64;
        for message in left.values() {
            account.expire(message).await;
        }
        true
    }
}
